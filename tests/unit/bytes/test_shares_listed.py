"""Lists of shares: only a source's may be refused, and the target's is asked for where there is anything to copy."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import MAPPING, NEW_BLOBS, OLD_BLOBS, blob
from tests.unit.bytes.executed import One

from amlmigrate.bytes.drift import drifted
from amlmigrate.bytes.storage_containers import list_both, list_source
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.asset import Blob
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.workspace import Location, Service

SHARE = Location("acct", "notes", service=Service.FILE)
GOAL = Location("cmkacct", "notes", service=Service.FILE)
DENIED = ServiceError(403, "AuthorizationPermissionMismatch", "no", method="GET", url="https://x")


class Account:
    """Lists containers with a blob, and a share as it is told."""

    def __init__(self, files: tuple[Blob, ...] | ServiceError) -> None:
        self.files, self.asked = files, list[Location]()

    async def listing(self, place: Location) -> tuple[SortedBlobs, bool]:
        self.asked.append(place)
        if place.service is Service.BLOB:
            return SortedBlobs([blob("a")]), True
        if isinstance(self.files, ServiceError):
            raise self.files
        return SortedBlobs(self.files), True


async def _own(*_: Any) -> dict[Location, tuple[str, ...]]:
    return {Location("acct", OLD_BLOBS): (), SHARE: ()}


class Placed(Mapping):
    """The share goes to one of its name."""

    def place(self, location: Location) -> Location | None:
        return GOAL.at(location.path) if location.service is Service.FILE else super().place(location)


PLACED = Placed(MAPPING.source, MAPPING.target)
FILE = blob("n.ipynb", kind="File")


async def test_whoever_has_no_files_needs_no_right_to_those_of_the_target() -> None:
    source, target = Account(()), Account(DENIED)
    found = await list_both(PLACED, One(source), One(target), _own)  # type: ignore[arg-type]  # all that it asks of a side
    assert GOAL not in target.asked and GOAL.key not in found.target
    assert found.source[SHARE.key].exists and not found.source[SHARE.key].refused
    assert ("cmkacct", NEW_BLOBS) in found.target


async def test_a_share_of_the_source_may_be_refused_and_the_targets_may_not() -> None:
    found = await list_both(PLACED, One(Account(DENIED)), One(Account(())), _own)  # type: ignore[arg-type]  # as above
    assert "AuthorizationPermissionMismatch" in found.source[SHARE.key].refused
    with pytest.raises(ServiceError, match="403"):
        await list_both(PLACED, One(Account((FILE,))), One(Account(DENIED)), _own)  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("error", [503, 404])
async def test_whatever_else_a_share_is_answered_is_no_refusal(error: int) -> None:
    refused = ServiceError(error, "Whatever", "no", method="GET", url="https://x")
    with pytest.raises(ServiceError):
        await list_source(PLACED, One(Account(refused)), _own)  # type: ignore[arg-type]  # as above


async def test_files_that_can_be_seen_later_were_not_planned() -> None:
    from tests.builders.world import plan, step

    planned: Plan = plan(
        step("shares/notes", action=Action.MANUAL), step(f"blobs/{OLD_BLOBS}", action=Action.MANUAL)
    )
    shut = await list_source(PLACED, One(Account(DENIED)), _own)  # type: ignore[arg-type]  # as above
    seen = await list_source(PLACED, One(Account((FILE,))), _own)  # type: ignore[arg-type]  # as above
    assert "shares/notes" not in drifted(planned, shut, lambda _: True)
    assert drifted(planned, seen, lambda _: True)["shares/notes"][0] is None
