"""What happens between the gate and each call that removes something: others recover, replace, use the workspace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders.arm import FakeRoles
from tests.builders.world import OLD, OLD_ID, SOURCE, TARGET, inventory, plan, step
from tests.builders.world import by_hand as left_by_hand

from amlmigrate.cloud.arm import Answer
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.operations import Ending
from amlmigrate.cloud.servicetime import ServiceClock
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.authorship import By
from amlmigrate.core.clock import Clock
from amlmigrate.core.errors import MigrateError, PlanLockedError, RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.core.plan import Action, Bytes, Plan
from amlmigrate.core.seal import NOT_LISTED
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import stage, tombstone
from amlmigrate.decommissioning.copy_proof import CopyProof
from amlmigrate.decommissioning.held_rights import HeldRights
from amlmigrate.decommissioning.losses import Dying, Secrets
from amlmigrate.decommissioning.recovery import Recovery
from amlmigrate.decommissioning.references import SeenTarget
from amlmigrate.decommissioning.remaining_resources import Remaining
from amlmigrate.decommissioning.surroundings import Surroundings
from amlmigrate.evidence.decommission import RemainingRecord
from amlmigrate.ledger import Ledger, removal
from amlmigrate.ledger.evidence import Evidence

PLAN = plan(step("models/m/1"))
SOURCE_DOCUMENT = {"id": OLD.id, "properties": {"workspaceId": OLD_ID, "provisioningState": "Succeeded"}}
ANOTHER = {"id": OLD.id, "properties": {"workspaceId": "anew", "provisioningState": "Succeeded"}}
UNKNOWN: dict[str, Any] = {"id": OLD.id, "properties": {}}
ACCEPTED = Answer(202, {"Azure-AsyncOperation": "https://arm/operation"}, None)
COMPUTE = left_by_hand(Address.of("computes", "ci"), "", "", {"properties": {"computeType": "ComputeInstance"}})
ACCOUNT = Remaining("account", "the account", SOURCE.storage_account_id, True, None, "it stays")
CONTAINER = f"{SOURCE.storage_account}/azureml"


@dataclass
class Azure:
    """One workspace by its name, as ARM has it; `busy` deletions are refused for the moment, `between` two tries."""

    there: dict[str, Any] | None = field(default_factory=lambda: SOURCE_DOCUMENT)
    deletions: list[str] = field(default_factory=list)
    busy: int = 0
    between: Callable[[], None] = lambda: None
    cleared: Callable[[], None] = lambda: None
    # What the deletions are answered, how their operations end, and whether the workspace goes.
    answer: Answer = ACCEPTED
    ending: Ending | ServiceError = Ending.SUCCEEDED
    goes: bool = True
    # Its region has not heard of the workspace, which its group lists.
    unheard_of: bool = False
    looked: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=lambda: [0.0])
    service_clock: ServiceClock = field(default_factory=ServiceClock)

    # The workspace's port.

    ref = OLD

    @property
    def arm(self) -> Azure:
        return self

    def workspace(self, _: Any) -> Azure:
        return self

    async def find(self) -> dict[str, Any] | None:
        self.looked.append(self.clock[0])
        return None if self.unheard_of else self.there

    async def delete(self, address: str, _: Any) -> None:
        self.deletions.append(address)
        self.cleared()

    # ARM.

    async def pages(self, path: str, *_: Any) -> AsyncIterator[dict[str, Any]]:
        if path.endswith("/workspaces") and self.there:
            yield self.there

    async def call(self, method: str, path: str, *, query: Any, first: Callable[[], Awaitable[object]]) -> Answer:
        assert (method, path) == ("DELETE", OLD.id)
        for _ in range(self.busy):
            await first()
            self.between()
        await first()
        self.deletions.append("purge" if query else "workspace")
        if self.goes:
            self.there = None
        return self.answer

    async def post(self, path: str, _: Any) -> dict[str, Any]:
        assert path.endswith("/checkPolicyRestrictions")
        return {"contentEvaluationResult": {"policyEvaluations": []}}

    async def absent(self, error: ServiceError, _: str) -> bool:
        return error.status == 404

    async def poll(self, _: Any) -> tuple[Ending, Answer]:
        if isinstance(self.ending, ServiceError):
            raise self.ending
        return self.ending, Answer(200, {}, {"error": {"code": "Conflict", "message": "no"}})


@dataclass
class Gate:
    """What is read afresh, as it is in order; `refuses` says from which time on the gate is shut."""

    azure: Azure
    by_hand: tuple[Asset, ...] = ()
    refuses: int = 9
    asked: list[frozenset[str]] = field(default_factory=list)
    copied: list[CopyProof] = field(default_factory=lambda: [CopyProof({})])
    target_by_hand: tuple[Asset, ...] = ()
    # What is told of what remains, once it is looked at again; None for the same as before.
    key: str | None = None
    looks: int = 0

    async def passed(self, _: Any, before: Any) -> tuple[Inventory, Surroundings]:
        self.asked.append(frozenset(before.removed_first if before else ()))
        if len(self.asked) >= self.refuses:
            raise stage.refused("The source must not be removed yet.", OLD.id, ["a document was added"])
        source = inventory()
        source.by_hand += self.by_hand
        around = Surroundings(
            Dying.of(self.by_hand),
            Secrets("", ()),
            (ACCOUNT,),
            HeldRights(),
            Recovery(),
            [],
            [],
            {CONTAINER: "sha"},
        )
        return source, around

    async def target(self, _: Any) -> tuple[SeenTarget, CopyProof]:
        copied = self.copied.pop(0) if len(self.copied) > 1 else self.copied[0]
        return SeenTarget(inventory(of=TARGET), self.target_by_hand), copied

    async def remains(self, found: removal.RemovalRecord) -> tuple[RemainingRecord, ...]:
        self.looks += 1
        return tuple(replace(one, key=self.key) for one in found.remains)


@dataclass
class Case:
    """A plan's folder, its Azure and its gate."""

    ledger: Ledger
    azure: Azure
    gate: Gate
    hold: Callable[[], None] = lambda: None
    plan: Plan = PLAN
    today: datetime = datetime(2026, 3, 1, tzinfo=UTC)

    def run(self, **wanted: bool) -> stage.DecommissionResult:
        """One `decommission`, on a clock that a pause moves."""
        time = self.azure.clock

        async def sleep(seconds: float) -> None:
            time[0] += seconds

        side = type("Side", (), {"arm": self.azure, "workspace": self.azure.workspace, "roles": FakeRoles()})()
        clouds: Any = type("Session", (), {"source": side, "target": side})()
        removal = stage.Removal(
            self.plan,
            self.ledger,
            Evidence(self.ledger.path.parent, self.ledger),
            clouds,
            self.gate,
            stage.RemovalOptions(**wanted),
            By("ann", "host", "1"),
            ignore,
            self.hold,
            Clock(lambda: time[0], sleep, lambda: self.today),
        )
        return asyncio.run(removal.decommission())

    def recorded(self) -> removal.RemovalRecord:
        """What the ledger has of the removal."""
        found = tombstone.begun(self.ledger)
        assert found
        return found

    def refused(self, **wanted: bool) -> str:
        """Why it is refused."""
        with pytest.raises(RefusedError) as raised:
            self.run(**wanted)
        return " ".join(raised.value.reasons)


