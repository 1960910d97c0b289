"""Lists of shares: only a source's may be refused, and the target's where there is nothing to copy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import MAPPING, NEW_BLOBS, OLD_BLOBS, blob, plan, step
from tests.unit.bytes.accounts import Account as Bytes
from tests.unit.bytes.accounts import Record
from tests.unit.bytes.executed import One, copier

from amlmigrate.bytes.drift import drifted
from amlmigrate.bytes.listings import listing_digest
from amlmigrate.bytes.storage_containers import begun, list_both, list_source
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.asset import FOLDER_KIND, Blob
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.plan import Bytes as Amount
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


def _side(files: tuple[Blob, ...] | ServiceError) -> Any:
    """A side with such an account: all that a list asks of it."""
    return One(Account(files))


async def _own(*_: Any) -> dict[Location, tuple[str, ...]]:
    return {Location("acct", OLD_BLOBS): (), SHARE: ()}


class Placed(Mapping):
    """The share goes to one of its name."""

    def place(self, location: Location) -> Location | None:
        return GOAL.at(location.path) if location.service is Service.FILE else super().place(location)


PLACED = Placed(MAPPING.source, MAPPING.target)
FILE = blob("n.ipynb", kind="File")


async def test_whoever_has_no_files_needs_no_right_to_those_of_the_target() -> None:
    found = await list_both(PLACED, _side(()), _side(DENIED), _own)
    assert found.target[GOAL.key].refused and not found.target[GOAL.key].blobs
    assert found.source[SHARE.key].exists and not found.source[SHARE.key].refused
    assert ("cmkacct", NEW_BLOBS) in found.target


async def test_that_its_list_was_begun_before_that_was_known_asks_for_no_right_either() -> None:
    amount = Amount(SHARE, GOAL, 1, 1)
    planned = plan(step("shares/notes", action=Action.COPY, bytes=amount))
    source, target = One(Account(())), One(Account(DENIED))
    async with begun(planned, source, target, datetime(2026, 1, 2, tzinfo=UTC)) as lists:  # type: ignore[arg-type]  # as above
        found = await list_both(PLACED, source, target, _own, begun=lists)  # type: ignore[arg-type]  # as above
    assert found.target[GOAL.key].refused


async def test_what_the_target_has_is_seen_where_the_share_of_the_source_is_empty() -> None:
    found = await list_both(PLACED, _side(()), _side((FILE,)), _own)
    assert list(found.target[GOAL.key].blobs) == [FILE.path]


async def test_a_share_of_the_source_may_be_refused_and_the_targets_may_not() -> None:
    found = await list_both(PLACED, _side(DENIED), _side(()), _own)
    assert "AuthorizationPermissionMismatch" in found.source[SHARE.key].refused
    with pytest.raises(ServiceError, match="403"):
        await list_both(PLACED, _side((FILE,)), _side(DENIED), _own)


@pytest.mark.parametrize("error", [503, 404])
async def test_whatever_else_a_share_is_answered_is_no_refusal(error: int) -> None:
    refused = ServiceError(error, "Whatever", "no", method="GET", url="https://x")
    with pytest.raises(ServiceError):
        await list_source(PLACED, _side(refused), _own)


async def test_files_that_can_be_seen_later_were_not_planned() -> None:
    planned: Plan = plan(
        step("shares/notes", action=Action.MANUAL), step(f"blobs/{OLD_BLOBS}", action=Action.MANUAL)
    )
    shut = await list_source(PLACED, _side(DENIED), _own)
    seen = await list_source(PLACED, _side((FILE,)), _own)
    assert "shares/notes" not in drifted(planned, shut, lambda _: True)
    assert drifted(planned, seen, lambda _: True)["shares/notes"][0] is None


class AnyCase(Bytes):
    """A share that answers for a name in any letter case, and lists it in one."""

    service = Service.FILE

    async def copy_from(self, *_: Any, **__: Any) -> str:
        raise refusal(409, "ResourceAlreadyExists")

    async def tidy(self, place: Location) -> None:
        pass

    def told(self, source: Location, target: Location) -> str:
        return ""

    async def head(self, place: Location) -> Blob | None:
        return self.listed.get(place.path.lower())


async def test_a_name_in_another_letter_case_is_told_as_such() -> None:
    source = AnyCase({"A": blob("A", 1, kind="File")}, {"A": b"x"})
    target = AnyCase({"a": blob("a", 1, kind="File")}, {"A": b"x"})
    blobs = list(source.listed.values())
    amount = Amount(SHARE, GOAL, 1, 1)
    planned = step("shares/notes", action=Action.COPY, source_sha256=listing_digest(blobs), bytes=amount)
    with pytest.raises(ConflictError, match="another letter case"):
        await copier(source, target, MAPPING).copy(planned, amount, Record(), found_is_own=False)


class Beside(Bytes):
    """A share of which it is noted when it is tidied of what attempts that were cut off left beside its files."""

    service = Service.FILE

    async def tidy(self, place: Location) -> None:
        self.calls.append(("tidied", place.container))

    def told(self, source: Location, target: Location) -> str:
        return ""


@pytest.mark.parametrize(
    ("there", "found_is_own", "tidied"), [(False, False, True), (True, True, True), (True, False, False)],
    ids=["copied now", "cut off before, and all is there", "all was there"],
)  # fmt: skip
async def test_a_share_is_tidied_once_it_is_whole_where_a_copy_may_have_been_cut_off(
    there: bool, found_is_own: bool, tidied: bool
) -> None:
    """What a copy that was killed left there would be a file too many; where nothing was asked for nothing is changed."""
    source = Beside({"A": blob("A", 1, kind="File")}, {"A": b"x"})
    own = Copied('"0x1"', '"made"')
    target = Beside({"A": blob("A", 1, '"made"', kind="File")} if there else {})
    amount = Amount(SHARE, GOAL, 1, 1)
    sha = listing_digest(list(source.listed.values()))
    planned = step("shares/notes", action=Action.COPY, source_sha256=sha, bytes=amount)
    record = Record({"A": own} if there else {})
    assert await copier(source, target, MAPPING).copy(planned, amount, record, found_is_own=found_is_own) == ""
    copied = [] if there else [("copy", "A")]
    assert target.calls == [*copied, *([("tidied", "notes")] if tidied else [])]


async def test_of_the_directories_those_that_the_tool_made_are_dressed_once_all_is_in_them() -> None:
    """One of another's is not touched, and one that an earlier run made may lack what it has of its own."""

    class Dressed(Beside):
        async def dress(self, origin: Any, source: Location, target: Location) -> None:
            assert (source.container, target.container) == (SHARE.container, GOAL.container)
            assert source.path == target.path
            self.calls.append(("dressed", target.path))

    kinds = {"another's": FOLDER_KIND, "before": FOLDER_KIND, "new": FOLDER_KIND, "new/A": "File"}
    source = Dressed({path: blob(path, 0, kind=kind) for path, kind in kinds.items()})
    target = Dressed({path: blob(path, 0, '"made"', kind=FOLDER_KIND) for path in ("another's", "before")})
    amount = Amount(SHARE, GOAL, 4, 0)
    sha = listing_digest(list(source.listed.values()))
    planned = step("shares/notes", action=Action.COPY, source_sha256=sha, bytes=amount)
    record = Record({"before": Copied('"0x1"', '"made"')})
    await copier(source, target, MAPPING).copy(planned, amount, record, found_is_own=False)
    assert [path for what, path in target.calls if what == "dressed"] == ["before", "new"]
    assert target.calls.index(("copy", "new/A")) < target.calls.index(("dressed", "before"))
