"""A conflict that was let go for what the target has instead: that must still be there, and still be that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import report
from tests.builders.world import NEW_BLOBS, TARGET, asset, blob, containers, inventory, plan, step

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Blob
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Bytes, Plan, Step
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.inventory import waived_items
from amlmigrate.kinds import all_kinds, moving_kinds, versions_digest
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.deciding import NewDecision, decide
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.items import items
from amlmigrate.ledger.valid_decisions import Standing, open_findings

BY = By("ann", "host", "1")
THEIRS = asset("data/d/1", description="theirs", dataUri="https://x/y", dataType="uri_file")
BLOBS = [blob("m/a", 3, '"1"'), blob("m/x", 1, '"2"')]
ONE = Bytes(Location("acct", "c", "m/a"), Location("cmkacct", NEW_BLOBS, "m/a"), 1, 3)
DOCUMENT = step("data/d/1", action=Action.CONFLICT, target_sha256=all_kinds()["data"].state(THEIRS.document))
UNTOLD = replace(DOCUMENT, target_sha256="")
ALONE = step("blobs/c/m/a", action=Action.CONFLICT, bytes=ONE, blob=True, target_sha256=listing_digest(BLOBS[:1]))
EXTRA = replace(ALONE, bytes=replace(ONE, blobs=0))
FAILED = step("data/d/1")


class Case:
    """One waived step, and what the target has now."""

    def __init__(self, folder: Path, one: Step, *more: Step, waived: bool = True) -> None:
        self.plan: Plan = plan(one, *more)
        self.ledger = Ledger(folder)
        self.ledger.bind(self.plan)
        self.chain = Evidence(folder, self.ledger)
        if one.action.carried_out:
            self.ledger.move(one.address, State.DOING)
            self.ledger.move(one.address, State.FAILED, detail="the target has a different one")
        if waived:
            decide(
                self.plan,
                self.ledger,
                DecisionVerb.WAIVE,
                [NewDecision(Subjects(self.plan, [], self.ledger).find(str(one.address)), "theirs is right")],
                BY,
            )

    def found(
        self, *blobs: Blob, document: Any = None, living: bool = False, more: tuple[Asset, ...] = ()
    ) -> list[Finding]:
        """What is found; as evidence it is kept, for what comes later to be held to."""
        standing = Standing(self.plan, self.ledger)
        waived = waived_items.waived(self.plan, items(self.plan, self.ledger, standing))
        there = inventory(*([document] if document else []), *more, of=TARGET)
        now = waived_items.of_documents(self.plan, waived, there)
        now |= waived_items.of_bytes(waived, containers(target={NEW_BLOBS: blobs}))
        found = waived_items.findings(waived, standing, now, self.chain.reports(), living=living)
        self.chain.add(report("verify", let_go=now, found=[one.as_dict() for one in found]))
        return found

    def open(self, found: list[Finding]) -> list[str]:
        """Those that keep a verification from being green."""
        return [one.address for one in open_findings(self.plan, Standing(self.plan, self.ledger), found)]

    def waive(self, address: str) -> None:
        subject = Subjects(self.plan, self.chain.reports()).find(address)
        decide(self.plan, self.ledger, DecisionVerb.WAIVE, [NewDecision(subject, "seen anew")], BY)


def test_what_is_there_as_it_was_is_let_go(tmp_path: Path) -> None:
    assert Case(tmp_path, DOCUMENT).found(document=THEIRS) == []


@pytest.mark.parametrize("one", [ALONE, EXTRA], ids=["another one", "too many"])
def test_blobs_that_are_there_as_they_were_are_let_go(tmp_path: Path, one: Step) -> None:
    assert Case(tmp_path, one).found(*BLOBS) == []


def test_of_one_that_was_too_many_and_is_gone_nothing_is_missing(tmp_path: Path) -> None:
    case = Case(tmp_path, EXTRA)
    assert case.found() == []
    # What lies below a blob of that name is no part of it.
    assert case.found(blob("m/a/b")) == []


def test_another_one_that_is_too_many_is_another_decision(tmp_path: Path) -> None:
    [found] = Case(tmp_path, EXTRA).found(replace(BLOBS[0], etag='"u"'))
    assert found.code == "waived-changed"


@pytest.mark.parametrize("one", [DOCUMENT, ALONE], ids=["a document", "a blob"])
@pytest.mark.parametrize("living", [False, True])
def test_theirs_is_gone_so_that_neither_is_there(tmp_path: Path, one: Step, living: bool) -> None:
    case = Case(tmp_path, one)
    [found] = case.found(living=living)
    assert (found.address, found.severity) == (f"{one.address}!waived-gone", "blocks")
    assert "reopen" in found.remedy and "plan again" in found.remedy
    assert case.open([found]) == [found.address]
    # That neither is needed is a decision of its own.
    case.waive(found.address)
    assert case.open(case.found()) == []


@pytest.mark.parametrize(
    ("one", "blobs"),
    [
        (ALONE, [replace(BLOBS[0], etag='"3"')]),
        (ALONE, [replace(BLOBS[0], tags=(("a", "b"),))]),
    ],
    ids=["the one written over", "its tags"],
)
def test_other_blobs_than_those_that_were_shown_are_another_decision(
    tmp_path: Path, one: Step, blobs: list[Blob]
) -> None:
    case = Case(tmp_path, one)
    [found] = case.found(*blobs)
    assert found.address == f"{one.address}!waived-changed" and case.open([found]) == [found.address]
    assert one.target_sha256[:16] in found.summary
    # From the cutover on it is its users' to change.
    assert case.found(*blobs, living=True) == []


def test_another_document_is_another_decision_and_a_third_one_again(tmp_path: Path) -> None:
    case = Case(tmp_path, DOCUMENT)
    second, third = (asset("data/d/1", **(THEIRS.properties | {"description": text})) for text in ("2", "3"))
    [found] = case.found(document=second)
    case.waive(found.address)
    assert case.open(case.found(document=second)) == []
    again = case.found(document=third)
    assert case.open(again) == ["data/d/1!waived-changed"]
    assert case.found(document=THEIRS) == []


def test_a_blob_beside_the_one_that_was_shown_is_nothing_to_it(tmp_path: Path) -> None:
    assert Case(tmp_path, ALONE).found(BLOBS[0], blob("m/a/b"), blob("m/b")) == []


def test_what_is_not_waived_is_open_as_it_is(tmp_path: Path) -> None:
    assert Case(tmp_path, DOCUMENT, waived=False).found() == []


def test_without_a_digest_what_is_gone_is_found_and_the_rest_is_held_to_the_first_look(tmp_path: Path) -> None:
    """As of what a plan changes before: how it is found then is in no plan."""
    case = Case(tmp_path, UNTOLD)
    standing = Standing(case.plan, case.ledger)
    [told] = waived_items.not_comparable([UNTOLD], standing, [])
    assert "data/d/1" in told
    assert case.found(document=THEIRS) == []
    assert list(waived_items.not_comparable([UNTOLD], standing, case.chain.reports())) == []
    other = asset("data/d/1", **(THEIRS.properties | {"description": "2"}))
    assert [one.code for one in case.found(document=other)] == ["waived-changed"]
    assert [one.code for one in case.found()] == ["waived-gone"]


def test_gone_before_the_first_look_without_a_digest(tmp_path: Path) -> None:
    assert [one.code for one in Case(tmp_path, UNTOLD).found()] == ["waived-gone"]


def test_a_conflict_that_only_the_run_met_is_held_to_the_first_look_after_it_was_let_go(tmp_path: Path) -> None:
    case = Case(tmp_path, FAILED)
    assert case.found(document=THEIRS) == []
    second, third = (asset("data/d/1", **(THEIRS.properties | {"description": text})) for text in ("2", "3"))
    assert case.open(case.found(document=second)) == ["data/d/1!waived-changed"]
    case.waive("data/d/1!waived-changed")
    assert case.open(case.found(document=second)) == []
    assert case.open(case.found(document=third)) == ["data/d/1!waived-changed"]
    assert case.found(document=third, living=True) == [] and case.found(document=THEIRS) == []
    assert [one.code for one in case.found()] == ["waived-gone"]


def test_what_failed_and_left_nothing_there_may_stay_absent(tmp_path: Path) -> None:
    case = Case(tmp_path, FAILED)
    assert case.found() == [] and case.found() == []
    assert case.found(document=THEIRS) == []


def test_what_every_workspace_has_by_itself_is_not_looked_for(tmp_path: Path) -> None:
    inherent = next(kind.name for kind in moving_kinds().values() if kind.inherent)
    assert Case(tmp_path, step(inherent, action=Action.CONFLICT)).found() == []


THEIR_VERSIONS = (asset("models/m/1"), asset("models/m/7"))
ARCHIVING = step(
    "models/m#archive",
    action=Action.CONFLICT,
    target_sha256=versions_digest(Address.of("models", "m"), (one.address for one in THEIR_VERSIONS)),
)
MADE = step("models/m/2")


def test_a_name_stays_as_it_is_for_just_the_versions_that_it_was_let_go_for(tmp_path: Path) -> None:
    case = Case(tmp_path, ARCHIVING, MADE)
    assert case.found(more=THEIR_VERSIONS) == []
    assert case.found(more=(*THEIR_VERSIONS, asset("models/m"), asset("models/m/2"), asset("models/n/1"))) == [], (
        "what the plan makes, and other names, have nothing to do with it"
    )
    for others in (THEIR_VERSIONS[:1], (*THEIR_VERSIONS, asset("models/m/8"))):
        assert [one.address for one in case.found(more=others)] == ["models/m#archive!waived-changed"]
    assert [one.address for one in case.found()] == ["models/m#archive!waived-gone"]
