"""Whose approval counts, and of what: identities are one whatever their letters' case, and none is nobody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.builders.world import header, plan, step

from amlmigrate.core.authorship import By
from amlmigrate.core.decision import Decision, DecisionVerb, open_digest
from amlmigrate.core.errors import DeniedError, RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.state import Outcome, State
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.approving import approvals, approve_decisions, approve_plan
from amlmigrate.ledger.deciding import refuse_nobody
from amlmigrate.ledger.decision_rows import Approval
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.items import Item, decided, items
from amlmigrate.ledger.valid_decisions import Standing


def _plan(planner: dict[str, Any] | None = None) -> Plan:
    made = plan(step("models/m/1"), step("jobs", action=Action.MANUAL))
    extra = {"require_approval": True, "planned_by": {"identity": planner}}
    return replace(made, header=header(extra=extra))


PLAN = _plan(Identity("PLANNER").as_dict())
ANN = By("ann", "host", "1", Identity("Ann-Id"))


def _row(**changed: Any) -> Decision:
    row = Decision("jobs", DecisionVerb.WAIVE, "cd" * 32, "known", "ann", "2026-01-01T00:00:00+00:00", "Ann-Id")
    return replace(row, **changed)


def _approve(ledger: Ledger, row: Decision, object_id: str) -> None:
    ledger.approve(Approval("00", object_id, "somebody", "", row.at, 1, (row.digest,)))


@pytest.mark.parametrize("object_id", ["Ann-Id", "ANN-ID", "ann-id"])
@pytest.mark.parametrize("taken_by", ["Ann-Id", "ann-id"])
def test_nobody_approves_a_decision_of_their_own_under_another_spelling(
    ledger: Ledger, object_id: str, taken_by: str
) -> None:
    row = _row(object_id=taken_by)
    ledger.decide([row])
    _approve(ledger, row, object_id)
    assert not Standing(PLAN, ledger).approved(row) and Standing(PLAN, ledger).counting() == {}
    _approve(ledger, row, "ben")
    assert Standing(PLAN, ledger).approved(row)


def test_a_decision_of_nobody_is_approved_by_nobody(ledger: Ledger) -> None:
    row = _row(object_id="")
    ledger.decide([row])
    _approve(ledger, row, "ben")
    assert not Standing(PLAN, ledger).approved(row)


def test_one_word_changed_after_the_approval_is_another_decision(ledger: Ledger) -> None:
    _approve(ledger, _row(), "ben")
    changes: list[dict[str, Any]] = [
        {"reason": "other"}, {"address": "models/m/1"}, {"verb": DecisionVerb.DONE}, {"sha256": "ab"}, {"seen": True},
        {"until": "2099-01-01T00:00:00+00:00"}, {"object_id": "cid"}, {"by": "cid"}, {"at": "2027"}, {"report": 9},
    ]  # fmt: skip
    assert Standing(PLAN, ledger).approved(_row())
    for change in changes:
        assert not Standing(PLAN, ledger).approved(_row(**change)), change


def test_an_option_that_is_wanted_lets_no_item_go(ledger: Ledger) -> None:
    row = _row(verb=DecisionVerb.WANT, address="option/decommission/--purge")
    ledger.decide([row])
    _approve(ledger, row, "ben")
    assert Standing(PLAN, ledger).counting() == {}


def test_what_is_past_its_date_waits_for_no_approval(ledger: Ledger) -> None:
    until = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    ledger.decide([_row(until=until)])
    assert Standing(PLAN, ledger).pending() == []
    later = datetime.fromisoformat(until)
    assert _row(until=until).over(later) and not _row(until=until).over(later - timedelta(microseconds=1))


def test_a_plan_of_an_unknown_planner_is_approved_by_nobody(ledger: Ledger) -> None:
    unknown = _plan()
    with pytest.raises(RefusedError, match="of their own"):
        approve_plan(unknown, ledger, unknown.sha256, ANN, "")
    ledger.approve(Approval(unknown.sha256, "ann", "ann", "", "", 1))
    assert approvals(unknown, ledger) == []


def test_the_planners_own_approval_does_not_count_in_any_spelling(ledger: Ledger) -> None:
    for name in ("PLANNER", "planner"):
        ledger.approve(Approval(PLAN.sha256, name, name, "", "", 1))
    assert approvals(PLAN, ledger) == []


def test_an_approval_that_only_the_ledger_knows_lets_nothing_run_and_is_given_anew(ledger: Ledger) -> None:
    ledger.approve(Approval(PLAN.sha256, "Ann-Id", "ann", "", "", 1))
    with pytest.raises(RefusedError, match="cannot be trusted"):
        decisions.refuse_unapproved(PLAN, ledger.home, ledger)
    _, new = approve_plan(PLAN, ledger, PLAN.sha256[:8], ANN, "")
    assert new and len(Evidence(ledger.home, ledger).reports()) == 1
    decisions.refuse_unapproved(PLAN, ledger.home, ledger)


@pytest.mark.parametrize(("tenant", "refused"), [("T1", False), ("t1", False), ("", True), ("t2", True)])
def test_who_signed_in_to_another_tenant_neither_approves_nor_decides(
    ledger: Ledger, tenant: str, refused: bool
) -> None:
    # The planner under the object id that they have in another tenant is nobody else.
    asking = _plan(Identity("planner", tenant_id="t1").as_dict())
    other = By("ann", "host", "1", Identity("planner-there", tenant_id=tenant))
    ledger.decide([_row()])
    calls: tuple[Callable[[], object], ...] = (
        lambda: approve_plan(asking, ledger, asking.sha256, other, ""),
        lambda: approve_decisions(asking, ledger, open_digest(Standing(asking, ledger).pending()), other, ""),
        lambda: refuse_nobody(asking, other),
    )
    for call in calls:
        if refused:
            with pytest.raises(DeniedError, match="the target is of tenant t1"):
                call()
        else:
            call()


def _of_tenant(tenant: str) -> Plan:
    """A plan whose header has the target's tenant, of a planner of whom none is known."""
    made = _plan(Identity("planner").as_dict())
    return replace(made, header=replace(made.header, extra=made.header.extra | {"target_tenant": tenant}))


