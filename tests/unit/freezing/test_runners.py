"""Who runs the plan keeps what it has at the source, by evidence and by name; nobody else does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.builders.reports import BY, filed
from tests.builders.world import SOURCE
from tests.unit.freezing.test_passing import given
from tests.unit.freezing.test_staying import BELOW, HERE, Group

from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Header
from amlmigrate.freezing.runners import Runner, runners
from amlmigrate.freezing.writers import Place, WriterFinder, Writers
from amlmigrate.ledger.evidence import EvidenceFile

ME = Identity("me", tenant_id="home")


def _header(planner: Any = None) -> Header:
    extra = {"planned_by": {"user": "ann", "identity": planner}}
    return Header("plan", "tool", "", {}, {}, "", {}, 0, 0, {}, (), 1, extra)


def _report(kind: str, identity: dict[str, str] | None) -> EvidenceFile:
    return filed(kind, by={**BY, "identity": identity})


def _by(object_id: str, **more: str) -> dict[str, str]:
    return {"object_id": object_id, "name": "", "app_id": "", "tenant_id": "", **more}


def test_whoever_planned_ran_verified_cut_over_or_removed_runs_the_plan_and_nobody_else() -> None:
    kinds = ["run", "verify", "run", "cutover", "cutover-back", "decommission"]
    told = [_report(kind, _by("Pipeline", app_id="app")) for kind in kinds]
    told += [_report(kind, _by(kind)) for kind in ("approval", "decision", "freeze", "back", "deed")]
    planner, pipeline = runners(_header(_by("planner")), told)
    assert (planner.identity.object_id, planner.did) == ("planner", ("planned it",))
    assert str(pipeline) == (
        "application app (object id Pipeline), who ran it and verified it and cut it over and took its cutover back"
        " and removed its source"
    )


@pytest.mark.parametrize("identity", [None, _by("")])
def test_a_report_that_names_nobody_keeps_nothing(identity: dict[str, str] | None) -> None:
    assert runners(_header(), [_report("run", identity)]) == ()


def _found(roles: Group, place: Place, *known: Runner) -> Writers:
    finder = WriterFinder(roles, SOURCE, ME, known)  # type: ignore[arg-type]  # a part of it
    return asyncio.run(finder.find([place]))


def _runner(object_id: str, tenant: str = "home") -> Runner:
    return Runner(Identity(object_id, "build", tenant_id=tenant), ("ran it",))


def _names(writers: Writers) -> list[str]:
    return [one.id.rpartition("/")[2] for one in writers.removable]


def test_its_own_assignment_stays_is_named_and_is_no_reason_not_to_cut_over() -> None:
    roles = Group()
    roles.given = [given("pipeline", "THE-PIPELINE"), given("other", "somebody")]
    writers = _found(roles, HERE, _runner("the-pipeline"))
    assert _names(writers) == ["other"] and writers.writing == [] and writers.staying == 0
    [finding] = writers.findings
    assert finding.code == "runner-rights" and "build (object id the-pipeline), who ran it" in finding.summary
    assert finding.about.endswith("/pipeline")


def test_so_does_one_from_above_and_it_is_told_once() -> None:
    roles = Group()
    roles.given = [given("pipeline", "the-pipeline")]
    writers = _found(roles, BELOW, _runner("the-pipeline"))
    assert [one.code for one in writers.findings] == ["runner-rights"]


def test_a_group_that_it_is_in_stays_and_may_write() -> None:
    roles = Group("the-pipeline")
    writers = _found(roles, HERE, _runner("the-pipeline"))
    assert _names(writers) == ["second"]
    [finding] = writers.findings
    assert finding.code == "runner-group" and writers.writing == [finding] and writers.staying == 1


def test_the_same_id_in_another_tenant_is_somebody_else() -> None:
    roles = Group()
    roles.given = [given("pipeline", "the-pipeline")]
    writers = _found(roles, HERE, _runner("the-pipeline", "abroad"))
    assert _names(writers) == ["pipeline"]
    assert [one.code for one in writers.findings] == ["runner-elsewhere"]


@pytest.mark.parametrize("tenant", ["home", "HOME", "Home"])
def test_a_tenant_is_an_id_in_whatever_letters(tenant: str) -> None:
    roles = Group()
    roles.given = [given("pipeline", "the-pipeline")]
    assert [one.code for one in _found(roles, HERE, _runner("the-pipeline", tenant)).findings] == ["runner-rights"]


def test_who_freezes_is_not_told_of_itself() -> None:
    roles = Group()
    roles.given = [given("mine", "ME")]
    writers = _found(roles, HERE, _runner("Me"))
    assert writers.findings == [] and writers.removable == []
