"""No printed role both changes keys and writes to a workspace, by the very claim about separated duties."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.posture.exemplary import REF, SCIENTIST, SERVICE, VAULT, exemplary

from amlmigrate.core.claim import Claim
from amlmigrate.core.rights import Permission, granted
from amlmigrate.doctor.role import Duty, duty_role, least_role
from amlmigrate.posture.duties import duty_claims
from amlmigrate.posture.facts import PostureFacts
from amlmigrate.posture.holders import managers_of, writers_of
from amlmigrate.posture.reading import Read

ROOT = Path(__file__).parents[3]
ROLE = "/providers/Microsoft.Authorization/roleDefinitions/99999999-0000-4000-8000-000000000009"
CUSTODIANS = frozenset({Duty.ASSIGN, Duty.KEY, Duty.FREEZE, Duty.DRILL, Duty.GRANTS})
WRITERS = frozenset({Duty.RUN, Duty.DECOMMISSION, Duty.ADOPT})


def held(*roles: dict[str, Any]) -> PostureFacts:
    """Facts in which one person has all of these roles, on the vault and on the workspace."""
    given = [
        {
            "actions": one["Actions"],
            "notActions": one["NotActions"],
            "dataActions": one["DataActions"],
            "notDataActions": one["NotDataActions"],
        }
        for one in roles
    ]

    def at(scope: str) -> dict[str, Any]:
        told = {"roleDefinitionId": ROLE, "principalId": SCIENTIST, "principalType": "User", "scope": scope}
        return {"id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/one", "properties": told}

    facts = exemplary()
    return replace(
        facts,
        on_vault=Read([SERVICE, at(VAULT)]),
        on_workspace=Read([at(REF.id)]),
        eligible=Read([]),
        definitions=(*facts.definitions, (ROLE.lower(), {"properties": {"permissions": given}})),
    )


def judged(*roles: dict[str, Any]) -> Claim:
    facts = held(*roles)
    assert facts.key_ref
    [claim] = duty_claims(facts, facts.key_ref)
    return claim


def roles_of(duties: Iterable[Duty]) -> list[dict[str, Any]]:
    return [duty_role(one, [REF]) for one in duties]


@pytest.mark.parametrize("duty", Duty)
def test_no_printed_role_holds_both_sides(duty: Duty) -> None:
    assert judged(*roles_of([duty])).holds is True


def test_the_role_for_everything_does_not_either() -> None:
    assert judged(least_role([REF])).holds is True


@pytest.mark.parametrize("duty", Duty)
def test_each_side_is_seen_where_it_is(duty: Duty) -> None:
    """So that the test above can fail: whoever has a custodian's role and a writer's is found."""
    facts = held(*roles_of([duty]))
    assert facts.key_ref
    assert bool(managers_of(facts, facts.key_ref).all) is (duty in CUSTODIANS)
    assert bool(writers_of(facts).all) is (duty in WRITERS)
    other = Duty.RUN if duty in CUSTODIANS else Duty.KEY
    assert (judged(*roles_of([duty, other])).holds is False) is (duty in CUSTODIANS | WRITERS)


def test_a_role_has_its_own_name_and_the_subscriptions_of_the_workspaces() -> None:
    names = [duty_role(one, [REF])["Name"] for one in Duty]
    assert len(set(names)) == len(Duty) and least_role([REF])["Name"] not in names
    assert duty_role(Duty.KEY, [REF, REF])["AssignableScopes"] == [f"/subscriptions/{REF.subscription}"]


def test_the_auditor_only_reads_and_reads_no_data() -> None:
    role = duty_role(Duty.AUDIT, [REF])
    [asks] = [one for one in role["Actions"] if not one.endswith("/read")]
    assert asks.endswith("/queryResults/action"), "which shows what Azure Policy has judged"
    assert {one.rpartition("/")[2] for one in role["DataActions"]} == {"read"}
    assert not [one for one in role["DataActions"] if "Storage" in one]


@pytest.mark.parametrize(
    ("duty", "needed", "data"),
    [
        (Duty.RUN, "Microsoft.MachineLearningServices/workspaces/models/versions/write", False),
        (Duty.RUN, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write", True),
        (Duty.DECOMMISSION, "Microsoft.MachineLearningServices/workspaces/delete", False),
        (Duty.CUTOVER, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write", True),
        (Duty.FREEZE, "Microsoft.Authorization/roleAssignments/delete", False),
        (Duty.GRANTS, "Microsoft.Authorization/roleAssignments/write", False),
        (Duty.GRANTS, "Microsoft.KeyVault/vaults/accessPolicies/write", False),
        (Duty.GRANTS, "Microsoft.Storage/storageAccounts/write", False),
        (Duty.DESTINATIONS, "Microsoft.OperationalInsights/workspaces/sharedKeys/action", False),
        (Duty.DESTINATIONS, "Microsoft.Storage/storageAccounts/listKeys/action", False),
        (Duty.DESTINATIONS, "Microsoft.EventHub/namespaces/authorizationRules/listkeys/action", False),
        (Duty.KEY, "Microsoft.KeyVault/vaults/keys/rotate/action", True),
        (Duty.ADOPT, "Microsoft.MachineLearningServices/workspaces/write", False),
        (Duty.ADOPT, "Microsoft.ContainerRegistry/registries/write", False),
        (Duty.GUARD, "Microsoft.Authorization/policyAssignments/exempt/action", False),
        (Duty.GUARD, "Microsoft.Insights/eventtypes/values/read", False),
        (Duty.VERIFY, "Microsoft.Authorization/roleManagementPolicyAssignments/read", False),
        (Duty.AUDIT, "Microsoft.Authorization/roleManagementPolicyAssignments/read", False),
    ],
)
def test_what_a_duty_cannot_do_without_is_in_its_role(duty: Duty, needed: str, data: bool) -> None:
    role = duty_role(duty, [REF])
    entry = Permission(tuple(role["Actions"]), (), tuple(role["DataActions"]), ())
    assert granted([entry], needed, data=data)


@pytest.mark.parametrize(
    ("duty", "heading", "most"), [(Duty.GUARD, "guard", 12), (Duty.ALARMS, "guard with alarms", 18)]
)
def test_the_role_of_guard_has_all_that_the_table_of_its_rights_names(duty: Duty, heading: str, most: int) -> None:
    """But for management groups, where a role of a subscription cannot be assigned."""
    page = (ROOT / "docs/how-to/credentials-and-rights.md").read_text(encoding="utf-8")
    table = page.partition(f"### {heading}\n")[2].partition("\n###")[0].partition("| --- |")[2]
    short = {
        "POLICY": "Microsoft.Authorization/policy",
        "WS/": "Microsoft.MachineLearningServices/workspaces/",
        "VAULT/": "Microsoft.KeyVault/vaults/",
        "INSIGHTS/": "Microsoft.Insights/",
    }
    named = [one for one in re.findall(r"`([\w.]+(?:/\w+)+)`", table) if "managementGroups" not in one]
    for name, whole in short.items():
        named = [whole + one.removeprefix(name) if one.startswith(name) else one for one in named]
    role = duty_role(duty, [REF])
    entry = Permission(tuple(role["Actions"]), (), (), ())
    assert len(named) > most and [one for one in named if not granted([entry], one, data=False)] == []
    # And no other: of `guard callers` each table's right is in the text.
    asked = {one.lower() for one in named} | {
        one.lower() for one in role["Actions"] if "/query/" in one or "managementGroups" in one
    }
    assert duty is Duty.GUARD or {one.lower() for one in role["Actions"]} <= asked


def test_only_the_role_for_it_lets_anybody_in_elsewhere() -> None:
    of_cutover = Permission(tuple(duty_role(Duty.CUTOVER, [REF])["Actions"]), (), (), ())
    whole = Permission(tuple(least_role([REF])["Actions"]), (), (), ())
    for name in ("Authorization/roleAssignments", "KeyVault/vaults/accessPolicies", "Storage/storageAccounts"):
        assert not granted([of_cutover, whole], f"Microsoft.{name}/write", data=False)


def _lacks(role: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """What of a role another one does not have."""
    entry = Permission(tuple(role["Actions"]), (), tuple(role["DataActions"]), ())
    every = [(one, False) for one in wanted["Actions"]] + [(one, True) for one in wanted["DataActions"]]
    return [one for one, data in every if not granted([entry], one, data=data)]


@pytest.mark.parametrize("duty", [Duty.PLAN, Duty.RUN, Duty.VERIFY, Duty.CUTOVER, Duty.DECOMMISSION])
def test_the_role_for_everything_has_all_of_each_duty_of_a_move(duty: Duty) -> None:
    assert _lacks(least_role([REF]), duty_role(duty, [REF])) == []


def test_a_cutover_sees_every_writer_that_a_freeze_sees() -> None:
    freeze = duty_role(Duty.FREEZE, [REF])
    looks = freeze | {"Actions": [one for one in freeze["Actions"] if one.endswith("/read")]}
    assert len(looks["Actions"]) > 8
    for role in (least_role([REF]), duty_role(Duty.CUTOVER, [REF])):
        assert _lacks(role, looks) == []


def test_only_the_role_for_it_reads_the_keys_of_what_settings_send_to_and_it_does_nothing_else() -> None:
    role = duty_role(Duty.DESTINATIONS, [REF])
    assert role["DataActions"] == [] and {one.rpartition("/")[2] for one in role["Actions"]} == {"action"}
    of_run = Permission(tuple(duty_role(Duty.RUN, [REF])["Actions"]), (), (), ())
    whole = Permission(tuple(least_role([REF])["Actions"]), (), (), ())
    for action in role["Actions"]:
        assert not granted([of_run, whole], action, data=False), action
    # And the other that is apart has none of these.
    assert not {*role["Actions"]} & {*duty_role(Duty.ASSIGN, [REF])["Actions"]}


def test_planning_and_verifying_write_nothing() -> None:
    for duty in (Duty.PLAN, Duty.VERIFY):
        role = duty_role(duty, [REF])
        every = [*role["Actions"], *role["DataActions"]]
        assert not [one for one in every if one.endswith(("/write", "/delete"))]
