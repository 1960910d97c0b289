"""What is there against what is wanted: what becomes of it, without Azure."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.errors import refusal
from tests.unit.provisioning.provisioned import KNOWN, part, uri, wanted

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core import rotations
from amlmigrate.core.durations import days
from amlmigrate.core.errors import IncompleteError, RefusedError
from amlmigrate.core.keys import Rotation
from amlmigrate.desired import refusals
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.posture.accountusers import AccountUsers
from amlmigrate.provisioning.assemble import parts
from amlmigrate.provisioning.known import UNKNOWN, KnownValues
from amlmigrate.provisioning.members import GROUP_ROLE, Offer, offer_of
from amlmigrate.provisioning.parts import keys, vaults
from amlmigrate.provisioning.parts.grants import assignment_id
from amlmigrate.provisioning.parts.networks import tightened
from amlmigrate.provisioning.parts.storage import FoundStorage, with_identity
from amlmigrate.provisioning.wanted import KeyWanted, NetworkRules

GOOD_VAULT = {
    "location": "eastus2",
    "properties": {
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 90,
        "sku": {"name": "standard"},
    },
}


def _vault(**changed: Any) -> vaults.FoundVault:
    properties = {**GOOD_VAULT["properties"], **changed}  # type: ignore[dict-item]  # a literal of several types
    return vaults.FoundVault({**GOOD_VAULT, "properties": properties})


def _text(step: DesiredStep) -> str:
    return " ".join(step.notes)


def test_the_order_is_that_of_what_needs_what() -> None:
    order = [each.what for each in parts(wanted(), uri)]
    places = [
        order.index(what)
        for what in (
            "resource provider",
            "resource group",
            "key vault",
            "key",
            "identity",
            "Key Vault Crypto Service Encryption User for the identity",
            "Log Analytics workspace",
            "Application Insights",
            "storage account",
            "container registry",
            "workspace",
        )
    ]
    assert places == sorted(places)


def test_from_nothing_everything_is_made_and_no_placeholder_is_taken_for_a_value() -> None:
    for each in parts(wanted(), uri):
        nothing = {
            "vaultpart": vaults.FoundVault(None),
            "keypart": keys.FoundKey(None),
            "storagepart": FoundStorage(None),
        }
        empty: Any = nothing.get(type(each).__name__.lower())
        found = [] if "for the identity" in each.what else empty
        verb = each.decide(found, KnownValues()).verb
        expected = {
            "subscription": DesiredVerb.REFUSE,
            "resource provider": DesiredVerb.REFUSE,
            "rotation policy": DesiredVerb.EXISTS,
        }
        wanted_verb = DesiredVerb.GRANT if "for the identity" in each.what else DesiredVerb.CREATE
        assert verb is expected.get(each.what, wanted_verb), each.what
        assert each.learn(found, KnownValues()).principal_id == UNKNOWN


@pytest.mark.parametrize(
    ("found", "verb", "told"),
    [
        (_vault(), DesiredVerb.EXISTS, ""),
        (_vault(enablePurgeProtection=None), DesiredVerb.UPDATE, "purge protection is turned on"),
        (_vault(enableSoftDelete=False), DesiredVerb.UPDATE, "soft delete is turned on"),
        (_vault(softDeleteRetentionInDays=7), DesiredVerb.REFUSE, "for 7 days and the file asks for 90"),
        (vaults.FoundVault({**GOOD_VAULT, "location": "westus"}), DesiredVerb.REFUSE, "is in westus"),
        (
            _vault(networkAcls={"defaultAction": "Deny", "bypass": "None"}),
            DesiredVerb.REFUSE,
            "trusted services out",
        ),
        (
            vaults.FoundVault(None, {"properties": {"purgeProtectionEnabled": False}}),
            DesiredVerb.REFUSE,
            "or purge it",
        ),
    ],
)
def test_a_vault(found: vaults.FoundVault, verb: DesiredVerb, told: str) -> None:
    step = part("key vault").decide(found, KNOWN)
    assert step.verb is verb
    assert told in _text(step)


def test_a_vaults_way_of_access_is_never_changed() -> None:
    step = part("key vault", keyVault={"name": "kv-keys", "access": "policies"}).decide(_vault(), KNOWN)
    assert step.verb is DesiredVerb.REFUSE
    assert "would take the rights" in _text(step)


def test_a_key_of_hardware_needs_a_premium_vault() -> None:
    changed = {"key": {"name": "cmk", "profile": "PCI-DSS"}}
    assert part("key vault", **changed).decide(_vault(), KNOWN).verb is DesiredVerb.REFUSE
    body = part("key vault", **changed).decide(vaults.FoundVault(None), KNOWN).change
    assert body and body.body and body.body["properties"]["sku"]["name"] == "premium"


NOW = time.time()


@pytest.mark.parametrize(
    ("found", "reasons", "stays"),
    [
        ({"kty": "RSA", "keySize": 3072}, 0, 0),
        ({"kty": "RSA-HSM", "keySize": 4096}, 0, 2),
        ({"kty": "RSA", "keySize": 2048}, 1, 0),
        ({"kty": "EC"}, 2, 0),
        ({"kty": "RSA", "keySize": 3072, "attributes": {"enabled": False, "exp": 1}}, 2, 0),
        ({"kty": "RSA", "keySize": 3072, "attributes": {"nbf": NOW + 9e6}}, 1, 0),
    ],
)
def test_a_key_that_is_there(found: dict[str, Any], reasons: int, stays: int) -> None:
    why, kept = keys.unfit(found, KeyWanted("cmk"), NOW)
    assert (len(why), len(kept)) == (reasons, stays)


_durations = st.sampled_from([None, "P30D", "P90D", "P6M", "P1Y", "P18M", "P2Y"])
_rotations = st.builds(Rotation, _durations, _durations, st.none(), _durations)


@given(st.none() | _rotations, st.builds(Rotation, _durations, st.just("P90D"), st.none(), _durations))
def test_a_rotation_policy_only_grows_stricter_and_settles(there: Rotation | None, asked: Rotation) -> None:
    made = rotations.stricter(there, asked)
    assert rotations.stricter(made, asked) == made
    period = rotations.period(made)
    assert period is not None and period <= 90
    if there is not None and (before := rotations.period(there)) is not None:
        assert period <= before
    for old in (there.expires_in if there else None, asked.expires_in):
        assert old is None or (made.expires_in and days(made.expires_in) <= days(old))
    for told in (there.notify_before_expiry if there else None, asked.notify_before_expiry):
        assert told is None or (made.notify_before_expiry and days(made.notify_before_expiry) >= days(told))


_addresses = st.lists(st.sampled_from(["198.51.100.1", "203.0.113.0/24"]), unique=True)
_networks = st.builds(
    NetworkRules,
    st.sampled_from([None, "Enabled", "Disabled"]),
    st.sampled_from([None, "Allow", "Deny"]),
    st.booleans(),
    _addresses.map(tuple),
)
_there = st.fixed_dictionaries(
    {
        "publicNetworkAccess": st.sampled_from(["Enabled", "Disabled"]),
        "networkAcls": st.fixed_dictionaries(
            {
                "defaultAction": st.sampled_from(["Allow", "Deny"]),
                "ipRules": _addresses.map(lambda found: [{"value": each} for each in found]),
            }
        ),
    }
)


@given(_there, _networks)
def test_a_network_is_never_loosened_and_settles(there: dict[str, Any], asked: NetworkRules) -> None:
    change, _, _ = tightened(there, asked)
    after = {**there, **change}
    assert there["publicNetworkAccess"] != "Disabled" or after["publicNetworkAccess"] == "Disabled"
    before, now = there["networkAcls"], after["networkAcls"]
    if before["defaultAction"] == "Deny":
        assert now == before  # not even an address more
    assert asked.default_action != "Deny" or now["defaultAction"] == "Deny"
    assert asked.public_access != "Disabled" or after["publicNetworkAccess"] == "Disabled"
    assert tightened(after, asked)[0] == {}


def test_a_firewall_that_is_closed_keeps_what_else_its_owner_lets_in() -> None:
    """A PATCH of `networkAcls` takes the place of all of it."""
    instances = [{"tenantId": "t", "resourceId": "/subscriptions/s/x"}]
    acls = {"defaultAction": "Allow", "bypass": "Logging, AzureServices", "resourceAccessRules": instances}
    change, _, _ = tightened(
        {"networkAcls": acls}, NetworkRules(default_action="Deny", ip_rules=("198.51.100.1",))
    )
    told = {**acls, "defaultAction": "Deny", "ipRules": [{"value": "198.51.100.1"}], "virtualNetworkRules": []}
    assert change == {"networkAcls": told}
    shut, _, _ = tightened({"networkAcls": acls}, NetworkRules(default_action="Deny", trusted_services=False))
    assert shut["networkAcls"]["bypass"] == "None"


def _account(**encryption: Any) -> dict[str, Any]:
    told = {"encryption": encryption or {"keySource": "Microsoft.Storage"}}
    return {"location": "eastus2", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": told}


def _under(name: str) -> dict[str, Any]:
    key = {"keyvaulturi": "https://KV-keys.vault.azure.net/", "keyname": name}
    return {"keySource": "Microsoft.Keyvault", "keyvaultproperties": key}


def test_a_storage_account() -> None:
    storage = part("storage account")
    assert storage.decide(FoundStorage(_account()), KNOWN).verb is DesiredVerb.UPDATE
    assert storage.decide(FoundStorage(_account(**_under("cmk"))), KNOWN).verb is DesiredVerb.EXISTS
    assert "another customer's key" in _text(storage.decide(FoundStorage(_account(**_under("other"))), KNOWN))
    with_port = _under("cmk")
    with_port["keyvaultproperties"]["keyvaulturi"] = "https://kv-keys.vault.azure.net:443"
    assert storage.decide(FoundStorage(_account(**with_port)), KNOWN).verb is DesiredVerb.EXISTS
    elsewhere = _under("cmk")
    elsewhere["keyvaultproperties"]["keyvaulturi"] = "https://kv-keys2.vault.azure.net:443"
    assert "another customer's key" in _text(storage.decide(FoundStorage(_account(**elsewhere)), KNOWN))
    for unfit in ({"kind": "BlobStorage"}, {"sku": {"name": "Premium_LRS"}}, {"location": "westus"}):
        assert storage.decide(FoundStorage({**_account(), **unfit}), KNOWN).verb is DesiredVerb.REFUSE
    hierarchical = _account()
    hierarchical["properties"]["isHnsEnabled"] = True
    assert storage.decide(FoundStorage(hierarchical), KNOWN).verb is DesiredVerb.REFUSE


NO_KEYS = {
    "storage": {"name": "stone", "sharedKey": False},
    "workspace": {"name": "one", "systemDatastoresAuthMode": "Identity"},
}


@pytest.mark.parametrize(
    ("users", "told"),
    [
        (
            AccountUsers(known=["the workspace /x/w", "the datastore /x/w/datastores/d"]),
            "the workspace /x/w uses it",
        ),
        (
            AccountUsers(unknown=["the workspaces of subscription s could not be listed (403 X)"]),
            "who else uses it is not known",
        ),
    ],
)
def test_keys_of_an_account_that_is_used_stay_on(users: AccountUsers, told: str) -> None:
    storage = part("storage account", **NO_KEYS)
    step = storage.decide(FoundStorage(_account(), users), KNOWN)
    assert step.verb is DesiredVerb.REFUSE and told in _text(step)
    assert len(step.notes) == len(users.known) + len(users.unknown)


def test_keys_of_an_account_that_nobody_uses_are_switched_off() -> None:
    step = part("storage account", **NO_KEYS).decide(FoundStorage(_account(), AccountUsers()), KNOWN)
    assert step.verb is DesiredVerb.UPDATE and step.change and step.change.body
    assert step.change.body["properties"]["allowSharedKeyAccess"] is False


def test_identities_of_an_account_stay() -> None:
    there = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {"/x/A": {"clientId": "1"}}}
    assert with_identity(there, "/x/b") == {
        "type": "SystemAssigned,UserAssigned",
        "userAssignedIdentities": {"/x/A": {}, "/x/b": {}},
    }
    assert with_identity({"type": "None"}, "/x/b")["type"] == "UserAssigned"


def test_a_registry_gets_its_key_at_creation_or_never() -> None:
    registry = part("container registry")
    assert registry.decide({"location": "eastus2", "properties": {}}, KNOWN).verb is DesiredVerb.REFUSE
    key = {"keyIdentifier": "https://kv-keys.vault.azure.net/keys/cmk/0001"}
    told = {"encryption": {"status": "Enabled", "keyVaultProperties": key}}
    assert registry.decide({"location": "eastus2", "properties": told}, KNOWN).verb is DesiredVerb.EXISTS
    key["keyIdentifier"] = "https://KV-keys.vault.azure.net:443/keys/CMK/"
    assert registry.decide({"location": "eastus2", "properties": told}, KNOWN).verb is DesiredVerb.EXISTS
    key["keyIdentifier"] = "https://kv-keys.vault.azure.net/keys/cmk2"
    assert registry.decide({"location": "eastus2", "properties": told}, KNOWN).verb is DesiredVerb.REFUSE


def _workspace(**changed: Any) -> dict[str, Any]:
    change = part("workspace").decide(None, KNOWN).change
    assert change and change.body
    identity = {**change.body["identity"], "principalId": "p"}
    return {**change.body, "identity": identity, "properties": {**change.body["properties"], **changed}}


def test_a_workspace_that_is_what_was_asked_for() -> None:
    workspace = part("workspace")
    assert workspace.decide(_workspace(provisioningState="Succeeded"), KNOWN).verb is DesiredVerb.EXISTS
    spelled = _workspace()
    named = spelled["properties"]["encryption"]["keyVaultProperties"]
    named["keyIdentifier"] = named["keyIdentifier"].replace(".net/keys/cmk", ".net:443/keys/CMK")
    assert workspace.decide(spelled, KNOWN).verb is DesiredVerb.EXISTS
    # Only what never came to be is made again: a PUT replaces all that others have set since.
    assert workspace.decide(_workspace(provisioningState="Failed"), KNOWN).verb is DesiredVerb.CREATE
    made = workspace.decide(_workspace(provisioningState="Failed", workspaceId="1"), KNOWN)
    assert made.verb is DesiredVerb.REFUSE and "it was made before" in _text(made)
    rotated = KnownValues(key_version="https://kv-keys.vault.azure.net/keys/cmk/0002")
    step = workspace.decide(_workspace(), rotated)
    assert step.verb is DesiredVerb.EXISTS
    assert "stands on version 0001 of the key; the newest is 0002" in _text(step)


@pytest.mark.parametrize("name", ["storageAccount", "keyVault", "applicationInsights", "containerRegistry"])
def test_a_workspace_of_other_parts_is_refused(name: str) -> None:
    step = part("workspace").decide(_workspace(**{name: "/another"}), KNOWN)
    assert step.verb is DesiredVerb.REFUSE
    assert name in _text(step)


def test_a_workspace_that_does_not_say_service_side_is_classic() -> None:
    found = _workspace()
    del found["properties"]["enableServiceSideCMKEncryption"]
    step = part("workspace").decide(found, KNOWN)
    assert step.verb is DesiredVerb.REFUSE and "enableServiceSideCMKEncryption is False" in _text(step)


def _offering(*versions: str, regions: tuple[str, ...] = ("eastus2",)) -> KnownValues:
    return replace(KNOWN, offer=Offer(frozenset(versions), frozenset(regions)))


ELSEWHERE = {"keyVault": {"id": "/subscriptions/5b1c7e90-2f4d-4a86-b3c9-8d06e2f7a154/resourceGroups/g2/providers/"
                                "Microsoft.KeyVault/vaults/kv-keys"}}  # fmt: skip


@pytest.mark.parametrize("known", [KNOWN, _offering("2025-12-01", GROUP_ROLE.api_version)])
@pytest.mark.parametrize("changed", [{}, ELSEWHERE])
def test_a_workspace_has_its_own_identity_too_that_gets_no_role_on_the_group(
    known: KnownValues, changed: Any
) -> None:
    step = part("workspace", **changed).decide(None, known)
    assert step.change and step.change.body
    assert step.change.path.endswith(f"/workspaces/one?api-version={GROUP_ROLE.api_version}")
    assert step.change.body["identity"]["type"] == "SystemAssigned,UserAssigned"
    assert step.change.body["properties"][GROUP_ROLE.name] is False
    assert step.change.body["properties"]["encryption"]["identity"]["userAssignedIdentity"].endswith("/id-one")


@pytest.mark.parametrize(
    "known", [_offering("2025-12-01"), _offering(GROUP_ROLE.api_version, regions=("westus",))]
)
def test_where_that_cannot_be_said_a_key_in_the_group_is_refused_and_another_is_told(known: KnownValues) -> None:
    step = part("workspace").decide(None, known)
    assert (
        step.verb is DesiredVerb.REFUSE
        and "in its resource group" in _text(step)
        and GROUP_ROLE.api_version in _text(step)
    )
    step = part("workspace", **ELSEWHERE).decide(None, known)
    assert step.verb is DesiredVerb.CREATE and "warning: its own identity gets rights" in _text(step)
    assert step.change and step.change.body and "?" not in step.change.path
    assert GROUP_ROLE.name not in step.change.body["properties"]


def test_what_a_provider_offers_is_read_from_its_document() -> None:
    types = [{"resourceType": "workspaces/computes", "apiVersions": ["1"]},
             {"resourceType": "Workspaces", "apiVersions": [GROUP_ROLE.api_version], "locations": ["East US 2"]}]  # fmt: skip
    offer = offer_of({"resourceTypes": types})
    assert offer and offer.has(GROUP_ROLE, "eastus2") and not offer.has(GROUP_ROLE, "westus")
    assert offer_of({}) is None and offer_of(None) is None


def test_of_a_workspace_that_is_there_the_identities_are_told_and_not_changed() -> None:
    workspace = part("workspace")
    only_users = {
        **_workspace(),
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": _workspace()["identity"]["userAssignedIdentities"],
        },
    }
    step = workspace.decide(only_users, KNOWN)
    assert step.verb is DesiredVerb.EXISTS and "cannot be recovered" in _text(step)
    both = _workspace()
    assert workspace.decide(both, KNOWN).notes == ()
    open_ = {**both, "properties": {**both["properties"], GROUP_ROLE.name: True}}
    step = workspace.decide(open_, KNOWN)
    assert step.verb is DesiredVerb.EXISTS and "where its key's vault lies" in _text(step)
    # What we made ourselves has to be as it was asked for.
    assert workspace.unmet(both) == [] and "may have rights" in workspace.unmet(open_)[0]
    assert part("workspace", **ELSEWHERE).unmet(open_) == []


def test_a_workspace_without_the_identity_is_refused() -> None:
    found = {**_workspace(), "identity": {"type": "SystemAssigned"}}
    assert "identity is []" in _text(part("workspace").decide(found, KNOWN))


def test_what_people_see_stays() -> None:
    told = {"name": "one", "keyVault": {"name": "kv-secrets"}, "friendlyName": "Mine"}
    step = part("workspace", workspace=told).decide(_workspace(friendlyName="Theirs"), KNOWN)
    assert (step.verb, step.notes) == (DesiredVerb.EXISTS, ("its friendlyName stays 'Theirs'",))


def test_every_difference_of_a_workspace_is_told() -> None:
    found = _workspace(encryption=None, storageAccount="/a", enableServiceSideCMKEncryption=False)
    found["location"] = "westus"
    assert len(part("workspace").decide(found, KNOWN).notes) == 3


def test_an_assignment_has_one_name() -> None:
    first = assignment_id("/S/x", "P", "R")
    assert first.rsplit("/", 1)[-1] == assignment_id("/s/X", "p", "r").rsplit("/", 1)[-1]
    assert first != assignment_id("/S/y", "P", "R")


def test_a_role_that_holds_more_or_lies_above_is_enough() -> None:
    grant = part("Key Vault Crypto Service Encryption User for the identity")
    told = {"roleDefinitionId": "/x/12338AF0-0e69-4776-bea7-57ae8d297424", "scope": "/subscriptions/s"}
    more = grant.decide([{"properties": told}], KNOWN)
    assert more.verb is DesiredVerb.EXISTS
    assert more.notes == (
        "warning: holds Key Vault Crypto User at /subscriptions/s too, which is more than it needs",
    )
    itself = {"roleDefinitionId": "/x/e147488a-f6f5-4113-8e2d-b22465e65bf6", "scope": grant.id.upper()}
    assert grant.decide([{"properties": itself}], KNOWN).notes == ()
    assert len(grant.decide([{"properties": told}, {"properties": itself}], KNOWN).notes) == 1
    above = {**itself, "scope": "/subscriptions/s"}
    assert grant.decide([{"properties": above}], KNOWN).notes == ("at /subscriptions/s",)
    assert grant.decide([{"properties": {**told, "condition": "@Resource"}}], KNOWN).verb is DesiredVerb.GRANT
    assert grant.decide([{"properties": {"roleDefinitionId": "/x/acdd72a7"}}], KNOWN).verb is DesiredVerb.GRANT


def test_a_role_under_a_condition_is_not_called_granted_and_no_second_one_is_asked_for() -> None:
    grant = part("Key Vault Crypto Service Encryption User for the identity")
    told = {
        "roleDefinitionId": "/x/E147488A-F6F5-4113-8E2D-B22465E65BF6",
        "principalId": KNOWN.principal_id.upper(),
        "scope": grant.id.upper(),
        "condition": "@Resource",
    }
    step = grant.decide([{"id": "/theirs", "properties": told}], KNOWN)
    assert step.verb is DesiredVerb.REFUSE and "under a condition (/theirs)" in step.notes[0]
    # Above, of somebody else or of another role it is in nobody's way; and one without a condition is enough.
    for changed in ({"scope": "/subscriptions/s"}, {"principalId": "x"}, {"roleDefinitionId": "/x/acdd72a7"}):
        assert grant.decide([{"id": "/x", "properties": {**told, **changed}}], KNOWN).verb is DesiredVerb.GRANT
    assert (
        grant.decide([{"properties": told}, {"properties": {**told, "condition": None}}], KNOWN).verb
        is DesiredVerb.EXISTS
    )


def test_a_policy_that_allows_more_is_told() -> None:
    changed = {"keyVault": {"name": "kv-keys", "access": "policies"}}
    grant = part("Key Vault Crypto Service Encryption User for the identity", **changed)
    enough = {"permissions": {"keys": ["Get", "WrapKey", "UnwrapKey"]}}
    assert grant.decide([enough], KNOWN).notes == ("by access policy",)
    more = {"permissions": {"keys": ["get", "wrapKey", "unwrapKey", "delete"]}}
    assert grant.decide([more], KNOWN).notes[1:] == ("warning: its access policy allows more on keys too: delete",)


def test_connections_are_approved_where_the_managed_network_leads_and_never_to_the_keys_vault() -> None:
    network = {"name": "one", "keyVault": {"name": "kv-secrets"}, "managedNetwork": "AllowOnlyApprovedOutbound"}
    approver = "Azure AI Enterprise Network Connection Approver for the identity"
    scopes = [each.id for each in parts(wanted(workspace=network), uri) if each.what == approver]
    assert [scope.rsplit("/", 1)[-1] for scope in scopes] == ["kv-secrets", "stone", "crone", "one"]
    assert not [each for each in parts(wanted(), uri) if each.what == approver]


@pytest.mark.parametrize(
    ("cloud", "told"),
    [
        ("AzureCloud", "Azure Cosmos DB (a232010e-820c-4083-83bb-3ace5fc29d0b)"),
        ("AzureUSGovernment", "Azure Cosmos DB (57506a73-e302-42a9-b869-6f12d9ec29e9)"),
        ("AzureChinaCloud", "Azure Cosmos DB"),
    ],
)
def test_classic_encryption_names_the_application_of_its_cloud(cloud: str, told: str) -> None:
    encryption = {"mode": "classic", "cosmosDbPrincipalId": KNOWN.client_id}
    file = wanted(workspace={"name": "one", "keyVault": {"name": "kv-secrets"}, "encryption": encryption})
    assert f"Key Vault Crypto Service Encryption User for {told}" in [
        each.what for each in parts(file, uri, cloud)
    ]


def test_what_stays_of_a_registry_and_of_its_logs_is_told() -> None:
    key = {"keyIdentifier": "https://kv-keys.vault.azure.net/keys/cmk"}
    there = {"encryption": {"status": "Enabled", "keyVaultProperties": key}, "publicNetworkAccess": "Disabled"}
    step = part("container registry", registry={"name": "crone", "publicAccess": "Enabled"}).decide(
        {"location": "eastus2", "properties": there}, KNOWN
    )
    assert step.notes == ("public network access stays switched off", "its admin user stays switched off")
    logs = part("Log Analytics workspace", logAnalytics={"name": "log-one", "retentionDays": 90})
    assert logs.decide({"properties": {"retentionInDays": 30}}, KNOWN).notes == (
        "it stays to keep what it is sent for 30 days",
    )


_NETWORK = f"/subscriptions/{wanted().subscription}/resourceGroups/net/providers/Microsoft.Network"
_ZONE = f"{_NETWORK}/privateDnsZones/privatelink.blob.core.windows.net"
_PRIVATE = {
    "name": "stone",
    "privateEndpoints": {
        "blob": {"name": "pe", "subnet": f"{_NETWORK}/virtualNetworks/v/subnets/s", "dnsZones": [_ZONE]}
    },
}


def test_an_endpoint_that_leads_elsewhere_or_lies_elsewhere_is_refused() -> None:
    endpoint = part("private endpoint (blob)", storage=_PRIVATE)
    made = endpoint.decide(None, KNOWN).change
    assert made and made.body and endpoint.decide(made.body, KNOWN).verb is DesiredVerb.EXISTS
    told = made.body["properties"]
    elsewhere = {**told, "subnet": {"id": f"{_NETWORK}/virtualNetworks/v/subnets/other"}}
    assert "is in the subnet" in _text(endpoint.decide({"properties": elsewhere}, KNOWN))
    assert "leads to nothing" in _text(endpoint.decide({"properties": {"subnet": told["subnet"]}}, KNOWN))


def test_zones_that_are_missing_are_added_and_the_others_stay() -> None:
    zones = part("private DNS zone group (blob)", storage=_PRIVATE)
    other = {"name": "theirs", "properties": {"privateDnsZoneId": "/theirs"}}
    step = zones.decide({"properties": {"privateDnsZoneConfigs": [other]}}, KNOWN)
    assert step.verb is DesiredVerb.CREATE and step.change and step.change.body
    configs = step.change.body["properties"]["privateDnsZoneConfigs"]
    assert configs[0] == other and configs[1]["properties"] == {"privateDnsZoneId": _ZONE}
    assert zones.decide(step.change.body, KNOWN).verb is DesiredVerb.EXISTS


LATE = [
    refusal(403, "KeyVaultAuthenticationFailure", "The operation failed because of authentication issue."),
    refusal(400, "BadRequest", "The identity has no permission wrapKey in the key vault 'kv'"),
    refusal(400, "PrincipalNotFound", "Principal 1 does not exist in the directory."),
]
NOT_LATE = [
    refusal(
        403,
        "AuthorizationFailed",
        "does not have authorization to perform action 'Microsoft.KeyVault/x' over scope 'y'",
    ),
    refusal(403, "RequestDisallowedByPolicy", "key vault access was disallowed by policy"),
    refusal(400, "BadRequest", "CMK workspaces should have purge protection enabled on their CMK keyvault."),
    refusal(400, "BadRequest", "The key cannot be used: Operation wrapKey is not allowed on a disabled key"),
    refusal(429, "TooManyRequests", "key vault permission"),
]


@pytest.mark.parametrize("error", LATE, ids=lambda error: error.code)
def test_late_rights(error: ServiceError) -> None:
    assert refusals.is_late(error)
    assert isinstance(refusals.explained(error, "/x"), IncompleteError)


@pytest.mark.parametrize("error", NOT_LATE, ids=lambda error: error.message[:20])
def test_what_no_waiting_helps(error: ServiceError) -> None:
    assert not refusals.is_late(error)


@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [
        (
            "BadRequest",
            "CMK workspaces should have purge protection enabled on their CMK keyvault.",
            "Turn its purge",
        ),
        ("BadRequest", "Soft-deleted workspace exists. Please purge or recover it.", "workspaces/one?"),
        ("ConflictError", "A vault with the same name already exists in deleted state.", "--name one"),
        ("VaultAlreadyExists", "The vault name is already in use.", "choose another"),
        ("InvalidResourceLocation", "The resource already exists in location 'x'", "another resource"),
        ("Conflict", "Data sink 'x' is already used in diagnostic setting 'all' for category 'a'.", "its owner"),
    ],
)
def test_refusals_keep_the_services_words_and_say_what_to_do(code: str, message: str, remedy: str) -> None:
    error = refusals.explained(refusal(400, code, message), "/g/one")
    assert isinstance(error, RefusedError)
    assert message in error.summary
    assert remedy in error.remedy


def _ending(when: datetime | None) -> KnownValues:
    return replace(KNOWN, expiries={KNOWN.key_version: when})


def test_the_day_on_which_the_version_of_a_workspace_ends_is_told_and_that_a_rotation_does_not_move_it() -> None:
    workspace, day = part("workspace"), datetime(2099, 5, 1, tzinfo=UTC)
    step = workspace.decide(_workspace(), _ending(day))
    assert step.verb is DesiredVerb.EXISTS
    assert "which expires on 2099-05-01" in _text(step) and "does not move the workspace" in _text(step)
    assert "2099-05-01" in _text(workspace.decide(None, _ending(day)))
    assert "P2Y after it is made" in _text(
        workspace.decide(None, replace(KNOWN, key_version=UNKNOWN, expiries={}))
    )
    assert "a day that could not be read" in _text(workspace.decide(_workspace(), replace(KNOWN, expiries={})))
    assert workspace.decide(_workspace(), _ending(None)).notes == ()
    step = workspace.decide(_workspace(), _ending(datetime(2020, 5, 1, tzinfo=UTC)))
    assert step.verb is DesiredVerb.REFUSE and "expired on 2020-05-01" in _text(step)


def test_the_ends_of_all_versions_are_learned() -> None:
    def version(name: str, exp: int | None) -> dict[str, Any]:
        uri = f"https://kv-keys.vault.azure.net/keys/cmk/{name}"
        return {"properties": {"keyUriWithVersion": uri, "attributes": {"exp": exp}}}

    newest, old = version("New", None), version("Old", 1_700_000_000)
    known = part("key").learn(keys.FoundKey(newest, versions=(newest, old)), KnownValues())
    assert known.key_version.endswith("/New")
    assert known.expiries["https://kv-keys.vault.azure.net/keys/cmk/new"] is None
    ended = known.expiries["https://kv-keys.vault.azure.net/keys/cmk/old"]
    assert ended and ended.year == 2023


@pytest.mark.parametrize(
    ("attributes", "why"),
    [({"enabled": False}, "is disabled"), ({"nbf": 4_000_000_000}, "is not valid yet"), ({"enabled": True}, "")],
)
def test_a_workspace_on_a_version_that_cannot_be_used_is_refused_though_the_newest_can(
    attributes: dict[str, Any], why: str
) -> None:
    newest = {"properties": {"keyUriWithVersion": f"{KNOWN.key_version[:-4]}0002", "attributes": {}}}
    stood = {"properties": {"keyUriWithVersion": KNOWN.key_version.upper(), "attributes": attributes}}
    known = part("key").learn(keys.FoundKey(newest, versions=(newest, stood)), KNOWN)
    step = part("workspace").decide(_workspace(), known)
    assert step.verb is (DesiredVerb.REFUSE if why else DesiredVerb.EXISTS)
    assert f"The version 0001 of its key {why}, and a rotation" in _text(step) or not why


def test_that_a_deleted_key_could_not_be_looked_for_is_told() -> None:
    """What could not be asked before the first write is a note."""

    class Refusing:
        resources = vaults = property(lambda self: self)

        async def get(self, id_: str) -> None:
            return None

        def uri(self, id_: str) -> str:
            return "https://kv-keys.vault.azure.net"

        async def deleted(self, uri: str, name: str) -> bool:
            raise refusal(403, "ForbiddenByRbac", "no right to deletedkeys", url=uri)

    key = part("key")
    known = replace(KNOWN, by_roles={wanted().vault.id.lower(): True})
    step = key.decide(asyncio.run(key.read(Refusing(), known)), known)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert step.verb is DesiredVerb.CREATE
    assert [one for one in step.notes if one.startswith("not checked: whether a deleted key holds the name: ")]
    assert not any(one.startswith("not checked") for one in key.decide(keys.FoundKey(None), known).notes)
