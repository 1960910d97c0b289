"""Facts from documents, what is in the way, and rows: pure, from documents as ARM has them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.scanning.workspaces import OPEN, SUBSCRIPTION, line, path, scanned

from amlmigrate.posture.tagging import ENVIRONMENT, SENSITIVITY, LevelTeller, ToldLevel
from amlmigrate.scanning import facts, rows
from amlmigrate.scanning.barriers import barriers
from amlmigrate.scanning.values import Cause, Encryption, NotKnown, RegistryValues, VaultValues

KEY = {
    "status": "Enabled",
    "keyVaultProperties": {
        "keyVaultArmId": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/k/providers/Microsoft.KeyVault/vaults/v",
        "keyIdentifier": "https://v.vault.azure.net/keys/k/1",
    },
}


def document(**properties: Any) -> dict[str, Any]:
    return {"id": path("ws"), "name": "ws", "location": "eastus2", "kind": "Default", "properties": properties}


@pytest.mark.parametrize(
    ("properties", "kind"),
    [
        ({}, "microsoft"),
        ({"encryption": {"status": "Disabled"}}, "microsoft"),
        ({"encryption": KEY}, "classic"),
        ({"encryption": KEY, "enableServiceSideCMKEncryption": True}, "service-side"),
    ],
)
def test_which_key(properties: dict[str, Any], kind: str) -> None:
    found = facts.of_document(document(**properties))
    assert found.encryption.kind == kind
    assert found.encryption.by_customer is (kind != "microsoft")


def test_the_vault_of_the_key_comes_before_the_workspaces_own() -> None:
    own = "/subscriptions/other/resourceGroups/g/providers/Microsoft.Keyvault/vaults/own"
    assert facts.of_document(document(keyVault=own)).vault == VaultValues(own, "secrets", False)
    found = facts.of_document(document(keyVault=own, encryption=KEY)).vault
    assert found is not None and (found.holds, found.same_subscription) == ("key", True)


def test_what_a_vault_does_not_say_is_not_protection() -> None:
    vault = VaultValues("/v", "key", True)
    found = facts.vault_facts(vault, {"location": "East US 2", "properties": {}}, "eastus2")
    assert (found.same_region, found.soft_delete, found.purge_protection) == (True, True, False)
    found = facts.vault_facts(
        vault, {"location": "westeurope", "properties": {"enablePurgeProtection": True}}, "eastus2"
    )
    assert (found.same_region, found.purge_protection) == (False, True)


def test_exposure() -> None:
    found = facts.of_document(document(publicNetworkAccess="Disabled", privateLinkCount=2)).exposure
    assert (found.public_network_access, found.private_endpoints) == ("Disabled", 2)
    assert facts.of_document(document()).exposure.public_network_access == "Enabled"


def test_the_age_of_a_key_is_in_days() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    created = datetime(2025, 3, 1, 13, tzinfo=UTC)
    key = {"properties": {"attributes": {"created": int(created.timestamp())}}}
    assert facts.key_age(key, now) == ("2025-03-01T13:00:00+00:00", 364)
    assert facts.key_age({"properties": {}}, now) == (None, None)


@pytest.mark.parametrize(
    ("changes", "properties", "code"),
    [
        ({"encryption": Encryption("classic")}, {}, "customer-key"),
        ({"counts": {"onlineEndpoints": 2}}, {}, "online-endpoints"),
        ({"counts": {"batchEndpoints": 1}}, {}, "batch-endpoints"),
        ({}, {"provisioningState": "Failed"}, "state"),
        ({}, {"softDeleteEnabled": True}, "soft-delete"),
    ],
)
def test_what_is_in_the_way(changes: dict[str, Any], properties: dict[str, Any], code: str) -> None:
    one = scanned(**{"encryption": Encryption("microsoft"), "storage": OPEN, **changes})
    [found] = barriers(one, properties, ())
    assert (found.code, found.stops) == (code, False)


def test_only_locks_that_hold_it_are_told() -> None:
    one = scanned(encryption=Encryption("microsoft"), storage=OPEN)
    scopes = {
        "sub": f"/subscriptions/{SUBSCRIPTION}",
        "group": f"/subscriptions/{SUBSCRIPTION}/resourcegroups/RG",
        "self": path("ws"),
        "other-group": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg2",
        "longer-name": path("ws2"),
    }
    locks = [
        {"id": f"{scope}/providers/Microsoft.Authorization/locks/{name}", "properties": {"level": "CanNotDelete"}}
        for name, scope in scopes.items()
    ]
    told = [found.text.split("'")[1] for found in barriers(one, {}, locks)]
    assert told == ["sub", "group", "self"]


def test_other_kinds_stop() -> None:
    one = facts.of_document({**document(), "kind": "Hub"})
    [found] = barriers(one, {}, ())
    assert found.stops and "Hub" in found.text


def test_a_row_has_every_member_of_a_line() -> None:
    whole = scanned(
        vault=VaultValues("/v", "key", True, True, True, False),
        registry=RegistryValues("/r", "microsoft", "Enabled"),
        counts=dict.fromkeys(rows.COUNTED, 1),
        tags={"a": "1"},
        told_by={fact: ToldLevel("x", LevelTeller.TAG) for fact in (SENSITIVITY, ENVIRONMENT)},
    ).unknown(NotKnown("locks", "Microsoft.Authorization/locks/read", "No.", Cause.DENIED))
    told = line("ws") | {**whole.as_dict(), "risk": line("ws")["risk"]}
    assert set(_leaves(told)) == set(rows.COLUMNS), "a member of a line has no column, or a column no member"


def test_csv_is_read_back_as_it_was_written() -> None:
    odd = line("ws", tags={"note": 'says "no",\nreally'}, environment=None)
    [read] = csv.DictReader(io.StringIO(rows.as_csv([odd])))
    assert read == rows.row(odd)
    assert json.loads(read["tags"]) == odd["tags"]
    assert (read["environment"], read["movable"], read["risk.score"]) == ("", "true", "50")


def _leaves(value: dict[str, Any], where: str = "") -> list[str]:
    found = []
    for key, child in value.items():
        name = f"{where}{key}"
        if name == "record":
            continue
        if isinstance(child, dict) and name != "tags":
            found += _leaves(child, f"{name}.")
        else:
            found.append(name)
    return found
