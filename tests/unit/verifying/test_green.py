"""What keeps a verification from being green, each by itself; and documents that are not what they should be."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import (
    MAPPING,
    NEW_BLOBS,
    OLD_BLOBS,
    TARGET,
    blob,
    containers,
    header,
    inventory,
    plan,
    step,
)
from tests.unit.cutover import cut

from amlmigrate.bytes.storage_containers import Begun
from amlmigrate.cloud.servicetime import ServiceClock
from amlmigrate.core.authorship import By
from amlmigrate.core.claim import Claim
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.events import ignore
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.state import Outcome, State
from amlmigrate.core.translation import Difference
from amlmigrate.core.workspace import Location
from amlmigrate.cutover import changes_since
from amlmigrate.evidence import Verify
from amlmigrate.evidence.members import Left
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.deciding import NewDecision, decide
from amlmigrate.ledger.decision_subjects import failures, of_step
from amlmigrate.ledger.items import Item
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.verifying import verify
from amlmigrate.verifying.after_cutover import Living, verify_living
from amlmigrate.verifying.blobs import ByteVerdict
from amlmigrate.verifying.document_comparison import compare_documents
from amlmigrate.verifying.report import Depth, content_of
from amlmigrate.verifying.sdk import Readers
from amlmigrate.verifying.verify import filled

PLAN = plan(step("models/m/1"))
ANN = By("ann", "host", "1")
BLOCKS = Finding("blocks", "models/m/1", "names the source", "fix it", "names-source")
LOOKED = datetime(2026, 3, 3, tzinfo=UTC)
CLAIM = Claim("storage.encryption", True, "error", "/a", "under a key")


def _content(
    ledger: Ledger,
    *findings: Finding,
    outcome: Outcome = Outcome.MIGRATED,
    differences: tuple[Difference, ...] = (),
    claim: Claim = CLAIM,
    named: tuple[Finding, ...] = (),
) -> Verify:
    of = replace(PLAN, header=header(findings=findings))
    ended = [Item("models/m/1", outcome, "so it is")]
    standing = Standing(of, ledger)
    read = Readers(1, 1)
    return content_of(
        of, ended, Depth.CHECKSUM, ByteVerdict(), list(differences), [claim], standing, read, list(named), {},
        ANN,
    )  # fmt: skip


def _green(ledger: Ledger, *findings: Finding, **more: Any) -> bool:
    return bool(_content(ledger, *findings, **more).green)


def test_green_is_that_nothing_is_wrong(ledger: Ledger) -> None:
    assert _green(ledger)
    assert _green(ledger, replace(BLOCKS, severity="warning"))
    assert _green(ledger, claim=replace(CLAIM, holds=False, severity="warning"))


@pytest.mark.parametrize("end", [end for end in Outcome if not end.settled])
def test_an_item_that_is_not_settled_is_not_green(ledger: Ledger, end: Outcome) -> None:
    content = _content(ledger, outcome=end)
    assert not content.green
    assert content.unsettled == (Left(address="models/m/1", outcome=end, detail="so it is"),)


def test_each_reason_by_itself_is_enough(ledger: Ledger) -> None:
    assert not _green(ledger, BLOCKS)
    assert not _green(ledger, replace(BLOCKS, severity="error"))
    assert not _green(ledger, differences=(Difference("models/m/1", "target", "present", "missing"),))
    assert not _green(ledger, claim=replace(CLAIM, holds=False))
    assert not _green(ledger, claim=replace(CLAIM, holds=None)), "unread is not shown"
    assert not _green(ledger, named=(BLOCKS,))


COPY = step(
    "blobs/c/m",
    action=Action.COPY,
    bytes=Bytes(Location("acct", OLD_BLOBS, "m"), Location("cmkacct", NEW_BLOBS, "m"), 1, 1),
)
REST = step(f"blobs/{OLD_BLOBS}", action=Action.MANUAL)


@pytest.mark.parametrize(
    ("there", "known"),
    [
        ([], set()),
        (["m/a"], {"blobs/c/m"}),
        (["mm/a"], {f"blobs/{OLD_BLOBS}"}),
        (["m/a", "by-azcopy"], {"blobs/c/m", f"blobs/{OLD_BLOBS}"}),
    ],
)
def test_blobs_that_people_may_have_copied_are_not_said_to_be_absent(there: list[str], known: set[str]) -> None:
    listed = containers(target={NEW_BLOBS: [blob(path) for path in there]})
    assert set(filled(plan(COPY, REST), listed, MAPPING)) == known


def test_blobs_of_a_container_without_a_place_in_the_target_are_not_said_to_be_absent() -> None:
    lost = step("blobs/elsewhere", action=Action.MANUAL)
    listed = containers(source={"elsewhere": [blob("a")]})
    assert set(filled(plan(lost), listed, MAPPING)) == {"blobs/elsewhere"}


def _none_begun(_: Location) -> None:
    """No list was begun."""


def _afresh(ledger: Ledger, patch: pytest.MonkeyPatch, listing: Any, **more: Any) -> Verify:
    """What a verification at the depth of metadata says of the plan that the ledger is bound to."""

    async def nothing(*_: Any, **__: Any) -> Any:
        return []

    async def alike(*_: Any) -> Any:
        return [], []

    patch.setattr(verify, "list_both", listing)
    patch.setattr(verify, "target_claims", nothing)
    patch.setattr(verify.dataprotection, "afresh", alike)
    made = more.pop("of")
    side: Any = SimpleNamespace(blobs=None, arm=SimpleNamespace(service_clock=ServiceClock()))
    clouds: Any = SimpleNamespace(source=side, target=side)
    documents = compare_documents(plan(), inventory(), inventory(of=TARGET))
    told = verify.verify(
        made, ledger.home, ledger, clouds, documents, depth=Depth.METADATA, read=Readers(), by=ANN, unchanged=nothing,
        emit=ignore, begun=Begun(more.pop("looked", LOOKED), _none_begun, _none_begun),
    )  # fmt: skip
    return asyncio.run(told).content


def test_code_bytes_were_looked_at_when_they_were_begun_to_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes hours after that, as hashing does, adds nothing to how long they are known to stay."""
    made = plan(replace(COPY, action=Action.ADOPT), step("codes/c/1", "blobs/c/m"))

    async def listing(*_: Any, **__: Any) -> Any:
        return containers(target={NEW_BLOBS: []})

    with Ledger(tmp_path) as ledger:
        ledger.bind(made)
        for one in made.steps:
            ledger.move(one.address, State.DONE)
        done = datetime.fromisoformat(ledger.done_at()["blobs/c/m"])
        early, late = (
            _afresh(ledger, monkeypatch, listing, of=made, looked=done + timedelta(hours=hours))
            for hours in (47, 49)
        )
    assert early.code_bytes and early.code_bytes.settled is False
    assert any("code bytes" in one for one in early.not_checked)
    assert late.code_bytes and late.code_bytes.settled is True


