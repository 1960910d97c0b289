"""What `guard plan` says comes next, as it is typed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from tests.unit.guarding.guards import SCOPE, guardrail

from amlmigrate.cli.guard import _after_test, _following, _planned
from amlmigrate.cli.guardproposals import GuardInput, carrying, given_or_proposed
from amlmigrate.cli.views.guard import GuardPlanView
from amlmigrate.cli.views.human import HumanView
from amlmigrate.cloud.session import Side
from amlmigrate.core.authorship import By
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError, ExitCode, RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.guarding import testing
from amlmigrate.guarding.alarmtests import AlarmTest, ReceiverTest
from amlmigrate.guarding.compliance import Compliance
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.parts import GuardKnown, GuardPart
from amlmigrate.guarding.proposing import GuardProposing, proposal
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.ledger import fileapprovals, proposals

PART = GuardPart("definition", "/x", {"properties": {"metadata": {}}})
CREATED: PlannedPart[GuardKnown] = PlannedPart(PART, None, PART.create({}))
GROUP = "/providers/Microsoft.Management/managementGroups/corp"


@pytest.mark.parametrize(
    ("scope", "scan", "accept", "typed"),
    [
        (SCOPE, None, False, "migrate guard apply 'my guard.yaml'"),
        (
            SCOPE,
            Path("s.jsonl"),
            True,
            "migrate guard apply 'my guard.yaml' --scan s.jsonl --accept-unrecoverable",
        ),
        # There it is a proposal that is applied, once another identity has approved it.
        (
            GROUP,
            Path("s.jsonl"),
            True,
            "migrate guard plan 'my guard.yaml' --scan s.jsonl --accept-unrecoverable --out guard-plan.json",
        ),
    ],
)
def test_what_is_planned_is_done_by_the_command_that_can(
    scope: str, scan: Path | None, accept: bool, typed: str
) -> None:
    met = GuardedEstate("", ())
    request = GuardRequest(guardrail(scope=scope), met, datetime(2026, 12, 1, tzinfo=UTC), accept)
    file = Path("my guard.yaml")
    found = GuardPlan((CREATED,), (), Compliance({}), (), (), ())
    assert _following(GuardInput(file, file, scan, request), found, None, None) == typed
    nothing = GuardPlan((), (), Compliance({}), (), (), ())
    assert _following(GuardInput(file, file, scan, request), nothing, None, None) == ""


@pytest.mark.parametrize("fails", [False, True])
def test_a_refusal_tells_each_reason_once_and_what_comes_next(
    capsys: pytest.CaptureFixture[str], fails: bool
) -> None:
    """`apply` ends with an error that has the reasons."""
    step = DesiredStep(DesiredVerb.REFUSE, PART.what, PART.id, ("not ours",), facts=("seen there",))
    refused: PlannedPart[GuardKnown] = PlannedPart(PART, {}, step)
    request = GuardRequest(guardrail(), GuardedEstate("", ()), datetime(2026, 12, 1, tzinfo=UTC))
    wanted = GuardInput(Path("guard.yaml"), Path("guard.yaml"), None, request)
    found = GuardPlan((refused,), ("definition x: not ours", "scan again"), Compliance({}), (), (), ())
    following = _following(wanted, found, None, None)
    assert following.endswith("then run: migrate guard plan guard.yaml")
    HumanView().show(GuardPlanView(request.guardrail, found, "" if fails else following, fails=fails))
    told = capsys.readouterr().out
    assert (told.count("not ours"), told.count("scan again")) == ((0, 0) if fails else (1, 1))
    assert "seen there" in told
    assert (f"Next: {following}" in told, "Refused" in told) == (not fails, not fails)


SENT = AlarmTest(
    "2026-12-01", "me", "/g", (ReceiverTest("keys", "email", sent=True, told="Completed", digest=""),)
)


@pytest.mark.parametrize(
    ("scope", "tests", "typed"),
    [
        (SCOPE, (SENT,), "migrate guard check 'my guard.yaml'"),
        (
            SCOPE,
            (replace(SENT, refused=testing.NOT_MADE), SENT),
            "migrate guard apply 'my guard.yaml', then: migrate guard test 'my guard.yaml'",
        ),
        (
            GROUP,
            (replace(SENT, refused=testing.NOT_MADE),),
            "migrate guard plan 'my guard.yaml' --out guard-plan.json, then: migrate guard test 'my guard.yaml'",
        ),
        (
            SCOPE,
            (replace(SENT, refused="It is switched off."),),
            "do what each line says, then run: migrate guard test 'my guard.yaml'",
        ),
    ],
)
def test_a_test_says_what_comes_next(scope: str, tests: tuple[AlarmTest, ...], typed: str) -> None:
    assert _after_test(Path("my guard.yaml"), guardrail(scope=scope), tests) == typed


def test_a_proposal_that_says_another_scope_is_not_carried_out(tmp_path: Path) -> None:
    """It is refused before anybody is asked who signed in, let alone whether somebody approved it."""
    request = GuardRequest(guardrail(scope=GROUP), GuardedEstate("", ()), datetime(2026, 12, 1, tzinfo=UTC))
    found = GuardPlan((CREATED,), (), Compliance({}), (), (), ())
    about = GuardProposing("guard.yaml", None, "tenant-1", By("m", "h", "1", Identity("m-id")), "")
    made = replace(proposal(request, found, about), scope=SCOPE)
    wanted = GuardInput(tmp_path / "p.json", tmp_path / "guard.yaml", None, request, made)
    with pytest.raises(RefusedError, match="not what was proposed") as refused:
        asyncio.run(carrying(cast(Side, None), wanted, found))
    assert refused.value.reasons == (f"The proposal is for {SCOPE}, and its file for {GROUP}.",)


WAITING: PlannedPart[GuardKnown] = PlannedPart(PART, {}, DesiredStep(DesiredVerb.WAIT, PART.what, PART.id))
THERE: PlannedPart[GuardKnown] = PlannedPart(PART, {}, PART.exists())


@pytest.mark.parametrize(
    ("planned", "over", "code"),
    [
        ((), True, ExitCode.DONE),
        ((THERE,), True, ExitCode.DONE),
        ((THERE, WAITING), False, ExitCode.INCOMPLETE),
        ((CREATED, THERE), False, ExitCode.INCOMPLETE),
    ],
)
def test_what_is_waited_for_is_not_over(
    planned: tuple[PlannedPart[GuardKnown], ...], over: bool, code: ExitCode
) -> None:
    """What is under way may end as something that is changed then: at a management group nobody approved that."""
    request = GuardRequest(guardrail(scope=GROUP), GuardedEstate("", ()), datetime(2026, 12, 1, tzinfo=UTC))
    wanted = GuardInput(Path("guard.yaml"), Path("guard.yaml"), None, request)
    found = GuardPlan(planned, (), Compliance({}), (), (), ())
    assert (found.over, _planned(found), bool(_following(wanted, found, None, None))) == (over, code, not over)
    if over:
        asyncio.run(carrying(cast(Side, None), wanted, found))
        return
    with pytest.raises(RefusedError, match="from a proposal"):
        asyncio.run(carrying(cast(Side, None), wanted, found))


@pytest.mark.parametrize(
    ("begun", "body", "ended"),
    [
        (True, {}, True),
        # It was never begun; or all is there, and the proposal was to make something else.
        (False, {}, False),
        (True, {"other": 1}, False),
    ],
)
def test_the_approval_of_what_was_killed_after_its_last_change_is_used_up(
    tmp_path: Path, begun: bool, body: Document, ended: bool
) -> None:
    """Else whoever undoes the guardrail by hand could have it made again without another approval."""
    request = GuardRequest(guardrail(scope=GROUP), GuardedEstate("", ()), datetime(2026, 12, 1, tzinfo=UTC))
    part = GuardPart("definition", "/x", {**PART.body, **body})
    planned: tuple[PlannedPart[GuardKnown], ...] = (PlannedPart(part, None, part.create(part.body)),)
    about = GuardProposing("guard.yaml", None, "tenant-1", By("m", "h", "1", Identity("m-id")), "")
    path, ben = tmp_path / "p.json", Identity("ben", "tenant-1")
    made = proposal(request, GuardPlan(planned, (), Compliance({}), (), (), ()), about)
    proposals.write(path, made)
    if begun:
        fileapprovals.begin(path, made, ben, datetime(2026, 12, 1, tzinfo=UTC))

    async def identity() -> Identity:
        return ben

    clock = SimpleNamespace(now=lambda: datetime(2026, 12, 2, tzinfo=UTC))
    side = SimpleNamespace(credential=SimpleNamespace(identity=identity), arm=SimpleNamespace(service_clock=clock))
    wanted = GuardInput(path, tmp_path / "guard.yaml", None, request, made)
    found = GuardPlan((THERE,), (), Compliance({}), (), (), ())
    asyncio.run(carrying(cast(Side, side), wanted, found))
    done = fileapprovals.carried_out(path, made)
    assert bool(done and done.ended) is ended


def test_a_proposal_in_another_folder_than_its_files_says_where_it_is_carried_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = GuardRequest(guardrail(), GuardedEstate("", ()), datetime(2026, 12, 1, tzinfo=UTC))
    about = GuardProposing("guard.yaml", "scans/s.jsonl", "tenant-1", By("m", "h", "1", Identity("m-id")), "")
    path = tmp_path / "p.json"
    proposals.write(path, proposal(request, GuardPlan((CREATED,), (), Compliance({}), (), (), ()), about))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInputError, match="files that are not here") as refused:
        given_or_proposed(path, None, accept_unrecoverable=False)
    assert "guard.yaml, scans/s.jsonl" in refused.value.summary
    assert "in the folder in which it was written" in refused.value.remedy
