"""What becomes of a removed source's exemptions: ours go, nothing that goes wrong keeps the tombstone from being written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.unit.decommissioning.test_stage import ANOTHER, SOURCE_DOCUMENT, Azure, Case, Gate
from tests.unit.decommissioning.test_stage import PLAN as PLANNED

from amlmigrate.cloud.arm import Answer
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import (
    DeniedError,
    InterruptedRunError,
    LeaseLostError,
    PlanLockedError,
    RefusedError,
)
from amlmigrate.decommissioning import exemptions, tombstone
from amlmigrate.decommissioning.surroundings import Surroundings
from amlmigrate.evidence.decommission import ExemptionRecord
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.removal import RemovalRecord
from amlmigrate.policies.exemptions import Exemption

SCOPE = f"/subscriptions/{SOURCE_DOCUMENT['id'].split('/')[2]}"
EXEMPTION = f"{SOURCE_DOCUMENT['id']}/providers/Microsoft.Authorization/policyExemptions/aml-cmk"
GUARDED: dict[str, Any] = {
    "id": EXEMPTION,
    "properties": {
        "policyAssignmentId": f"{SCOPE}/providers/Microsoft.Authorization/policyAssignments/aml-cmk",
        "expiresOn": "2027-01-01T23:59:59Z",
        "metadata": {"aml-cmk-migrate-guard": SCOPE},
    },
    "systemData": {"createdAt": "2026-01-01T00:00:00Z"},
}
THEIRS: dict[str, Any] = {**GUARDED, "properties": {**GUARDED["properties"], "metadata": {}}}
Said = Answer | BaseException


@dataclass
class Exempt(Azure):
    """A workspace with an exemption, which stays without it: what a look and a deletion of it are answered."""

    exemption: Any = field(default_factory=lambda: GUARDED)
    said: list[Said] = field(default_factory=lambda: [Answer(200, {}, None)])
    before: Callable[[], None] = lambda: None

    async def get(self, path: str, *_: Any) -> Any:
        assert path == EXEMPTION
        if isinstance(self.exemption, Exception):
            raise self.exemption
        return self.exemption

    async def call(self, method: str, path: str, *, query: Any, first: Callable[[], Awaitable[object]]) -> Answer:
        if path != EXEMPTION:
            return await super().call(method, path, query=query, first=first)
        assert method == "DELETE"
        self.before()
        await first()
        self.deletions.append("exemption")
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(said, BaseException):
            raise said
        self.exemption = None
        return said


@dataclass
class Exempting(Gate):
    """A gate that has seen that exemption."""

    seen: dict[str, Any] = field(default_factory=lambda: GUARDED)

    async def passed(self, reports: Any, before: Any) -> tuple[Inventory, Surroundings]:
        source, around = await super().passed(reports, before)
        return source, replace(around, exempt=(Exemption.of(self.seen),))


def _case(ledger: Ledger, **of_azure: Any) -> Case:
    ledger.bind(PLANNED)
    azure = Exempt(**of_azure)
    return Case(ledger, azure, Exempting(azure))


def _told(case: Case, **wanted: bool) -> Any:
    """The exemption of the tombstone that a removal writes."""
    outcome = case.run(**wanted)
    assert outcome.report
    [one] = outcome.report.content.exemptions
    [line] = [text for text in tombstone.lines(outcome.report.content) if "the exemption " in text]
    return one.outcome, one.why, one.command, line


def _known(case: Case) -> RemovalRecord:
    """What the removal has recorded."""
    found = tombstone.begun(case.ledger)
    assert found
    return found


def test_ours_is_removed_once_the_workspace_is_shown_to_be_gone(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        case = _case(ledger)
        outcome, why, command, line = _told(case)
        assert (outcome, why, command, line) == ("removed", "", "", f"removed: the exemption {EXEMPTION}")
        assert case.azure.deletions == ["workspace", "exemption"]
        # Nothing is left to be done, and no second tombstone is written.
        again = case.run()
        assert again.report and again.report.number == 1 and case.azure.deletions == ["workspace", "exemption"]


@pytest.mark.parametrize("shown", [None, refusal(404, "ResourceGroupNotFound"), refusal(404, "NotFound")])
def test_one_that_went_with_the_workspace_is_said_to_be_gone(tmp_path: Path, shown: Any) -> None:
    with Ledger(tmp_path) as ledger:
        case = _case(ledger, exemption=shown)
        outcome, _, command, line = _told(case)
        assert (outcome, command) == ("gone", "") and line == f"no longer there: the exemption {EXEMPTION}"
        assert case.azure.deletions == ["workspace"]


@pytest.mark.parametrize("said", [Answer(204, {}, None), refusal(404, "PolicyExemptionNotFound")])
def test_one_that_goes_just_then_is_gone(tmp_path: Path, said: Said) -> None:
    with Ledger(tmp_path) as ledger:
        assert _told(_case(ledger, said=[said]))[0] == "gone"


@pytest.mark.parametrize("status", [400, 401, 403, 409, 412, 429, 500, 503])
def test_a_deletion_that_is_refused_is_told_with_the_command_and_tried_again(tmp_path: Path, status: int) -> None:
    error = refusal(status, "Code", method="DELETE")
    with Ledger(tmp_path) as ledger:
        case = _case(ledger, said=[error, error, Answer(200, {}, None)])
        outcome, why, command, line = _told(case)
        assert (outcome, why) == ("left", error.summary)
        assert command.startswith("az policy exemption delete --name aml-cmk --scope /subscriptions/")
        assert line.startswith(f"still there: the exemption {EXEMPTION}, by which another") and command in line
        # Refused as before: what the tombstone says is still so.
        assert case.run().report.number == 1  # type: ignore[union-attr]  # the case has one
        last = case.run().report
        assert last and last.number == 2 and last.content.exemptions[0].outcome == "removed"


def test_a_refusal_after_a_try_that_may_have_been_served_says_so(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        _, why, _, _ = _told(_case(ledger, said=[refusal(409, "Code", doubtful=True)]))
        assert why.endswith("It may have been removed all the same.")


@pytest.mark.parametrize("error", [silence(method="DELETE"), DeniedError("Azure gave no token."), TimeoutError()])
def test_a_deletion_without_an_answer_is_not_known(tmp_path: Path, error: Exception) -> None:
    with Ledger(tmp_path) as ledger:
        outcome, why, command, line = _told(_case(ledger, said=[error]))
        assert outcome == "unknown" and why.startswith("its removal was asked for") and command
        assert line.startswith("not known whether it is still there: ")


@pytest.mark.parametrize(
    "error",
    [
        refusal(),
        refusal(401),
        refusal(429),
        refusal(500),
        silence(),
        TimeoutError(),
        RefusedError("The answer leads to another host."),
    ],
)
def test_one_that_cannot_be_looked_at_is_not_known_and_not_removed(tmp_path: Path, error: Exception) -> None:
    with Ledger(tmp_path) as ledger:
        case = _case(ledger, exemption=error)
        outcome, why, command, _ = _told(case)
        assert outcome == "unknown" and "could not be read" in why and command
        assert case.azure.deletions == ["workspace"]


@pytest.mark.parametrize(
    "shown",
    [
        {**GUARDED, "properties": "x"},
        {**GUARDED, "systemData": ["x"]},
        {**GUARDED, "properties": {**GUARDED["properties"], "policyDefinitionReferenceIds": 5}},
        {**GUARDED, "properties": {**GUARDED["properties"], "policyDefinitionReferenceIds": "amlCmk"}},
        {**GUARDED, "id": None},
    ],
    ids=["no properties", "no stamps", "no references", "a word", "no id"],
)
def test_an_answer_that_nobody_foresaw_keeps_no_tombstone_from_being_written(tmp_path: Path, shown: Any) -> None:
    with Ledger(tmp_path) as ledger:
        case = _case(ledger, exemption=shown)
        outcome, why, command, _ = _told(case)
        assert (outcome, why) == ("unknown", "what Azure shows of it cannot be read") and command
        assert case.azure.deletions == ["workspace"]


@pytest.mark.parametrize("error", [PlanLockedError("Another run holds it."), InterruptedRunError("A signal.")])
def test_what_ends_this_process_is_not_taken_for_an_answer(tmp_path: Path, error: Exception) -> None:
    with Ledger(tmp_path) as ledger, pytest.raises(type(error)):
        _case(ledger, exemption=error).run()


def test_what_others_made_and_what_is_another_one_by_now_stays(tmp_path: Path) -> None:
    anew = {**GUARDED, "systemData": {"createdAt": "2026-02-02T00:00:00Z"}}
    for number, (seen, there, why) in enumerate(
        (
            (THEIRS, THEIRS, "migrate guard did not make it"),
            (GUARDED, THEIRS, "it is another one than before the removal"),
            (GUARDED, anew, "it is another one than before the removal"),
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Ledger(folder) as ledger:
            case = _case(ledger, exemption=there)
            case.gate.seen = seen  # type: ignore[attr-defined]  # the stand-in has it
            assert _told(case)[:2] == ("left", why)
            assert case.azure.deletions == ["workspace"]


def test_of_a_workspace_that_was_not_shown_to_be_removed_by_us_nothing_is_removed(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        case = _case(ledger, answer=Answer(404, {}, None))
        outcome, why, _, _ = _told(case)
        assert outcome == "left" and "not shown that this plan's own deletion" in why
        assert case.azure.deletions == ["workspace"]


@pytest.mark.parametrize("now", [ANOTHER, SOURCE_DOCUMENT])
def test_where_a_workspace_has_the_name_again_its_exemption_stays(tmp_path: Path, now: dict[str, Any]) -> None:
    with Ledger(tmp_path) as ledger:
        case = _case(ledger)

        def back() -> None:
            case.azure.there = now

        case.azure.before = back  # type: ignore[attr-defined]  # the stand-in has it
        outcome, why, _, _ = _told(case)
        assert outcome == "left" and ("Another workspace has the name" in why or "is not absent" in why)
        assert "exemption" not in case.azure.deletions


def test_a_lease_that_is_lost_stops_it_and_the_same_command_writes_the_tombstone(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        case = _case(ledger, said=[LeaseLostError("lost"), Answer(200, {}, None)])
        with pytest.raises(LeaseLostError):
            case.run()
        [known] = _known(case).exemptions
        assert known.outcome == "unknown" and known.why.startswith("its removal was asked for")
        assert _known(case).gone and _known(case).by_us
        assert _told(case)[0] == "removed" and case.azure.deletions.count("workspace") == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_around_the_deletion_is_taken_up_and_loses_no_tombstone(tmp_path: Path, when: str) -> None:
    class Kill(BaseException):
        """The end of the process."""

    with Ledger(tmp_path) as ledger:
        case = _case(ledger)

        def killed(*_: Any, **__: Any) -> None:
            raise Kill

        azure: Any = case.azure
        if when == "before":
            azure.before = killed
        else:
            azure.said = [Kill()]
        with pytest.raises(Kill):
            case.run()
        azure.before, azure.said = lambda: None, [Answer(200, {}, None)]
        if when == "after":
            azure.exemption = None
        assert _told(case)[0] == ("removed" if when == "before" else "gone")
        assert azure.deletions.count("workspace") == 1


def test_a_dry_run_removes_none_and_names_what_would_go(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        case = _case(ledger, said=[refusal(), Answer(200, {}, None)])
        listing = case.run(dry_run=True).listing
        assert listing and any(f"removed after it: {EXEMPTION}" in line for line in listing["lines"])
        case.run()
        before = list(case.azure.deletions)
        assert case.run(dry_run=True).report and case.azure.deletions == before
        # Killed before the tombstone: what is left is named too.
        tombstone.note(case.ledger, _known(case), begun="2026-03-01T00:00:01+00:00")
        assert "its exemptions removed" in case.run(dry_run=True).text


def test_what_an_earlier_version_began_has_no_exemptions_to_look_at(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        case = _case(ledger, said=[refusal()])
        case.run()
        tombstone.note(ledger, _known(case), begun="2026-03-01T00:00:01+00:00", exemptions=())
        outcome = case.run()
        assert outcome.report and outcome.report.content.exemptions == ()
        assert case.azure.deletions == ["workspace", "exemption"]


def test_each_is_settled_by_itself() -> None:
    """One that fails keeps no other from being looked at, and all are recorded after each."""
    ids = [EXEMPTION, f"{EXEMPTION}2"]
    known = exemptions.listed([replace(Exemption.of(GUARDED), id=one) for one in ids])
    kept: list[list[str]] = []

    class Arm:
        async def get(self, path: str) -> Any:
            if path == EXEMPTION:
                raise silence()
            return None

    async def first() -> None:
        return None

    def keep(now: tuple[ExemptionRecord, ...]) -> None:
        kept.append([one.outcome for one in now])

    arm: Any = Arm()
    asyncio.run(exemptions.settle(arm, tuple(known), first, keep, by_us=True))
    assert kept == [["unknown", "unknown"], ["unknown", "gone"]]


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_cannot_be_recorded_is_no_answer_of_azure(when: str) -> None:
    """Before a removal nothing is removed then; after it, what is recorded says that it was asked for."""
    [one], kept, deleted = exemptions.listed([Exemption.of(GUARDED)]), list[str](), list[str]()

    class Arm:
        async def get(self, path: str) -> Any:
            return GUARDED

        async def call(self, method: str, path: str, **_: Any) -> Answer:
            deleted.append(path)
            return Answer(200, {}, None)

    async def first() -> None:
        return None

    def keep(now: tuple[ExemptionRecord, ...]) -> None:
        if (when == "after") is bool(kept):
            raise TypeError("the disk, or a fault of this tool")
        kept.append(now[0].why)

    arm: Any = Arm()
    with pytest.raises(TypeError, match="the disk"):
        asyncio.run(exemptions.settle(arm, (one,), first, keep, by_us=True))
    assert len(deleted) == len(kept) == (when == "after")
    assert not any("asked for" not in why for why in kept)