def _in_use(folder: Path, *changes: changes_since.ChangedSince, **more: Any) -> Verify:
    """What a verification says of a target that was cut over and has changed so since."""
    with Ledger(folder) as ledger:
        cutover = cut.cut_over(cut.chain(folder, ledger))
        for one in cut.PLAN.steps:
            ledger.move(one.address, State.DOING)
            ledger.move(one.address, State.DONE)
        now = cut.listed(*cut.PROVEN, cut.OWN)
        living = Living(cut.DOCUMENTS, now, changes_since.Since(changes, 2, 6), LOOKED)
        told = verify_living(
            cut.PLAN, folder, ledger, cutover, living, depth=Depth.CHECKSUM, posture=[CLAIM], read=Readers(), by=ANN,
            **more,
        )  # fmt: skip
        return told.content


@pytest.mark.parametrize("lost", [True, False])
def test_after_the_cutover_green_is_that_nothing_proven_is_lost(tmp_path: Path, lost: bool) -> None:
    changed = changes_since.ChangedSince("blobs/c/m/a", changes_since.DELETED, "", cut.COPY)
    content = _in_use(tmp_path, *[changed] * lost, unknown="whether it is being changed")
    assert content.differences == () and content.green is not lost
    assert "whether it is being changed" in content.not_checked
    assert content.since_cutover and len(content.since_cutover.open) == lost


@pytest.mark.parametrize(("there", "codes"), [(["m/a"], []), ([], ["waived-gone"])])
def test_a_verification_looks_for_what_a_run_left_alone_and_was_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: list[str], codes: list[str]
) -> None:
    made = plan(COPY)

    async def listing(*_: Any, **__: Any) -> Any:
        return containers(target={NEW_BLOBS: [blob(path, 9, '"t"') for path in there]})

    with Ledger(tmp_path) as ledger:
        ledger.bind(made)
        assert COPY.bytes
        ledger.move(COPY.address, State.DOING)
        ledger.leave(COPY.address, COPY.bytes.target, {"m/a": '"t"'})
        ledger.move(COPY.address, State.FAILED, detail="m/a is another's")
        subject = of_step(COPY, failures(ledger)[str(COPY.address)])
        decide(made, ledger, DecisionVerb.WAIVE, [NewDecision(subject, "theirs stays")], ANN)
        content = _afresh(ledger, monkeypatch, listing, of=made)
    assert [one.code for one in content.found] == codes


def test_so_does_one_of_a_target_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def gone(*_: Any, living: bool) -> list[Finding]:
        asked.append(living)
        return [BLOCKS]

    monkeypatch.setattr("amlmigrate.verifying.after_cutover.foreign_blobs.findings", gone)
    content = _in_use(tmp_path)
    assert asked == [True] and BLOCKS in content.found and content.green is False