@contextmanager
def _case(folder: Path, *by_hand: Asset) -> Any:
    azure = Azure()
    with Ledger(folder) as ledger:
        ledger.bind(PLAN)
        yield Case(ledger, azure, Gate(azure, by_hand))


def test_removed_softly_and_then_purged(tmp_path: Path) -> None:
    with _case(tmp_path) as case:
        outcome = case.run(purge=True)
        assert outcome.report and outcome.report.content.purged and outcome.report.content.by_us
        assert case.azure.deletions == ["workspace", "purge"]
        assert len(case.gate.asked) == 1


def _tombstones(case: Case) -> list[str]:
    return [one.path.name for one in Evidence(case.ledger.path.parent, case.ledger).reports()]


def test_the_same_command_looks_again_at_what_remains_and_tells_only_what_changed(tmp_path: Path) -> None:
    with _case(tmp_path) as case:
        first = case.run()
        assert first.report and len(first.report.content.residuals) == 1 and case.gate.looks == 0
        # Nobody has touched it: there is nothing to be told.
        assert case.run().report == first.report and case.gate.looks == 1
        # Somebody has put it under a key; a dry run does not look.
        case.gate.key = "https://v/keys/k/1"
        assert case.run(dry_run=True).report == first.report and case.gate.looks == 1
        second = case.run()
        assert second.report and second.report.content.residuals == () and second.report.content.by_us
        assert second.report.content.remains[0].key == case.gate.key
        assert case.azure.deletions == ["workspace"] and len(case.gate.asked) == 1
        assert case.run().report == second.report
        assert len(_tombstones(case)) == 2


