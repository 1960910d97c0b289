"""What commands that change nothing say of the lease, and whom `verify` waits for."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import NEW, plan
from tests.unit.leasing.leased import CONTAINER, OTHER, URL, LeasedBlob, said

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.errors import BadInputError, PlanLockedError
from amlmigrate.core.lease import Holder, LeaseState
from amlmigrate.core.switched import SOURCE, TARGET, Switched
from amlmigrate.core.workspace import Location, WorkspaceRef
from amlmigrate.leasing.looking import LeaseLook, look, refuse_changing, refuse_living, switched
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


def change(side: str, address: str, state: str, source: str = "ws1") -> dict[str, Any]:
    """One setting that a cutover of a source has changed, as it stands in the lease's blob."""
    was, left = {"/properties/isEnabled": True}, {"/properties/isEnabled": False}
    return {
        "workspaceId": source,
        "side": side,
        "address": address,
        "was": was,
        "left": left,
        "state": state,
    }


def cut_over(*changed: dict[str, Any]) -> LeasedBlob:
    """The lease's blob with what a cutover wrote into it."""
    return LeasedBlob(json.dumps({"format": 1, "cutover": {"changed": list(changed)}}).encode())


async def test_what_a_standing_cutover_has_changed_is_read_by_its_source() -> None:
    blob = cut_over(
        change(SOURCE, "schedules/nightly", "changing"),
        change(TARGET, "schedules/nightly", "changed"),
        # Cut off at the target: it may never have come about.
        change(TARGET, "schedules/weekly", "changing"),
        change(SOURCE, "schedules/nightly", "changed", source="another"),
    )
    was, left = {"/properties/isEnabled": True}, {"/properties/isEnabled": False}
    nightly = Address.parse("schedules/nightly")
    assert await switched(side(blob), NEW, "ws1") == (
        Switched(SOURCE, nightly, was, left),
        Switched(TARGET, nightly, was, left),
    )
    for none in (side(LeasedBlob()), side(LeasedBlob(None)), side(blob, None)):
        assert await switched(none, NEW, "ws1") == ()


async def test_changes_that_nobody_may_read_are_none_and_any_other_answer_ends_it() -> None:
    """Whoever took a 500 for nothing would plan to enable in the target what people had disabled since."""
    for status in (401, 403):
        blob = cut_over(change(SOURCE, "schedules/nightly", "changed"))
        blob.errors["read"] = [said(status, "AuthorizationFailure")]
        assert await switched(side(blob), NEW, "ws1") == ()
        assert await switched(side(blob, error=said(status, "AuthorizationFailed")), NEW, "ws1") == ()
    for status in (400, 402, 404, 409, 500):
        blob.errors["read"] = [said(status, "X")]
        with pytest.raises(ServiceError):
            await switched(side(blob), NEW, "ws1")
    with pytest.raises(BadInputError, match="it has format 2"):
        await switched(side(LeasedBlob(b'{"format": 2}')), NEW, "ws1")


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
