"""What lies at a place of a longer name is not at this one: locks, policies, roles, vaults, keys."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import NEW, TARGET
from tests.unit.scanning.workspaces import scanned

from amlmigrate.core.armid import ArmId
from amlmigrate.doctor import blockers
from amlmigrate.doctor.effective import covers
from amlmigrate.policies.denials import left_out
from amlmigrate.posture.assignments import on_key
from amlmigrate.posture.facts import KeyRef
from amlmigrate.scanning.barriers import _of_locks

GROUP = NEW.id.partition("/providers/")[0]
SUBSCRIPTION = GROUP.partition("/resourceGroups/")[0]
ABOVE = [NEW.id, NEW.id.upper(), GROUP, f"{GROUP}/", SUBSCRIPTION]
# The workspace is called `cmk`, its group `rg-new`: each of these is another one, above or beside it.
BESIDE = [
    NEW.id[:-1],
    f"{NEW.id}2",
    f"{NEW.id} b",
    GROUP[:-1],
    f"{GROUP}-2",
    SUBSCRIPTION[:-1],
    f"{SUBSCRIPTION}2",
]


@pytest.mark.parametrize(("scope", "here"), [(one, True) for one in ABOVE] + [(one, False) for one in BESIDE])
def test_what_counts_at_a_workspace(scope: str, here: bool) -> None:
    assert covers({"properties": {"scope": scope}}, NEW.id) is here
    assert left_out({"properties": {"notScopes": [scope]}}, TARGET.id) is here


@pytest.mark.parametrize(("scope", "here"), [(one, True) for one in ABOVE] + [(one, False) for one in BESIDE])
def test_a_lock_holds_what_is_below_it_alone(scope: str, here: bool) -> None:
    lock = {
        "id": f"{scope.rstrip('/')}/providers/Microsoft.Authorization/locks/l",
        "properties": {"level": "CanNotDelete"},
    }
    [found] = blockers._locks([lock], TARGET, "source")
    # One beside it, as on its account, is in the way of its containers alone.
    assert ("--storage delete" not in found.summary) is here


@pytest.mark.parametrize(
    ("name", "held"), [("ws", True), ("WS", True), ("w", False), ("ws2", False), ("ws b", False)]
)
def test_a_lock_of_a_scanned_workspace_is_its_own(name: str, held: bool) -> None:
    one = scanned("ws")
    lock = {"id": f"{one.id[:-2]}{name}/providers/Microsoft.Authorization/locks/l", "properties": {}}
    assert bool(list(_of_locks(one, [lock]))) is held


VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v1"


def _assignment(scope: str) -> dict[str, Any]:
    return {"properties": {"scope": scope}}


@pytest.mark.parametrize(
    ("scope", "counts"),
    [
        (f"{VAULT}/keys/k1", True),
        (VAULT, True),
        (GROUP, True),
        (f"{VAULT}/keys/k", False),
        (f"{VAULT}/keys/k12", False),
        (VAULT[:-1], False),
        (f"{VAULT}2", False),
    ],
)
def test_an_assignment_counts_for_the_key_that_lies_below_its_scope(scope: str, counts: bool) -> None:
    ref = KeyRef(VAULT, "https://v.vault.azure.net", "k1", "1")
    assert on_key(_assignment(scope), ref) is counts


@pytest.mark.parametrize(
    ("group", "told"), [("rg-new", True), ("RG-NEW", True), ("rg-new-2", False), ("rg-ne", False)]
)
def test_only_deleted_vaults_of_the_group_itself_block_names_there(group: str, told: bool) -> None:
    deleted = {
        "name": "old",
        "properties": {
            "vaultId": f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/old"
        },
    }
    assert bool(list(blockers._blocked([deleted], ArmId.of(GROUP), VAULT))) is told
