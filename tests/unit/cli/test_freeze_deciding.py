"""What nobody can prove is given by a decision, which somebody else approves where the plan asks for that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.people import ANN, BEN, asking
from tests.builders.reports import TIME, report
from tests.builders.world import OLD
from tests.unit.freezing.assigned import ACCOUNT, PLAN, guid, one

from amlmigrate.cli.views.status import stage_lines
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb, open_digest
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.core.freeze_record import Assignment, FreezeState
from amlmigrate.evidence.freezing import NotGiven
from amlmigrate.freezing import stage
from amlmigrate.freezing.record import Deeds
from amlmigrate.ledger import Ledger, deciding, decisions
from amlmigrate.ledger.approving import approve_decisions
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.opening import opened
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.status import stages
from amlmigrate.status.stages import FreezeStage

ASKING = asking(PLAN)
A, B = f"frozen/{guid('a')}", f"frozen/{guid('b')}"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    async def signed(_: Any, credential: str) -> By:
        return {"target": ANN, "source": BEN}[credential]

    monkeypatch.setattr(stage, "signed", signed)
    clouds: Any = SimpleNamespace(**{name: SimpleNamespace(credential=name) for name in ("source", "target")})
    with Ledger(tmp_path) as ledger:
        ledger.bind(PLAN)
        request = stage.FreezeRequest(ASKING, tmp_path, By("nobody", "here", "1"), ignore)
        yield stage.FreezeWork(request, ledger, clouds)


def _book(work: Any) -> Deeds:
    book = Deeds(work.ledger, PLAN, ANN, None, ACCOUNT)
    for found in (one("a", FreezeState.UNKNOWN), one("b", FreezeState.TAKEN)):
        book.add(replace(found, since="then"))
    book.given_back()
    return book


async def test_it_waits_for_somebody_elses_approval_of_just_that(work: Any) -> None:
    book = _book(work)
    with pytest.raises(RefusedError, match="An approval is needed") as refused:
        await work._wanted(book, [A], {})
    digest = open_digest(Standing(ASKING, work.ledger).pending())
    assert digest[:16] in refused.value.remedy
    approve_decisions(ASKING, work.ledger, digest, BEN, "")
    assert list(await work._wanted(book, [A], {})) == [A]
    with pytest.raises(RefusedError):
        await work._wanted(book, [A, B], {})


async def test_who_approves_sees_what_is_given_to_whom(work: Any) -> None:
    book = _book(work)
    with pytest.raises(RefusedError) as refused:
        await work._wanted(book, [A], {})
    [reason] = refused.value.reasons
    assert f"writer of User {guid('principal a')} at {OLD.id}" in reason


@pytest.mark.parametrize("later", [
    one("a", FreezeState.UNKNOWN, condition="wider"), replace(one("a", FreezeState.UNKNOWN), since="later"),
])  # fmt: skip
async def test_taken_anew_or_another_one_it_needs_another_approval(work: Any, later: Assignment) -> None:
    book = _book(work)
    with pytest.raises(RefusedError):
        await work._wanted(book, [A], {})
    approve_decisions(ASKING, work.ledger, open_digest(Standing(ASKING, work.ledger).pending()), BEN, "")
    await work._wanted(book, [A], {})
    book.add(replace(one("a", FreezeState.GIVEN), since="then"))
    book.add(replace(later, since=later.since or "then"))
    with pytest.raises(RefusedError, match="An approval is needed"):
        await work._wanted(book, [A], {})


async def test_right_after_a_freeze_that_was_cut_off_it_is_asked_for_as_ever(work: Any) -> None:
    book = Deeds(work.ledger, PLAN, ANN, None, ACCOUNT)
    book.add(one("a", FreezeState.TAKING))
    with pytest.raises(RefusedError, match="An approval is needed"):
        await work._wanted(book, [A], {})


async def test_what_is_not_owed_or_was_let_go_is_bad_input(work: Any) -> None:
    book = _book(work)
    with pytest.raises(BadInputError, match="is not to be restored"):
        await work._wanted(book, ["frozen/x"], {})
    with pytest.raises(BadInputError, match="was let go") as refused:
        await work._wanted(book, [A], {A: "she has left"})
    assert f"migrate reopen {A}" in refused.value.remedy


@pytest.mark.parametrize("verb", [DecisionVerb.WAIVE, DecisionVerb.DONE])
def test_each_is_decided_once_and_only_as_it_was_taken_then(work: Any, verb: DecisionVerb) -> None:
    book = _book(work)
    work.plan = PLAN

    def subjects() -> Subjects:
        return Subjects(PLAN, Evidence(work.ledger.home, work.ledger).reports())

    assert [found.address for found in opened(PLAN, work.ledger, _reports(work)) if found.stands == "frozen"] == [
        A
    ]
    deciding.decide(PLAN, work.ledger, verb, [deciding.NewDecision(subjects().find(A), "she has left")], ANN)
    assert list(work._let_go()) == [A]
    assert not [found for found in opened(PLAN, work.ledger, _reports(work)) if found.stands == "frozen"]
    deciding.reopen(PLAN, work.ledger, [(A, "she is back")], ANN)
    assert work._let_go() == {}
    deciding.decide(PLAN, work.ledger, verb, [deciding.NewDecision(subjects().find(A), "she has left")], ANN)
    # Taken anew it is another taking, which nobody has decided about.
    book.add(replace(one("a", FreezeState.TAKEN), since="later"))
    assert work._let_go() == {}


def _reports(work: Any) -> Any:
    return Evidence(work.ledger.home, work.ledger).reports()


@pytest.mark.parametrize(("deleted", "state"), [(TIME, "back"), (None, "frozen")])
def test_once_the_source_is_removed_only_what_can_be_given_is_owed(
    work: Any, deleted: str | None, state: str
) -> None:
    book = _book(work)
    Evidence(work.ledger.home, work.ledger).add(report("decommission", deleted=deleted))
    found = stages._freeze(_reports(work), work.ledger.home, Standing(PLAN, work.ledger))
    assert found and (found.state, found.gone) == (state, 2 if deleted else 0)
    open_ones = [each.address for each in opened(PLAN, work.ledger, _reports(work)) if each.stands == "frozen"]
    assert open_ones == ([] if deleted else [A])
    # Recovered it has a place again for what cannot be given back.
    book.given_back([NotGiven(id="/x", address=A, reason="no")])
    again = [each.address for each in opened(PLAN, work.ledger, _reports(work)) if each.stands == "frozen"]
    found = stages._freeze(_reports(work), work.ledger.home, Standing(PLAN, work.ledger))
    assert again == [A] and found and found.state == "frozen"


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        ({"taken": 0}, "freeze: restored"),
        ({"taken": 0, "let_go": 1}, "freeze: nothing is left to restore"),
        ({"taken": 0, "gone": 1}, "freeze: nothing is left to restore"),
        ({"taken": 2, "let_go": 1}, "freeze: 2 role assignments are removed"),
    ],
)
def test_what_was_let_go_is_not_called_given_back(tmp_path: Path, standing: dict[str, Any], said: str) -> None:
    frozen = FreezeStage(**{"state": "back", "time": TIME, "open": (), "let_go": 0, "gone": 0, **standing})
    found = replace(stages.stages(PLAN, tmp_path, None), freeze=frozen)
    assert next(line for line in stage_lines(found) if line.startswith("freeze")) == said


def test_a_decision_that_the_ledger_alone_knows_lets_nobody_go(work: Any) -> None:
    _book(work)
    work.plan = PLAN
    [subject] = [found for found in Subjects(PLAN, _reports(work)) if found.address == A]
    deciding.decide(PLAN, work.ledger, DecisionVerb.WAIVE, [deciding.NewDecision(subject, "she has left")], ANN)
    decision = work.ledger.decisions()[A]
    work.ledger.decide([replace(decision, address=B)])
    with pytest.raises(RefusedError, match="cannot be trusted"):
        work._known()
    assert decisions.of_people(work.ledger, _reports(work)) == [
        f"The decision about {B} is not the one that was recorded."
    ]