@pytest.mark.parametrize(("tenant", "refused"), [("T1", False), ("t2", True), ("", True)])
def test_the_targets_tenant_counts_where_the_planners_is_not_known(
    ledger: Ledger, tenant: str, refused: bool
) -> None:
    asking, ben = _of_tenant("t1"), By("ben", "host", "1", Identity("ben", tenant_id=tenant))
    if refused:
        with pytest.raises(DeniedError, match="the target is of tenant t1"):
            approve_plan(asking, ledger, asking.sha256, ben, "")
        # Nor does one count that found its way into ledger and evidence.
        ledger.approve(Approval(asking.sha256, "ben", "ben", "", "", 1, (), tenant))
        assert approvals(asking, ledger) == []
    else:
        made, _ = approve_plan(asking, ledger, asking.sha256, ben, "")
        assert made.tenant_id == tenant and approvals(asking, ledger) == [made]
        assert Evidence(ledger.home, ledger).reports()[0].content.tenant_id == tenant


@pytest.mark.parametrize(("tenant", "counts"), [("T1", True), ("t2", False), ("", False)])
def test_a_decision_is_approved_by_the_targets_tenant_alone(ledger: Ledger, tenant: str, counts: bool) -> None:
    asking, row = _of_tenant("t1"), _row(tenant_id="t1")
    ledger.decide([row])
    assert ledger.decisions()["jobs"].tenant_id == "t1"
    ledger.approve(Approval("00", "ben", "ben", "", row.at, 1, (row.digest,), tenant))
    assert Standing(asking, ledger).approved(row) is counts


def test_one_object_id_in_two_tenants_is_two_identities_and_in_one_it_is_one(ledger: Ledger) -> None:
    ann = Identity("Ann-Id", tenant_id="t1")
    assert ann.same("ann-id", "T1") and ann.same("ann-id", "") and not ann.same("ann-id", "t2")
    row = _row(tenant_id="t1")
    for tenant in ("t1", "T1", ""):
        ledger.approve(Approval("00", "ann-id", "ann", "", row.at, 1, (row.digest,), tenant))
        assert not Standing(PLAN, ledger).approved(row)
    # The plan does not tell whose tenant the target is of.
    ledger.approve(Approval("00", "ann-id", "ann", "", row.at, 1, (row.digest,), "t2"))
    assert Standing(PLAN, ledger).approved(row)


def test_the_tenant_is_part_of_what_is_approved() -> None:
    assert len({_row(tenant_id=tenant).digest for tenant in ("", "t1", "t2")}) == 3


def test_one_more_decision_after_the_look_is_not_approved_with_the_others(ledger: Ledger) -> None:
    ledger.decide([_row(object_id="ben")])
    seen = open_digest(Standing(PLAN, ledger).pending())
    ledger.decide([_row(object_id="ben", address="models/m/1")])
    with pytest.raises(RefusedError, match="another one"):
        approve_decisions(PLAN, ledger, seen, ANN, "")


# What becomes of items.


def test_what_nobody_saw_is_told_to_be_said() -> None:
    assert "said by" in _row(verb=DecisionVerb.DONE).detail and "not seen" in _row(verb=DecisionVerb.DONE).detail
    assert "seen in the target" in _row(verb=DecisionVerb.DONE, seen=True).detail


def test_only_what_a_person_settled_is_left_out_of_a_comparison() -> None:
    ended = [Item(end.value, end, "") for end in Outcome]
    assert decided(ended) == {"waived", "done by hand"}


def test_what_was_there_already_is_adopted_and_not_migrated(ledger: Ledger) -> None:
    address = PLAN.steps[0].address
    ledger.move(address, State.DOING)
    ledger.move(address, State.DONE)
    assert items(PLAN, ledger)[0].outcome is Outcome.ADOPTED


def test_a_plan_that_needs_an_approval_is_refused_without_one(ledger: Ledger) -> None:
    with pytest.raises(RefusedError) as refused:
        decisions.refuse_unapproved(PLAN, ledger.home, ledger)
    assert "migrate approve" in str(refused.value.remedy)
    approve_plan(PLAN, ledger, PLAN.sha256, ANN, "")
    decisions.refuse_unapproved(PLAN, ledger.home, ledger)
