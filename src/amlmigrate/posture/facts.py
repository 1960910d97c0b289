"""Everything that is read to judge a workspace's posture, at once and in as few calls as it takes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.keys import Key, KeyId, Rotation, key_id, key_of_document, rotation_of, vault_address
from amlmigrate.core.parallel import gathered
from amlmigrate.core.workspace import Workspace
from amlmigrate.kinds import all_kinds
from amlmigrate.posture.authority import authority, role_of, users
from amlmigrate.posture.identities import WorkspaceIdentity, identities_of, identity_of
from amlmigrate.posture.reading import NOTHING, Read, tried, tried_list, tried_vault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeyRef:
    """The key that a resource names: the vault's ARM id and URI, the key's name, its version in use.

    The ARM id is empty where the vault was not found, the version where the newest counts. With `follows` the
    resource goes over to a newer version by itself.
    """

    vault_id: str
    vault: str
    name: str
    version: str
    follows: bool = False

    def __post_init__(self) -> None:
        """Has one spelling of the vault's address, whoever wrote it."""
        object.__setattr__(self, "vault", vault_address(self.vault))

    def same_key(self, other: KeyRef) -> bool:
        """Whether it is the same key, in whichever version."""
        return KeyId(self.vault, self.name).key == KeyId(other.vault, other.name).key

    @property
    def id(self) -> str:
        """The key's identifier, as the resource names it."""
        return "/".join(part for part in (f"{self.vault}/keys/{self.name}", self.version) if part)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What was read of one key: its vault as ARM shows it, its version in use, its newest one, its rotation."""

    ref: KeyRef
    vault: Read[Document] = NOTHING
    key: Read[Key] = NOTHING
    newest: Read[Key] = NOTHING
    rotation: Read[Rotation] = NOTHING
    wraps: Read[bool] = NOTHING


@dataclass(frozen=True, slots=True)
class PostureFacts:
    """What was read. `definitions` has None for role definitions that are not there or may not be read.

    `identities` are all of the workspace, `identity` the one that its encryption names. `held` has the ids of the
    role assignments on the vault that each has, by principal, itself or through its groups; `timed` are those in
    force with their ends, `eligible` what may be activated, `rules` by which rules, where that manages keys.
    """

    workspace: Workspace
    key_ref: KeyRef | None
    identity: WorkspaceIdentity | None
    computes: Read[list[Document]]
    registry: Read[Document]
    insights: Read[Document]
    logs: Read[Document]
    cluster: Read[Document]
    vault: Read[Document] = NOTHING
    key: Read[Key] = NOTHING
    newest: Read[Key] = NOTHING
    rotation: Read[Rotation] = NOTHING
    wraps: Read[bool] = NOTHING
    on_vault: Read[list[Document]] = NOTHING
    on_workspace: Read[list[Document]] = NOTHING
    identities: tuple[WorkspaceIdentity, ...] = ()
    held: Mapping[str, Read[set[str]]] = field(default_factory=dict)
    held_on_workspace: Mapping[str, Read[set[str]]] = field(default_factory=dict)
    denials: Read[list[Document]] = NOTHING
    denials_on_workspace: Read[list[Document]] = NOTHING
    timed: Read[list[Document]] = NOTHING
    eligible: Read[list[Document]] = NOTHING
    eligible_on_workspace: Read[list[Document]] = NOTHING
    rules: Mapping[str, Read[list[Document]]] = field(default_factory=dict)
    definitions: tuple[tuple[str, Document | None], ...] = ()

    def of_key(self, ref: KeyRef) -> KeyFacts:
        """What was read of the workspace's key."""
        return KeyFacts(ref, self.vault, self.key, self.newest, self.rotation, self.wraps)

    def definition(self, assignment: Document) -> Document | None:
        """The definition of the role that an assignment gives."""
        return dict(self.definitions).get(role_of(assignment))


def key_of(workspace: Workspace) -> KeyRef | None:
    """The key of a workspace; None where it names none."""
    named = (workspace.properties.get("encryption") or {}).get("keyVaultProperties") or {}
    found = key_id(named.get("keyIdentifier"))
    if found is None:
        return None
    return KeyRef(str(named.get("keyVaultArmId") or ""), found.vault, found.name, found.version)


