"""The members of a workspace's own document: which of two values is the stricter, and where that is said.

Members are those of the descriptions of 2024-04-01 and 2025-12-01, of 2024-10-01-preview, and of the recordings.
Facts: `AID` is learn.microsoft.com/azure/machine-learning, `MODEL` Microsoft's description of the API.
"""

from __future__ import annotations

from typing import Any

from amlmigrate.core.pointers import member
from amlmigrate.kinds._settings import (
    Both,
    Setting,
    SettingVerdict,
    differs,
    every_one,
    flag,
    kept,
    nothing,
    ranked,
)
from amlmigrate.kinds._workspace_networks import addresses, of_users, outbound, rules_in

Found = tuple[SettingVerdict, str] | None


def _identities(source: Any, target: Any, _: Both) -> Found:
    """`SystemAssigned,UserAssigned`: an identity more is stricter than one less."""
    missing = _words(source) - _words(target)
    return (SettingVerdict.LOST, f"without {', '.join(sorted(missing))}") if missing else None


def _words(value: Any) -> set[str]:
    return {word.strip().lower() for word in str(value or "").split(",")} - {"", "none"}


def _attached(source: Any, target: Any, _: Both) -> Found:
    """User-assigned identities by their ids, in any case; the rest is the identity's own."""
    missing = {name.lower() for name in source or {}} - {name.lower() for name in target or {}}
    return (SettingVerdict.LOST, f"without {', '.join(sorted(missing))}") if missing else None


def _tags(source: Any, target: Any, _: Both) -> Found:
    """Every tag of the source has to be there with its value; tag names have no case (ARM's rule for tags)."""
    there = {name.lower(): value for name, value in (target or {}).items()}
    missing = [name for name, value in (source or {}).items() if there.get(name.lower()) != value]
    return (SettingVerdict.LOST, f"without {', '.join(sorted(missing))}") if missing else None


def _name(source: Any, target: Any, both: Both) -> Found:
    """A friendly name that is the workspace's own name says nothing more."""
    if nothing(source) or source == both.source.get("name"):
        return None
    return (
        SettingVerdict.LOST if nothing(target) or target == both.target.get("name") else SettingVerdict.DIFFERS
    ), ""


def _own(why: str, *names: str) -> tuple[Setting, ...]:
    return tuple(Setting(name, None, why) for name in names)


