"""What a file of `migrate provision` asks for, as values, with the ARM ids that follow from its names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.keys import Rotation
from amlmigrate.core.keystandard import KeyStandard
from amlmigrate.core.workspace import WorkspaceRef


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """Who reaches a vault or an account; None: not said."""

    public_access: str | None = None
    default_action: str | None = None
    trusted_services: bool = True
    ip_rules: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether it is reached through private endpoints only."""
        return self.public_access == "Disabled"


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """The key: type (`RSA`, `RSA-HSM`), bits, how long a version is valid, when it is rotated."""

    name: str
    kind: str = "RSA"
    size: int = 3072
    expires: str | None = None
    rotate: str | None = None
    notify: str | None = None
    profile: str | None = None

    @property
    def rotation(self) -> Rotation | None:
        """The rotation policy, if one is asked for."""
        return self.asked.rotation

    @property
    def asked(self) -> KeyStandard:
        """What the key's tag says was asked for."""
        return KeyStandard(self.profile or "", self.kind, self.size, self.expires, self.rotate, self.notify)


@dataclass(frozen=True, slots=True)
class VaultWanted:
    """A vault: `given` says that the file names it by its ARM id, so that it must exist."""

    id: str
    given: bool
    soft_delete_days: int = 90
    access: str | None = None
    network: NetworkRules = field(default_factory=NetworkRules)
    premium: bool = False


@dataclass(frozen=True, slots=True)
class StorageWanted:
    """The storage account; None: not said."""

    id: str
    given: bool
    sku: str = "Standard_LRS"
    shared_key: bool | None = None
    network: NetworkRules = field(default_factory=NetworkRules)


@dataclass(frozen=True, slots=True)
class RegistryWanted:
    """The container registry."""

    id: str
    admin_user: bool = True
    public_access: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """Anything else that is named, or given by its id; `more` are its few options."""

    id: str
    given: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassicApplications:
    """Classic encryption: object ids of Microsoft's applications in the tenant."""

    cosmos_principal: str
    learning_principal: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointWanted:
    """A private endpoint: what it leads to, and which of its groups, as `blob`."""

    id: str
    subnet: str
    target: str
    group: str
    dns_zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkspaceWanted:
    """The workspace; `options` holds the properties that the file names, as ARM spells them."""

    id: str
    options: Mapping[str, Any] = field(default_factory=dict)
    classic: ClassicApplications | None = None

    @property
    def managed_network(self) -> bool:
        """Whether it has a managed virtual network."""
        mode = (self.options.get("managedNetwork") or {}).get("isolationMode", "Disabled")
        return bool(mode != "Disabled")


@dataclass(frozen=True, slots=True)
class WantedWorkspace:
    """The whole file."""

    subscription: str
    location: str
    group: str
    vault: VaultWanted
    key: KeyWanted
    identity: Named
    storage: StorageWanted
    workspace: WorkspaceWanted
    secrets: VaultWanted | None = None
    registry: RegistryWanted | None = None
    analytics: Named | None = None
    insights: Named | None = None
    endpoints: tuple[EndpointWanted, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    # What of others' things the file may change, by their names in the file.
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The workspace as the tag of what is made for it names it."""
        return f"{self.subscription}/{self.ref.short}"

    @property
    def group_id(self) -> str:
        """The ARM id of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    @property
    def key_id(self) -> str:
        """The ARM id of the key."""
        return f"{self.vault.id}/keys/{self.key.name}"

    @property
    def secrets_vault(self) -> VaultWanted:
        """The vault of the workspace's secrets."""
        return self.secrets or self.vault

    @property
    def ref(self) -> WorkspaceRef:
        """The workspace, as `--target` names it."""
        return WorkspaceRef(self.subscription, self.group, name_of(self.workspace.id))


def same(first: Any, second: Any) -> bool:
    """Whether two ARM ids, or two values of an enumeration, are one: letter case does not count."""
    return key_of(first) == key_of(second)
