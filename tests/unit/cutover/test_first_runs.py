"""In whose name runs what went live: none seen is told, the operator's is open, the owner's is as it should be."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.reports import report
from tests.builders.world import SOURCE, TARGET, plan, step
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.plan import Action
from amlmigrate.core.switched import laid
from amlmigrate.cutover import first_runs
from amlmigrate.cutover.changes_since import NOT_LISTED, NOT_NAMED, NOT_RUN, RAN, RAN_AS_OPERATOR, ChangedSince
from amlmigrate.kinds import moving_kinds
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence, EvidenceFile

KIND = moving_kinds()["schedules"]
NIGHTLY = Address.parse("schedules/nightly")
ORIGIN = {"properties": {"migratedFrom.id": "/old/nightly"}}
BODY = {"properties": ORIGIN}
PLAN = plan(step(str(NIGHTLY.at("enable")), action=Action.UPDATE, stage="cutover", body=BODY))
OPERATOR = {"object_id": "0BJ-1", "name": "Olga Operator", "app_id": "", "tenant_id": "t"}
CUT_OVER = "2026-03-01T00:00:00+00:00"


def _schedule(by: str, *, enabled: bool = True, **properties: Any) -> Asset:
    document = laid(copy.deepcopy(KIND.example().document), {"/properties/isEnabled": enabled})
    document["properties"] |= properties
    return Asset(NIGHTLY, {**document, "systemData": {"createdBy": by}})


def _run(
    by: str | None, at: str = "2026-03-02T03:15:00.1234567+00:00", name: str = "", shown: str = ""
) -> Document:
    return {
        "name": name or "nightly-20260302T031500Z",
        "properties": {"displayName": shown},
        "systemData": {"createdAt": at, "createdBy": by},
    }


@dataclass
class Jobs(InMemory):
    """The target, with the jobs that ran in it, or an answer instead."""

    jobs: tuple[Document, ...] = ()
    error: Exception | None = None

    async def pages(
        self, path: str, query: Any = None, *, absent_is_empty: bool = False
    ) -> AsyncIterator[Document]:
        assert path == "jobs" and query == {"listViewType": "All"}
        if self.error:
            raise self.error
        for job in self.jobs:
            yield job


@pytest.fixture
def reports(tmp_path: Path, ledger: Ledger) -> list[EvidenceFile]:
    ledger.bind(PLAN)
    chain = Evidence(tmp_path, ledger)
    who = {"user": "u", "host": "h", "version": "1", "identity": OPERATOR, "options": {}}
    switched = {"side": "target", "address": str(NIGHTLY), "item": str(NIGHTLY), "state": "changed"}
    chain.add(report("switch", by=who, service_time=CUT_OVER, **switched))
    return chain.reports()


def _looked(
    reports: list[EvidenceFile], target: Asset, *runs: Document, owner: str = "Ann Owner", **more: Any
) -> Any:
    source = Inventory(SOURCE, {NIGHTLY: _schedule(owner, enabled=False)})
    sides = (source, Inventory(TARGET, {NIGHTLY: target}))
    port: Any = Jobs(jobs=runs, **more)
    found = asyncio.run(first_runs.look(port, PLAN, reports, *sides))
    return [(one.what, one.now) for one in found]


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        ((), (NOT_RUN, "")),
        ((_run("Olga Operator"),), (RAN_AS_OPERATOR, "Olga Operator")),
        ((_run("0bj-1"),), (RAN_AS_OPERATOR, "0bj-1")),
        ((_run("Ann Owner"),), (RAN, "Ann Owner")),
        ((_run("Bob Other"),), (RAN, "Bob Other")),
        ((_run(None),), (NOT_NAMED, "")),
        # The service's own name for who made the target's, which the token does not have.
        ((_run("O. Operator"),), (RAN_AS_OPERATOR, "O. Operator")),
        # Before the cutover, of an earlier one; of another schedule, or by hand.
        ((_run("Olga Operator", "2026-02-28T03:15:00Z"),), (NOT_RUN, "")),
        ((_run("Olga Operator", name="nightly-b-20260302T031500Z"),), (NOT_RUN, "")),
        ((_run("Olga Operator", name="nightly"),), (NOT_RUN, "")),
        ((_run("Olga Operator", name="x", shown="nightly-20260302T031500Z"),), (RAN_AS_OPERATOR, "Olga Operator")),
        # Its owner has saved it: the newest counts.
        ((_run("Ann Owner", "2026-03-03T03:15:00Z"), _run("Olga Operator")), (RAN, "Ann Owner")),
        ((_run("Ann Owner"), _run("Olga Operator", "2026-03-03T03:15:00Z")), (RAN_AS_OPERATOR, "Olga Operator")),
    ],
)  # fmt: skip
def test_whose_the_newest_run_is(reports: list[EvidenceFile], runs: tuple[Document, ...], told: Any) -> None:
    assert _looked(reports, _schedule("O. Operator", **ORIGIN), *runs) == [told]


def test_an_owner_who_is_the_operator_is_no_mistake(reports: list[EvidenceFile]) -> None:
    target = _schedule("O. Operator", **ORIGIN)
    assert _looked(reports, target, _run("Olga Operator"), owner="Olga Operator") == [(RAN, "Olga Operator")]


def test_who_made_what_this_tool_did_not_make_is_no_operator(reports: list[EvidenceFile]) -> None:
    assert _looked(reports, _schedule("Cas Creator"), _run("Cas Creator")) == [(RAN, "Cas Creator")]


def test_what_is_not_at_work_in_the_target_is_not_asked_about(reports: list[EvidenceFile]) -> None:
    assert _looked(reports, _schedule("x", enabled=False), _run("Olga Operator")) == []
    at_work = _schedule("x", **ORIGIN)
    source, target, port = Inventory(SOURCE, {}), Inventory(TARGET, {NIGHTLY: at_work}), Jobs(error=KeyError())
    unasked: Any = port
    for_run = plan(replace(PLAN.steps[0], stage="run"))
    assert asyncio.run(first_runs.look(unasked, for_run, reports, source, target)) == []
    assert asyncio.run(first_runs.look(unasked, PLAN, reports, source, Inventory(TARGET, {}))) == []


def test_jobs_that_nobody_may_list_are_told_of_and_any_other_answer_ends_it(reports: list[EvidenceFile]) -> None:
    target = _schedule("x", **ORIGIN)
    assert _looked(reports, target, error=refusal(403)) == [(NOT_LISTED, "")]
    with pytest.raises(ServiceError):
        _looked(reports, target, error=refusal(500, "InternalServerError"))


def test_only_the_operators_is_open_and_none_of_it_is_a_loss() -> None:
    one = ChangedSince("schedules/nightly", RAN_AS_OPERATOR, "Olga", "schedules/nightly#enable", "now")
    assert one.finding and one.finding.address == "schedules/nightly!runs-as-operator"
    assert "'Olga'" in one.finding.summary and "owner has to save it" in one.finding.remedy
    assert not one.lost and ChangedSince("s", NOT_RUN).finding is None and ChangedSince("s", RAN).finding is None
