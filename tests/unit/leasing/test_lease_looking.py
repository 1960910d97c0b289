"""What commands that change nothing say of the lease, and whom `verify` waits for."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import NEW, plan
from tests.unit.leasing.leased import CONTAINER, OTHER, URL, LeasedBlob, said

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import PlanLockedError
from amlmigrate.core.lease import Holder, LeaseState
from amlmigrate.core.workspace import Location, WorkspaceRef
from amlmigrate.leasing.looking import LeaseLook, look, refuse_changing, refuse_living
from amlmigrate.ledger import Ledger

HELD = LeaseLook(URL, LeaseState(True, OTHER))
UNNAMED = LeaseLook(URL, LeaseState(True))
# A lease that was given up: its blob still says who had it.
FREE = LeaseLook(URL, LeaseState(False, OTHER))
UNKNOWN = LeaseLook(URL, unknown="whether the target is being changed: no right")


def side(blob: LeasedBlob, container: Location | None = CONTAINER, error: Exception | None = None) -> Any:
    async def default_container() -> Location | None:
        if error:
            raise error
        return container

    def workspace(ref: WorkspaceRef) -> SimpleNamespace:
        assert ref == NEW, "the lease is on the target"
        return SimpleNamespace(default_container=default_container)

    return SimpleNamespace(leases=blob, workspace=workspace)


async def test_the_lease_is_read_as_it_stands() -> None:
    assert await look(side(LeasedBlob(id_="theirs", holder=OTHER)), NEW) == HELD
    assert await look(side(LeasedBlob()), NEW) == LeaseLook(URL)
    assert await look(side(LeasedBlob(), None), NEW) == LeaseLook(NEW.id), "without a container there is none"


@pytest.mark.parametrize("status", [401, 403])
async def test_no_right_to_read_it_is_an_answer(status: int) -> None:
    blob = LeasedBlob()
    blob.errors["state"] = [said(status, "AuthorizationFailure")]
    found = await look(side(blob), NEW)
    assert found.address == URL and not found.state.held
    assert found.unknown.endswith(f"its lease could not be read ({status} AuthorizationFailure)")
    of_the_workspace = await look(side(LeasedBlob(), error=said(status, "AuthorizationFailed")), NEW)
    assert of_the_workspace.address == NEW.id and of_the_workspace.unknown


@pytest.mark.parametrize("status", [400, 404, 409, 500])
async def test_any_other_answer_is_none(status: int) -> None:
    blob = LeasedBlob()
    blob.errors["state"] = [said(status, "X")]
    with pytest.raises(ServiceError):
        await look(side(blob), NEW)


@pytest.mark.parametrize(
    ("found", "held", "holder", "line", "code"),
    [
        (
            HELD,
            True,
            OTHER.as_dict(),
            f"the target may be being changed: its lease is held by {OTHER}",
            "target-in-use",
        ),
        (
            UNNAMED,
            True,
            None,
            "the target may be being changed: its lease is held, and does not say by whom",
            "target-in-use",
        ),
        (FREE, False, None, "", ""),
        (UNKNOWN, None, None, f"not checked: {UNKNOWN.unknown}", "not-checked"),
    ],
    ids=["held", "unnamed", "free", "unknown"],
)
def test_each_state_is_told_as_it_is(
    found: LeaseLook, held: bool | None, holder: object, line: str, code: str
) -> None:
    assert found.as_dict() == {"lease": {"held": held, "holder": holder}, "lines": [line] if line else []}
    finding = found.finding()
    assert (finding.code if finding else "") == code
    assert finding is None or (finding.severity == "warning" and finding.about == URL)


def mine(folder: Path, host: str = "", elsewhere: str = "") -> Holder:
    """A holder of this folder on this host, or of another of them."""
    return replace(OTHER, host=host or socket.gethostname(), folder=elsewhere or str(folder.resolve()))


class Lock:
    """The folder's lock, whose holder lives or does not."""

    def __init__(self, lives: bool) -> None:
        self.lives = lives

    def holder_lives(self) -> bool:
        return self.lives


@pytest.mark.parametrize(
    ("held", "host", "folder", "lives", "refused"),
    [
        (True, "", "", False, False),
        (True, "", "", True, True),
        (True, "other", "", False, True),
        (True, "", "/other", False, True),
        (True, None, "", False, True),
        (False, "other", "", True, False),
    ],
    ids=["ours, dead", "ours, alive", "of another host", "of another folder", "of nobody known", "free"],
)
def test_only_a_dead_process_of_this_very_folder_is_not_waited_for(
    held: bool, host: str | None, folder: str, lives: bool, refused: bool, tmp_path: Path
) -> None:
    holder = None if host is None else mine(tmp_path, host, folder)
    lock: Any = Lock(lives)
    found = LeaseLook(URL, LeaseState(held, holder))
    if refused:
        with pytest.raises(PlanLockedError) as raised:
            refuse_living(found, lock, tmp_path)
        assert raised.value.address == URL
    else:
        refuse_living(found, lock, tmp_path)


async def test_a_plan_is_refused_while_its_target_is_being_changed(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        with pytest.raises(PlanLockedError) as raised:
            await refuse_changing(side(LeasedBlob(id_="theirs", holder=OTHER)), plan(), ledger)
        assert raised.value.address == URL
        assert await refuse_changing(side(LeasedBlob(id_="mine", holder=mine(tmp_path))), plan(), ledger) == ""
        assert await refuse_changing(side(LeasedBlob()), plan(), ledger) == ""


async def test_that_nobody_may_look_refuses_nothing_and_is_told(tmp_path: Path) -> None:
    blob = LeasedBlob(id_="theirs", holder=OTHER)
    blob.errors["state"] = [said(403, "AuthorizationFailure")]
    with Ledger(tmp_path) as ledger:
        why = await refuse_changing(side(blob), plan(), ledger)
    assert "could not be read (403 AuthorizationFailure)" in why
