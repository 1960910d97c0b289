"""What the target still proves of what was moved, each reason by itself, before what cannot be undone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.reports import filed
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, SOURCE, TARGET, asset, inventory, plan, step

from amlmigrate.bytes.storage_containers import ListDigests
from amlmigrate.core.asset import Asset
from amlmigrate.core.claim import Claim
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import copy_proof
from amlmigrate.decommissioning.copy_proof import CopyProof
from amlmigrate.ledger import Ledger

FROM = Location(SOURCE.storage_account, OLD_BLOBS, "m")
COPY = step(
    "blobs/1", action=Action.COPY, bytes=Bytes(FROM, Location(TARGET.storage_account, NEW_BLOBS, "m"), 1, 1)
)
MODEL = asset("models/m/1", modelType="custom_model")
GREEN = Claim("key.enabled", True, "error", "/k", "It is enabled.")
STEPS = (COPY, step("models/m/1"), step("models/m/1#archive"), step("data/by-hand/1", action=Action.MANUAL))


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads the proof of a plan whose steps are all done, with what a test says of the target."""

    def proof(
        *there: Asset,
        steps: Any = STEPS,
        claims: tuple[Claim, ...] = (GREEN,),
        then: str = "a",
        now: str = "a",
        of: Any = TARGET,
    ) -> CopyProof:
        made = plan(*steps)
        places = made.places(source=False)

        async def listed(*_: Any, **__: Any) -> Any:
            return {}

        async def proven(*_: Any) -> Any:
            return list(claims)

        monkeypatch.setattr(copy_proof, "list_places", listed)
        monkeypatch.setattr(copy_proof, "encryption_counts", lambda *_: {})
        monkeypatch.setattr(copy_proof, "BytePlaces", SimpleNamespace(of_plan=listed))
        monkeypatch.setattr(copy_proof, "prove", proven)
        digests = ListDigests({}, dict.fromkeys(places.values(), now))
        monkeypatch.setattr(copy_proof, "digested", lambda *_: digests)
        monkeypatch.setattr(
            copy_proof, "seen_by", lambda _: {"target_blobs": dict.fromkeys(places.values(), then)}
        )
        side: Any = SimpleNamespace(blobs=None)
        reports = [filed("verify", plan={"name": "ws1", "sha256": made.sha256}, green=True)]
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        with Ledger(folder) as ledger:
            ledger.bind(made)
            for one in (one for one in made.steps if one.action.carried_out):
                ledger.move(one.address, State.DOING)
                ledger.move(one.address, State.DONE)
            return asyncio.run(copy_proof.read(side, made, ledger, reports, inventory(*there, of=of)))

    return proof


def test_what_is_there_as_it_was_verified_is_proven(read: Any) -> None:
    assert read(MODEL) == CopyProof({FROM: "blobs/1"})


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.ADOPT])
def test_what_was_moved_and_is_gone_proves_nothing(action: Action, read: Any) -> None:
    found = read(steps=(COPY, step("models/m/1", action=action)))
    assert found.unproven == ("What was moved is no longer in the target: models/m/1.",)


def test_each_other_reason_is_told_beside_it(read: Any) -> None:
    assert read(MODEL, then="a", now="b").changed == {"blobs/1"}
    fallen = replace(GREEN, holds=False, summary="It is disabled.")
    assert read(MODEL, claims=(GREEN, fallen)).unproven == ("/k!key.enabled: It is disabled.",)
    assert read(MODEL, claims=(replace(fallen, severity="warning"),)).unproven == ()
    other = replace(
        TARGET, document={**TARGET.document, "properties": {**TARGET.document["properties"], "workspaceId": "x"}}
    )
    [why] = read(MODEL, of=other).unproven
    assert "another workspace than the one that was verified" in why


@pytest.mark.parametrize(("count", "end"), [(20, "models/m/39."), (21, "models/m/39 and 1 more.")])
def test_twenty_of_what_is_gone_are_named(count: int, end: str, read: Any) -> None:
    [why] = read(steps=(COPY, *(step(f"models/m/{20 + number}") for number in range(count)))).unproven
    assert why.endswith(end) and why.count("models/m/") == 20
