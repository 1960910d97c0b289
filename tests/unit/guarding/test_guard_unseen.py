"""What Azure lists now against what a scan said: no workspace that needs a key is left without its exemption."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.unit.guarding.guards import SCOPE, guardrail, old, workspace_id

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError
from amlmigrate.guarding import bodies, stage
from amlmigrate.guarding.compliance import Compliance
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.places import GuardedPlaces
from amlmigrate.guarding.progress import events
from amlmigrate.guarding.unseen import with_unseen
from amlmigrate.guarding.wanted import Stage

NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Listing:
    """ARM that lists these workspaces, and does nothing else."""

    def __init__(self, *workspaces: Document) -> None:
        self._workspaces = workspaces

    async def get(self, path: str) -> Document:
        return {"registrationState": "Registered"}

    async def pages(self, path: str) -> AsyncIterator[Document]:
        for one in self._workspaces:
            yield one


def listed(name: str = "ws", level: str = "restricted", **given: Any) -> Document:
    tags = {"data-classification": level} if level else {}
    return {"id": workspace_id(name).upper(), "tags": tags, "kind": "Default", "properties": {}, **given}


def met(estate: GuardedEstate, *workspaces: Document, at: Stage = Stage.DENY_NEW) -> GuardedEstate:
    return asyncio.run(
        with_unseen(cast(Arm, Listing(*workspaces)), guardrail(at), estate, GuardedPlaces((SCOPE,)))
    )


SCANNED = GuardedEstate(scan=NOW.isoformat(), old=(old(),))


@pytest.mark.parametrize(
    ("scanned", "workspace", "unseen"),
    [
        (old(), listed(), False),
        (old(level="public"), listed(level="public"), False),
        (old(), listed(level="public"), False),
        # Its tags were harmless when it was scanned, so nobody meant to exempt it.
        (old(level="public"), listed(), True),
        (old(level="public"), listed(level=""), True),
        (old("other"), listed(), True),
        (old("other"), listed(properties={"encryption": {"status": "Enabled"}}), False),
        (old("other"), listed(kind="Project"), False),
    ],
)
def test_tags_of_today_count_and_not_those_of_the_scan(scanned: Any, workspace: Document, unseen: bool) -> None:
    found = met(GuardedEstate(scan="x", old=(scanned,)), workspace)
    assert bool(found.unseen) is unseen


def test_what_the_scan_has_and_azure_does_not_list_is_told_unless_a_plan_removed_it() -> None:
    assert met(SCANNED).vanished == ("old-rg/ws",)
    removed = GuardedEstate(scan="x", old=(old(),), gone=frozenset({key_of(workspace_id("ws"))}))
    assert met(removed).vanished == ()
    assert met(removed).exempt(guardrail(Stage.DENY_NEW)) == []
    # It was recovered: it is one like any other.
    back = met(removed, listed())
    assert [one.name for one, _ in back.exempt(guardrail(Stage.DENY_NEW))] == ["old-rg/ws"]
    assert (back.unseen, back.vanished) == ((), ())


@pytest.mark.parametrize("at", [Stage.AUDIT, Stage.DRY_DENY])
def test_nothing_is_listed_where_nothing_is_refused(at: Stage) -> None:
    assert met(SCANNED, at=at) == SCANNED


def test_what_was_made_while_somebody_agreed_refuses_the_stage() -> None:
    request = stage.GuardRequest(guardrail(Stage.DENY_NEW), SCANNED, NOW)
    plan = stage.GuardPlan((), (), Compliance({}), (), (), ())
    side = cast(Side, SimpleNamespace(arm=Listing(listed(), listed("made-since"))))
    with pytest.raises(RefusedError) as refused:
        asyncio.run(stage.carry_out(side, request, plan, events(lambda event: None)))
    assert "old-rg/made-since needs a key" in refused.value.reasons[0].lower()


def test_selectors_that_narrow_an_exemption_are_taken_away() -> None:
    body = bodies.exemption(guardrail(Stage.DENY_NEW), NOW.date(), None)
    assert body["properties"]["resourceSelectors"] == []
