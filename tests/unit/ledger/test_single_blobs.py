"""What a ledger knows of single blobs: the tier and tags of a copy, what is deleted, and what was left alone."""

from __future__ import annotations

import pytest
from tests.builders.world import plan, step

from amlmigrate.core.decision import Decision, DecisionVerb
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.plan import Action, Gone
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger

PLAN = plan(step("blobs/c/d", action=Action.COPY), step("blobs/c/d#delete", action=Action.DELETE))
COPY, DELETE = (one.address for one in PLAN.steps)
GONE = [Gone(f"d/{number}", '"o"', 1) for number in range(3)]


@pytest.mark.parametrize(
    "labels",
    [None, Labels(None, ()), Labels("Cool", None), Labels("Archive", (("team", "a"), ("n", "1=2 é")))],
    ids=["not known", "none", "tags unread", "both"],
)
def test_a_copy_is_kept_with_its_tier_and_its_tags(ledger: Ledger, labels: Labels | None) -> None:
    ledger.copied(Location("acct", "one"), [("a", Copied('"1"', '"2"', labels))])
    assert [copied for _, _, copied in ledger.blobs()] == [Copied('"1"', '"2"', labels)]


def test_a_deletion_is_recorded_before_and_after(ledger: Ledger) -> None:
    ledger.begin_deleting(DELETE, GONE)
    assert ledger.step(DELETE).state is State.DOING
    assert ledger.asked(DELETE) == {"d/0", "d/1", "d/2"} and ledger.deletions() == {}
    ledger.deleted(DELETE, ["d/0", "d/1"])
    assert ledger.asked(DELETE) == {"d/2"} and ledger.deletions() == {"blobs/c/d#delete": 2}
    # A resume asks for the rest; what is recorded as gone stays so.
    ledger.begin_deleting(DELETE, GONE[2:])
    assert ledger.asked(DELETE) == {"d/2"} and ledger.deletions() == {"blobs/c/d#delete": 2}


PLACE = Location("acct", "one")
WAIVED = Decision(str(COPY), DecisionVerb.WAIVE, "ab", "theirs", "ann", "2026-01-01T00:00:00+00:00")


def test_what_a_step_left_alone_is_that_of_its_last_try(ledger: Ledger) -> None:
    ledger.leave(COPY, PLACE, {"d/1": '"t"', "d/2": ""})
    ledger.leave(DELETE, PLACE, {"d/3": '"u"'})
    assert dict(ledger.not_ours())["acct", "one", "d/1"] == '"t"'
    assert ledger.left_alone() == {"blobs/c/d": frozenset(), "blobs/c/d#delete": frozenset()}
    ledger.leave(COPY, PLACE, {})
    assert ledger.left_alone() == {"blobs/c/d#delete": frozenset()}


def test_a_decision_is_about_what_was_left_alone_by_then(ledger: Ledger) -> None:
    ledger.leave(COPY, PLACE, {"d/1": '"t"', "d/2": '"t"'})
    ledger.decide([WAIVED])
    assert ledger.left_alone() == {"blobs/c/d": {"d/1", "d/2"}}
    # A later try finds one more, and another one in the place of one of them.
    ledger.leave(COPY, PLACE, {"d/1": '"t"', "d/2": '"u"', "d/3": '"t"'})
    assert ledger.left_alone() == {"blobs/c/d": {"d/1"}}
    ledger.decide([WAIVED])
    assert ledger.left_alone() == {"blobs/c/d": {"d/1", "d/2", "d/3"}}
    ledger.take_back([str(COPY)])
    assert ledger.left_alone() == {"blobs/c/d": frozenset()}