def test_a_kill_between_the_look_and_its_tombstone_loses_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _case(tmp_path) as case:
        case.run()
        case.gate.key = "https://v/keys/k/1"
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(tombstone, "tombstone", _killed)
            case.run()
        assert len(_tombstones(case)) == 1
        told = case.run().report
        assert told and told.content.residuals == () and len(_tombstones(case)) == 2


def _killed(*_: Any) -> Any:
    raise KeyboardInterrupt


def _with_code(folder: Path, gate: Gate, hours: int) -> stage.DecommissionResult:
    """A removal of a source with code bytes, so many hours after they were copied."""
    amount = Bytes(Location("acct", "upload", "src"), Location("cmkacct", "c", "migrated-code/src"), 1, 1)
    code = "blobs/upload/src"
    made = plan(step(code, action=Action.COPY, bytes=amount), step("codes/c/1", code))
    with Ledger(folder) as ledger:
        ledger.bind(made)
        for one in made.steps:
            ledger.move(one.address, State.DONE)
        copied = datetime.fromisoformat(ledger.done_at()[code])
        case = Case(ledger, gate.azure, gate, plan=made, today=copied + timedelta(hours=hours))
        if isinstance(gate, Slow):
            gate.case = case
        return case.run()


@pytest.mark.parametrize(("hours", "early"), [(47, True), (49, False)])
def test_a_removal_before_code_bytes_are_known_to_stay_says_so(tmp_path: Path, hours: int, early: bool) -> None:
    outcome = _with_code(tmp_path, Gate(Azure()), hours)
    assert outcome.report
    content = outcome.report.content
    assert content.code_bytes.settled is not early
    told = [line for line in tombstone.lines(content) if line.startswith("code bytes: ")]
    assert bool(told) is early and all("47.0 hours after" in line for line in told)


@dataclass
class Telling(Gate):
    """A gate that has read a role assignment such as no tombstone could tell of."""

    async def passed(self, reports: Any, before: Any) -> tuple[Inventory, Surroundings]:
        source, around = await super().passed(reports, before)
        return source, replace(around, role_assignments=[{"id": "/r", "another": 1}])


def test_what_no_tombstone_could_tell_is_refused_before_anything_goes(tmp_path: Path) -> None:
    """Once the workspace is gone, nothing could be written about it."""
    with _case(tmp_path) as case:
        case.gate = Telling(case.azure, (COMPUTE,))
        with pytest.raises(RefusedError, match=r"cannot be told in a tombstone: role_assignments/0/"):
            case.run()
        assert case.azure.deletions == [] and tombstone.begun(case.ledger) is None


