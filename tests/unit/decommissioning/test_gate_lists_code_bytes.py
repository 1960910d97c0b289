"""The stage with the gate that reads afresh: code bytes are listed for each removal, whatever the evidence says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders.arm import FakeRoles
from tests.builders.reports import report
from tests.builders.world import NEW_BLOBS, TARGET, blob, containers, inventory, plan, step
from tests.unit.decommissioning.test_stage import Azure

from amlmigrate.bytes.binding import bound
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.authorship import By
from amlmigrate.core.clock import Clock
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import gating
from amlmigrate.decommissioning.decommission import DecommissionRequest, removal_of
from amlmigrate.decommissioning.held_rights import HeldRights
from amlmigrate.decommissioning.losses import Dying, Secrets
from amlmigrate.decommissioning.recovery import Recovery
from amlmigrate.decommissioning.stage import DecommissionResult, RemovalOptions
from amlmigrate.decommissioning.surroundings import Surroundings
from amlmigrate.kinds import document_digests
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence

UPLOAD = "1b3d9c2f-0-upload"
CODE = f"blobs/{UPLOAD}/src"
GOAL = f"migrated-code/{UPLOAD}/src"
AMOUNT = Bytes(Location("acct", UPLOAD, "src"), Location("cmkacct", NEW_BLOBS, GOAL), 2, 2)
PLAN = plan(step(CODE, action=Action.COPY, bytes=AMOUNT), step("codes/c/1", CODE))
BY = By("ann", "host", "1")


def _listed(*paths: str) -> Containers:
    source = {UPLOAD: [blob("src/a.py"), blob("src/b.py")]}
    return containers(source, {NEW_BLOBS: [blob(f"{GOAL}/{path}") for path in paths]})


class Case:
    """A plan that was run and verified, and what a removal reads by now."""

    def __init__(self, ledger: Ledger, patch: pytest.MonkeyPatch) -> None:
        self.ledger = ledger
        self.azure = Azure()
        self.now = _listed("a.py", "b.py")
        self.listings = 0
        read = (inventory(), inventory(of=TARGET))
        self.documents = (document_digests(read[0]), document_digests(read[1]))
        around = Surroundings(Dying.of(()), Secrets("", ()), (), HeldRights(), Recovery(), [], [], {})
        for owner, name, value in (
            (gating, "read_both", read),
            (gating, "read_source", read[0]),
            (gating, "_seen", gating.SeenTarget(read[1], ())),
            (gating, "target_claims", []),
            (gating, "surroundings", around),
            (gating.remaining_resources, "parts", []),
            (gating.removal, "locks", []),
            (gating.dataprotection, "ending", []),
            (gating.dataprotection, "unwritable", []),
            (gating.stopped.looking, "cutovers", {}),
            (gating.removal, "not_in_list", []),
        ):
            patch.setattr(owner, name, _answering(value))
        patch.setattr(gating, "list_both", self._list)

    async def _list(self, *_: Any, **__: Any) -> Containers:
        self.listings += 1
        return self.now

    def verified(self, of: Containers) -> None:
        """Evidence that is green of these listings."""
        held = bound(PLAN, self.documents, of)
        chain = Evidence(self.ledger.path.parent, self.ledger)
        with chain.alone():
            manifests = [chain.add_file("digests.jsonl", held.data)]
            told = {"plan": {"sha256": PLAN.sha256}, "green": True, "depth": "checksum", "digests": held.digests}
            chain.add(report("verify", **{**told, "time": datetime.now(UTC).isoformat(), "manifests": manifests}))

    def remove(self) -> DecommissionResult:
        """One `decommission` without a soak."""
        side = type("Side", (), {"arm": self.azure, "workspace": self.azure.workspace, "roles": FakeRoles()})()
        side.blobs = None
        clouds: Any = type("Session", (), {"source": side, "target": side})()
        time = self.azure.clock

        async def sleep(seconds: float) -> None:
            time[0] += seconds

        request = DecommissionRequest(PLAN, self.ledger.path.parent, BY, RemovalOptions(), timedelta(0), ignore)
        clock = Clock(lambda: time[0], sleep)
        removal = removal_of(request, clouds, self.ledger, by=BY, hold=lambda: None, clock=clock)
        return asyncio.run(removal.decommission())


def _answering(value: Any) -> Any:
    async def answer(*_: Any, **__: Any) -> Any:
        return value

    return answer


@contextmanager
def gated(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Case]:
    """A plan that was run, with the real gate."""
    with Ledger(folder) as ledger:
        ledger.bind(PLAN)
        for one in PLAN.steps:
            ledger.move(one.address, State.DONE)
        yield Case(ledger, patch)


def test_all_there_the_source_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with gated(tmp_path, monkeypatch) as case:
        case.verified(case.now)
        assert case.remove().report and case.azure.deletions == ["workspace"] and case.listings == 1


def test_collected_since_the_source_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with gated(tmp_path, monkeypatch) as case:
        case.verified(case.now)
        case.now = _listed("a.py")
        with pytest.raises(RefusedError) as raised:
            case.remove()
        assert case.azure.deletions == []
    [blobs, gone] = raised.value.reasons
    assert "blobs of the target" in blobs
    assert gone.startswith(f"{CODE}: 1 of its 2 code files") and f"{GOAL}/b.py" in gone


def test_evidence_that_says_it_was_so_takes_nothing_from_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Green of a target that lacks them already: the listing alone keeps the source."""
    with gated(tmp_path, monkeypatch) as case:
        case.now = _listed()
        case.verified(case.now)
        with pytest.raises(RefusedError) as raised:
            case.remove()
        [gone] = raised.value.reasons
        assert "2 of its 2" in gone and case.azure.deletions == []


def test_what_was_copied_anew_lets_it_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of an earlier look is remembered."""
    with gated(tmp_path, monkeypatch) as case:
        whole = case.now
        case.verified(whole)
        case.now = _listed("b.py")
        with pytest.raises(RefusedError):
            case.remove()
        case.now = whole
        assert case.remove().report and case.listings == 2
