"""A run as a whole: what refuses it before anybody signs in, and in which order it does its work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.builders.sessions import Session
from tests.builders.world import TARGET, header, inventory, plan, step

from amlmigrate.cli.views.runs import view_of
from amlmigrate.core.authorship import By
from amlmigrate.core.claim import Claim
from amlmigrate.core.errors import DriftError, ExitCode, MigrateError, PlanLockedError, RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.core.finding import Finding
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.periods import RECOVERY, SOAK
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.lock import Lock
from amlmigrate.running import stage
from amlmigrate.running.outcome import RunOutcome
from amlmigrate.running.stage import RunRequest, run
from amlmigrate.running.walker import WalkResult

PLAN = plan(step("models/m/1"))
OTHER = Finding("warning", "/o", "Another.", "Do it.", "locked")
HELD = Claim("storage.encryption", True, "error", "/a", "under a key")


class Runs:
    """Runs of one plan, whose every part that Azure has a say in is noted instead."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.done = folder, list[str]()
        self.failing: dict[str, Exception] = {}
        self.claims, self.ends = [HELD], list[Finding]()
        self.walked = WalkResult(done=1)
        for name, value in (
            ("read_pair", ()),
            ("read_both", (inventory(), inventory(of=TARGET))),
            ("target_claims", None),
            ("number", 7),
        ):
            patch.setattr(stage, name, self._noting(name, value))
        patch.setattr(stage.drift, "check_places", lambda *_: self._note("check_places"))
        patch.setattr(stage.drift, "check_all", self._noting("check_all", None))
        patch.setattr(stage, "early_ends", self._early_ends)
        patch.setattr(stage, "held", self._held)
        patch.setattr(stage, "run_steps", self._steps)

    def _note(self, name: str) -> None:
        self.done.append(name)
        if name in self.failing:
            raise self.failing[name]

    def _noting(self, name: str, value: Any) -> Callable[..., Any]:
        async def noted(*_: Any, **__: Any) -> Any:
            self._note(name)
            return self.claims if name == "target_claims" else value

        return noted

    async def _early_ends(self, _: Any, source: str, until: datetime, now: datetime) -> list[Finding]:
        assert source == PLAN.header.source_ref.id and until - now >= SOAK + RECOVERY
        return self.ends

    @asynccontextmanager
    async def _held(self, *_: Any) -> AsyncIterator[str]:
        self._note("lease")
        try:
            yield "lease"
        finally:
            told = len(list((self.folder / "evidence").glob("*-run.json")))
            self.done.append(f"given up after {told} reports")

    async def _steps(self, plan: Plan, folder: Path, ledger: Ledger, *_: Any, **__: Any) -> WalkResult:
        self._note("steps")
        ledger.note("begun", "yes")
        ledger.run_begins()
        for one in plan.steps if self.walked.done else ():
            ledger.move(one.address, State.DOING)
            ledger.move(one.address, State.DONE)
        return self.walked

    async def run(self, of: Plan = PLAN, **asked: Any) -> RunOutcome:
        def earlier() -> OwnershipRecord:
            self._note("earlier")
            return OwnershipRecord(run=6)

        self.done.clear()
        request = RunRequest(of, self.folder, By("ann", "host", "1"), earlier, ignore, **asked)
        return await run(request, lambda: Session(self.done))  # type: ignore[arg-type, return-value]  # a stand-in: it has what is asked of it

    @property
    def begun(self) -> bool:
        with Ledger(self.folder) as ledger:
            return ledger.begun


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(tmp_path, monkeypatch)


async def test_the_lease_is_held_around_all_that_is_read_and_done_and_until_the_report_is_written(
    runs: Runs,
) -> None:
    outcome = await runs.run()
    assert runs.done[:2] == ["session", "lease"] and runs.done[-2:] == ["given up after 1 reports", "closed"]
    inside = runs.done[2:-2]
    assert inside[0] == "read_pair" and set(inside[1:3]) == {"read_both", "target_claims"}
    assert inside[3:] == ["check_places", "check_all", "signed in", "earlier", "number", "steps"]
    assert outcome.code is ExitCode.DONE
    with Ledger(runs.folder) as ledger:
        assert ledger.sequence == 7 and ledger.untold_runs == [] and not Lock(ledger).holder_lives()


ENDS = Finding("warning", "/e", "It ends.", "az policy exemption update", "exemption-ends")


@pytest.mark.parametrize("dry_run", [False, True])
async def test_an_exemption_of_the_source_that_ends_is_told_at_once_and_at_the_end(
    runs: Runs, caplog: pytest.LogCaptureFixture, dry_run: bool
) -> None:
    then = (replace(ENDS, about="/planned"), replace(ENDS, about="/planned", code="exemptions-unread"), OTHER)
    stale = replace(PLAN, header=replace(PLAN.header, findings=then))
    runs.ends = [ENDS]
    outcome = await runs.run(stale, dry_run=dry_run)
    assert outcome.early_ends == (ENDS,) and outcome.plan_findings == [OTHER]
    assert "/e!exemption-ends: It ends. az policy exemption update" in caplog.messages
    lines = [line for view in [view_of(outcome)] for line in view._ending.lines]
    assert "warning: /e!exemption-ends: It ends. az policy exemption update" in lines
    assert not any("/planned" in line for line in lines)