def test_what_a_header_says_beside_keeps_no_tombstone_back(tmp_path: Path) -> None:
    """Reports have of both sides what they declare, whatever else the plan's header has."""
    with _case(tmp_path) as case:
        found = case.plan.header
        sides = {"source": {**found.source, "sku": "Basic"}, "target": {**found.target, "sku": "Basic"}}
        case.plan = replace(case.plan, header=replace(found, **sides))
        outcome = case.run()
        assert outcome.report and outcome.report.content.source.id == found.source["id"]
        assert case.azure.deletions == ["workspace"]


def test_what_an_earlier_version_began_has_a_tombstone_too(tmp_path: Path) -> None:
    """It recorded who passed the gate, and what that rests on, in steps of their own."""
    with _case(tmp_path, COMPUTE) as case:
        case.gate.refuses = 2
        case.refused()
        known = case.recorded().as_dict()
        of_then = {name: one for name, one in known.items() if name not in ("begun_by", "verified", "code_bytes")}
        case.ledger.note("decommission", json.dumps(of_then))
        # Somebody else deletes it meanwhile.
        case.azure.there = None
        outcome = case.run()
        assert outcome.report and not outcome.report.content.by_us
        assert (outcome.report.content.begun_by, outcome.report.content.code_bytes) == (None, None)


@dataclass
class Slow(Gate):
    """A gate that takes two hours: nobody looks at what it has listed until it is through."""

    case: Case | None = None

    async def passed(self, reports: Any, before: Any) -> tuple[Inventory, Surroundings]:
        assert self.case
        self.case.today += timedelta(hours=2)
        return await super().passed(reports, before)


@pytest.mark.parametrize(("by_hand", "early"), [((), True), ((COMPUTE,), False)])
def test_code_bytes_were_looked_at_when_the_last_passing_of_the_gate_began(
    tmp_path: Path, by_hand: tuple[Asset, ...], early: bool
) -> None:
    gate = Slow(Azure(), by_hand)
    outcome = _with_code(tmp_path, gate, 47)
    assert outcome.report and len(gate.asked) == 1 + len(by_hand)
    assert outcome.report.content.code_bytes.settled is not early


def test_what_was_put_in_while_its_computes_went_is_seen(tmp_path: Path) -> None:
    """That may take an hour. Taken up again, what went already may be missing."""
    with _case(tmp_path, COMPUTE) as case:
        case.gate.refuses = 2
        assert "a document was added" in case.refused()
        assert case.azure.deletions == ["computes/ci"]
        assert case.gate.asked == [frozenset(), frozenset({"computes/ci"})]
        case.gate.refuses, case.gate.by_hand = 9, ()
        assert case.run().report and case.azure.deletions == ["computes/ci", "workspace"]
        assert case.gate.asked[-1] == frozenset({"computes/ci"})


@pytest.mark.parametrize("now", [ANOTHER, UNKNOWN])
def test_another_that_took_the_name_meanwhile_is_not_deleted(tmp_path: Path, now: dict[str, Any]) -> None:
    def changed() -> None:
        case.azure.there = now

    with _case(tmp_path, COMPUTE) as case:
        case.azure.cleared = changed
        assert "not shown to be the workspace that was verified" in case.refused()
        assert case.azure.deletions == ["computes/ci"]
    # The same between two tries of one call.
    other = tmp_path / "between"
    other.mkdir()
    with _case(other) as case:
        case.azure.busy, case.azure.between = 1, changed
        assert "not shown to be the workspace that was verified" in case.refused()
        assert case.azure.deletions == []


@pytest.mark.parametrize("back", [SOURCE_DOCUMENT, ANOTHER, UNKNOWN])
def test_one_that_is_there_again_between_two_tries_is_not_purged(tmp_path: Path, back: dict[str, Any]) -> None:
    def recovered() -> None:
        case.azure.there = back

    with _case(tmp_path) as case:
        case.run()
        case.azure.busy, case.azure.between = 1, recovered
        assert case.refused(purge=True) and case.azure.deletions == ["workspace"]


