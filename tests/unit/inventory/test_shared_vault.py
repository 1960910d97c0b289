"""Where both workspaces have one vault, what lies in it is there already: nobody has to do anything."""

from __future__ import annotations

import pytest
from tests.builders.world import by_hand, inventory, workspace

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.seal import NOT_LISTED, UNLISTED
from amlmigrate.core.workspace import SurveyedWorkspace, WorkspaceRef
from amlmigrate.inventory.shared_vault import leave_what_both_have

VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"
ONE, ALL, OTHER = Address.of("vaultSecrets", "a"), Address("vaultSecrets"), Address.of("onlineEndpoints", "e")


def _with(vault: str, name: str) -> SurveyedWorkspace:
    made = workspace(WorkspaceRef("s", "g", name), "1" * 8, "acct", "eastus")
    made.document["properties"]["keyVault"] = vault
    return made


def _left(document: Document, target: str) -> Inventory:
    source = inventory(of=_with(VAULT, "old"))
    source.by_hand = [by_hand(one, "stays", "By hand.", document) for one in (ONE, ALL, OTHER)]
    leave_what_both_have(source, _with(target, "new"))
    return source


@pytest.mark.parametrize(
    ("document", "target", "there"),
    [
        ({"count": 1}, VAULT.replace("KeyVault", "Keyvault").upper(), [ONE, ALL]),
        ({"count": 1}, f"{VAULT}2", []),
        # What nobody could list may be anything, of whichever vault.
        (UNLISTED, VAULT, []),
        (NOT_LISTED, VAULT, []),
    ],
)
def test_what_both_have_in_one_vault_is_left(document: Document, target: str, there: list[Address]) -> None:
    found = _left(document, target).by_hand
    assert [one.address for one in found if one.empty] == there
    assert all("same vault" in one.reason for one in found if one.empty)
    assert [one.reason for one in found if not one.empty] == ["stays"] * (3 - len(there))
