"""A fleet: whatever happens to one member is its own, and what became of each is read from its folder."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import header, step

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.views.fleets import FleetView
from amlmigrate.cloud.session import Session
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, ExitCode, PlanLockedError
from amlmigrate.core.events import TypedEvent
from amlmigrate.core.plan import Header
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet import fleetfile, folders
from amlmigrate.fleet.fleetfile import FleetEntry
from amlmigrate.fleet.stage import FleetFiles, FleetOutcome, FleetPlanning, FleetRequest, plan_fleet
from amlmigrate.planning import planfile
from amlmigrate.planning import stage as planning

SUB = "11111111-aaaa-4bbb-8ccc-000000000001"
OPTIONS = {"unreferenced": "list", "require_approval": False, "out": "moves", "targets": "t.csv", "verbose": False}
NAMES = ("a", "b", "c", "d")


class Seen:
    """Keeps what is told while a fleet is planned, and at its end."""

    def __init__(self) -> None:
        self.events: list[TypedEvent] = []
        self.ends: list[dict[str, Any]] = []

    def event(self, event: TypedEvent) -> None:
        self.events.append(event)

    def end(self, outcome: FleetOutcome) -> ExitCode:
        """As the command ends."""
        self.ends += [event.data for event in FleetView(outcome).as_json()]
        return ExitCode.DONE if outcome.complete else ExitCode.INCOMPLETE

    def of(self, name: str) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.name == name]


def entry(name: str, target: str = "") -> FleetEntry:
    source, goal = (WorkspaceRef(SUB, "rg", one).id for one in (name, target or f"{name}-new"))
    return FleetEntry(1, source, goal, f"id-{name}", "dev", 1, name)


def written(folder: Path, one: FleetEntry, **options: Any) -> Header:
    extra = {"options": {**OPTIONS, **options}}
    source, target = ({"id": id_, "workspaceId": "w"} for id_ in (one.source, one.target))
    made = header(name=folder.name, source=source, target=target, extra=extra)
    planfile.write(folder, made, [step("models/m/1")])
    return made


def _edit(folder: Path, old: str, new: str) -> None:
    path = folder / planfile.FILE
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _of_another(folder: Path) -> None:
    shutil.rmtree(folder)
    written(folder, entry("b", "somewhere-else"))


def _with_options(folder: Path, options: Any) -> None:
    one, (source, target) = (
        entry("b"),
        ({"id": id_, "workspaceId": "w"} for id_ in (entry("b").source, entry("b").target)),
    )
    shutil.rmtree(folder)
    planfile.write(
        folder,
        header(name=one.folder, source=source, target=target, extra={"options": options}),
        [step("models/m/1")],
    )


Make = Callable[[Path, FleetEntry], Header]


def rerun(
    out: Path, monkeypatch: pytest.MonkeyPatch, make: Make = written, **options: Any
) -> tuple[ExitCode, Seen, list[str]]:
    """Plans the four workspaces in a folder, over what an earlier planning left there; who was planned now."""
    made: list[str] = []

    async def of_one(_: object, wanted: planning.PlanRequest) -> Header:
        made.append(wanted.source.name)
        return make(wanted.folder, entry(wanted.source.name))

    monkeypatch.setattr(planning, "create_plan", of_one)
    seen, by = Seen(), By("ann", "host", "1", options={**OPTIONS, **options})
    wanted = FleetRequest(FleetFiles(out, out), out, planning.PlanChoices(), by)
    fleet = FleetPlanning(wanted, "0" * 64, [entry(name) for name in NAMES], [], seen.event)
    fleet.look()
    fleet.keep()
    asyncio.run(fleet.carry_out(cast(Session, None)))
    return seen.end(fleet.end()), seen, made


def states(out: Path) -> dict[str, str]:
    fleet = fleetfile.read(out)
    assert fleet
    return {one.folder: one.state.value for one in fleet.entries}


@pytest.mark.parametrize(
    "error",
    [
        refusal(418, "ImATeapot", "odd"),
        silence("reset"),
        json.JSONDecodeError("AccountKey=secret", "", 0),
        KeyError("value"),
        AttributeError("'str' object has no attribute 'get'"),
        RecursionError(),
        MemoryError(),
        OSError(28, "No space left on device"),
        BadInputError("no", remedy="do"),
        ExceptionGroup("several", [ValueError("x")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_one_odd_answer_or_bug_or_full_disk_fails_one_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def make(folder: Path, one: FleetEntry) -> Header:
        if one.folder == "b":
            raise error
        return written(folder, one)

    code, seen, made = rerun(tmp_path, monkeypatch, make)
    assert (code, sorted(made)) == (ExitCode.INCOMPLETE, list(NAMES))
    assert states(tmp_path) == {"a": "planned", "b": "failed", "c": "planned", "d": "planned"}
    (failed,) = seen.of("fleet.failed")
    assert failed["address"] == entry("b").source and failed["reason"]
    assert failed["remedy"]
    assert failed["remedy"] in seen.ends[0]["lines"][0]
    assert "secret" not in json.dumps(seen.ends)
    # The same command tries the one again, and nothing else.
    code, _, made = rerun(tmp_path, monkeypatch)
    assert (code, made, set(states(tmp_path).values())) == (ExitCode.DONE, ["b"], {"planned"})


def test_a_disk_that_is_full_for_the_list_ends_no_plan_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = fleetfile.write, 0

    def write(*args: Any, **named: Any) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise BadInputError("The fleet cannot be written: No space left on device.")
        real(*args, **named)

    monkeypatch.setattr(fleetfile, "write", write)
    code, seen, made = rerun(tmp_path, monkeypatch)
    assert (code, sorted(made)) == (ExitCode.INCOMPLETE, list(NAMES))
    assert any("No space left" in line and "run the same command again" in line for line in seen.ends[0]["lines"])
    assert set(states(tmp_path).values()) == {"pending"}, "what was kept before"
    monkeypatch.setattr(fleetfile, "write", real)
    code, _, made = rerun(tmp_path, monkeypatch)
    assert (code, made, set(states(tmp_path).values())) == (ExitCode.DONE, [], {"planned"})


def test_a_plan_that_is_gone_is_planned_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rerun(tmp_path, monkeypatch)
    shutil.rmtree(tmp_path / "a")
    (tmp_path / "b" / planfile.FILE).unlink()
    (tmp_path / "b" / "manual.md").write_text("left")
    code, seen, made = rerun(tmp_path, monkeypatch)
    assert (code, sorted(made)) == (ExitCode.DONE, ["a", "b"])
    assert seen.of("fleet.start") == [{"plans": 4, "done": 2}]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda folder: (folder / planfile.FILE).write_text(""), "cut short"),
        (lambda folder: (folder / planfile.FILE).write_text("[" * 100_000), "cut short"),
        (lambda folder: _edit(folder, '"models/m/1"', '"models/x/1"'), "checksum does not match"),
        (lambda folder: _edit(folder, '"format":1', '"format":99'), "has format 99"),
        (
            lambda folder: ((folder / planfile.FILE).unlink(), (folder / "ledger.db").write_text("x")),
            "plan is missing",
        ),
        (lambda folder: ((folder / planfile.FILE).unlink(), (folder / planfile.FILE).mkdir()), "cannot be read"),
        (_of_another, "plan of other workspaces"),
        (lambda folder: _with_options(folder, ["--delete"]), "with which options it was made"),
    ],
)
def test_a_plan_that_cannot_be_used_fails_one_member_and_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], object], told: str
) -> None:
    rerun(tmp_path, monkeypatch)
    harm(tmp_path / "b")
    shutil.rmtree(tmp_path / "c")
    before = {path: path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file()}
    code, seen, made = rerun(tmp_path, monkeypatch)
    assert (code, made) == (ExitCode.INCOMPLETE, ["c"])
    assert states(tmp_path) == {"a": "planned", "b": "failed", "c": "planned", "d": "planned"}
    (failed,) = seen.of("fleet.failed")
    assert told in failed["reason"] and failed["remedy"]
    assert {path: path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"require_approval": True}, "--require-approval was not given, now yes"),
        ({"unreferenced": "copy"}, "--unreferenced list, now copy"),
        ({"select": ["models/*"]}, "--select was not given, now models/*"),
        ({"exclude": ["models/a", "data/b"]}, "--exclude was not given, now models/a, data/b"),
        # Whatever options there will be.
        ({"delete": True}, "--delete was not given, now yes"),
    ],
)
def test_other_options_than_before_are_refused_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], told: str
) -> None:
    rerun(tmp_path, monkeypatch)
    shutil.rmtree(tmp_path / "c")
    before = (tmp_path / fleetfile.FILE).read_bytes()
    with pytest.raises(BadInputError, match="made with other options") as caught:
        rerun(tmp_path, monkeypatch, **options)
    assert told in caught.value.summary and str(tmp_path / "a") in caught.value.summary
    assert (tmp_path / fleetfile.FILE).read_bytes() == before
    assert not (tmp_path / "c").exists(), "nothing is planned with options that the others have not"
    # Without the plans of the other options all are planned anew.
    for name in NAMES:
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    assert (
        rerun(tmp_path, monkeypatch, lambda folder, one: written(folder, one, **options), **options)[0]
        is ExitCode.DONE
    )


def test_options_that_change_no_plan_are_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rerun(tmp_path, monkeypatch)
    free = {
        "targets": "other.csv",
        "wave_size": 2,
        "waves": "w.csv",
        "verbose": True,
        "json": True,
        "log_file": "second.log",
    }
    code, _, made = rerun(tmp_path, monkeypatch, **free, source_tenant="contoso.onmicrosoft.com", delete=False)
    assert (code, made) == (ExitCode.DONE, [])
    kept = fleetfile.read(tmp_path)
    assert kept and kept.options["wave_size"] == 2


def test_of_the_options_that_all_commands_have_the_cloud_alone_counts() -> None:
    common = {one.name: "x" for one in fields(CommonOptions) if one.name != "options"}
    assert folders.counting(common) == {"cloud": "x"}


def test_two_fleets_are_never_planned_at_once_in_one_folder(tmp_path: Path) -> None:
    with folders.alone(tmp_path / "moves"):
        with pytest.raises(PlanLockedError, match="planning a fleet"), folders.alone(tmp_path / "moves"):
            pytest.fail("a second one was let in")
        with folders.alone(tmp_path / "other"):
            pass
    with folders.alone(tmp_path / "moves"):
        pass


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(BadInputError, match="cannot be written to"),
        folders.alone(tmp_path / "file" / "moves"),
    ):
        pytest.fail("there is no such folder")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"folder": "../elsewhere"}, "is not what a fleet has"),
        ({"folder": ""}, "is not what a fleet has"),
        ({"state": "done"}, "is not what a fleet has"),
        ({"colour": "blue"}, "is not what a fleet has"),
        ({"told": None}, "is not what a fleet has"),
        ({"wave": "1"}, "is not what a fleet has"),
        ({"target": None}, "is not what a fleet has"),
    ],
)
def test_a_fleet_that_was_written_by_hand_is_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    from dataclasses import asdict

    from amlmigrate.ledger import sealedlines

    head = {"record": "header", "format": 1, "scan_sha256": "x", "options": {}}
    sealedlines.write(tmp_path / fleetfile.FILE, [head, {"record": "plan", **asdict(entry("a")), **change}])
    with pytest.raises(BadInputError, match=told):
        fleetfile.read(tmp_path)


def test_what_the_scan_could_not_read_is_told_and_leaves_the_fleet_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    from amlmigrate.ledger import sealedlines

    async def tenant() -> str:
        return "t"

    side = type("Side", (), {"credential": SimpleNamespace(tenant=tenant)})()
    clouds: Any = SimpleNamespace(source=side, target=side)
    (targets := tmp_path / "targets.csv").write_text("source,target\n")
    head: dict[str, Any] = {"record": "header", "format": 1, "levels": {"environment": []}}
    for unreadable, code in (([], ExitCode.DONE), ([{"address": "/s/1", "reason": "No."}], ExitCode.INCOMPLETE)):
        scan = tmp_path / f"{code}.jsonl"
        sealedlines.write(scan, [{**head, "unreadable": unreadable}])
        by, seen = By("ann", "host", "1", options=OPTIONS), Seen()
        out = tmp_path / f"{code}"
        wanted = FleetRequest(FleetFiles(scan, targets), out, planning.PlanChoices(), by)
        assert seen.end(asyncio.run(plan_fleet(clouds, wanted, seen.event))) is code
        assert [one["address"] for one in seen.of("fleet.left")] == [one["address"] for one in unreadable]