# The kind whose items have disks of their own.
[DISKS] = [kind for kind in all_kinds().values() if kind.has_disks]


async def gather(side: Side, workspace: Workspace) -> PostureFacts:
    """Reads it all. Raises ServiceError and OutOfReachError where ARM is out of order."""
    encrypted = key_of(workspace) if workspace.encrypted else None
    known = await users(side, workspace) if encrypted else {}
    identity = identity_of(workspace, known) if encrypted else None
    every = identities_of(workspace, known) if encrypted else ()
    work: dict[str, Coroutine[Any, Any, Any]] = {
        "computes": tried_list(side.arm, f"{workspace.id}/{DISKS.collection}"),
        "registry": _optional(side, workspace, "containerRegistry"),
        "observed": _observed(side, workspace),
    }
    if encrypted:
        work |= _key_work(side, encrypted)
        work["rights"] = authority(side, workspace, encrypted.vault_id, every)
    found = await gathered(work)
    insights, logs, cluster = found.pop("observed")
    return PostureFacts(
        workspace,
        encrypted,
        identity,
        identities=every,
        insights=insights,
        logs=logs,
        cluster=cluster,
        **found.pop("rights", {}),
        **found,
    )


async def read_key(side: Side, ref: KeyRef) -> KeyFacts:
    """All that is read of a key that another resource than the workspace names."""
    found: dict[str, Any] = await gathered(_key_work(side, ref))
    return KeyFacts(ref, **found)


def _key_work(side: Side, key: KeyRef) -> dict[str, Coroutine[Any, Any, Any]]:
    vaults = side.vaults
    path = f"{key.vault_id}/keys/{key.name}"
    one = f"{path}/versions/{key.version}" if key.version else path
    return {
        "vault": tried(side.arm.get(key.vault_id)) if key.vault_id else _unseen(),
        "key": _either(
            tried_vault(vaults.key(key.vault, key.name, key.version or None)), side, one, key_of_document
        ),
        "newest": _either(tried_vault(vaults.key(key.vault, key.name)), side, path, key_of_document),
        "rotation": _either(tried_vault(vaults.rotation(key.vault, key.name)), side, path, _rotation),
        "wraps": tried_vault(vaults.wraps(key.id)),
    }


async def _unseen() -> Read[Document]:
    """Of a vault whose ARM id nobody told, and that was not found."""
    return Read(refused="It is in no subscription that this caller can see.")


def _rotation(document: Document) -> Rotation | None:
    return rotation_of(properties_of(document).get("rotationPolicy") or {})


async def _either(
    first: Coroutine[Any, Any, Read[T]], side: Side, path: str, read: Callable[[Document], T | None]
) -> Read[T]:
    """From the vault, else from ARM, which shows keys to whoever reads the vault and knows no firewall.

    A 404 of ARM is not taken for proof that the key is gone: the vault itself was not heard. Where both refuse,
    ARM's is told: its right is the one that helps from everywhere.
    """
    found = await first
    if not found.refused or path.startswith("/keys/"):
        return found
    shown = await tried(side.arm.get(path))
    if shown.value is not None:
        return Read(read(shown.value))
    return Read(refused=shown.refused, code=shown.code) if shown.refused else found


async def _optional(side: Side, workspace: Workspace, name: str) -> Read[Document]:
    id_ = workspace.properties.get(name)
    return await tried(side.arm.get(str(id_))) if id_ else Read()


async def _observed(side: Side, workspace: Workspace) -> tuple[Read[Document], Read[Document], Read[Document]]:
    """Application Insights, the Log Analytics workspace behind it, and the cluster that one may lie in."""
    insights = await _optional(side, workspace, "applicationInsights")
    logs_id = properties_of(insights.value).get("WorkspaceResourceId")
    logs = await tried(side.arm.get(str(logs_id))) if logs_id else Read()
    features = properties_of(logs.value).get("features") or {}
    cluster_id = features.get("clusterResourceId")
    return insights, logs, await tried(side.arm.get(str(cluster_id))) if cluster_id else Read()