async def test_where_nobody_looked_what_the_plan_found_of_exemptions_is_told(runs: Runs) -> None:
    stale = replace(PLAN, header=replace(PLAN.header, findings=(ENDS, OTHER)))
    await runs.run(stale)
    outcome = await runs.run(stale, resume=True)
    assert outcome.early_ends is None and outcome.plan_findings == [ENDS, OTHER]


async def test_on_a_finished_plan_nobody_signs_in_and_what_was_cut_off_is_made_up_for(runs: Runs) -> None:
    await runs.run()
    with pytest.raises(RefusedError, match="already begun"):
        await runs.run()
    assert runs.done == []
    with Ledger(runs.folder) as ledger:
        ledger.run_begins()
        (runs.folder / "idmap.csv").unlink(missing_ok=True)
    assert (await runs.run(resume=True, dry_run=True)).code is ExitCode.DONE
    assert runs.done == [] and not (runs.folder / "idmap.csv").exists()
    assert (await runs.run(resume=True)).code is ExitCode.DONE
    assert runs.done == [] and (runs.folder / "idmap.csv").exists()
    with Ledger(runs.folder) as ledger:
        assert ledger.untold_runs == [] and len(Evidence(runs.folder, ledger).reports()) == 2


async def test_a_dry_run_checks_all_the_same_and_takes_no_lease(runs: Runs) -> None:
    outcome = await runs.run(dry_run=True)
    assert outcome.dry_run and outcome.code is ExitCode.DONE and not runs.begun
    assert not {"lease", "earlier", "number", "steps", "signed in"} & set(runs.done)
    assert "check_all" in runs.done and "target_claims" in runs.done
    assert not list(runs.folder.glob("evidence/*"))


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("holds", [False, None])
async def test_a_target_that_is_not_proven_is_refused_before_anything_is_begun(
    runs: Runs, dry_run: bool, holds: bool | None
) -> None:
    runs.claims = [Claim("storage.encryption", holds, "error", "/a", "not shown")]
    with pytest.raises(RefusedError, match="not shown to be under a customer's key"):
        await runs.run(dry_run=dry_run)
    assert not runs.begun and "steps" not in runs.done
    assert dry_run or runs.done[-2:] == ["given up after 0 reports", "closed"]


@pytest.mark.parametrize(
    "at", ["lease", "read_pair", "read_both", "check_places", "check_all", "earlier", "number"]
)
@pytest.mark.parametrize(
    "error", [PlanLockedError("held"), DriftError("drifted"), MigrateError("out of reach")], ids=str
)
async def test_what_fails_before_the_steps_begins_nothing_and_gives_everything_up(
    runs: Runs, at: str, error: MigrateError
) -> None:
    runs.failing[at] = error
    with pytest.raises(type(error)) as raised:
        await runs.run()
    assert raised.value is error and not runs.begun and "steps" not in runs.done
    assert ("given up after 0 reports" in runs.done) is (at != "lease") and runs.done[-1] == "closed"
    with Ledger(runs.folder) as ledger:
        assert not Lock(ledger).holder_lives()


async def test_a_source_that_changed_counts_only_before_the_first_change(runs: Runs) -> None:
    runs.walked = WalkResult(stopped=True)
    assert (await runs.run()).code is ExitCode.INTERRUPTED
    outcome = await runs.run(resume=True)
    assert "check_all" not in runs.done and "check_places" in runs.done and outcome.goes_on


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (plan(step("models/m/1", action=Action.CONFLICT)), "conflicts that nobody has resolved"),
        (
            Plan(header(findings=(Finding("error", "models/m/1", "bad", "mend", "x"),)), PLAN.steps, "cd" * 32),
            "has errors",
        ),
    ],
)
async def test_what_the_plan_itself_refuses_asks_nobody_to_sign_in(runs: Runs, of: Plan, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        await runs.run(of)
    assert runs.done == []


async def test_somebody_elses_lock_keeps_it_out(runs: Runs) -> None:
    with Ledger(runs.folder) as ledger:
        ledger.bind(PLAN)
        with ledger.transaction() as db:
            db.execute(
                "INSERT INTO lock (one, host, pid, heartbeat, started) VALUES (1, 'elsewhere', 1, ?, '')",
                ("2999-01-01T00:00:00+00:00",),
            )
    with pytest.raises(PlanLockedError, match="elsewhere"):
        await runs.run()
    assert runs.done == []
    assert (await runs.run(force_unlock=True)).code is ExitCode.DONE
