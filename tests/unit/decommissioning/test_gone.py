"""When a workspace counts as gone: every way that looks and our own deletion can come together, on a made clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from amlmigrate.cloud.operations import Ending
from amlmigrate.core.clock import Clock
from amlmigrate.decommissioning.gone import (
    LOOKS,
    SECONDS,
    GoneLook,
    GoneResult,
    Sight,
    absent_for_long,
    settled,
)
from amlmigrate.decommissioning.removal import of_document

A, L, G, N, U = Sight.ABSENT, Sight.LIVING, Sight.GOING, Sight.ANOTHER, Sight.UNKNOWN


@dataclass
class Made:
    """A clock that only a pause moves, and the times at which it was looked."""

    sights: list[Sight]
    time: float = 0.0
    at: list[float] = field(default_factory=list)

    async def look(self) -> GoneLook:
        self.at.append(self.time)
        return GoneLook(self.sights[min(len(self.at), len(self.sights)) - 1])

    async def sleep(self, seconds: float) -> None:
        self.time += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.time, self.sleep)


def _settled(made: Made, ending: Ending, settling: float = 60.0) -> GoneResult:
    return asyncio.run(settled(ending, made.look, made.clock, settling=settling))[0]


@pytest.mark.parametrize(
    ("sights", "found"),
    [
        ([A], GoneResult.GONE),
        ([L, L, A], GoneResult.GONE),
        ([G, G, G, A], GoneResult.GONE),
        ([U, A], GoneResult.GONE),
        ([L], GoneResult.STANDS),
        ([U], GoneResult.STANDS),
        ([N], GoneResult.STANDS),
    ],
)
def test_after_our_own_success_it_need_only_be_absent(sights: list[Sight], found: GoneResult) -> None:
    assert _settled(Made(sights), Ending.SUCCEEDED) is found


def test_taken_up_later_a_workspace_that_answers_is_not_waited_for() -> None:
    made = Made([L, A])
    assert _settled(made, Ending.SUCCEEDED, settling=0.0) is GoneResult.STANDS and made.time == 0.0


@pytest.mark.parametrize("ending", [Ending.UNKNOWN, Ending.UNDER_WAY, Ending.FAILED])
@pytest.mark.parametrize(
    ("sights", "found"),
    [
        ([A], GoneResult.NOT_OURS),
        ([G, G, A], GoneResult.NOT_OURS),
        ([L], GoneResult.STANDS),
        ([U], GoneResult.STANDS),
        ([N], GoneResult.STANDS),
        *(([A] * times + [other], GoneResult.STANDS) for times in range(1, LOOKS + 1) for other in (L, G, N, U)),
        ([A] * (LOOKS + 1) + [L], GoneResult.NOT_OURS),
    ],
)
def test_without_a_confirmed_deletion_it_is_never_ours(
    ending: Ending, sights: list[Sight], found: GoneResult
) -> None:
    made = Made(sights)
    assert _settled(made, ending) is found
    if found is GoneResult.NOT_OURS:
        assert made.at[-1] - made.at[-LOOKS] >= SECONDS


def test_absence_takes_four_looks_over_two_minutes() -> None:
    assert (LOOKS, SECONDS) == (4, 120.0)
    made = Made([A])
    assert asyncio.run(absent_for_long(made.look, made.clock)) == GoneLook(A)
    assert len(made.at) == 4 and made.at[-1] == 120.0
    # A clock that stands still, or jumps, makes it longer and never shorter.
    jumping = Made([A])
    times = iter([0.0, 500.0, 500.0, 500.0, 500.0])
    assert asyncio.run(absent_for_long(jumping.look, Clock(lambda: next(times), jumping.sleep))) == GoneLook(A)
    assert len(jumping.at) == 4


def test_the_first_other_look_ends_it() -> None:
    for before in range(4):
        made = Made([A] * before + [U])
        assert asyncio.run(absent_for_long(made.look, made.clock)).sight is U
        assert len(made.at) == before + 1


@pytest.mark.parametrize(
    ("properties", "sight"),
    [
        ({"workspaceId": "a-1", "provisioningState": "Succeeded"}, L),
        ({"workspaceId": "A-1", "provisioningState": "Failed"}, L),
        ({"workspaceId": "a-1", "provisioningState": "SoftDeleting"}, G),
        ({"workspaceId": "b-2"}, N),
        ({"workspaceId": ""}, U),
        ({"workspaceId": None}, U),
        ({}, U),
    ],
)
def test_a_document_without_an_id_is_not_another_workspace(properties: dict[str, str], sight: Sight) -> None:
    assert of_document({"properties": properties}, "a-1").sight is sight
    assert of_document({}, "a-1").sight is U
