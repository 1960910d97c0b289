"""Workspaces that a scan saw without a workspaceId: joined where it is shown which they are, and told where not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.unit.figures.histories import FIRST, PLACES, arm_id

from amlmigrate.figures.history import Look, Sighting
from amlmigrate.figures.nameless import joined

ID = arm_id(PLACES[0], "WS")
MADE, AGAIN = FIRST - timedelta(days=9), FIRST + timedelta(days=1)


def look(number: int, workspace: str, created: datetime | None) -> Look:
    seen = Sighting(workspace or ID.lower(), ID, customer=False, created=created)
    at = FIRST + timedelta(days=2 * number)
    return Look(at, f"SCAN-{number}", str(number), frozenset(PLACES), {seen.workspace: seen})


@pytest.mark.parametrize(
    ("seen", "found", "told"),
    [
        ([("", MADE), ("a", MADE)], ["a", "a"], []),
        ([("a", MADE), ("", MADE), ("a", None)], ["a", "a", "a"], []),
        # It was created again under its name.
        ([("", MADE), ("b", AGAIN)], ["", "b"], []),
        ([("a", MADE), ("b", AGAIN), ("", AGAIN)], ["a", "b", "b"], []),
        ([("", None), ("b", AGAIN)], ["", "b"], []),
        # Nothing shows whether it was.
        ([("", MADE), ("a", None)], ["", "a"], [0]),
        ([("a", MADE), ("", None), ("", None)], ["a", "", ""], [1, 2]),
        ([("a", None), ("", None)], ["a", ""], [1]),
        ([("a", MADE), ("b", MADE), ("", MADE)], ["a", "b", ""], [2]),
        # Of no other is anything known.
        ([("", MADE), ("", None)], ["", ""], []),
    ],
)
def test_it_is_the_one_of_its_name_and_creation_time(
    seen: list[tuple[str, datetime | None]], found: list[str], told: list[int]
) -> None:
    looks = [look(number, *one) for number, one in enumerate(seen)]
    made, doubtful = joined(looks)
    assert [list(one.sightings) for one in made] == [[one or ID.lower()] for one in found]
    assert all(one.workspace == key for each in made for key, one in each.sightings.items())
    assert doubtful == ({ID: tuple(f"SCAN-{number}" for number in told)} if told else {})


def test_a_workspace_elsewhere_is_another() -> None:
    other = Sighting("a", arm_id(PLACES[1], "WS"), customer=True, created=MADE)
    looks = [look(0, "", MADE), replace(look(1, "", MADE), sightings={"a": other})]
    assert joined(looks) == (looks, {})
