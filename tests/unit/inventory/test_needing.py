"""Who of the target refers to a place is looked at when something is to be deleted, not when the run began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import NEW_BLOBS, SOURCE, TARGET, asset, inventory, step

from amlmigrate.core.asked import NOTHING
from amlmigrate.core.finding import Finding
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.workspace import Location
from amlmigrate.inventory import needing
from amlmigrate.inventory.needing import Needing

PLACE = Location("cmkacct", "t", "d/1")


async def test_it_is_looked_when_it_is_asked_and_again_once_that_is_a_while_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, users, looks = [100.0], [""], []

    async def look(self: Needing) -> Callable[[Location], str]:
        looks.append(clock[0])
        seen = users[0]
        return lambda _: seen

    monkeypatch.setattr(Needing, "_look", look)
    monkeypatch.setattr(needing.time, "monotonic", lambda: clock[0])
    nothing: Any = None
    asked = Needing(nothing, nothing, nothing, nothing)
    assert looks == [], "a run may copy for days before it deletes"
    assert [refers(PLACE) for refers in await asyncio.gather(*(asked.now() for _ in range(9)))] == [""] * 9
    assert looks == [100.0], "many steps share a look"
    users[0], clock[0] = "data/own/1", 161.0
    assert (await asked.now())(PLACE) == "data/own/1" and looks == [100.0, 161.0]


@pytest.mark.parametrize(("planned", "stays"), [((), True), (("data/own/1",), False), (("data/own/2",), True)])
async def test_what_cannot_be_read_since_the_plan_keeps_all_that_it_may_refer_to(
    monkeypatch: pytest.MonkeyPatch, planned: tuple[str, ...], stays: bool
) -> None:
    found = inventory(of=TARGET)
    found.findings.append(
        Finding("blocks", "data/own/1", "'c/MLTable' is not valid YAML.", "Look.", code="file-not-yaml")
    )

    async def given(value: Any) -> Any:
        return value

    monkeypatch.setattr(needing, "take", lambda *_, **__: given(found))
    monkeypatch.setattr(needing, "list_both", lambda *_: given(SimpleNamespace(target={})))
    monkeypatch.setattr(needing, "read_files", lambda *_: given(None))
    told = [Finding("error", one, "It.", "Look.", code="users-unknown") for one in planned]
    plan: Any = SimpleNamespace(
        header=SimpleNamespace(target_ref=TARGET.ref, findings=told, asked=NOTHING), steps=[]
    )
    sides: Any = SimpleNamespace(
        source=SimpleNamespace(blobs=None), target=SimpleNamespace(blobs=None, workspace=lambda _: None)
    )
    refers = await Needing(sides, plan, SOURCE, OwnershipRecord()).now()
    assert ("data/own/1" in refers(PLACE)) is stays


@pytest.mark.parametrize(("made", "theirs"), [(frozenset(), True), (frozenset({"data/own/1"}), False)])
async def test_what_this_plan_made_since_the_run_began_is_no_users(
    monkeypatch: pytest.MonkeyPatch, made: frozenset[str], theirs: bool
) -> None:
    """As of a run that was killed and goes on: what it made is not in what was read before."""
    uri = f"https://{TARGET.storage_account}.blob.core.windows.net/{NEW_BLOBS}/d/1"
    found = inventory(asset("data/own/1", dataType="uri_file", dataUri=uri), of=TARGET)

    async def given(value: Any) -> Any:
        return value

    monkeypatch.setattr(needing, "take", lambda *_, **__: given(found))
    monkeypatch.setattr(needing, "list_both", lambda *_: given(SimpleNamespace(target={})))
    monkeypatch.setattr(needing, "read_files", lambda *_: given(None))
    plan: Any = SimpleNamespace(
        header=SimpleNamespace(target_ref=TARGET.ref, findings=[], asked=NOTHING), steps=[step("data/own/1")]
    )
    sides: Any = SimpleNamespace(
        source=SimpleNamespace(blobs=None), target=SimpleNamespace(blobs=None, workspace=lambda _: None)
    )
    refers = await Needing(sides, plan, SOURCE, OwnershipRecord(), lambda: made).now()
    assert bool(refers(Location(TARGET.storage_account, NEW_BLOBS, "d/1"))) is theirs
