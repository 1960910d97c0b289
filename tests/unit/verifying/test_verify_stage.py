"""A verification as a whole: what refuses it before anything is read, and to what each side is held."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import report
from tests.builders.sessions import Session
from tests.builders.world import TARGET, inventory
from tests.unit.cutover import cut

from amlmigrate.core.authorship import By
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError, PlanLockedError, RefusedError
from amlmigrate.core.events import TypedEvent
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.ledger import Ledger
from amlmigrate.verifying import stage
from amlmigrate.verifying.report import Depth
from amlmigrate.verifying.sdk import Readers
from amlmigrate.verifying.stage import VerifyRequest, verify


class Verifications:
    """Verifications of one plan, whose every part that Azure has a say in is noted instead."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.done = folder, list[str]()
        self.events: list[TypedEvent] = []
        self.given: dict[str, Any] = {}
        self.changing: Exception | None = None
        for owner, name, value in (
            (stage, "read_both", (inventory(), inventory(of=TARGET))),
            (stage, "compare_readers", Readers(4, 4)),
            (stage, "list_both", cut.listed(*cut.PROVEN, cut.OWN)),
            (stage, "target_claims", []),
            (stage.target_since, "look", "since"),
            (stage.both_sides, "verify", "of both sides"),
        ):
            patch.setattr(owner, name, self._noting(name, value))
        self._begun = stage.storage_containers.begun
        patch.setattr(stage.storage_containers, "begun", self._beginning)
        patch.setattr(stage, "refuse_changing", self._changing)
        patch.setattr(stage, "verify_living", self._living)

    def _noting(self, name: str, value: Any) -> Callable[..., Any]:
        async def noted(*_: Any, **given: Any) -> Any:
            self.done.append(name)
            self.given |= given
            return value

        return noted

    @asynccontextmanager
    async def _beginning(self, *given: Any) -> AsyncIterator[Any]:
        self.done.append("lists begun")
        async with self._begun(*given) as lists:
            yield lists

    async def _changing(self, *_: Any) -> str:
        self.done.append("changing?")
        if self.changing:
            raise self.changing
        return "not known"

    def _living(self, *given: Any, **named: Any) -> str:
        self.done.append("verify_living")
        self.given |= named | {"living": given[-1]}
        return "since the cutover"

    async def verify(self, depth: Depth = Depth.CHECKSUM) -> Any:
        self.done.clear()
        request = VerifyRequest(cut.PLAN, self.folder, By("ann", "host", "1"), depth, self.events.append)
        return await verify(request, lambda: Session(self.done))  # type: ignore[arg-type, return-value]  # a stand-in: it has what is asked of it


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verifications:
    with Ledger(tmp_path) as ledger:
        ledger.bind(cut.PLAN)
    return Verifications(tmp_path, monkeypatch)


async def test_the_target_is_held_to_the_source_until_a_cutover(made: Verifications) -> None:
    assert await made.verify() == "of both sides"
    assert made.done == ["session", "changing?", "lists begun", "read_both", "signed in", "verify", "closed"]
    assert [(one.name, one.data) for one in made.events] == [
        ("verify.reading", {}),
        ("verify.start", {"prefixes": 1, "blobs": 2, "bytes": 4}),
    ]
    assert made.given["depth"] is Depth.CHECKSUM and made.given["read"] == Readers()
    # Asked again once all was read.
    assert await made.given["unchanged"]() == "not known"


@pytest.mark.parametrize("until", ["2026-01-16T00:00:00+00:00", None])
async def test_of_a_removed_source_nothing_is_compared_and_why_is_said(
    made: Verifications, monkeypatch: pytest.MonkeyPatch, until: str | None
) -> None:
    with Ledger(made.folder) as ledger:
        cut.chain(made.folder, ledger).add(report("decommission", recoverable_until=until))
    there: list[Document | None] = [None]

    async def find(_: object) -> Document | None:
        return there[0]

    # What stands for the source's client is its name.
    monkeypatch.setattr(WorkspaceRef, "find", find, raising=False)
    with pytest.raises(BadInputError, match="The plan has ended: its source was removed") as caught:
        await made.verify()
    assert "read_both" not in made.done and "migrate evidence check" in caught.value.remedy
    assert ("until 2026-01-16" in caught.value.remedy) is bool(until)
    # One that was recovered is compared.
    there[0] = {"id": "/ws"}
    assert await made.verify() == "of both sides"


@pytest.mark.parametrize("depth", list(Depth))
async def test_mlclient_is_asked_at_depth_sdk_alone(made: Verifications, depth: Depth) -> None:
    await made.verify(depth)
    assert ("compare_readers" in made.done) is (depth is Depth.SDK)
    assert made.given["read"] == (Readers(4, 4) if depth is Depth.SDK else Readers())


@pytest.mark.parametrize("depth", list(Depth))
async def test_from_the_cutover_on_both_sides_are_held_to_it(made: Verifications, depth: Depth) -> None:
    with Ledger(made.folder) as ledger:
        cut.cut_over(cut.chain(made.folder, ledger))
    assert await made.verify(depth) == "since the cutover"
    assert "verify" not in made.done and made.done[:5] == [
        "session",
        "changing?",
        "read_both",
        "list_both",
        "look",
    ]
    # Bytes are read only where that is asked for, and nobody may have changed the target by the end.
    assert made.given["hashing"] is depth.hashes and made.given["unknown"] == "not known"
    assert made.done.count("changing?") == 2
    # What was proven is counted, its bytes where they are read.
    size = sum(one.length for one in cut.PROVEN)
    assert [(one.name, one.data) for one in made.events] == [
        ("verify.reading", {}),
        ("verify.start", {"prefixes": 0, "blobs": 2, "bytes": size if depth.hashes else 0}),
    ]
    assert made.done[-3:] == ["changing?", "verify_living", "closed"]


async def test_nothing_is_read_while_somebody_changes_the_target(made: Verifications) -> None:
    made.changing = PlanLockedError("It is being changed.")
    with pytest.raises(PlanLockedError):
        await made.verify()
    assert made.done == ["session", "changing?", "closed"]


async def test_a_plan_of_which_nothing_was_run_is_refused_before_anybody_signs_in(
    tmp_path: Path, made: Verifications
) -> None:
    made.folder = tmp_path / "other"
    made.folder.mkdir()
    with pytest.raises(BadInputError, match="nothing was run yet"):
        await made.verify()
    assert made.done == []


async def test_evidence_that_cannot_be_trusted_is_refused_before_anybody_signs_in(made: Verifications) -> None:
    with Ledger(made.folder) as ledger:
        report = cut.cut_over(cut.chain(made.folder, ledger))
    report.path.write_bytes(report.path.read_bytes().replace(b"2026-01-02", b"2026-01-03"))
    with pytest.raises(RefusedError, match="cannot be trusted"):
        await made.verify()
    assert made.done == []
