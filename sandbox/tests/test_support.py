"""The support table tells what ARM answers here and what it refuses: verbs that no source has are refused."""

from __future__ import annotations

import pytest
from arm_harness import ArmClient

from azsandbox.arm.kinds import Kind
from azsandbox.arm.support import Operation, operations

ML = "Microsoft.MachineLearningServices/workspaces"
Table = dict[tuple[str, str], Operation]


@pytest.fixture(scope="module", name="table")
def _table() -> Table:
    return {(one.type, one.verb): one for one in operations()}


@pytest.mark.parametrize(
    ("type_", "verbs"),
    [
        (f"{ML}/models/versions", {"GET", "GET list", "PUT", "DELETE"}),
        (f"{ML}/datastores", {"GET", "GET list", "PUT", "DELETE", "POST listsecrets"}),
        ("Microsoft.Authorization/locks", {"GET", "GET list", "PUT", "DELETE"}),
        ("Microsoft.Authorization/denyAssignments", {"GET", "GET list"}),
        ("Microsoft.Resources/subscriptions", {"GET", "GET list", "GET locations"}),
    ],
)
def test_a_type_has_the_verbs_that_are_answered(table: Table, type_: str, verbs: set[str]) -> None:
    assert {verb for each, verb in table if each == type_} == verbs


def test_who_describes_an_operation_is_told(table: Table) -> None:
    one: Operation = table[f"{ML}/models/versions", "PUT"]
    assert "Azure/azure-rest-api-specs" in one.described_by
    assert table["Microsoft.Authorization/locks", "PUT"].described_by
    assert not table["Microsoft.Resources/deployments/parts", "GET"].described_by


def test_every_deletion_is_described_or_built_on_purpose(table: Table, arm: ArmClient) -> None:
    kinds = arm.arm._context.kinds.values()
    inherited = [kind for kind in kinds if isinstance(kind, Kind) and type(kind).delete is Kind.delete]
    assert [kind.type for kind in inherited if kind.deletes()]
    for kind in inherited:
        assert ((kind.type, "DELETE") in table) == kind.deletes()
