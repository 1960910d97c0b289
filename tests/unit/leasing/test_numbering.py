"""The number of a run: above all that is known, from the lease's blob and from the ledgers, and written down first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from amlmigrate.core.errors import BadInputError, LeaseLostError
from amlmigrate.core.workspace import Location
from amlmigrate.leasing.numbering import number


class Blob:
    """The lease as its holder has it, with the document that its blob has."""

    place = Location("acct", "c", "lease")
    leases = SimpleNamespace(url=lambda _: "https://acct/c/lease")

    def __init__(self, document: dict[str, Any], fails: Exception | None = None) -> None:
        self.document = document
        self.fails = fails

    async def record(self) -> dict[str, Any]:
        return self.document

    async def change(self, members: dict[str, Any]) -> None:
        if self.fails:
            raise self.fails
        self.document |= members


@pytest.mark.parametrize(
    ("document", "known", "next_"),
    [
        ({}, 0, 1),
        ({"sequence": 4}, 0, 5),
        ({"sequence": 4, "cutover": {"time": "t"}}, 2, 5),
        # The blob is gone, as after a removal, or somebody deleted it: the ledgers know.
        ({}, 7, 8),
        ({"sequence": 4}, 7, 8),
    ],
)
async def test_it_is_above_all_that_is_known_and_the_rest_stays(
    document: dict[str, Any], known: int, next_: int
) -> None:
    blob: Any = Blob(dict(document))
    assert await number(blob, known) == next_
    assert blob.document == document | {"sequence": next_}
    assert await number(blob, known) == next_ + 1, "none is given twice"


@pytest.mark.parametrize("found", ["4", -1, 1.5, True, None, 2**53, 2**60])
async def test_what_is_no_number_is_refused(found: Any) -> None:
    blob: Any = Blob({"sequence": found})
    with pytest.raises(BadInputError, match="sequence"):
        await number(blob, 0)


async def test_one_that_could_not_be_written_down_is_not_used() -> None:
    blob: Any = Blob({}, LeaseLostError("gone"))
    with pytest.raises(LeaseLostError):
        await number(blob, 3)


async def test_the_largest_number_is_read() -> None:
    blob: Any = Blob({"sequence": 2**53 - 1})
    assert await number(blob, 0) == 2**53
