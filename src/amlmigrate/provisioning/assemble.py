"""The parts that a file asks for, each after what it needs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from amlmigrate.provisioning.known import ProvisioningPart
from amlmigrate.provisioning.parts import grants
from amlmigrate.provisioning.parts.endpoints import Endpoint, ZoneGroup
from amlmigrate.provisioning.parts.grants import RoleGrant, VaultGrant
from amlmigrate.provisioning.parts.groups import Group, Provider, Subscription
from amlmigrate.provisioning.parts.identities import IdentityPart
from amlmigrate.provisioning.parts.keys import KeyPart, RotationPolicy
from amlmigrate.provisioning.parts.monitoring import Insights, LogAnalyticsPart
from amlmigrate.provisioning.parts.registries import RegistryPart
from amlmigrate.provisioning.parts.storage import StoragePart
from amlmigrate.provisioning.parts.vaults import VaultPart
from amlmigrate.provisioning.parts.workspaces import WorkspacePart
from amlmigrate.provisioning.wanted import WantedWorkspace

LEARNING = "Azure Machine Learning"
# Microsoft's application in every tenant, by cloud (AZ-KEY-16); of China's none is documented.
_COSMOS_APPS = {
    "AzureCloud": "a232010e-820c-4083-83bb-3ace5fc29d0b",
    "AzureUSGovernment": "57506a73-e302-42a9-b869-6f12d9ec29e9",
}


def parts(
    wanted: WantedWorkspace, vault_uri: Callable[[str], str], cloud: str = "AzureCloud"
) -> list[ProvisioningPart]:
    """In the order in which they are made; `vault_uri` gives the address of a vault by its ARM id."""
    uri = vault_uri(wanted.vault.id)
    found: list[ProvisioningPart] = [
        *_base(wanted, vault_uri),
        *_grants(wanted, cloud),
        *_resources(wanted, uri),
        *_private(wanted, workspace=False),
        *_workspace(wanted),
        *_private(wanted, workspace=True),
    ]
    for part in found:
        part.owner = wanted.owner
    return found


def providers(wanted: WantedWorkspace) -> list[str]:
    """The resource providers that have to be registered."""
    found = [
        "Microsoft.KeyVault",
        "Microsoft.ManagedIdentity",
        "Microsoft.Storage",
        "Microsoft.MachineLearningServices",
    ]
    if wanted.analytics or wanted.insights:
        found += ["Microsoft.OperationalInsights", "Microsoft.Insights"]
    if wanted.registry:
        found.append("Microsoft.ContainerRegistry")
    if wanted.endpoints:
        found.append("Microsoft.Network")
    if wanted.workspace.classic:
        # AZ-ARM-9.
        found += ["Microsoft.DocumentDB", "Microsoft.Search"]
    return found


def _base(wanted: WantedWorkspace, vault_uri: Callable[[str], str]) -> Iterator[ProvisioningPart]:
    place = (wanted.location, wanted.tags)
    yield Subscription(wanted.subscription)
    for namespace in providers(wanted):
        yield Provider(wanted.subscription, namespace)
    yield Group(wanted.group_id, *place)
    yield VaultPart(wanted.vault, vault_uri, *place, for_key=True)
    if wanted.secrets:
        yield VaultPart(wanted.secrets, vault_uri, *place, for_key=False)
    yield KeyPart(wanted, vault_uri(wanted.vault.id))
    if wanted.key.rotation:
        yield RotationPolicy(wanted, wanted.key.rotation)
    yield IdentityPart(wanted.identity, *place)


def _grants(wanted: WantedWorkspace, cloud: str) -> Iterator[ProvisioningPart]:
    """What the workspace's identity needs (AZ-KEY-11, AZ-WS-9), and nothing beside it.

    A maintained template names Azure AI Administrator for the resource group. That role holds
    `Microsoft.KeyVault/*`, and the key's vault may lie in the group: so it is given on the workspace and on each
    thing that the workspace uses instead, where it also holds what Reader would give, and never on the key's
    vault. The same goes for Azure AI Enterprise Network Connection Approver, which may write and approve the
    private connections of vaults.
    """
    use = (wanted.vault, wanted.key_id, grants.USE_OF_KEY, grants.KEY_PERMISSIONS)
    yield VaultGrant(*use)
    if classic := wanted.workspace.classic:
        app = f" ({_COSMOS_APPS[cloud]})" if cloud in _COSMOS_APPS else ""
        yield VaultGrant(*use, holder=(f"Azure Cosmos DB{app}", classic.cosmos_principal))
        if classic.learning_principal:
            subscription = f"/subscriptions/{wanted.subscription}"
            yield RoleGrant(subscription, grants.CONTRIBUTOR, holder=(LEARNING, classic.learning_principal))
    secrets = wanted.secrets_vault
    yield VaultGrant(secrets, secrets.id, grants.SECRETS, grants.SECRET_PERMISSIONS)
    if wanted.secrets:
        yield from _managed(wanted, wanted.secrets.id)


def _resources(wanted: WantedWorkspace, uri: str) -> Iterator[ProvisioningPart]:
    place = (wanted.location, wanted.tags)
    if wanted.analytics:
        yield LogAnalyticsPart(wanted.analytics, *place)
    if wanted.insights:
        yield Insights(wanted.insights, wanted.analytics, *place)
        yield RoleGrant(wanted.insights.id, grants.AI_ADMINISTRATOR)
    yield StoragePart(wanted, uri)
    for role in (grants.BLOBS, grants.FILES):
        yield RoleGrant(wanted.storage.id, role)
    yield from _managed(wanted, wanted.storage.id)
    if wanted.registry:
        yield RegistryPart(wanted, wanted.registry, uri)
        yield from _managed(wanted, wanted.registry.id)


def _managed(wanted: WantedWorkspace, id_: str) -> Iterator[ProvisioningPart]:
    """What the identity may do with a resource that the workspace manages, and connects to."""
    yield RoleGrant(id_, grants.AI_ADMINISTRATOR)
    if wanted.workspace.managed_network:
        yield RoleGrant(id_, grants.APPROVER)


def _workspace(wanted: WantedWorkspace) -> Iterator[ProvisioningPart]:
    yield WorkspacePart(wanted)
    yield from _managed(wanted, wanted.workspace.id)


def _private(wanted: WantedWorkspace, *, workspace: bool) -> Iterator[ProvisioningPart]:
    """What is private before the workspace, which uses it, is made; or the endpoint of the workspace itself."""
    for endpoint in wanted.endpoints:
        if (endpoint.target == wanted.workspace.id) is workspace:
            yield Endpoint(endpoint, wanted.location, wanted.tags)
            if endpoint.dns_zones:
                yield ZoneGroup(endpoint)
