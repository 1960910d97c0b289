"""What `status` asks Azure: the lease and the source's exemptions, each told as not checked by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import OLD, plan

from amlmigrate.cli import holding
from amlmigrate.cli.views.status import StatusView, stage_lines
from amlmigrate.core.errors import DeniedError
from amlmigrate.core.finding import Finding
from amlmigrate.leasing.looking import LeaseLook
from amlmigrate.status.following import following, in_short
from amlmigrate.status.stages import CutoverStage, RemovalStage, SoakStage, Stages, stages

ENDS = Finding("warning", "/e", "It ends.", "az policy exemption update", "exemption-ends")
LEASE = LeaseLook("/t")


def _stages(**changed: Any) -> Stages:
    return replace(stages(plan(), Path("plans/ws1"), None), **changed)


def _looked(monkeypatch: pytest.MonkeyPatch, found: Stages, *, lease: Any = LEASE, ends: Any = (ENDS,)) -> Any:
    """What comes of it, where these are what is read, or raised."""
    asked: list[str] = []

    async def given(what: str, value: Any) -> Any:
        asked.append(what)
        if isinstance(value, Exception):
            raise value
        if value is None:
            await asyncio.sleep(60)
        return value

    @asynccontextmanager
    async def session(_: Any) -> AsyncIterator[Any]:
        side = SimpleNamespace(arm=None)
        yield SimpleNamespace(source=side, target=side)

    monkeypatch.setattr(holding, "session", session)
    monkeypatch.setattr(holding, "_SOON_SECONDS", 0.05)
    monkeypatch.setattr(holding.looking, "look", lambda *_: given("lease", lease))
    monkeypatch.setattr(holding, "early_ends", lambda *_: given("ends", ends))
    return asyncio.run(holding.look(None, found)), asked  # type: ignore[arg-type]  # no view is shown anything


def test_both_are_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found, asked = _looked(monkeypatch, _stages())
    assert (found.lease, found.early_ends) == (LEASE, (ENDS,)) and sorted(asked) == ["ends", "lease"]


@pytest.mark.parametrize("error", [refusal(500), refusal(429), silence(), DeniedError("no token"), None])
def test_one_that_fails_hides_nothing_of_the_other(monkeypatch: pytest.MonkeyPatch, error: Any) -> None:
    found, _ = _looked(monkeypatch, _stages(), lease=error)
    assert found.early_ends == (ENDS,) and "whether the target is being changed" in found.lease.unknown
    found, _ = _looked(monkeypatch, _stages(), ends=error)
    assert found.lease == LEASE and [one.address for one in found.early_ends] == [f"{OLD.id}!exemptions-unread"]


@pytest.mark.parametrize(
    "gone", [{"removal": RemovalStage("t", "t", False, None)}, {"removing": "2026-01-01T00:00:00+00:00"}]
)
def test_of_a_source_that_is_removed_exemptions_matter_no_more(monkeypatch: pytest.MonkeyPatch, gone: Any) -> None:
    found, asked = _looked(monkeypatch, _stages(**gone))
    assert found.early_ends == () and asked == ["lease"]


def test_where_nobody_can_sign_in_both_are_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def session(_: Any) -> Any:
        raise DeniedError("no token")

    monkeypatch.setattr(holding, "session", session)
    found = asyncio.run(holding.look(None, _stages()))  # type: ignore[arg-type]  # no view is shown anything
    assert "no token" in found.lease.unknown and "no token" in found.early_ends[0].summary


@pytest.mark.parametrize("unread", [refusal(500), silence(), None])
def test_a_cutover_that_another_plan_ended_is_told(monkeypatch: pytest.MonkeyPatch, unread: Any) -> None:
    made = _stages(cutover=CutoverStage("2026-01-01T00:00:00+00:00"))
    line = {"plan": made.plan.sha256, "ended": {"by": "first", "time": "2026-01-02T00:00:00+00:00"}}

    source = str(made.plan.header.source["workspaceId"])
    back = {"workspaceId": source, "by": "second", "time": "2026-01-03T00:00:00+00:00"}
    shown: dict[str, Any] = {"cutovers": [line]}

    async def ended(*_: Any) -> Any:
        return shown

    async def not_known(*_: Any) -> Any:
        if unread:
            raise unread
        await asyncio.sleep(60)

    monkeypatch.setattr(holding.looking, "cutovers", ended)
    found, _ = _looked(monkeypatch, made)
    assert "the cutover of plan 'first' was taken back" in found.ended
    told = found.on(made)
    assert following(told) == "migrate cutover plans/ws1 --back" and in_short(told).endswith("live no more")
    assert f"cutover: {found.ended}" in stage_lines(told)
    # One that an older version cut over is not in the lease.
    shown = {"cutovers": [], "backs": [back]}
    assert "the cutover of plan 'second' was taken back" in _looked(monkeypatch, made)[0].ended
    later = _stages(cutover=CutoverStage("2026-01-04T00:00:00+00:00"))
    assert _looked(monkeypatch, later)[0].ended == ""
    assert _looked(monkeypatch, _stages())[0].ended == "", "of one that was not cut over nobody asks"
    monkeypatch.setattr(holding.looking, "cutovers", not_known)
    asked, _ = _looked(monkeypatch, made)
    assert asked.ended == "" and "Not checked: whether another plan's `--back`" in asked.early_ends[-1].summary
    # Said once: nobody knows then who has the lease either.
    assert _looked(monkeypatch, made, lease=refusal(500))[0].early_ends == (ENDS,)


def test_it_is_told_with_the_command() -> None:
    [event] = StatusView(_stages(), LEASE, None, (ENDS,)).as_json()
    assert event.data["early_ends"] == [ENDS.as_dict()]
    assert "warning: /e!exemption-ends: It ends. az policy exemption update" in event.data["lines"]


def test_the_time_that_the_source_is_needed_counts_from_the_soak_once_it_has_begun() -> None:
    now = datetime(2026, 2, 1, tzinfo=UTC)
    assert _stages().needed_until(now) == now + timedelta(days=21)
    over = now + timedelta(days=2)
    soaking = _stages(soak=SoakStage("", over.isoformat(timespec="minutes"), False))
    assert soaking.needed_until(now) == over + timedelta(days=14)
