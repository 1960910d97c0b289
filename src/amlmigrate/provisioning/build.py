"""From a document that passed its checks to the values it asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from amlmigrate.core.armid import ArmId
from amlmigrate.core.spelling import plain_region
from amlmigrate.desired.ownership import TAG
from amlmigrate.posture import profiles
from amlmigrate.provisioning.wanted import (
    ClassicApplications,
    EndpointWanted,
    KeyWanted,
    Named,
    NetworkRules,
    RegistryWanted,
    StorageWanted,
    VaultWanted,
    WantedWorkspace,
    WorkspaceWanted,
)

_OPTIONS = (
    "friendlyName",
    "description",
    "hbiWorkspace",
    "systemDatastoresAuthMode",
    "publicNetworkAccess",
)
_VAULTS, _ACCOUNTS = "Microsoft.KeyVault/vaults", "Microsoft.Storage/storageAccounts"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
Part = Mapping[str, Any]


def wanted_of(document: Part, table: Mapping[str, profiles.Profile]) -> WantedWorkspace:
    """The values; names become ARM ids of the file's resource group."""
    group = f"/subscriptions/{document['subscription']}/resourceGroups/{document['resourceGroup']}"
    key = _key(document["key"], table)
    owner = f"{document['subscription']}/{document['resourceGroup']}/{document['workspace']['name']}"
    return WantedWorkspace(
        subscription=document["subscription"],
        location=plain_region(document["location"]),
        group=document["resourceGroup"],
        vault=_vault(document["keyVault"], group, premium=key.kind == "RSA-HSM"),
        key=key,
        identity=_named(document["identity"], group, "Microsoft.ManagedIdentity/userAssignedIdentities"),
        storage=_storage(document["storage"], group),
        workspace=_workspace(document["workspace"], group),
        secrets=_vault(document["workspace"]["keyVault"], group) if "keyVault" in document["workspace"] else None,
        registry=_registry(document["registry"], group) if "registry" in document else None,
        analytics=_optional(document.get("logAnalytics"), group, "Microsoft.OperationalInsights/workspaces"),
        insights=_optional(document.get("applicationInsights"), group, "Microsoft.Insights/components"),
        endpoints=tuple(_endpoints(document, group)),
        tags={**document["tags"], TAG: owner},
        allowed={name: frozenset(said["allow"]) for name, said in (document.get("adopted") or {}).items()},
    )


def _named(part: Part, group: str, type_: str) -> Named:
    more = {name: value for name, value in part.items() if name not in ("name", "id")}
    return Named(_id(part, group, type_), "id" in part, more)


def _optional(part: Part | None, group: str, type_: str) -> Named | None:
    return _named(part, group, type_) if part else None


def _id(part: Part, group: str, type_: str) -> str:
    return str(ArmId.of(part["id"])) if "id" in part else f"{group}/providers/{type_}/{part['name']}"


def _network(part: Part) -> NetworkRules:
    said = part.get("network") or {}
    return NetworkRules(
        public_access=said.get("publicAccess"),
        default_action=said.get("defaultAction"),
        trusted_services=said.get("trustedServices", True),
        ip_rules=tuple(said.get("ipRules", ())),
        subnets=tuple(said.get("subnets", ())),
    )


def _key(part: Part, table: Mapping[str, profiles.Profile]) -> KeyWanted:
    name = part.get("profile")
    values: Part = (profiles.find(table, name) or {}) if name else part
    return KeyWanted(
        name=part["name"],
        kind=values.get("type", "RSA"),
        size=values.get("size", 3072),
        expires=values.get("expires"),
        rotate=values.get("rotate"),
        notify=values.get("notify"),
        profile=name,
    )


def _vault(part: Part, group: str, *, premium: bool = False) -> VaultWanted:
    return VaultWanted(
        id=_id(part, group, _VAULTS),
        given="id" in part,
        soft_delete_days=part.get("softDeleteDays", 90),
        access=part.get("access"),
        network=_network(part),
        premium=premium,
    )


def _storage(part: Part, group: str) -> StorageWanted:
    return StorageWanted(
        id=_id(part, group, _ACCOUNTS),
        given="id" in part,
        sku=part.get("sku", "Standard_LRS"),
        shared_key=part.get("sharedKey"),
        network=_network(part),
    )


def _registry(part: Part, group: str) -> RegistryWanted:
    id_ = _id(part, group, _REGISTRIES)
    return RegistryWanted(id_, part.get("adminUser", True), part.get("publicAccess"))


def _workspace(part: Part, group: str) -> WorkspaceWanted:
    options: dict[str, Any] = {name: part[name] for name in _OPTIONS if name in part}
    if "managedNetwork" in part:
        options["managedNetwork"] = {"isolationMode": part["managedNetwork"]}
    encryption = part.get("encryption")
    classic = None
    if isinstance(encryption, Mapping):
        classic = ClassicApplications(
            encryption["cosmosDbPrincipalId"], encryption.get("machineLearningPrincipalId")
        )
    return WorkspaceWanted(
        id=_id({"name": part["name"]}, group, _WORKSPACES),
        options=options,
        classic=classic,
    )


def _endpoints(document: Part, group: str) -> Iterator[EndpointWanted]:
    """Each with the group of what it leads to (learn.microsoft.com, private endpoint, private-link resource)."""
    storage, workspace = document["storage"], document["workspace"]
    private = storage.get("privateEndpoints") or {}
    for part, type_, name, link in (
        (document["keyVault"], _VAULTS, "privateEndpoint", "vault"),
        (workspace.get("keyVault") or {}, _VAULTS, "privateEndpoint", "vault"),
        ({**storage, **private}, _ACCOUNTS, "blob", "blob"),
        ({**storage, **private}, _ACCOUNTS, "file", "file"),
        (document.get("registry") or {}, _REGISTRIES, "privateEndpoint", "registry"),
        (workspace, _WORKSPACES, "privateEndpoint", "amlworkspace"),
    ):
        if endpoint := part.get(name):
            id_ = _id(endpoint, group, "Microsoft.Network/privateEndpoints")
            zones = tuple(endpoint.get("dnsZones", ()))
            yield EndpointWanted(id_, endpoint["subnet"], _id(part, group, type_), link, zones)
