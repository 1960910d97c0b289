"""What goes elsewhere, or to nobody, by what lies around both workspaces: how a plan says it, and what a plan keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.builders.world import MAPPING, NEW, OLD, SOURCE, TARGET, by_hand, containers, header, inventory
from tests.unit.kinds.test_role_assignments import ANN, BOB, NAME, OTHER, given

from amlmigrate.core.address import Address
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.placement import Around
from amlmigrate.core.plan import Action, Header, Plan
from amlmigrate.core.plan_mapping import mapping_of
from amlmigrate.core.principals import Principals
from amlmigrate.core.select import Selection
from amlmigrate.kinds import moving_kinds
from amlmigrate.planning import build, planfile
from amlmigrate.planning.outlived import outlived
from amlmigrate.planning.placing import ANEW, place


def _planned(*there: Any, **who: Any) -> Any:
    source, target = inventory(given(), given(OTHER, principalId=BOB)), inventory(*there, of=TARGET)
    names = place(Around(MAPPING, source, target, Principals(**who)))
    made = build.build(
        source,
        target,
        containers(),
        name="x",
        selection=Selection(),
        prior=OwnershipRecord(),
        names=names,
        principals=who.get("called", {}),
    )
    return source, made


def test_a_plan_says_what_the_target_calls_it_and_to_whom_it_is_given(tmp_path: Path) -> None:
    _, (header_, steps) = _planned(given(NAME, ws=NEW.id, principalId=BOB), elsewhere=True, called={ANN: BOB})
    planfile.write(tmp_path, header_, steps)
    read = planfile.read(tmp_path)
    [step] = [one for one in read.steps if one.address == Address.of("roleAssignments", NAME)]
    # It has the id that the target's has, since there is one for that role and principal.
    assert (step.action, step.called.name) == (Action.ADOPT, NAME)
    [left] = [one for one in read.steps if one.address == Address.of("roleAssignments", OTHER)]
    assert left.action is Action.MANUAL and "--principals names nobody" in left.reason


def test_what_nobody_gets_is_left_with_who_has_to_be_named() -> None:
    source, _ = _planned(elsewhere=True, called={BOB: ANN})
    [left] = [one for one in source.by_hand if one.address.kind == "roleAssignments"]
    assert left.address.name == NAME and ANN in left.beside[ANEW]["principalId"]


def test_a_new_one_has_the_name_of_its_own_in_the_target() -> None:
    _, (_, steps) = _planned()
    made = {str(one.address): one for one in steps if one.address.kind == "roleAssignments"}
    assert {one.action for one in made.values()} == {Action.CREATE} and len(made) == 2
    for one in made.values():
        assert (
            one.target and one.target_id.startswith(f"{NEW.id}/providers/") and OLD.id not in json.dumps(one.body)
        )


def test_the_mapping_of_a_plan_knows_who_is_who() -> None:
    told = header(extra={"principals": {"sha256": "ab", "called": {ANN: BOB}}})
    for head, known in ((told, {ANN: BOB}), (header(), {})):
        assert mapping_of(Plan(Header.of_dict(head.as_dict()), (), ""), SOURCE, TARGET).principals == known


def _outlived(
    *held: Any, there: Any = (), by_hand: Any = (), made: Any = (), selection: Selection | None = None, **who: Any
) -> list[str]:
    source = inventory(*held)
    source.by_hand.extend(by_hand)
    around = Around(MAPPING, source, inventory(*there, of=TARGET), Principals(**who))
    prior = OwnershipRecord(frozenset(f"roleAssignments/{one}" for one in made))
    return [one.about for one in outlived(around, prior, selection or Selection())]


def test_a_role_that_the_source_has_taken_since_is_told_and_no_other() -> None:
    anns, bobs = given(NAME, ws=NEW.id), given(OTHER, ws=NEW.id, principalId=BOB)
    there, both = (anns, bobs), (NAME, OTHER)
    assert _outlived(there=there, made=both) == [f"roleAssignments/{NAME}", f"roleAssignments/{OTHER}"]
    assert _outlived(given(OTHER), there=there, made=both) == [f"roleAssignments/{OTHER}"], "whatever its name"
    below = given(NAME, "computes/CPU", ws=NEW.id)
    assert len(_outlived(there=[below], made=[f"{NAME}/computes/cpu"])) == 1, "in whatever letters"
    assert _outlived(there=there) == [], "no plan of the pair knows of it: it is somebody else's"
    excluded = Selection(exclude=("roleAssignments/*",))
    assert _outlived(there=there, made=both, selection=excluded) == []
    # What a person is to make stands for it, and what was not listed says nothing.
    left = replace(given(), reason="it ends by itself", remedy="Do.")
    assert _outlived(there=there, made=both, by_hand=[left]) == [f"roleAssignments/{OTHER}"]
    unlisted = by_hand(Address.of("roleAssignments"), document={"not_listed": True})
    assert _outlived(there=there, made=both, by_hand=[unlisted]) == []


def test_what_the_source_gives_for_a_time_only_by_now_outlives_that_in_the_target() -> None:
    ended = replace(given(), reason="it ends by itself", remedy="Do.", beside={"ends": {"at": "2026-08-01"}})
    for there, told in (
        (given(NAME, ws=NEW.id), True),
        (replace(given(NAME, ws=NEW.id), beside=ended.beside), False),
    ):
        assert bool(_outlived(there=[there], made=[NAME], by_hand=[ended])) is told
    source = inventory()
    source.by_hand.append(ended)
    around = Around(MAPPING, source, inventory(given(NAME, ws=NEW.id), of=TARGET), Principals())
    [finding] = moving_kinds()["roleAssignments"].outlived(around).values()
    assert (finding.severity, finding.code) == ("blocks", "right-outlived")
    assert "only until 2026-08-01" in finding.summary and f"--ids {NEW.id}/" in finding.remedy


def test_across_tenants_it_is_told_of_whom_it_is_known_that_nobody_stands_for_them() -> None:
    anns, below = given(NAME, ws=NEW.id), given(OTHER, "computes/cpu", ws=NEW.id)
    told = {"there": (anns, below), "made": (NAME, f"{OTHER}/computes/cpu"), "elsewhere": True}
    assert _outlived(given(principalId=BOB), called={BOB: ANN}, **told) == [
        f"roleAssignments/{OTHER}/computes/cpu"
    ]
    assert _outlived(given(principalId=BOB), **told) == [f"roleAssignments/{OTHER}/computes/cpu"], "who is Bob?"
    role = f"/x/{OTHER}"
    assert len(_outlived(given(principalId=BOB, roleDefinitionId=role), **told)) == 2


def test_an_outlived_right_keeps_a_verification_from_being_green_and_says_how_it_is_taken() -> None:
    found = moving_kinds()["roleAssignments"].outlived(
        Around(MAPPING, inventory(), inventory(given(NAME, ws=NEW.id), of=TARGET), Principals())
    )
    [finding] = found.values()
    assert (finding.severity, finding.code) == ("blocks", "right-outlived")
    assert ANN in finding.summary and f"az role assignment delete --ids {NEW.id}/" in finding.remedy
