"""Whether a policy denies the deletion of a source: asked before its endpoints go, and never taken for "no" unread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import SOURCE, by_hand, inventory
from tests.unit.decommissioning.test_gate_lists_code_bytes import gated
from tests.unit.decommissioning.test_stage import Azure
from tests.unit.policies.policyarm import DEFINITION, PolicyArm, assignment, exemption

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.errors import RefusedError
from amlmigrate.decommissioning.deletion_policies import DeletionPolicies, of_deletion
from amlmigrate.policies.exemptions import Exemption
from amlmigrate.posture.reading import Read

TYPE = "Microsoft.MachineLearningServices/workspaces"
ASSIGNMENT = (
    f"{SOURCE.id.partition('/resourceGroups/')[0]}/providers/Microsoft.Authorization/policyAssignments/aml-cmk"
)
LIST = f"{SOURCE.id}/providers/Microsoft.Authorization/policyAssignments".lower()
ENDPOINT = by_hand(Address.of("onlineEndpoints", "e"), "", "", {"properties": {}})
NOBODY: Read[list[Exemption]] = Read([])
OF_TYPE = {"field": "type", "in": "[parameters('types')]"}
UNCLEAR = {"allOf": [{"field": "type", "equals": TYPE}, {"value": "[resourceGroup().name]", "equals": "g"}]}


def _definition(condition: Any = OF_TYPE, effect: str = "[parameters('effect')]") -> dict[str, Any]:
    then = {
        "effect": effect,
        "details": {"actionNames": ["delete"], "cascadeBehaviors": {"resourceGroup": "deny"}},
    }
    return {"id": DEFINITION, "properties": {"mode": "Indexed", "policyRule": {"if": condition, "then": then}}}


def _assigned(types: list[str] | None = None, effect: str = "DenyAction", **more: Any) -> dict[str, Any]:
    parameters = {"types": {"value": types or [TYPE]}, "effect": {"value": effect}}
    return assignment(id_=ASSIGNMENT, **{"parameters": parameters, **more})


def _exempted(**more: Any) -> Exemption:
    return Exemption.of(exemption(SOURCE.id, policyAssignmentId=ASSIGNMENT, **more))


def _of(
    given: Any,
    definition: Any = None,
    *,
    exempt: Read[list[Exemption]] = NOBODY,
    first: tuple[Asset, ...] = (ENDPOINT,),
    accepted: bool = False,
) -> DeletionPolicies:
    listed = given if isinstance(given, Exception) else [given]
    arm: Any = PolicyArm({LIST: listed, DEFINITION.lower(): _definition() if definition is None else definition})
    source = inventory()
    source.by_hand += first
    now = datetime(2026, 1, 15, tzinfo=UTC)
    return asyncio.run(of_deletion(arm, source, exempt, now, accepted=accepted))


def test_a_denied_deletion_is_a_reason_with_its_policy_and_the_command_and_nobody_accepts_it() -> None:
    for accepted in (False, True):
        [why] = _of(_assigned(), accepted=accepted).reasons()
        assert "'Keys'" in why and ASSIGNMENT in why and "denies the workspace's deletion" in why
        assert "az policy exemption create" in why and SOURCE.id in why and "--accept" not in why


@pytest.mark.parametrize(
    "given",
    [
        _assigned(["Microsoft.Storage/storageAccounts"]),
        _assigned(effect="Disabled"),
        _assigned(effect="Deny"),
        _assigned(enforcementMode="DoNotEnforce"),
        _assigned(notScopes=[SOURCE.id.partition("/providers/")[0]]),
        _assigned(
            resourceSelectors=[{"selectors": [{"kind": "resourceType", "in": ["Microsoft.KeyVault/vaults"]}]}]
        ),
    ],
)
def test_what_denies_no_deletion_of_it_says_nothing(given: dict[str, Any]) -> None:
    assert _of(given) == DeletionPolicies()


def test_a_policy_from_which_it_is_exempt_says_nothing_and_one_whose_exemptions_are_not_known_may_deny() -> None:
    exempt: Read[list[Exemption]] = Read([_exempted()])
    assert _of(_assigned(), exempt=exempt) == DeletionPolicies()
    over: Read[list[Exemption]] = Read([_exempted(ends="2026-01-01T00:00:00Z")])
    assert _of(_assigned(), exempt=over).refused
    narrowed: Read[list[Exemption]] = Read([_exempted(resourceSelectors=[{"name": "s"}])])
    unread: Read[list[Exemption]] = Read(refused="no")
    for unclear in (narrowed, unread):
        found = _of(_assigned(), exempt=unclear)
        assert not found.refused and "may deny the deletion of the workspace" in found.possible[0]


@pytest.mark.parametrize(
    ("given", "definition"),
    [
        (_assigned(), _definition(UNCLEAR)),
        (_assigned(enforcementMode="Enroll"), None),
        (_assigned(notScopes=["/providers/Microsoft.Management/managementGroups/mg"]), None),
        (_assigned(notScopes="everything"), None),
        (_assigned(overrides=[{"kind": "policyEffect", "value": "DenyAction"}]), None),
    ],
)
def test_what_may_be_denied_needs_to_be_accepted_where_something_goes_first(given: Any, definition: Any) -> None:
    [why] = _of(given, definition).reasons()
    assert "may deny" in why and why.endswith(
        f"--scope {SOURCE.id}`. Or go on all the same: --accept-unrecoverable."
    )
    for found in (_of(given, definition, accepted=True), _of(given, definition, first=())):
        assert found.reasons() == []
        assert "may deny" in found.told()[0]


def test_what_is_assigned_to_an_endpoint_denies_nothing_of_the_workspace_and_at_a_management_group_all() -> None:
    below, above = f"{SOURCE.id}/onlineEndpoints/e", "/providers/Microsoft.Management/managementGroups/mg"
    of_both = _assigned([TYPE, f"{TYPE}/onlineEndpoints"])
    found = _of({**of_both, "id": f"{below}/providers/Microsoft.Authorization/policyAssignments/a"})
    assert not found.refused and "may deny the deletion of onlineEndpoints/e." in found.possible[0]
    assert _of({**of_both, "id": f"{above}/providers/Microsoft.Authorization/policyAssignments/a"}).refused


@pytest.mark.parametrize("odd", [{"id": ASSIGNMENT}, {"id": ASSIGNMENT, "properties": "x"}])
def test_an_assignment_of_another_form_is_told_and_refuses_nothing(odd: dict[str, Any]) -> None:
    found = _of(odd)
    assert found.reasons() == [] and "not checked" in found.told()[0] and ASSIGNMENT in found.told()[0]


def test_a_rule_about_what_goes_first_may_deny_that() -> None:
    found = _of(_assigned([f"{TYPE}/onlineEndpoints"]))
    assert "may deny the deletion of onlineEndpoints/e." in found.possible[0]
    assert _of(_assigned([f"{TYPE}/onlineEndpoints"]), first=()).told() == ()


@pytest.mark.parametrize("error", [*map(refusal, (400, 401, 403, 404, 409, 429, 500)), silence()])
def test_a_list_or_definition_that_cannot_be_read_is_told_and_refuses_nothing(error: Exception) -> None:
    for found in (_of(error), _of(_assigned(), error)):
        assert found.reasons() == []
        assert "not checked" in found.told()[0]


class _Policed(Azure):
    """One whose workspace's deletion a policy denies."""

    async def pages(self, path: str, *rest: Any) -> AsyncIterator[dict[str, Any]]:
        async for item in super().pages(path, *rest):
            yield item
        if path.lower() == LIST:
            yield _assigned()

    async def get(self, _: str) -> dict[str, Any]:
        return _definition()


def test_the_gate_refuses_before_anything_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with gated(tmp_path, monkeypatch) as case:
        case.azure = _Policed()
        case.verified(case.now)
        with pytest.raises(RefusedError) as raised:
            case.remove()
        assert case.azure.deletions == []
    [why] = raised.value.reasons
    assert ASSIGNMENT in why
