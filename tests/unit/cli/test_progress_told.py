"""What people are told while a run or a verification goes on, each event by its type."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from amlmigrate.cli.views.progress import tell
from amlmigrate.core import run_progress
from amlmigrate.core.events import TypedEvent
from amlmigrate.core.metering import Amount, Meter


class Told:
    """A view that notes what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.bars: list[tuple[str, int, int]] = []
        self.advanced = 0

    def bar(self, what: str, total: int, done: int) -> None:
        self.bars.append((what, total, done))

    def watch(self, what: str, items: str, meter: Meter) -> None:
        self.bars.append((what, meter.items, meter.done))

    def advance(self) -> None:
        self.advanced += 1

    def say(self, *pieces: Any) -> None:
        self.said.append("".join(piece if isinstance(piece, str) else piece[0] for piece in pieces))

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (run_progress.StepFailed("models/m/1", "no room", "make some"), "failed models/m/1: no room"),
        (run_progress.StepBlocked("models/m/2", "models/m/1"), "blocked models/m/2 depends on models/m/1"),
        (
            run_progress.RunStopping(1),
            "stopping: 1 step ends what it has under way; a second signal ends all at once",
        ),
        (
            run_progress.RunStopping(2),
            "stopping: 2 steps end what they have under way; a second signal ends all at once",
        ),
        (
            run_progress.LeaseKept("https://x/lease", "no answer", "12:00"),
            "the lease on the target could not be given up, others wait until 12:00: no answer",
        ),
    ],
    ids=lambda one: one.name if isinstance(one, TypedEvent) else "",
)
def test_what_goes_wrong_is_said_in_a_line(event: TypedEvent, said: str) -> None:
    told = Told()
    tell(event, told)
    assert told.said == [said] and not told.bars


def test_bars_begin_and_move_on() -> None:
    told = Told()
    for event in (
        run_progress.RunReading(Meter(0, Amount())),
        run_progress.RunStarted(Meter(5, Amount(), done=2)),
        run_progress.StepBegun("a", "create"),
        run_progress.StepDone("a", "create"),
        run_progress.VerifyReading(Meter(7, Amount())),
        run_progress.VerifyStarted(Meter(3, Amount())),
        run_progress.PrefixCompared("b", 7),
        run_progress.SdkStarted(4),
        run_progress.SdkTried("c"),
    ):
        tell(event, told)
    assert told.bars == [
        ("Reading both workspaces", 0, 0),
        ("Migrating", 5, 2),
        ("Reading both workspaces", 7, 0),
        ("Verifying", 3, 0),
        ("Reading with MLClient", 4, 0),
    ]
    assert told.advanced == 1 and told.said == []


def test_what_is_counted_is_told_with_its_amounts() -> None:
    meter = Meter(5, Amount(7, 70), done=2, moved=Amount(3, 30))
    assert run_progress.RunStarted(meter).data == {
        "steps": 5, "done": 2, "blobs": 7, "bytes": 70, "done_blobs": 3, "done_bytes": 30,
    }  # fmt: skip
    assert run_progress.VerifyStarted(meter).data == {"prefixes": 5, "blobs": 7, "bytes": 70}


def test_every_event_has_its_fields_as_data_and_a_name_of_its_own() -> None:
    kinds = [one for one in vars(run_progress).values() if isinstance(one, type) and issubclass(one, TypedEvent)]
    kinds.remove(TypedEvent)
    assert len({one.name for one in kinds}) == len(kinds) > 10
    for kind in set(kinds) - {run_progress.RunStarted, run_progress.VerifyStarted}:
        made = kind(*range(len(dataclasses.fields(kind))))  # type: ignore[arg-type]  # any values: they are only counted
        assert list(made.data.values()) == list(range(len(made.data)))
