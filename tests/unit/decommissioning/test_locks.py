"""The locks that keep a deleted workspace from being purged: a purge passes them by."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.arm import FakeArm
from tests.builders.errors import refusal
from tests.builders.world import OLD

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.decommissioning.removal import held_by

GROUP = OLD.id.partition("/providers/")[0]
SUBSCRIPTION = f"/subscriptions/{OLD.subscription}"
LOCKS = "providers/Microsoft.Authorization/locks"


def _lock(scope: str) -> dict[str, Any]:
    return {"id": f"{scope}/{LOCKS}/keep", "properties": {"level": "CanNotDelete"}}


@pytest.mark.parametrize(
    ("asked", "scope", "held"),
    [
        (GROUP, GROUP, True),
        (SUBSCRIPTION, SUBSCRIPTION, True),
        # The list of a group has those of everything in it; that of the workspace is still shown there.
        (GROUP, OLD.id, True),
        (GROUP, OLD.id.upper(), True),
        (GROUP, f"{OLD.id}2", False),
        (SUBSCRIPTION, f"{SUBSCRIPTION}/resourceGroups/another", False),
    ],
)
async def test_a_lock_on_it_or_on_what_it_lay_in(asked: str, scope: str, held: bool) -> None:
    arm: Any = FakeArm({f"{asked}/{LOCKS}": [_lock(scope)]})
    assert bool(await held_by(arm, OLD)) is held


@pytest.mark.parametrize("scope", [GROUP, SUBSCRIPTION])
async def test_locks_that_could_not_be_read_may_be_there(scope: str) -> None:
    arm: Any = FakeArm({f"{scope}/{LOCKS}": refusal()})
    [told] = await held_by(arm, OLD)
    assert scope in told and "could not be read (AuthorizationFailed)" in told
    for later in (refusal(503, "ServerBusy"), refusal(401, "InvalidAuthenticationToken")):
        with pytest.raises(ServiceError):
            await held_by(FakeArm({f"{scope}/{LOCKS}": later}), OLD)  # type: ignore[arg-type]
