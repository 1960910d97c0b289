"""The gate and what another plan's cutover stopped: nobody would start it once its source has gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import asset, header, inventory, plan, step
from tests.unit.decommissioning.test_gate_lists_code_bytes import gated
from tests.unit.leasing.leased import LeasedBlob, said
from tests.unit.leasing.test_lease_looking import change, cut_over, side

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.plan import Plan
from amlmigrate.core.switched import SOURCE, TARGET, Switched
from amlmigrate.decommissioning import gating, stopped

NIGHTLY = "schedules/nightly"
AT_REST = plan(step(NIGHTLY, target=Address.parse("schedules/renamed")))
SOURCE_ID = str(header().source["workspaceId"])
ON, OFF = {"/properties/isEnabled": True}, {"/properties/isEnabled": False}
KNOWN = header(extra={"switched": [Switched(SOURCE, AT_REST.steps[0].address, ON, OFF).as_dict()]})


def _line(of: str, address: str, state: str = "changed", **more: Any) -> dict[str, Any]:
    return {**change(of, address, state, source=SOURCE_ID), "plan": "cd" * 32, **more}


async def _told(blob: LeasedBlob, made: Plan = AT_REST, *, enabled: bool = False) -> list[str]:
    return await stopped.by_others(side(blob), made, inventory(asset(NIGHTLY, isEnabled=enabled)), "")


@pytest.mark.parametrize("state", ["changing", "changed", "restoring", "kept"])
async def test_what_the_plan_takes_for_stopped_by_people_keeps_the_source(state: str) -> None:
    cut_off = _line(TARGET, "schedules/renamed", "changing")
    [reason] = await _told(cut_over(_line(SOURCE, NIGHTLY, state), cut_off))
    assert f"stopped for a cutover, and would leave it so: {NIGHTLY}. Make a new plan" in reason


@pytest.mark.parametrize(
    ("lines", "made", "enabled"),
    [
        ([], AT_REST, False),
        ([_line(SOURCE, NIGHTLY)], AT_REST, True),
        ([_line(SOURCE, NIGHTLY), _line(TARGET, "schedules/renamed")], AT_REST, False),
        ([_line(SOURCE, NIGHTLY, workspaceId="another")], AT_REST, False),
        ([_line(SOURCE, NIGHTLY, plan=AT_REST.sha256)], AT_REST, False),
        ([_line(SOURCE, "schedules/gone")], plan(step("schedules/gone")), False),
        ([_line(SOURCE, NIGHTLY)], replace(AT_REST, header=KNOWN), False),
        ([_line(SOURCE, NIGHTLY)], plan(), False),
    ],
    ids=["nothing", "enabled since", "started", "of another source", "its own", "absent", "known", "left"],
)
async def test_nothing_else_does(lines: list[dict[str, Any]], made: Plan, enabled: bool) -> None:
    assert await _told(cut_over(*lines), made, enabled=enabled) == []


@pytest.mark.parametrize("status", [401, 403])
async def test_that_nobody_may_read_it_is_a_reason(status: int) -> None:
    blob = cut_over()
    blob.errors["read"] = [said(status, "AuthorizationFailure")]
    [reason] = await _told(blob)
    assert "is not known" in reason and f"({status} AuthorizationFailure)" in reason


@pytest.mark.parametrize("status", [404, 409, 500])
async def test_any_other_answer_ends_the_command(status: int) -> None:
    blob = cut_over()
    blob.errors["read"] = [said(status, "X")]
    with pytest.raises(ServiceError):
        await _told(blob)


def test_the_gate_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def by_others(given: Any, made: Plan, source: Any, cut_at: str) -> list[str]:
        assert (given.arm, source.workspace.workspace_id) == (case.azure, made.header.source["workspaceId"])
        return ["It was stopped."]

    with gated(tmp_path, monkeypatch) as case:
        case.verified(case.now)
        monkeypatch.setattr(gating, "stopped", SimpleNamespace(by_others=by_others))
        with pytest.raises(RefusedError) as raised:
            case.remove()
        assert raised.value.reasons == ("It was stopped.",) and case.azure.deletions == []
