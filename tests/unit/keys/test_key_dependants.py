"""What of ARM's documents says that something is under a key, and on which version."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.unit.keys.keyed import GROUP, LEVELS, NEW, OLD, VAULT, account, registry, workspace

from amlmigrate.keys import dependants
from amlmigrate.keys.model import Dependant, DependantKind, KeyName
from amlmigrate.posture import tagging
from amlmigrate.scanning.standing import StandingDecision, StandingDecisions


def _facts(one: Dependant | None) -> tuple[Any, ...]:
    assert one
    return one.kind, one.configured, one.in_use, one.follows, one.ref.follows


def test_a_workspace_is_on_the_version_that_it_names_and_does_not_follow() -> None:
    found = dependants.of_workspace(workspace(version=NEW), LEVELS)
    assert _facts(found) == (DependantKind.WORKSPACE, NEW, NEW, None, False)


def test_which_version_a_workspace_uses_that_names_none_is_not_known() -> None:
    found = dependants.of_workspace(workspace(version=""), LEVELS)
    assert _facts(found) == (DependantKind.WORKSPACE, "", "", None, False)


@pytest.mark.parametrize("address", [f"{VAULT}:443", VAULT.upper(), f"{VAULT}:443".upper()])
def test_all_that_name_a_key_in_another_spelling_are_under_one(address: str) -> None:
    named = [workspace(), account(current=OLD), registry(current=OLD)]
    other = json.loads(json.dumps(named).replace(VAULT, address))
    read = (dependants.of_workspace, dependants.of_account, dependants.of_registry)
    for document, one in zip(other, read, strict=True):
        found = one(document, LEVELS)
        assert found and (KeyName.of(found.ref), found.in_use.lower()) == (KeyName(VAULT, "cmk"), OLD)


def test_an_account_without_a_version_follows_within_a_day_and_tells_its_version() -> None:
    found = dependants.of_account(account(current=NEW), LEVELS)
    assert _facts(found) == (DependantKind.ACCOUNT, "", NEW, timedelta(days=1), True)
    assert found and found.since == datetime(2026, 11, 1, 0, 0, 0, 123456, tzinfo=UTC)


def test_an_account_with_a_fixed_version_does_not_follow() -> None:
    found = dependants.of_account(account(version=OLD, current=OLD), LEVELS)
    assert _facts(found) == (DependantKind.ACCOUNT, OLD, OLD, None, False)


def test_a_fixed_version_is_in_use_where_the_account_does_not_tell_which_is() -> None:
    document = account(version=OLD)
    del document["properties"]["encryption"]["keyvaultproperties"]["currentVersionedKeyIdentifier"]
    assert _facts(dependants.of_account(document, LEVELS)) == (DependantKind.ACCOUNT, OLD, OLD, None, False)


def test_what_an_account_uses_that_tells_no_version_at_all_is_not_known() -> None:
    document = account()
    document["properties"]["encryption"]["keyvaultproperties"]["currentVersionedKeyIdentifier"] = None
    assert _facts(dependants.of_account(document, LEVELS))[2] == ""


@pytest.mark.parametrize(("version", "follows"), [("", timedelta(hours=1)), (OLD, None)])
def test_a_registry_follows_within_an_hour_where_its_key_has_no_version(version: str, follows: Any) -> None:
    found = dependants.of_registry(registry(version, current=OLD), LEVELS)
    assert _facts(found) == (DependantKind.REGISTRY, version, OLD, follows, follows is not None)


def test_an_encryption_scope_has_a_key_and_the_identity_of_its_account() -> None:
    user = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
    holder = account(identity={"userAssignedIdentities": {user: {"principalId": "P-1", "clientId": "c"}}})
    holder["properties"]["encryption"]["identity"] = {"userAssignedIdentity": user}
    key = {"keyUri": f"{VAULT}/keys/cmk", "currentVersionedKeyIdentifier": f"{VAULT}/keys/cmk/{NEW}"}
    scope = {
        "id": f"{holder['id']}/encryptionScopes/s",
        "properties": {"source": "Microsoft.KeyVault", "state": "Enabled", "keyVaultProperties": key},
    }
    found = dependants.of_scope(holder, scope, LEVELS)
    assert _facts(found) == (DependantKind.SCOPE, "", NEW, timedelta(days=1), True)
    assert found and (found.name, found.principal, found.identity) == ("acct/s", "p-1", user)


@pytest.mark.parametrize("identity", ["", "client-1"])
def test_who_uses_the_key_is_the_identity_that_is_named_or_its_own(identity: str) -> None:
    users = {
        "/id/a": {"principalId": "other", "clientId": "x"},
        "/ID/B": {"principalId": "Named", "clientId": "CLIENT-1"},
    }
    document = {"identity": {"principalId": "Own", "userAssignedIdentities": users}}
    assert dependants.principal_of(document, identity) == ("named" if identity else "own")


def test_who_uses_the_key_by_an_identity_that_the_document_does_not_show_is_not_known() -> None:
    assert dependants.principal_of({"identity": {"principalId": "own"}}, "client-1") == ""


def test_what_is_under_microsofts_key_is_no_dependant() -> None:
    one, two, three = workspace(), account(), registry()
    one["properties"]["encryption"]["status"] = "Disabled"
    two["properties"]["encryption"]["keySource"] = "Microsoft.Storage"
    three["properties"]["encryption"]["status"] = "disabled"
    assert dependants.of_workspace(one, LEVELS) is None
    assert dependants.of_account(two, LEVELS) is None
    assert dependants.of_registry(three, LEVELS) is None
    scope = {"id": "/s", "properties": {"source": "Microsoft.Storage"}}
    assert dependants.of_scope(two, scope, LEVELS) is None


def test_levels_are_those_of_the_tags_and_names() -> None:
    document = workspace("risk-prod", tags={"Data-Classification": "restricted"})
    found = dependants.of_workspace(document, LEVELS)
    assert found
    assert [found.levels.level(fact) for fact in ("sensitivity", "environment")] == ["restricted", "prod"]


@pytest.mark.parametrize("uri", ["https://KV.vault.azure.net/", "https://kv.vault.azure.net:443", f"{VAULT}:443/"])
def test_two_spellings_of_a_key_are_one(uri: str) -> None:
    found = dependants.of_workspace(workspace(), LEVELS)
    document = account()
    document["properties"]["encryption"]["keyvaultproperties"] |= {
        "keyvaulturi": uri,
        "keyname": "CMK",
    }
    other = dependants.of_account(document, LEVELS)
    assert found and other and KeyName.of(found.ref) == KeyName.of(other.ref)
    ported = registry()
    ported["properties"]["encryption"]["keyVaultProperties"]["keyIdentifier"] = f"{VAULT}:443/keys/cmk"
    third = dependants.of_registry(ported, LEVELS)
    assert third and KeyName.of(third.ref) == KeyName.of(found.ref)


def test_a_workspace_is_what_its_owner_decided_where_that_is_stricter_and_an_account_what_its_tags_say() -> None:
    tags = {"tags": {"environment": "dev"}}
    one = StandingDecision("prod", "ana", date(2026, 11, 20), "SCAN-1.jsonl")
    ids = (workspace()["id"], account()["id"])
    decided = StandingDecisions(found={(id_.lower(), "environment"): one for id_ in ids[:1]})
    levels = dependants.by(tagging.read(), decided)
    found = dependants.of_workspace(workspace(**tags), levels), dependants.of_account(account(**tags), levels)
    assert [each and each.levels.level("environment") for each in found] == ["prod", "dev"]
