"""What people see of work that goes on: figures on a terminal, a line every half minute elsewhere, and failures at once."""

from __future__ import annotations

import asyncio
import io
import json
import re

import pytest
import typer
from tests.builders.clocks import Clock

from amlmigrate.cli import execute as executing
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.views import consoles, figures, human, json_lines, meters
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.human import HumanView
from amlmigrate.cli.views.json_lines import JsonView
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.metering import Amount, Meter, counting, moved, working_on
from amlmigrate.core.run_progress import RunStarted, StepBlocked, StepFailed, VerifyStarted

GIB, MIB = 2**30, 2**20


def _meter(clock: Clock) -> Meter:
    return Meter(
        44, Amount(4210, 30 * GIB), done=11, moved=Amount(300, GIB), calls=40, called=10, floor=120.0, now=clock
    )


def _told(meter: Meter, clock: Clock) -> tuple[str, str]:
    with counting(meter), working_on("blobs/workspaceblobstore", Amount(3000, 28 * GIB)):
        moved(blobs=10, bytes=10 * 118 * MIB)
        clock.at += 8
        with working_on("models/risk/2", Amount()) as done:
            done()
        with working_on("models/risk/3", Amount()):
            clock.at += 2
            found = meter.snapshot()
            return figures.figures(found), figures.under_way(found)


def test_the_figures_are_items_blobs_bytes_rate_and_time() -> None:
    clock = Clock(50.0)
    meter = _meter(clock)
    assert figures.figures(meter.snapshot()) == (
        "11 of 44 items, 300 of 4,210 blobs, 1.0 GiB of 30.0 GiB, at least 90 s left, 0:00"
    ).replace("90 s", "2 min")
    told, under_way = _told(meter, clock)
    assert told == ("12 of 44 items, 310 of 4,210 blobs, 2.2 GiB of 30.0 GiB, 118.0 MiB/s, about 5 min left, 0:10")
    assert under_way == "under way: blobs/workspaceblobstore (10 s), models/risk/3 (2 s)"


def test_of_many_under_way_the_longest_are_named() -> None:
    clock = Clock(50.0)
    meter = _meter(clock)
    for number in range(6):
        meter.begin(f"models/m/{number}", Amount())
        clock.at += 1
    assert figures.under_way(meter.snapshot()) == (
        "under way: models/m/0 (6 s), models/m/1 (5 s), models/m/2 (4 s) and 3 more"
    )


def test_off_a_terminal_a_line_comes_at_once_and_every_half_minute() -> None:
    clock = Clock(50.0)
    console = consoles.GuardedConsole(file=io.StringIO(), width=200, force_terminal=False)
    shown = meters.MeterProgress("Migrating", "items", _meter(clock), console, now=clock)
    for _ in range(95):
        clock.at += 1
        shown.tick()
    shown.close()
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]  # it writes to a text in memory
    assert [line[-4:] for line in lines] == ["0:00", "0:30", "1:00", "1:30"]
    assert all(line.startswith("Migrating: 11 of 44 items, ") for line in lines)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_on_a_terminal_it_takes_two_lines_of_any_width_and_leaves_nothing(width: int) -> None:
    clock = Clock(50.0)
    meter = _meter(clock)
    meter.begin("blobs/\x1b[2J[red]x[/]", Amount(1, 1))
    file = io.StringIO()
    console = consoles.GuardedConsole(file=file, width=width, height=20, force_terminal=True, color_system=None)
    shown = meters.MeterProgress("Verifying", "prefixes", meter, console, now=clock)
    drawn = console.render_lines(shown._drawn(), pad=False)
    shown.close()
    assert len(drawn) == 2 and "\x1b[2J" not in file.getvalue()
    text = ["".join(segment.text for segment in line) for line in drawn]
    assert text[0].startswith("Verifying") and text[1].startswith("under way: blobs/")
    assert all(len(line) <= width for line in text)
    # The cursor is shown again, and the lines are erased.
    assert file.getvalue().endswith("\x1b[2K") and "\x1b[?25h" in file.getvalue()


def test_a_failure_is_a_line_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    view = HumanView()
    view.event(RunStarted(_meter(Clock(50.0))))
    view.event(StepFailed("models/risk/3", "PUT was answered 400.", "x"))
    view.event(StepBlocked("models/risk/4", "models/risk/3"))
    view.close()
    assert capsys.readouterr().err.splitlines()[1:] == [
        "failed models/risk/3: PUT was answered 400.",
        "blocked models/risk/4 depends on models/risk/3",
    ]


def test_programs_are_told_every_half_minute_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(50.0)
    monkeypatch.setattr(json_lines.time, "monotonic", clock)
    view, meter = JsonView(), _meter(clock)
    view.tick()
    view.event(RunStarted(meter))
    meter.begin("models/risk/3", Amount())
    for _ in range(61):
        clock.at += 1
        view.tick()
    view.close()
    clock.at += 60
    view.tick()
    start, first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (start["event"], start["steps"], first["event"], second["event"]) == (
        "run.start", 44, "run.progress", "run.progress",
    )  # fmt: skip
    del first["time"]
    assert first == {
        "event": "run.progress", "items": 11, "of": 44, "blobs": 300, "of_blobs": 4210, "bytes": GIB,
        "of_bytes": 30 * GIB, "bytes_per_second": 0, "eta_seconds": 90.0, "eta_measured": False,
        "elapsed_seconds": 30.0, "under_way": [{"address": "models/risk/3", "seconds": 30.0}],
    }  # fmt: skip


@pytest.mark.parametrize("as_json", [True, False])
def test_a_command_lets_its_view_know_that_time_passes(
    as_json: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executing, "_TICK_SECONDS", 0.01)
    for module in (meters, figures):
        monkeypatch.setattr(module, "SECONDS", 0.05)

    async def work(view: View) -> ExitCode:
        meter = Meter(2, Amount(2, 2000))
        view.event(VerifyStarted(meter))
        with counting(meter), working_on("blobs/a", Amount(1, 1000)):
            await asyncio.sleep(0.3)
        return ExitCode.DONE

    with pytest.raises(typer.Exit) as ended:
        execute(CommonOptions(json=as_json), work)
    assert ended.value.exit_code == 0
    out, err = capsys.readouterr()
    found = (
        re.findall(r'"event":"verify.progress"', out)
        if as_json
        else re.findall(r"(?m)^Verifying: 0 of 2 prefixes", err)
    )
    assert len(found) >= 2
    assert as_json or "under way: blobs/a" in err
    assert human.HumanView().tick() is None  # type: ignore[func-returns-value]  # what is tried: that it gives nothing
