"""The parts that a file asks for, each after what it needs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from amlmigrate.cmk.provisioning.parts import grants
from amlmigrate.cmk.provisioning.parts.base import Part
from amlmigrate.cmk.provisioning.parts.endpoints import Endpoint, ZoneGroup
from amlmigrate.cmk.provisioning.parts.grants import RoleGrant, VaultGrant
from amlmigrate.cmk.provisioning.parts.groups import Group, Provider, Subscription
from amlmigrate.cmk.provisioning.parts.identities import Identity
from amlmigrate.cmk.provisioning.parts.keys import Key, RotationPolicy
from amlmigrate.cmk.provisioning.parts.monitoring import Insights, LogAnalytics
from amlmigrate.cmk.provisioning.parts.registries import Registry
from amlmigrate.cmk.provisioning.parts.storage import Storage
from amlmigrate.cmk.provisioning.parts.vaults import Vault
from amlmigrate.cmk.provisioning.parts.workspaces import Workspace
from amlmigrate.cmk.provisioning.wanted import Wanted

COSMOS_DB, LEARNING = "Azure Cosmos DB", "Azure Machine Learning"


def parts(wanted: Wanted, vault_uri: Callable[[str], str]) -> list[Part]:
    """In the order in which they are made; `vault_uri` gives the address of a vault by its ARM id."""
    uri = vault_uri(wanted.vault.id)
    return [*_base(wanted), *_grants(wanted), *_resources(wanted, uri), *_private(wanted)]


def providers(wanted: Wanted) -> list[str]:
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
    if wanted.workspace.endpoint:
        found.append("Microsoft.Network")
    if wanted.workspace.classic:
        # azure-facts, section 1.3.
        found += ["Microsoft.DocumentDB", "Microsoft.Search"]
    return found


def _base(wanted: Wanted) -> Iterator[Part]:
    place = (wanted.location, wanted.tags)
    yield Subscription(wanted.subscription)
    for namespace in providers(wanted):
        yield Provider(wanted.subscription, namespace)
    yield Group(wanted.group_id, *place)
    yield Vault(wanted.vault, *place, for_key=True)
    if wanted.secrets:
        yield Vault(wanted.secrets, *place, for_key=False)
    yield Key(wanted)
    if wanted.key.rotation:
        yield RotationPolicy(wanted, wanted.key.rotation)
    yield Identity(wanted.identity, *place)


def _grants(wanted: Wanted) -> Iterator[Part]:
    """What azure-facts, section 1.3, says that the workspace's identity needs, and nothing beside it.

    It names Azure AI Administrator for the resource group. That role holds `Microsoft.KeyVault/*`, and the key's
    vault may lie in the group: so it is given on the workspace and on each thing that the workspace uses instead,
    where it also holds what Reader would give, and never on the key's vault.
    """
    use = (wanted.vault, wanted.key_id, grants.USE_OF_KEY, grants.KEY_PERMISSIONS)
    yield VaultGrant(*use)
    if classic := wanted.workspace.classic:
        yield VaultGrant(*use, holder=(COSMOS_DB, classic.cosmos_principal))
        if classic.learning_principal:
            subscription = f"/subscriptions/{wanted.subscription}"
            yield RoleGrant(subscription, grants.CONTRIBUTOR, holder=(LEARNING, classic.learning_principal))
    secrets = wanted.secrets_vault
    yield VaultGrant(secrets, secrets.id, grants.SECRETS, grants.SECRET_PERMISSIONS)
    if wanted.secrets:
        yield RoleGrant(wanted.secrets.id, grants.AI_ADMINISTRATOR)
    if wanted.workspace.managed_network:
        yield RoleGrant(wanted.group_id, grants.APPROVER)


def _resources(wanted: Wanted, uri: str) -> Iterator[Part]:
    place = (wanted.location, wanted.tags)
    if wanted.analytics:
        yield LogAnalytics(wanted.analytics, *place)
    if wanted.insights:
        yield Insights(wanted.insights, wanted.analytics, *place)
        yield RoleGrant(wanted.insights.id, grants.AI_ADMINISTRATOR)
    yield Storage(wanted, uri)
    for role in (grants.BLOBS, grants.FILES, grants.AI_ADMINISTRATOR):
        yield RoleGrant(wanted.storage.id, role)
    if wanted.registry:
        yield Registry(wanted, wanted.registry, uri)
        yield RoleGrant(wanted.registry.id, grants.AI_ADMINISTRATOR)
    yield Workspace(wanted)
    yield RoleGrant(wanted.workspace.id, grants.AI_ADMINISTRATOR)


def _private(wanted: Wanted) -> Iterator[Part]:
    if endpoint := wanted.workspace.endpoint:
        yield Endpoint(endpoint, wanted.workspace.id, wanted.location, wanted.tags)
        if endpoint.dns_zones:
            yield ZoneGroup(endpoint)
