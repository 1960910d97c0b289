"""The blocks that a long blob is copied in: as many as Azure takes, with ids that are those of one version's bytes."""

from __future__ import annotations

import base64

import pytest

from amlmigrate.cloud.blockcopies import BLOCK, blocks_of
from amlmigrate.core.limits import LARGEST_BLOB

MiB = 2**20
URL, ETAG = "https://acct.blob.core.windows.net/c/d/1", '"0x8D"'


@pytest.mark.parametrize(
    "length", [5_000 * MiB + 1, 50_000 * 256 * MiB, 50_000 * 256 * MiB + 1, 50_000 * 4_000 * MiB]
)
def test_no_blob_is_put_in_more_blocks_than_the_service_takes(length: int) -> None:
    blocks = blocks_of(URL, ETAG, length)
    # learn.microsoft.com, "Scalability and performance targets for Blob storage": 50,000 blocks, of 4,000 MiB each.
    assert len(blocks) <= 50_000 and max(block.length for block in blocks) <= 4_000 * MiB
    ends = [block.offset + block.length for block in blocks]
    assert [0, *ends] == [*(block.offset for block in blocks), length]
    assert len({block.id for block in blocks}) == len(blocks)
    # put-block-from-url: of one length before they are encoded, and no more than 64 bytes.
    assert len({len(block.id) for block in blocks}) == 1
    assert all(len(base64.b64encode(block.id.encode())) <= 64 for block in blocks[:1])


def test_blocks_are_no_larger_than_they_must_be() -> None:
    assert blocks_of(URL, ETAG, 50_000 * BLOCK)[0].length == BLOCK
    assert blocks_of(URL, ETAG, 50_000 * BLOCK + 1)[0].length == BLOCK + 1


@pytest.mark.parametrize(("length", "fits"), [(30, True), (31, False)])
def test_a_blob_that_no_list_of_blocks_makes_is_refused(length: int, fits: bool) -> None:
    if fits:
        assert [block.length for block in blocks_of(URL, ETAG, length, size=4, most=3, largest=10)] == [10] * 3
    else:
        with pytest.raises(ValueError, match="more than 3 blocks"):
            blocks_of(URL, ETAG, length, size=4, most=3, largest=10)


def test_the_longest_blob_there_is_is_the_longest_that_is_put() -> None:
    assert len(blocks_of(URL, ETAG, LARGEST_BLOB)) == 50_000
    with pytest.raises(ValueError, match="more than 50000 blocks"):
        blocks_of(URL, ETAG, LARGEST_BLOB + 1)


def test_an_id_is_that_of_one_versions_bytes() -> None:
    """What is put of one is never taken for another's: not that of another blob, version, length or size."""
    ours = {block.id for block in blocks_of(URL, ETAG, 100, size=10)}
    assert ours == {block.id for block in blocks_of(URL, ETAG, 100, size=10)}
    for other in (
        blocks_of(f"{URL}2", ETAG, 100, size=10),
        blocks_of(URL, '"0x8E"', 100, size=10),
        blocks_of(URL, ETAG, 99, size=10),
        blocks_of(URL, ETAG, 100, size=11),
    ):
        assert not ours & {block.id for block in other}
        assert {len(block.id) for block in other} == {32}
