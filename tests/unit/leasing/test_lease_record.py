"""What stands in the lease's blob: read whole or refused, changed only as it was read, and by its holder alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.leasing.leased import ME, PLACE, URL, LeasedBlob, said

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import BadInputError, LeaseLostError
from amlmigrate.core.lease import Holder
from amlmigrate.leasing import record


def blob_of(document: object) -> Any:
    return LeasedBlob(json.dumps(document).encode(), id_="mine")


async def change(blob: Any, **members: object) -> None:
    await record.change(blob, PLACE, "mine", ME, members)


@pytest.mark.parametrize("data", [None, b""])
async def test_where_nothing_was_written_there_is_nothing(data: bytes | None) -> None:
    blob: Any = LeasedBlob(data)
    assert await record.read(blob, PLACE) == {}


@pytest.mark.parametrize("data", [b"no json", b"[]", b"{}", b'{"format": "x"}', b'{"format": null}', b"1"])
async def test_what_is_no_document_of_this_tool_is_refused(data: bytes) -> None:
    blob: Any = LeasedBlob(data, id_="mine")
    for act in (record.read(blob, PLACE), change(blob, a=1)):
        with pytest.raises(BadInputError, match="no document of this tool") as raised:
            await act
        assert raised.value.address == URL
    assert blob.data == data


async def test_a_newer_format_is_refused_and_ours_is_read() -> None:
    newer = {"format": record.FORMAT + 1}
    with pytest.raises(BadInputError, match=f"format {record.FORMAT + 1}"):
        await record.read(blob_of(newer), PLACE)
    ours = {"format": record.FORMAT, "cutover": {"x": 1}}
    assert await record.read(blob_of(ours), PLACE) == ours


async def test_a_change_keeps_what_others_wrote_and_takes_away_what_is_none() -> None:
    blob = blob_of({"format": 1, "theirs": [1], "old": 1, "gone": 2})
    await change(blob, old=2, new={"é": "ü"}, gone=None)
    assert json.loads(blob.data) == {"format": 1, "theirs": [1], "old": 2, "new": {"é": "ü"}}
    # Whoever writes it, the same document is the same bytes.
    assert blob.data == '{"format": 1, "new": {"é": "ü"}, "old": 2, "theirs": [1]}'.encode()
    assert Holder.of(blob.metadata) == ME


async def test_the_first_change_makes_a_document() -> None:
    blob: Any = LeasedBlob(b"", id_="mine")
    await change(blob, a=1)
    assert json.loads(blob.data) == {"format": record.FORMAT, "a": 1}


async def test_who_has_lost_the_lease_writes_nothing() -> None:
    blob: Any = LeasedBlob(b"", id_="theirs")
    with pytest.raises(LeaseLostError):
        await change(blob, a=1)
    assert blob.data == b""


@pytest.mark.parametrize("status", [412, 409, 500])
async def test_a_write_that_was_served_and_not_answered_is_one(status: int) -> None:
    """Only a 412 says that the blob is another than the one that was read: then it may be what was sent."""
    blob: Any = LeasedBlob(b"", id_="mine")
    served = blob.write

    async def unanswered(*arguments: Any) -> None:
        await served(*arguments)
        raise said(status, "ConditionNotMet")

    blob.write = unanswered
    if status == 412:
        await change(blob, a=1)
        assert json.loads(blob.data)["a"] == 1
    else:
        with pytest.raises(ServiceError):
            await change(blob, a=1)


@pytest.mark.parametrize("found", [b'{"format": 1, "b": 2}', None])
async def test_a_write_over_somebody_elses_is_none(found: bytes | None) -> None:
    blob: Any = LeasedBlob(b"", id_="mine")

    async def raced(*_: Any) -> None:
        blob.data = found
        raise said(412, "ConditionNotMet")

    blob.write = raced
    with pytest.raises(ServiceError, match="ConditionNotMet"):
        await change(blob, a=1)
    assert blob.data == found
