"""In which order a guardrail in force is put right: whatever was taken out of it, nobody is refused in between."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.guarding.guards import SCOPE, GuardedArm, guarded_side, guardrail, old, workspace_id

from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError
from amlmigrate.guarding import bodies, stage
from amlmigrate.guarding.bodies import BY_CLASSIFICATION
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.progress import events
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.guarding.wanted import Guardrail, Stage

NOW = datetime(2026, 12, 1, tzinfo=UTC)
NAMES = {"one": "restricted", "two": "internal"}
MET = GuardedEstate(scan="x", old=tuple(old(name, level=level) for name, level in NAMES.items()))
# `two` needs a key by this file, and by the first one it does not.
FIRST, FILE = guardrail(Stage.DENY_NEW), guardrail(Stage.DENY_NEW, harmless=("public",))


class JudgingArm(GuardedArm):
    """ARM that refuses what names something that is not there, and knows whom the assignment refuses an update."""

    def __init__(self) -> None:
        tagged = {name: {"data-classification": level} for name, level in NAMES.items()}
        super().__init__(
            *({"id": workspace_id(name), "tags": tags, "properties": {}} for name, tags in tagged.items())
        )
        self.refused: set[str] = set()

    def _put(self, method: str, path: str, sent: Any) -> None:
        named = (sent or {}).get("properties", {})
        members = {one["policyDefinitionReferenceId"] for one in self._members()}
        assert members.issuperset(named.get("policyDefinitionReferenceIds") or ()), "no such member"
        for one in named.get("policyDefinitions") or ():
            assert "/subscriptions/" not in one["policyDefinitionId"] or self._of(one["policyDefinitionId"])
        if "policyDefinitions" in named:
            self._check_parameters(named)
        super()._put(method, path, sent)
        self.refused |= {name for name in NAMES if self._refuses(name)}

    def _check_parameters(self, named: Document) -> None:
        """As Azure: what is declared is used, what is used is declared, and none that was there is removed."""
        declared, before = named["parameters"], self._of(FILE.initiative_id).get("parameters", {})
        assert set(declared) == _used(named["policyDefinitions"]), "UnusedPolicyParameters"
        assert set(before) <= set(declared), "InvalidPolicyParameterUpdate"

    def _of(self, id_: str) -> Document:
        found: Document = self.kept.get(key_of(id_), {}).get("properties", {})
        return found

    def _members(self) -> list[Document]:
        return list(self._of(FILE.initiative_id).get("policyDefinitions") or ())

    def _refuses(self, name: str) -> bool:
        assigned, exempt = self._of(FILE.assignment_id), self._of(FILE.exemption_id(workspace_id(name)))
        given = {name: one["value"] for name, one in assigned.get("parameters", {}).items()}
        for one in self._members():
            values = {name: value["value"] for name, value in one["parameters"].items()}
            effect = given.get("cmkEffect") if values["effect"].startswith("[") else values["effect"]
            if one["policyDefinitionReferenceId"] != BY_CLASSIFICATION or effect != "Deny":
                continue
            harmless = self._of(one["policyDefinitionId"]) and values["harmless"]
            enforced = assigned.get("enforcementMode") == "Default"
            return enforced and NAMES[name] not in harmless and not exempt
        return False


def _used(members: list[Document]) -> set[str]:
    return set(re.findall(r"parameters\('(\w+)'\)", str(members)))


def planned(at: GuardedArm, wanted: Guardrail) -> GuardPlan:
    request = GuardRequest(wanted, MET, NOW)
    return asyncio.run(stage.plan(guarded_side(at), request, events(lambda event: None)))


def applied(at: JudgingArm, wanted: Guardrail, *, killed: bool) -> None:
    """Whole, or with a kill after each step."""
    if not killed:
        request, found = GuardRequest(wanted, MET, NOW), planned(at, wanted)
        asyncio.run(stage.carry_out(guarded_side(at), request, found, events(lambda event: None)))
    for _ in range(20):
        found = planned(at, wanted)
        assert found.reasons == ()
        if not found.changes:
            return
        at.write(next(one.step for one in found.planned if one.step.verb.writes))
    raise AssertionError("it never ends")


def in_force(wanted: Guardrail = FIRST) -> JudgingArm:
    at = JudgingArm()
    applied(at, wanted, killed=False)
    return at


def _without(*references: str) -> Callable[[JudgingArm], None]:
    def take(at: JudgingArm) -> None:
        there = at.kept[key_of(FILE.initiative_id)]["properties"]
        every = there["policyDefinitions"]
        kept = [one for one in every if one["policyDefinitionReferenceId"] not in references]
        there["policyDefinitions"] = kept
        # Azure has no initiative with a parameter that is not used: it was made anew without it.
        there["parameters"] = {name: one for name, one in there["parameters"].items() if name in _used(kept)}

    return take


def _no(*ids: str) -> Callable[[JudgingArm], None]:
    def take(at: JudgingArm) -> None:
        for id_ in ids:
            del at.kept[key_of(id_)]

    return take


def _no_exemption(at: JudgingArm) -> None:
    _no(FILE.exemption_id(workspace_id("one")))(at)


_NO_MEMBER = _without(BY_CLASSIFICATION)
TAKEN: dict[str, tuple[Callable[[JudgingArm], None], ...]] = {
    "nothing": (),
    "the member": (_NO_MEMBER,),
    "the member and an exemption": (_NO_MEMBER, _no_exemption),
    "both members and an exemption": (_without(BY_CLASSIFICATION, "amlCmk"), _no_exemption),
    "another member and an exemption": (_no_exemption, _without("amlCmk", BY_CLASSIFICATION)),
    "the member and its definition": (_NO_MEMBER, _no_exemption, _no(FILE.definition_id)),
    "all that is assigned": (_no_exemption, _no(FILE.initiative_id, FILE.definition_id)),
    "the initiative": (_no_exemption, _no(FILE.initiative_id)),
}


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("wanted", [FIRST, FILE], ids=["the same file", "a stricter file"])
@pytest.mark.parametrize("taken", TAKEN)
def test_what_was_taken_out_comes_back_and_nobody_is_refused_meanwhile(
    taken: str, wanted: Guardrail, killed: bool
) -> None:
    at = in_force()
    for take in TAKEN[taken]:
        take(at)
    at.refused.clear()
    applied(at, wanted, killed=killed)
    assert at.refused == set()
    assert planned(at, wanted).changes == 0
    # It denies all the same: without the exemption it would be refused.
    _no_exemption(at)
    assert at._refuses("one")


def test_the_arm_of_this_test_sees_a_wrong_order() -> None:
    at = in_force()
    _NO_MEMBER(at)
    _no_exemption(at)
    at._put("PUT", FILE.initiative_id, bodies.initiative(FILE))
    assert at.refused == {"one", "two"}


def test_a_member_that_only_reports_for_now_is_no_member_that_is_weaker() -> None:
    """What an interrupted apply has left is gone on with, and what somebody made a refusal of stays one."""
    at = in_force()
    [member] = [one for one in at._members() if one["policyDefinitionReferenceId"] == BY_CLASSIFICATION]
    for effect, refused in (("Audit", False), ("Disabled", False), ("Deny", True), ("[parameters('x')]", True)):
        member["parameters"]["effect"] = {"value": effect}
        assert bool(planned(at, FIRST).reasons) is refused, effect


@pytest.mark.parametrize("assigned", [{"parameters": {}}, {"enforcementMode": "Enroll"}])
def test_what_may_refuse_is_ordered_as_what_does(assigned: dict[str, Any]) -> None:
    at = in_force()
    at.kept[key_of(FILE.assignment_id)]["properties"] |= assigned
    steps = [one.part.what for one in planned(at, FILE).planned if one.step.verb.writes]
    assert steps.index("exemption") < steps.index("initiative")


def test_what_may_refuse_is_not_made_to_report_only() -> None:
    at = in_force()
    at.kept[key_of(FILE.assignment_id)]["properties"]["enforcementMode"] = "Enroll"
    for wanted in (guardrail(Stage.AUDIT), guardrail(Stage.DRY_DENY)):
        assert planned(at, wanted).reasons
    at = in_force(guardrail(Stage.AUDIT))
    default = at.kept[key_of(FILE.initiative_id)]["properties"]["parameters"]["cmkEffect"]
    default["defaultValue"] = "Deny"
    assert any("tells no effect" in one for one in planned(at, guardrail(Stage.AUDIT)).reasons)
    at = in_force(guardrail(Stage.AUDIT))
    at.kept[key_of(FILE.assignment_id)]["properties"]["policyDefinitionId"] = f"{SCOPE}/other"
    assert any("It assigns" in one for one in planned(at, guardrail(Stage.AUDIT)).reasons)


def _rule(at: JudgingArm) -> Document:
    found: Document = at.kept[key_of(FILE.definition_id)]["properties"]["policyRule"]
    return found


def test_a_rule_that_somebody_made_stricter_stays() -> None:
    at = in_force(guardrail(Stage.AUDIT))
    _rule(at)["if"]["allOf"].pop(1)
    assert any("3 conditions only" in one for one in planned(at, guardrail(Stage.AUDIT)).reasons)
    at = in_force(guardrail(Stage.AUDIT))
    _rule(at)["then"]["effect"] = "Deny"
    assert any("Its own effect is 'Deny'" in one for one in planned(at, guardrail(Stage.AUDIT)).reasons)
    # One that lets more through is put right.
    at = in_force(guardrail(Stage.AUDIT))
    _rule(at)["if"]["allOf"].append({"field": "name", "notLike": "x*"})
    found = planned(at, guardrail(Stage.AUDIT))
    assert (found.reasons, found.changes) == ((), 1)


def test_what_refuses_since_it_was_planned_is_not_gone_on_with_in_the_old_order() -> None:
    at = in_force(guardrail(Stage.DRY_DENY))
    there = at.kept[key_of(FILE.assignment_id)]["properties"]
    request, told = GuardRequest(FILE, MET, NOW), events(lambda event: None)
    found = planned(at, FILE)
    assert not found.in_force and found.changes and not found.over
    there["metadata"]["stage"] = "deny-new"
    there["enforcementMode"], writes = "Default", at.writes
    with pytest.raises(RefusedError) as refused:
        asyncio.run(stage.carry_out(guarded_side(at), request, found, told))
    assert refused.value.reasons == ("Somebody has had the assignment refuse since: run the same command again.",)
    assert at.writes == writes
    # Planned anew, it is done in the order in which nobody more is refused.
    at.refused.clear()
    applied(at, FILE, killed=True)
    assert planned(at, FILE).over
