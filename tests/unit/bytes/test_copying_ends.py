"""How a copy ends that is not simply done: with a label that is false, amid a drift, stopped, or with a name that is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import MAPPING, blob, step
from tests.unit.bytes.accounts import SOURCE, TARGET, Account, Record, copy
from tests.unit.bytes.executed import copier

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ConflictError, DriftError, InterruptedRunError
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.workspace import Location

OURS = blob("d/1", 3, '"s"', md5="bWQ1")
TWIN = replace(OURS, etag='"t"')
PLAIN = Labels.of(OURS)


class Checking(Account):
    """An account that finds other bytes than the label says, of the paths in `false`."""

    false: frozenset[str] = frozenset()

    async def copy_from(
        self, origin: Any, source: Location, one: Blob, target: Location, *, check: bool = True, **more: Any
    ) -> str:
        if check and target.path in self.false:
            self.calls.append(("checked", target.path))
            raise refusal(400, "Md5Mismatch")
        return await super().copy_from(origin, source, one, target, **more)


async def test_bytes_under_a_false_label_are_copied_with_it_and_that_is_told() -> None:
    target, record = Checking(), Record()
    target.false = frozenset({"d/1"})
    note = await copy(Account({"d/1": OURS, "d/2": blob("d/2", 3, '"s"', md5="bWQ1")}), target, record)
    assert note.endswith(": d/1") and note.startswith("the MD5 label in the source is false")
    assert [path for what, path in target.calls if what == "checked"] == ["d/1"]
    assert set(record.told) == {"d/1", "d/2"} and target.listed["d/1"].md5 == "bWQ1"
    assert await copy(Account({"d/1": OURS}), Checking(), Record()) == "", "nothing is to be told"


async def drifted(record: Record, *, found_is_own: bool) -> None:
    """Of a source of which the plan knew another list."""
    amount = Bytes(SOURCE, TARGET, 1, 3)
    one = step("blobs/c/d", action=Action.COPY, source_sha256=listing_digest([]), bytes=amount)
    target = Account({"d/1": TWIN})
    with pytest.raises(DriftError) as raised:
        await copier(Account({"d/1": OURS}), target, MAPPING).copy(one, amount, record, found_is_own=found_is_own)
    assert raised.value.address == "c/d" and target.calls == [] and record.etags == {}


@pytest.mark.parametrize(
    ("known", "found_is_own", "told"),
    [
        # An earlier run had asked for it and was cut off.
        (Copied('"s"'), True, {"d/1": Copied('"s"', '"t"', PLAIN)}),
        (Copied('"s"'), False, {}),
        # Nobody asked for it.
        (None, True, {}),
        # It is known already, and its labels may wait for the next plan.
        (Copied('"s"', '"t"', PLAIN), True, {}),
        (Copied('"s"', '"t"'), True, {}),
    ],
    ids=["asked for", "not cut off", "another's", "known", "known without labels"],
)
async def test_what_had_arrived_before_the_source_changed_is_known_to_be_the_tools_own(
    known: Copied | None, found_is_own: bool, told: dict[str, Copied]
) -> None:
    record = Record({"d/1": known} if known else {})
    await drifted(record, found_is_own=found_is_own)
    assert record.told == told


async def test_who_stops_a_copy_says_nothing_of_what_is_missing() -> None:
    """It goes on later: nothing is left for anybody to let go."""
    record, amount = Record(), Bytes(SOURCE, TARGET, 1, 3)
    one = step("blobs/c/d", action=Action.COPY, source_sha256=listing_digest([OURS]), bytes=amount)
    stopped = copier(Account({"d/1": OURS}), Account(), MAPPING, lambda: True)
    with pytest.raises(InterruptedRunError) as raised:
        await stopped.copy(one, amount, record, found_is_own=False)
    assert record.etags == {} and "known to be there" not in str(raised.value)


async def test_a_name_that_clients_resolve_is_left_and_all_others_are_copied() -> None:
    dots = blob("d/../d/2", 3, '"s"', md5="bWQ1")
    target, record = Account(), Record()
    with pytest.raises(ConflictError, match="cannot be copied under its name") as raised:
        await copy(Account({"d/1": OURS, dots.path: dots}), target, record)
    assert "The other 1 of its 2 blobs is there." in raised.value.summary
    assert set(record.told) == {"d/1"} and record.alone == ["d/../d/2"]


async def test_a_thousand_are_asked_for_at_once() -> None:
    class Counting(Record):
        """Notes how many each call is about."""

        async def begin(self, missing: Any) -> None:
            missing = list(missing)
            self.alone.append(str(len(missing)))
            await super().begin(missing)

    record, sizes = Counting(), list[str]()
    record.alone = sizes
    await copy(
        Account({f"d/{number:04}": blob(f"d/{number:04}", md5="bWQ1") for number in range(2001)}),
        Account(),
        record,
    )
    assert sizes == ["1000", "1000", "1"]


async def test_what_is_too_many_beside_the_copies_is_told_as_that() -> None:
    """It is not told to have another letter case, which only a file of a share has."""
    target, record = Account({"d/2": blob("d/2")}), Record()
    with pytest.raises(ConflictError, match=r"d/2 \(too many, and not created by this tool\)"):
        await copy(Account({"d/1": OURS}), target, record)
