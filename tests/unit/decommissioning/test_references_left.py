"""What in the target may go on naming the source, and what of it is told, once the source is to go."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import OLD, SOURCE, TARGET, asset, by_hand, header, inventory, plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action
from amlmigrate.decommissioning.references import SeenTarget, accepted, dangling, unlisted

NAMES = f"https://portal/{OLD.id}"
NAMED = asset("data/d/1", dataUri=OLD.id + "/datastores/x", dataType="uri_file")


def standing(*decided: str, counting: tuple[str, ...] | None = None) -> Any:
    """Decisions by address; those in `counting` count, all where it is left out."""
    valid = decided if counting is None else counting
    return SimpleNamespace(
        has=lambda address: address in decided, of=lambda subject: subject if subject.address in valid else None
    )


FINDING = Finding("blocks", "data/d/1", "names the source", "fix it", "names-source")


@pytest.mark.parametrize(
    ("action", "decided", "counting", "may"),
    [
        (Action.CREATE, ("data/d/1",), None, True),
        (Action.CONFLICT, ("data/d/1",), None, True),
        # What was made anew by hand can be set right by hand.
        (Action.MANUAL, ("data/d/1",), None, False),
        (Action.CREATE, (), ("data/d/1",), False),
        (Action.CREATE, ("data/d/1",), (), False),
        (Action.CREATE, ("data/d/2",), None, False),
    ],
)
def test_an_item_may_where_it_was_let_go_and_not_left_by_hand(
    action: Action, decided: tuple[str, ...], counting: tuple[str, ...] | None, may: bool
) -> None:
    made = plan(step("data/d/1", action=action))
    assert accepted(made, standing(*decided, counting=counting)) == ({"data/d/1": ""} if may else {})


@pytest.mark.parametrize(
    ("finding", "counting", "may"),
    [
        (FINDING, ("data/d/1!names-source",), True),
        (FINDING, (), False),
        (replace(FINDING, code="other"), ("data/d/1!other",), False),
    ],
)
def test_a_finding_may_for_what_it_showed(finding: Finding, counting: tuple[str, ...], may: bool) -> None:
    made = replace(plan(step("data/d/1")), header=header(findings=(finding,)))
    found = accepted(made, standing(counting=counting))
    assert found == ({"data/d/1": "blocks: names the source"} if may else {})


def seen(*left: Any) -> SeenTarget:
    return SeenTarget(inventory(NAMED, of=TARGET), left)


def test_what_names_the_source_is_told_unless_just_that_was_accepted() -> None:
    [told] = dangling(SOURCE, seen())
    assert told.startswith("data/d/1 in the target refers to the source: ") and OLD.name in told
    text = told.partition("source: ")[2]
    assert dangling(SOURCE, seen(), {"data/d/1": ""}) == []
    assert dangling(SOURCE, seen(), {"data/d/1": f"blocks: it names {text}."}) == []
    assert dangling(SOURCE, seen(), {"data/d/1": "blocks: it names another"}) == [told]
    assert dangling(SOURCE, seen(), {"data/d/2": ""}) == [told]
    assert dangling(SOURCE, SeenTarget(inventory(of=TARGET), ())) == []


def test_what_was_left_by_hand_is_looked_through_too_and_what_is_not_listed_is_told() -> None:
    schedule = by_hand(Address.of("schedules", "s"), document={"properties": {"job": OLD.id + "/jobs/j"}})
    told = dangling(SOURCE, seen(schedule))
    assert [one.split(" ")[0] for one in told] == ["data/d/1", "schedules/s"]
    hidden = by_hand(Address("schedules", ()), "403", document={"not_listed": True})
    assert unlisted(seen(schedule, hidden)) == [hidden]