_P = "properties|"
_NET = f"{_P}managedNetwork|"
_LESS = f"{_P}serverlessComputeSettings|"
SETTINGS = (
    *_own("ARM's own of each resource", "id", "name", "type", "kind", "systemData", "etag", "apiVersion"),
    Setting("location", differs, "its region is chosen with the target"),
    Setting("tags", _tags, "a tag that is missing, or has another value, is lost"),
    *(Setting(f"sku|{name}", differs, "MODEL, Sku: the price, no protection") for name in ("name", "tier")),
    *(Setting(f"sku|{name}", differs, "the same") for name in ("size", "family", "capacity")),
    Setting("identity|type", _identities, "AID how-to-identity-based-service-authentication"),
    Setting("identity|userAssignedIdentities", _attached, "the same: its rights are lost with it"),
    *_own("MODEL: read-only, of each identity", "identity|principalId", "identity|tenantId"),
    # Who gets in.
    Setting(
        f"{_P}publicNetworkAccess",
        ranked("Enabled", "Disabled", verdict=SettingVerdict.OPENED),
        "AID how-to-configure-private-link: if disabled, only private endpoints have access; if unset, enabled",
    ),
    Setting(
        f"{_P}allowPublicAccessWhenBehindVnet",
        flag(strict=False, verdict=SettingVerdict.OPENED),
        "MODEL: true allows public access behind a virtual network",
    ),
    Setting(
        f"{_P}ipAllowlist", addresses, "AID how-to-configure-private-link: public access from selected addresses"
    ),
    Setting(f"{_P}networkAcls", rules_in, "the same: where `az ml workspace network-rule` keeps them"),
    Setting(
        f"{_P}v1LegacyMode",
        flag(strict=True),
        "AID how-to-configure-network-isolation-with-v2: true keeps the control plane in private networks",
    ),
    # What gets out.
    Setting(
        f"{_NET}isolationMode",
        ranked("Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound"),
        "AID how-to-managed-network: can only be raised, in this order",
    ),
    Setting(f"{_NET}outboundRules", outbound, "AID how-to-managed-network", form=of_users),
    Setting(
        f"{_NET}managedNetworkKind",
        ranked("V1", "V2"),
        "MODEL: V2 has granular access controls, and cannot be undone",
    ),
    Setting(
        f"{_NET}firewallSku", differs, "MODEL: the firewall behind FQDN rules; it does not say which is stricter"
    ),
    Setting(f"{_NET}enableNetworkMonitor", flag(strict=True), "MODEL: whether the network is monitored"),
    # Inferred (AZ-WS-5): what it means; recorded, in no description.
    Setting(f"{_NET}enableFirewallLog", flag(strict=True), "its name: whether the firewall keeps a log"),
    *_own(
        "MODEL: read-only, or what the service has created so far",
        *(
            f"{_NET}{name}"
            for name in ("networkId", "status", "firewallPublicIpAddress", "changeableIsolationModes")
        ),
    ),
    Setting(
        f"{_LESS}serverlessComputeCustomSubnet",
        kept(SettingVerdict.WEAKER, SettingVerdict.DIFFERS),
        "MODEL: the subnet in which serverless nodes run",
    ),
    Setting(f"{_LESS}serverlessComputeNoPublicIP", flag(strict=True), "MODEL: nodes without public addresses"),
    Setting(
        f"{_P}sharedPrivateLinkResources",
        every_one(lambda one: member(one, ("properties", "privateLinkResourceId")) or one.get("name")),
        "MODEL: its private links; each needs a new approval",
    ),
    # How data is kept.
    Setting(f"{_P}hbiWorkspace", flag(strict=True), "AID concept-data-encryption: scratch disks, less telemetry"),
    Setting(
        f"{_P}enableDataIsolation",
        flag(strict=True),
        "AID how-to-identity-based-service-authentication: containers and secrets are separate for each workspace",
    ),
    Setting(
        f"{_P}systemDatastoresAuthMode",
        ranked("AccessKey", ("UserDelegationSAS", "Identity")),
        "AID how-to-disable-local-auth-storage: whoever has the account's key can access everything in it",
    ),
    Setting(
        f"{_P}allowRoleAssignmentOnRG",
        flag(strict=False),
        "AID how-to-assign-roles: true gives the workspace's own identity a role on its resource group",
        # azure-ai-ml 1.35.2, arm_templates/workspace_base.json: the default of its parameter.
        unset=True,
    ),
    Setting(
        f"{_P}encryption|status",
        ranked("Disabled", "Enabled"),
        "AID concept-customer-managed-keys",
        form=lambda _: None,
    ),
    *_own(
        "claims about its key are made separately, each time",
        *(f"{_P}encryption|{name}" for name in ("identity", "keyVaultProperties", "cosmosDbResourceId")),
        *(f"{_P}encryption|{name}" for name in ("storageAccountResourceId", "searchAccountResourceId")),
        *(f"{_P}{name}" for name in ("enableServiceSideCMKEncryption", "serviceProvisionedResourceGroup")),
        f"{_P}serviceManagedResourcesSettings",
    ),
    # Inferred (AZ-WS-6): what it means; recorded as false of workspaces whose deletion is soft.
    Setting(f"{_P}softDeleteEnabled", flag(strict=True), "its name: whether a deletion can be undone"),
    Setting(f"{_P}EnableSoftwareBillOfMaterials", flag(strict=True), "its name: whether such a list is kept"),
    # What it is, and what it works with.
    Setting(f"{_P}description", kept(), "the customer's own words"),
    Setting(f"{_P}friendlyName", _name, "the customer's own words, unless it is the workspace's name"),
    Setting(
        f"{_P}imageBuildCompute",
        kept(other=SettingVerdict.DIFFERS),
        "MODEL: builds images; names of computes are unique in a region, so the target's has another",
        kind="computes",
    ),
    Setting(
        f"{_P}primaryUserAssignedIdentity",
        kept(other=SettingVerdict.DIFFERS),
        "MODEL: the identity that it acts as",
    ),
    Setting(f"{_P}applicationInsights", kept(other=None), "each has its own; without one no logs are kept"),
    Setting(f"{_P}containerRegistry", kept(other=None), "each has its own; the service makes one when it builds"),
    *_own("MODEL: set at creation; each has its own", f"{_P}storageAccount", f"{_P}keyVault"),
    Setting(f"{_P}featureStoreSettings", kept(), "MODEL: of a feature store"),
    *(Setting(f"{_P}{name}", kept(), "MODEL: of a hub") for name in ("hubResourceId", "workspaceHubConfig")),
    Setting(f"{_P}associatedWorkspaces", every_one(lambda one: one), "MODEL: of a hub"),
    Setting(f"{_P}tenantId", differs, "MODEL: read-only; the tenant of its users"),
    Setting(f"{_P}storageHnsEnabled", differs, "MODEL: read-only, of the account"),
    *_own(
        "MODEL or recordings: created or counted by the service for each workspace",
        *(f"{_P}{name}" for name in ("workspaceId", "discoveryUrl", "mlFlowTrackingUri", "notebookInfo")),
        *(f"{_P}{name}" for name in ("creationTime", "provisioningState", "privateLinkCount")),
        *(f"{_P}{name}" for name in ("sdkTelemetryAppInsightsKey", "linkedModelInventoryArmId")),
    ),
    *_own("items of their own in the plan", f"{_P}privateEndpointConnections"),
    *_own("MODEL: an instruction for a creation", f"{_P}provisionNetworkNow"),
)
