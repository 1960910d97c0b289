"""Where bytes lie is what is judged: each account, container, encryption scope and key that they are under."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.unit.posture.exemplary import (
    ACCOUNT,
    BLOBS,
    ENCRYPTION,
    GROUP,
    KEY,
    NOW,
    REF,
    AroundStorage,
    exemplary,
    planned,
    stored,
    without_end,
)

from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.storage_containers import encryption_counts
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.workspace import Location, Workspace
from amlmigrate.posture.places import BytePlaces
from amlmigrate.posture.proof import before_removal, claims, let_go
from amlmigrate.posture.reading import Read
from amlmigrate.posture.tagging import most_sensitive

CONTAINER = f"{ACCOUNT}/blobServices/default/containers/blobs"
OTHER = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/other"
KV = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
KV2 = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv2"
HSM = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm"
KEY2 = "https://kv2.vault.azure.net/keys/k2/" + "3" * 32
ENCRYPTION_KEY = "https://kv.vault.azure.net/keys/k/" + "1" * 32
ELSEWHERE = "99999999-aaaa-4bbb-8ccc-000000000009"
MICROSOFTS = {"properties": {"encryption": {"keySource": "Microsoft.Storage"}}}


def judged(around: AroundStorage, **more: Any) -> list[Claim]:
    """The claims about storage and other keys: those of the workspace itself are as they should be."""
    more = {"plan": planned(BLOBS), "held": {BLOBS: {}}} | more
    return claims(exemplary(), stored(around, **more), NOW)


def fallen(found: list[Claim]) -> dict[str, tuple[bool | None, str]]:
    """What makes a finding, by name and what it is about."""
    return {
        f"{claim.address.rpartition('/')[2]}!{claim.name}": (claim.holds, claim.severity)
        for claim in without_end(found)
        if claim.finding
    }


def told(found: list[Claim], name: str) -> Claim:
    [claim] = [claim for claim in found if claim.name == name]
    return claim


def told_at(found: list[Claim], end: str) -> Claim:
    [claim] = [claim for claim in found if claim.address.endswith(end)]
    return claim


def denied(action: str) -> ServiceError:
    message = f"does not have authorization to perform action '{action}'"
    return refusal(403, "AuthorizationFailed", message)


def scoped(around: AroundStorage, scope: str, **properties: Any) -> AroundStorage:
    around.documents[f"{ACCOUNT}/encryptionScopes/{scope}"] = {
        "properties": {"state": "Enabled", "source": "Microsoft.KeyVault", **properties}
    }
    return around


def default(around: AroundStorage, scope: str, **properties: Any) -> AroundStorage:
    around.documents[CONTAINER]["properties"]["defaultEncryptionScope"] = scope
    return scoped(around, scope, **properties)


def own_key(around: AroundStorage, key_id: str = KEY2, vault: str = KV2, **vault_properties: Any) -> None:
    """Another vault and key, as this caller sees them."""
    uri, _, rest = key_id.partition("/keys/")
    kept = {"enableSoftDelete": True, "enablePurgeProtection": True, **vault_properties}
    tags = {"owner": "storage", "contact": "storage@contoso.com"}
    around.documents[vault] = {
        "name": vault.rpartition("/")[2],
        "location": "westeurope",
        "tags": tags,
        "properties": kept,
    }
    kind = "managedHSMs" if "managedHSMs" in vault else "vaults"
    subscription = vault.split("/")[2]
    around.documents.setdefault("/subscriptions/", [{"subscriptionId": subscription}])
    around.documents[f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/{kind}/"] = [
        {"name": vault.rpartition("/")[2], "id": vault}
    ]
    version = replace(KEY.version, id=key_id)
    for name in (key_id, f"{uri}/keys/{rest.partition('/')[0]}"):
        around.keys[name] = replace(KEY, version=version)


def with_key(around: AroundStorage, key_id: str = KEY2) -> AroundStorage:
    """The account's key is another than the workspace's."""
    uri, _, rest = key_id.partition("/keys/")
    name, _, version = rest.partition("/")
    encryption = around.documents[ACCOUNT]["properties"]["encryption"]
    encryption["keyvaultproperties"] = {"keyvaulturi": uri, "keyname": name, "keyversion": version}
    return around


def test_places_are_made_from_a_plan_or_from_the_targets_datastores_only() -> None:
    with pytest.raises(TypeError, match="Places are made by"):
        BytePlaces(Read([]), "", frozenset(), {}, None, False, object())
    with pytest.raises(TypeError):
        BytePlaces(Read([]), "", frozenset(), {}, None, False)  # type: ignore[call-arg]  # what is tried: members are left out


def test_what_is_reported_is_told_with_its_key_and_when_it_was_read() -> None:
    found = judged(AroundStorage())
    assert fallen(found) == {}
    for name in ("storage.encryption", "storage.container"):
        claim = told(found, name)
        assert claim.key and claim.key in claim.summary and claim.summary.startswith("Azure reports")
    assert {claim.read_at for claim in found} == {"2026-03-01T00:00:00+00:00"}
    assert told(found, "storage.container").evidence["denyEncryptionScopeOverride"] is False


def test_the_default_datastore_may_lead_to_another_account() -> None:
    around = AroundStorage()
    store = around.documents[f"{REF.id}/datastores/"][0]["properties"]
    store |= {"accountName": "Other", "subscriptionId": REF.subscription, "resourceGroup": "rg"}
    around.documents[OTHER] = copy.deepcopy(MICROSOFTS)
    around.documents[f"{OTHER}/blobServices/default/containers/blobs"] = {"properties": {}}
    place = Location("other", "blobs")
    found = judged(around, plan=planned(place), held={place: {}})
    assert fallen(found) == {
        "other!storage.encryption": (False, "error"),
        "blobs!storage.container": (False, "error"),
    }
    # The workspace's own account is looked at all the same.
    assert {claim.address for claim in found if claim.name == "storage.encryption"} == {ACCOUNT, OTHER}
    # With the plan's bytes in the old place, nothing would find them.
    moved = judged(around)
    assert fallen(moved)["cmk!storage.place"] == (False, "error")
    assert "acct/blobs" in told(moved, "storage.place").summary


def test_an_account_is_found_wherever_it_lies_and_told_where_it_is_not() -> None:
    around = AroundStorage()
    store = around.documents[f"{REF.id}/datastores/"][0]["properties"]
    # What a datastore says of where its account lies may be out of date.
    store |= {"accountName": "other", "subscriptionId": ELSEWHERE, "resourceGroup": "gone"}
    place = Location("other", "blobs")
    unseen = judged(around, plan=planned(place), held={place: {}})
    assert fallen(unseen) == {
        "other!storage.encryption": (None, "error"),
        "blobs!storage.container": (None, "error"),
    }
    assert told(unseen, "storage.container").address == "other/blobs"
    around.documents[
        f"/subscriptions/{ELSEWHERE}/resourceGroups/gone/providers/Microsoft.Storage/storageAccounts/other"
    ] = denied("Microsoft.Storage/storageAccounts/read")
    refused = judged(around, plan=planned(place), held={place: {}})
    assert "storageAccounts/read" in told_at(refused, "/storageAccounts/other").remedy
    far = OTHER.replace(REF.subscription, ELSEWHERE)
    around.documents["/subscriptions/"] = [{"subscriptionId": ELSEWHERE}]
    listed = f"/subscriptions/{ELSEWHERE}/providers/Microsoft.Storage/storageAccounts/"
    around.documents[listed] = [{"name": "other", "id": far}]
    around.documents[far] = {"properties": {"encryption": copy.deepcopy(ENCRYPTION)}}
    around.documents[f"{far}/blobServices/default/containers/blobs"] = {"properties": {}}
    there = judged(around, plan=planned(place), held={place: {}})
    assert fallen(there) == {}
    assert told(there, "storage.container").address == f"{far}/blobServices/default/containers/blobs"
    # One subscription that gives no answer is no reason to know nothing of another.
    around.documents["/subscriptions/"].append({"subscriptionId": "dead"})
    out = silence("no answer")
    around.documents["/subscriptions/dead/providers/Microsoft.Storage/storageAccounts/"] = out
    assert fallen(judged(around, plan=planned(place), held={place: {}})) == {}


# What is changed around the storage, and what falls with it.
WRONG: dict[str, tuple[Callable[[AroundStorage], object], dict[str, tuple[bool | None, str]], str]] = {
    "the account under Microsoft's key": (
        lambda a: a.documents.update({ACCOUNT: MICROSOFTS}),
        {"acct!storage.encryption": (False, "error"), "blobs!storage.container": (False, "error")},
        "under Microsoft's",
    ),
    "the account not readable": (
        lambda a: a.documents.update({ACCOUNT: denied("Microsoft.Storage/storageAccounts/read")}),
        {"acct!storage.encryption": (None, "error"), "blobs!storage.container": (None, "error")},
        "could not be read",
    ),
    "the account gone": (
        lambda a: a.documents.pop(ACCOUNT),
        {"acct!storage.encryption": (None, "error"), "blobs!storage.container": (None, "error")},
        "no subscription",
    ),
    "a key that is not named": (
        lambda a: a.documents[ACCOUNT]["properties"]["encryption"].pop("keyvaultproperties"),
        {"acct!storage.encryption": (None, "error"), "blobs!storage.container": (None, "error")},
        "names none",
    ),
    "a container of Microsoft's scope": (
        lambda a: default(a, "ms", source="Microsoft.Storage"), {"blobs!storage.container": (False, "error")},
        "under Microsoft's key, whatever key the account has",
    ),
    "a container of a disabled scope": (
        lambda a: default(a, "off", state="Disabled", keyVaultProperties={"keyUri": ENCRYPTION_KEY}),
        {"blobs!storage.container": (False, "error")}, "which is disabled",
    ),
    "a container of a scope that is not there": (
        lambda a: default(a, "x") and a.documents.pop(f"{ACCOUNT}/encryptionScopes/x"),
        {"blobs!storage.container": (None, "error")}, "not found",
    ),
    "a container of a scope that is not readable": (
        lambda a: default(a, "x") and a.documents.update(
            {f"{ACCOUNT}/encryptionScopes/x": denied("Microsoft.Storage/storageAccounts/encryptionScopes/read")}
        ),
        {"blobs!storage.container": (None, "error")}, "encryption scope 'x'",
    ),
    "a scope whose key is not named": (
        lambda a: default(a, "x"), {"blobs!storage.container": (None, "error")}, "names none",
    ),
    "a container that is not readable": (
        lambda a: a.documents.update(
            {CONTAINER: denied("Microsoft.Storage/storageAccounts/blobServices/containers/read")}
        ),
        {"blobs!storage.container": (None, "error")}, "could not be read",
    ),
    "a container that is not there": (
        lambda a: a.documents.pop(CONTAINER), {"blobs!storage.container": (None, "warning")}, "not there",
    ),
    "datastores that may not be listed": (
        lambda a: a.documents.update({f"{REF.id}/datastores/": denied("x/datastores/read")}),
        {"cmk!storage.place": (None, "error"), "cmk!datastores.encryption": (None, "warning")}, "its datastores",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_storage_is_told(what: str) -> None:
    change, expected, word = WRONG[what]
    around = AroundStorage()
    change(around)
    found = judged(around)
    assert fallen(found) == expected
    assert any(word in one.summary for one in findings(found)), [one.summary for one in findings(found)]
    assert all(one.remedy for one in findings(found))
    assert before_removal(found)[0].severity == "error", "nothing of it lets a source go"


def test_one_blob_of_fifty_with_a_scope_of_its_own_is_told() -> None:
    around = scoped(AroundStorage(), "ms", source="Microsoft.Storage")
    found = judged(around, held={BLOBS: {"ms": 1}})
    assert fallen(found) == {"blobs!storage.blobs": (False, "error")}
    claim = told(found, "storage.blobs")
    assert claim.summary.startswith("Azure reports 1 blob of 'blobs' of 'acct' under the encryption scope 'ms'")
    assert claim.evidence == {"scope": "ms", "source": "Microsoft.Storage", "state": "Enabled", "blobs": 1}
    # Each distinct one is a claim, those that hold as well.
    scoped(around, "own", keyVaultProperties={"keyUri": ENCRYPTION_KEY})
    both = [claim for claim in judged(around, held={BLOBS: {"ms": 1, "own": 49}}) if claim.name == "storage.blobs"]
    assert [claim.holds for claim in both] == [False, True]


def test_blobs_under_a_key_that_was_sent_or_a_scope_that_is_not_known_are_unproven() -> None:
    found = judged(AroundStorage(), held={BLOBS: {"sha256:abc=": 2, "gone": 3}})
    claims_ = [claim for claim in found if claim.name == "storage.blobs"]
    assert [(claim.holds, claim.severity) for claim in claims_] == [(None, "error")] * 2
    assert "3 blobs" in claims_[0].summary and "a key that the writer sent along" in claims_[1].summary
    assert len(findings(without_end(found))) == 2


def test_blobs_that_nobody_listed_are_not_said_to_be_anything() -> None:
    claim = told(judged(AroundStorage(), held=None), "storage.blobs")
    assert (claim.holds, claim.severity) == (None, "information") and claim.finding is None
    # Where others were, that these were not is told.
    claim = told(judged(AroundStorage(), held={}), "storage.blobs")
    assert (claim.holds, claim.severity) == (None, "error")
    claim = told(judged(AroundStorage(), plan=planned(), held={}), "storage.blobs")
    assert (claim.holds, claim.severity) == (None, "information")
    without = claims(exemplary(), stored(), NOW)
    assert told(without, "storage.blobs").holds is None and fallen(without) == {}


# The account's key, another than the workspace's: each claim of a key is made of it too.
OF_KEY: dict[str, tuple[Callable[[AroundStorage], object], dict[str, tuple[bool | None, str]]]] = {
    "all as it should be, in another region": (own_key, {}),
    "no purge protection": (
        lambda a: own_key(a, enablePurgeProtection=None), {"kv2!vault.purgeProtection": (False, "error")}
    ),
    "no soft delete": (lambda a: own_key(a, enableSoftDelete=False), {"kv2!vault.softDelete": (False, "error")}),
    "disabled": (
        lambda a: own_key(a) or a.keys.update({KEY2: _version(enabled=False)}),
        {f"{'3' * 32}!key.enabled": (False, "error")},
    ),
    "expired": (
        lambda a: own_key(a) or a.keys.update({KEY2: _version(expires=NOW)}),
        {f"{'3' * 32}!key.expiry": (False, "error")},
    ),
    "expiring": (
        lambda a: own_key(a) or a.keys.update({KEY2: _version(expires=NOW + timedelta(days=3))}),
        {f"{'3' * 32}!key.expiry": (False, "warning"), f"{'3' * 32}!key.pinned": (False, "error")},
    ),
    "small": (
        lambda a: own_key(a) or a.keys.update({KEY2: replace(_version(), size=1024)}),
        {f"{'3' * 32}!key.size": (False, "error"), f"{'3' * 32}!key.policy": (False, "warning")},
    ),
    "gone": (lambda a: own_key(a) or a.keys.clear(), {f"{'3' * 32}!key.enabled": (False, "error")}),
    "in a subscription that cannot be seen": (
        lambda a: own_key(a) or _unlisted(a),
        {
            f"kv2.vault.azure.net!vault.{name}": (None, "warning")
            for name in ("place", "softDelete", "purgeProtection", "owner")
        },
    ),
}  # fmt: skip


def _unlisted(around: AroundStorage) -> None:
    del around.documents["/subscriptions/"]
    del around.documents[f"/subscriptions/{REF.subscription}/providers/Microsoft.KeyVault/vaults/"]


def _version(**changed: Any) -> Any:
    return replace(KEY, version=replace(KEY.version, id=KEY2, **changed))


@pytest.mark.parametrize("what", OF_KEY)
def test_the_key_of_the_account_is_judged_as_the_workspaces_is(what: str) -> None:
    change, expected = OF_KEY[what]
    around = with_key(AroundStorage())
    change(around)
    found = judged(around)
    # What cannot be seen at all is told once.
    assert fallen(found).items() >= expected.items()
    assert set(fallen(found)) - expected.keys() <= {f"{'3' * 32}!key.version"}
    assert "the storage account 'acct'" in str([claim.summary for claim in found if claim.key == KEY2])


@pytest.mark.parametrize("name", ["kk", "k/" + "4" * 32])
def test_another_key_or_version_of_the_workspaces_own_vault_is_judged_by_itself(name: str) -> None:
    """Only the very version that the workspace uses has its claims made already."""
    key_id = f"https://kv.vault.azure.net/keys/{name if '/' in name else name + '/' + '4' * 32}"
    around = with_key(AroundStorage(), key_id)
    own_key(around, key_id, vault=KV)
    around.keys[key_id] = replace(KEY, version=replace(KEY.version, id=key_id, enabled=False))
    found = judged(around)
    assert fallen(found)[f"{'4' * 32}!key.enabled"] == (False, "error")


def test_a_key_that_cannot_be_read_is_an_error_before_a_removal_and_a_warning_before() -> None:
    around = with_key(AroundStorage())
    own_key(around)
    _unlisted(around)
    found = judged(around)
    assert {one.severity for one in findings(found)} == {"warning"}
    assert "error" in {one.severity for one in before_removal(found)}


def test_a_key_without_a_version_goes_over_to_new_ones_by_itself() -> None:
    around = with_key(AroundStorage(), KEY2.rpartition("/")[0])
    named = around.documents[ACCOUNT]["properties"]["encryption"]["keyvaultproperties"]
    named["currentVersionedKeyIdentifier"] = KEY2
    own_key(around)
    newer = replace(KEY, version=replace(KEY.version, id=KEY2.replace("3", "4")))
    around.keys[KEY2.rpartition("/")[0]] = newer
    found = judged(around)
    assert fallen(found) == {} and told(found, "storage.encryption").key == KEY2


def test_a_scopes_key_is_judged_too_be_it_in_a_vault_or_in_a_managed_hsm() -> None:
    around = default(AroundStorage(), "own", keyVaultProperties={"keyUri": KEY2})
    own_key(around, enablePurgeProtection=False)
    assert fallen(judged(around)) == {"kv2!vault.purgeProtection": (False, "error")}
    key = "https://hsm.managedhsm.azure.net/keys/k2/" + "5" * 32
    hsm = default(AroundStorage(), "own", keyVaultProperties={"keyUri": key})
    unseen = judged(hsm)
    assert {name for name, _ in fallen(unseen).items() if "!vault." in name} == {
        f"hsm.managedhsm.azure.net!vault.{name}" for name in ("place", "softDelete", "purgeProtection", "owner")
    }
    own_key(hsm, key, HSM)
    found = judged(hsm)
    assert fallen(found) == {}
    container = told(found, "storage.container")
    assert (container.holds, container.key) == (True, key)


@pytest.mark.parametrize(
    ("services", "but"),
    [
        ({}, " but for its queues and tables,"),
        ({"queue": {"keyType": "Service"}, "table": {"keyType": "Account"}}, " but for its queues,"),
        ({"queue": {"keyType": "account"}, "table": {"keyType": "Account"}}, ""),
    ],
)
def test_queues_and_tables_are_not_said_to_be_under_a_key_that_they_are_not_under(
    services: dict[str, Any], but: str
) -> None:
    around = AroundStorage()
    around.documents[ACCOUNT]["properties"]["encryption"]["services"] = services
    found = judged(around)
    account, container = told(found, "storage.encryption"), told(found, "storage.container")
    assert account.holds and f"which receives bytes,{but} under the customer's key" in account.summary
    assert container.holds and "queues" not in container.summary


def test_what_helps_with_a_key_in_a_managed_hsm_is_asked_of_that() -> None:
    key = "https://hsm.managedhsm.azure.net/keys/k2/" + "5" * 32
    around = default(AroundStorage(), "own", keyVaultProperties={"keyUri": key})
    own_key(around, key, HSM, enablePurgeProtection=False, enableSoftDelete=False)
    version = replace(KEY.version, id=key, enabled=False)
    for name in (key, key.rpartition("/")[0]):
        around.keys[name] = replace(KEY, version=version, size=1024)
    remedies = {claim.name: claim.remedy for claim in judged(around) if claim.key == key and claim.remedy}
    assert (
        remedies["vault.purgeProtection"] == "az keyvault update-hsm --hsm-name hsm --enable-purge-protection true"
    )
    assert "key create --hsm-name hsm --name k2 --kty RSA-HSM" in remedies["key.size"]
    assert not [text for text in remedies.values() if "--vault-name" in text or "keyvault update --name" in text]
    around.keys = {name: found for name, found in around.keys.items() if "managedhsm" not in name}
    missing = [claim.remedy for claim in judged(around) if claim.key == key and claim.name == "key.enabled"]
    assert missing == ["If it was deleted: az keyvault key recover --hsm-name hsm --name k2"]


def test_each_other_account_that_a_datastore_leads_to_has_a_claim() -> None:
    around = AroundStorage()
    lake = {"accountName": "other", "filesystem": "raw", "subscriptionId": REF.subscription, "resourceGroup": "rg"}
    around.documents[f"{REF.id}/datastores/"] += [
        {"name": "lake", "properties": lake},
        {"name": "again", "properties": lake | {"filesystem": "cooked"}},
    ]
    around.documents[OTHER] = copy.deepcopy(MICROSOFTS)
    found = judged(around)
    assert fallen(found) == {"other!datastores.encryption": (False, "warning")}
    claim = told(found, "datastores.encryption")
    assert "which lake, again lead to" in claim.summary and claim.evidence["datastores"] == ["lake", "again"]
    assert fallen(judged(around, sensitive=True)) == {"other!datastores.encryption": (False, "error")}
    around.documents[OTHER] = {"properties": {"encryption": copy.deepcopy(ENCRYPTION)}}
    assert fallen(judged(around)) == {}
    one = AroundStorage()
    one.documents[f"{REF.id}/datastores/"].append({"name": "lake", "properties": lake})
    one.documents[OTHER] = copy.deepcopy(MICROSOFTS)
    assert "which lake leads to" in told(judged(one), "datastores.encryption").summary
    del around.documents[OTHER]
    for sensitive in (False, True):
        unread = fallen(judged(around, sensitive=sensitive))
        assert unread == {"other!datastores.encryption": (None, "warning")}


def test_a_datastore_that_leads_to_no_account_or_into_another_cloud_is_unproven() -> None:
    around = AroundStorage()
    china = {"accountName": "acct2", "containerName": "c", "endpoint": "core.chinacloudapi.cn"}
    around.documents[f"{REF.id}/datastores/"] += [
        {"name": "onelake", "properties": {"datastoreType": "OneLake"}},
        {"name": "far", "properties": china},
    ]
    # One of the same name, in this cloud, which is not the one.
    near = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct2"
    around.documents[f"/subscriptions/{REF.subscription}/providers/Microsoft.Storage/storageAccounts/"] = [
        {"name": "acct2", "id": near}
    ]
    around.documents[near] = {"properties": {"encryption": copy.deepcopy(ENCRYPTION)}}
    found = [claim for claim in judged(around) if claim.name == "datastores.encryption"]
    assert [(claim.holds, claim.severity) for claim in found] == [(None, "warning")]
    assert "far" in found[0].summary and "onelake" in found[0].summary


def test_only_blobs_of_the_plan_count() -> None:
    blobs = {
        path: Blob(path, 1, '"1"', encryption=scope)
        for path, scope in (("m/1/a", "ms"), ("m/1/b", None), ("others/c", "ms"), ("m/12", "ms"))
    }
    listing = Listing(BLOBS, blobs)
    named = {Location("acct", "blobs", "m/1"): "blobs/m"}
    found = encryption_counts({("acct", "blobs"): listing}, named)
    assert found == {BLOBS: {"ms": 1}}


def test_what_no_bytes_of_a_move_are_under_can_be_waived_and_nothing_else() -> None:
    around = AroundStorage()
    lake = {"accountName": "other", "subscriptionId": REF.subscription, "resourceGroup": "rg"}
    around.documents[f"{REF.id}/datastores/"].append({"name": "lake", "properties": lake})
    around.documents |= {OTHER: copy.deepcopy(MICROSOFTS), ACCOUNT: copy.deepcopy(MICROSOFTS)}
    found = findings(without_end(judged(around, sensitive=True)))
    assert {one.severity for one in found} == {"error"} and len(found) == 3
    every = {one.address for one in found}
    assert f"{OTHER}!datastores.encryption" in every
    left = {one.code: one.severity for one in let_go(found, every)}
    assert left == {
        "storage.encryption": "error",
        "storage.container": "error",
        "datastores.encryption": "warning",
    }
    assert let_go(found, {OTHER, "lake"}) == found


def test_the_highest_sensitivity_of_either_workspace_counts() -> None:
    def tagged(**tags: str) -> Workspace:
        return Workspace(REF, {"tags": tags, "properties": {}})

    plain = tagged()
    assert most_sensitive(plain, tagged(**{"Data-Classification": "restricted"}))
    assert most_sensitive(tagged(sensitivity="Highly Confidential"), plain)
    assert not most_sensitive(plain, tagged(**{"data-classification": "confidential"}))
    assert not most_sensitive(plain)


def test_a_datastore_that_was_made_the_default_receives_bytes_too() -> None:
    around = AroundStorage()
    lake = {"accountName": "other", "filesystem": "raw", "subscriptionId": REF.subscription, "resourceGroup": "rg"}
    around.documents[f"{REF.id}/datastores/"].append({"name": "lake", "properties": {**lake, "isDefault": True}})
    around.documents[OTHER] = copy.deepcopy(MICROSOFTS)
    around.documents[f"{OTHER}/blobServices/default/containers/raw"] = {"properties": {}}
    found = fallen(judged(around))
    assert found == {"other!storage.encryption": (False, "error"), "raw!storage.container": (False, "error")}


def test_a_target_that_names_no_account_and_leads_nowhere_is_told_to_have_nothing_to_look_at() -> None:
    around = AroundStorage()
    around.documents[f"{REF.id}/datastores/"] = []
    document = exemplary().workspace.document
    bare = Workspace(REF, {**document, "properties": {**document["properties"], "storageAccount": None}})
    found = claims(replace(exemplary(), workspace=bare), stored(around, bare), NOW)
    for name in ("storage.encryption", "storage.container", "storage.blobs"):
        said = told(found, name)
        assert (said.holds, said.severity, said.address) == (None, "information", REF.id)


def test_a_key_of_another_tenant_is_told_to_be_one() -> None:
    around = AroundStorage()
    around.documents[ACCOUNT]["properties"]["encryption"]["identity"] = {"federatedIdentityClientId": "app"}
    assert told(judged(around), "storage.encryption").evidence["federatedIdentityClientId"] == "app"
