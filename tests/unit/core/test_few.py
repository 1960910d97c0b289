"""Many things in a sentence."""

from __future__ import annotations

import pytest

from amlmigrate.core.few import few, many


@pytest.mark.parametrize(
    ("count", "most", "told"),
    [(0, 3, ""), (1, 3, "0"), (3, 3, "0, 1, 2"), (4, 3, "0, 1, 2 and 1 more"), (9, 2, "0, 1 and 7 more")],
)
def test_no_more_are_told_than_a_reader_takes_in_and_none_is_dropped_in_silence(
    count: int, most: int, told: str
) -> None:
    assert few([str(one) for one in range(count)], most) == told


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 blobs, 0 copies"), (1, "1 blob, 1 copy"), (2, "2 blobs, 2 copies")]
)
def test_one_is_told_as_one(count: int, told: str) -> None:
    assert f"{many(count, 'blob')}, {many(count, 'copy', 'copies')}" == told
