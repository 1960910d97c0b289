"""Before the source's containers go, what was let go for the target's own has to be there still."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders.world import NEW_BLOBS, TARGET, blob, containers, inventory, plan, step

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.asset import Blob
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.plan import Action, Bytes, Plan, Step
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import gating
from amlmigrate.decommissioning.copy_proof import CopyProof
from amlmigrate.decommissioning.references import SeenTarget
from amlmigrate.decommissioning.stage import RemovalOptions
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.deciding import NewDecision, decide
from amlmigrate.ledger.decision_subjects import failures, of_step
from amlmigrate.ledger.evidence import Evidence

THEIRS = blob("m/a", 3, '"1"')
TARGET_FOLDER = Location("cmkacct", NEW_BLOBS, "m")
AMOUNT = Bytes(Location("acct", "c", "m/a"), Location("cmkacct", NEW_BLOBS, "m/a"), 1, 3)
FILE = step("blobs/c/m/a", action=Action.CONFLICT, bytes=AMOUNT, target_sha256=listing_digest([THEIRS]), blob=True)
# The same blob as only a run met it in a folder.
FOLDER = step("blobs/c/m", action=Action.COPY, bytes=Bytes(Location("acct", "c", "m"), TARGET_FOLDER, 2, 4))
STEPS = {"planned": FILE, "met by the run": FOLDER}


def _decided(ledger: Ledger, one: Step) -> Plan:
    """Its plan, in whose ledger it was let go."""
    made = plan(one)
    ledger.bind(made)
    failure = ""
    if one is FOLDER:
        ledger.run_begins()
        ledger.move(one.address, State.DOING)
        ledger.leave(one.address, TARGET_FOLDER, {"m/a": '"1"'})
        ledger.move(one.address, State.FAILED, detail="m/a is another's")
        failure = failures(ledger)[str(one.address)]
    decide(
        made,
        ledger,
        DecisionVerb.WAIVE,
        [NewDecision(of_step(one, failure), "theirs is right")],
        By("ann", "host", "1"),
    )
    return made


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("there", "gone"),
    [([THEIRS], False), ([blob("m/a", 9, '"2"')], False), ([], True), ([blob("m/b")], True)],
    ids=["as it was", "changed by its users", "gone", "another one beside"],
)
async def test_nobody_would_have_either(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: list[Blob], gone: bool, step: str
) -> None:
    asked: list[set[Location]] = []

    async def listing(_: Any, places: set[Location]) -> Any:
        asked.append(places)
        return containers(target={NEW_BLOBS: there}).target

    async def target(*_: Any) -> SeenTarget:
        return SeenTarget(inventory(of=TARGET), ())

    async def copied(*_: Any) -> CopyProof:
        return CopyProof({})

    monkeypatch.setattr(gating, "list_places", listing)
    monkeypatch.setattr(gating, "read_target", target)
    monkeypatch.setattr(gating.copy_proof, "read", copied)
    clouds: Any = type("Session", (), {"target": type("Side", (), {"blobs": None})()})()
    made = _decided(ledger, STEPS[step])
    afresh = gating.Afresh(clouds, made, tmp_path, ledger, RemovalOptions(), timedelta(0))
    _, found = await afresh.target(Evidence(tmp_path, ledger).reports())
    assert asked == [{Location("cmkacct", NEW_BLOBS)}]
    assert any(f"{STEPS[step].address}!waived-gone" in one for one in found.unproven) is gone
    assert bool(found.unproven) is gone


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("there", "codes"), [([THEIRS], []), ([], ["waived-gone"]),
                                              ([blob("m/a", 9, '"2"')], ["waived-changed"])])  # fmt: skip
async def test_the_gate_looks_at_both(ledger: Ledger, there: list[Blob], codes: list[str], step: str) -> None:
    clouds: Any = type("Session", (), {"target": type("Side", (), {"workspace": lambda _self, ref: ref})()})()
    made = _decided(ledger, STEPS[step])
    found = await gating._let_go(
        clouds, made, ledger, [], inventory(of=TARGET), containers(target={NEW_BLOBS: there})
    )
    assert [one.code for one in found] == codes