def test_what_somebody_recovered_and_somebody_deleted_again_is_not_purged(tmp_path: Path) -> None:
    """Nobody has verified what was put in while it was there."""
    with _case(tmp_path) as case:
        case.run()
        case.azure.there, case.gate.refuses = SOURCE_DOCUMENT, 2
        assert "a document was added" in case.refused(purge=True)
        case.azure.there = None
        outcome = case.run(purge=True)
        assert case.azure.deletions == ["workspace"]
        assert outcome.report and not outcome.report.content.by_us and outcome.refused
        assert outcome.report.content.recoverable_until is None
        assert "not shown that this plan's own deletion" in case.refused(purge=True)
        # Recovered once more and as it was verified, it goes by us.
        case.azure.there, case.gate.refuses = SOURCE_DOCUMENT, 9
        assert case.run(purge=True).report and case.azure.deletions == ["workspace", "workspace", "purge"]


def test_a_dry_run_that_sees_it_again_records_nothing(tmp_path: Path) -> None:
    with _case(tmp_path) as case:
        case.run()
        known = tombstone.begun(case.ledger)
        case.azure.there, case.gate.refuses = SOURCE_DOCUMENT, 2
        case.refused(dry_run=True)
        assert tombstone.begun(case.ledger) == known


def test_copies_are_looked_at_anew_after_a_purge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may take an hour, and the containers go after it."""
    used: list[CopyProof] = []

    class Deletion:
        def __init__(self, _: Any, __: Any, ___: Any, copied: CopyProof, ____: Any) -> None:
            used.append(copied)

        async def delete(self, wanted: Any, _: Any, first: Callable[[], Awaitable[object]]) -> Any:
            assert wanted == {CONTAINER: "sha"}
            await first()
            case.azure.there = SOURCE_DOCUMENT
            with pytest.raises(RefusedError):
                await first()
            return stage.Deleted([], [], [])

    monkeypatch.setattr(stage, "Deletion", Deletion)
    with _case(tmp_path) as case:
        case.run()
        case.gate.copied = [CopyProof({}), later := CopyProof({}, unproven=("lost",))]
        case.run(purge=True, delete=True)
        assert used == [later]


@pytest.mark.parametrize("why", ["unproven", "unseen"])
def test_a_purge_takes_that_what_was_moved_is_proven(tmp_path: Path, why: str) -> None:
    """As of a waiver that has run out since the gate was passed."""
    with _case(tmp_path) as case:
        case.run()
        case.gate.copied = [replace(CopyProof({}), **{why: ("models/m/1 is failed and not waived.",)})]
        assert "models/m/1 is failed" in case.refused(purge=True) and case.azure.deletions == ["workspace"]


def test_a_refusal_of_the_service_is_no_removal(tmp_path: Path) -> None:
    async def no(*_: Any, **__: Any) -> Answer:
        raise ServiceError(409, "Conflict", "nested resources", method="DELETE", url=OLD.id)

    with _case(tmp_path) as case:
        case.azure.call = no
        with pytest.raises(ServiceError):
            case.run()
        begun = tombstone.begun(case.ledger)
        assert begun and begun.operation is None and begun.gone is None


def test_a_purge_waits_for_four_looks_over_two_minutes(tmp_path: Path) -> None:
    with _case(tmp_path) as case:
        case.run()
        case.azure.looked.clear()
        begun = case.azure.clock[0]
        case.run(purge=True)
        assert len([at for at in case.azure.looked if at - begun <= 120]) >= 4
        assert case.azure.looked[-1] - begun >= 120


def test_what_is_still_there_after_its_deletion_is_not_gone(tmp_path: Path) -> None:
    with _case(tmp_path) as case:
        case.azure.goes = False
        with pytest.raises(MigrateError, match="is not shown to have come about"):
            case.run()
        assert not case.recorded().gone


def test_a_deletion_that_failed_says_what_the_service_said(tmp_path: Path) -> None:
    with _case(tmp_path) as case:
        case.azure.ending = Ending.FAILED
        with pytest.raises(ServiceError, match="Conflict: no"):
            case.run()
        assert not case.recorded().gone


FORGOTTEN = ServiceError(404, "NotFound", "no such operation", method="GET", url="https://arm/operation")


@pytest.mark.parametrize(
    ("answer", "ending", "by_us"),
    [
        (Answer(200, {}, None), Ending.UNKNOWN, True),
        (Answer(202, {}, None), Ending.SUCCEEDED, False),
        (Answer(204, {}, None), Ending.SUCCEEDED, False),
        (Answer(201, {}, None), Ending.SUCCEEDED, False),
        (ACCEPTED, Ending.UNKNOWN, False),
        (ACCEPTED, FORGOTTEN, False),
    ],
)
def test_only_a_deletion_that_is_shown_to_have_succeeded_is_ours(
    tmp_path: Path, answer: Answer, ending: Ending | ServiceError, by_us: bool
) -> None:
    with _case(tmp_path) as case:
        case.azure.answer, case.azure.ending = answer, ending
        outcome = case.run(purge=False)
        assert outcome.report.content.by_us is by_us


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (Answer(204, {}, None), Ending.SUCCEEDED),
        (ACCEPTED, Ending.UNKNOWN),
        (ACCEPTED, Ending.FAILED),
        (ACCEPTED, FORGOTTEN),
    ],
)
def test_a_purge_that_is_not_shown_to_have_come_about_is_none(
    tmp_path: Path, answer: Answer, ending: Ending | ServiceError
) -> None:
    with _case(tmp_path) as case:
        case.run()
        case.azure.answer, case.azure.ending = answer, ending
        with pytest.raises(MigrateError):
            case.run(purge=True)
        assert not case.recorded().purged
        assert not case.run().report.content.purged


@pytest.mark.parametrize("wanted", ["purge", "delete"])
def test_what_its_group_still_lists_is_not_gone(tmp_path: Path, wanted: str) -> None:
    """Whoever recovered it, and whichever region has not heard of that."""
    with _case(tmp_path) as case:
        case.run()
        case.azure.there, case.azure.unheard_of = SOURCE_DOCUMENT, True
        assert "its resource group still lists it" in case.refused(**{wanted: True})
        assert case.azure.deletions == ["workspace"]


def test_what_went_by_itself_is_not_purged(tmp_path: Path) -> None:
    with _case(tmp_path) as case:
        case.run()
        tombstone.note(case.ledger, case.recorded(), deleted="2020-01-01T00:00:00+00:00")
        assert "went by itself" in case.refused(purge=True) and case.azure.deletions == ["workspace"]


def test_what_the_target_does_not_list_keeps_the_containers(tmp_path: Path) -> None:
    with _case(tmp_path) as case:
        case.run()
        case.gate.target_by_hand = (left_by_hand(Address.of("connections"), "answered 400", "", NOT_LISTED),)
        assert "Whether connections in the target point into" in case.refused(delete=True)


@pytest.mark.parametrize("purge", [False, True])
def test_whose_plan_was_taken_over_deletes_and_purges_nothing(tmp_path: Path, purge: bool) -> None:
    """Also where that came between two tries of the call."""
    held: list[int] = []

    def taken_over() -> None:
        held.append(1)
        if len(held) > (1 if purge else 2):
            raise PlanLockedError("taken over", address="plan", remedy="wait")

    with _case(tmp_path) as case:
        if purge:
            case.run()
        before = list(case.azure.deletions)
        case.hold, case.azure.busy = taken_over, 1
        with pytest.raises(PlanLockedError):
            case.run(purge=purge)
        assert case.azure.deletions == before
