"""Storage tasks that are assigned to the target's account are told, and none that is off."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.arm import FakeArm
from tests.builders.errors import refusal

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.posture.storagetasks import unseen

ACCOUNT = "/subscriptions/s/accounts/new"


def _told(answer: Any) -> list[str]:
    arm = FakeArm({f"{ACCOUNT}/storageTaskAssignments": answer})
    side: Any = SimpleNamespace(arm=arm)
    return asyncio.run(unseen(side, ACCOUNT))


def _assigned(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": properties}


@pytest.mark.parametrize(
    ("assigned", "named"),
    [
        ([], ""),
        ([_assigned("off", enabled=False)], ""),
        ([_assigned("b", enabled=True), _assigned("off", enabled=False), _assigned("a", enabled=True)], "a, b"),
        # What does not say that it is off may be on.
        ([_assigned("a")], "a"),
        ([{"name": "a"}], "a"),
    ],
)
def test_those_that_may_run_are_named(assigned: Any, named: str) -> None:
    told = f"whether storage tasks assigned to 'new' delete or archive copies: {named}"
    assert _told(assigned) == [told] * bool(named)


def test_a_list_that_is_refused_is_told() -> None:
    [told] = _told(refusal())
    assert told.startswith("whether a storage task is assigned to 'new', which might delete copies: ")
    assert "AuthorizationFailed" in told


def test_an_arm_that_is_out_of_order_is_no_answer() -> None:
    with pytest.raises(ServiceError):
        _told(refusal(503, "ServiceUnavailable"))
