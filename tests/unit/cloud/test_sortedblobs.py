"""Lists on disk: the same as a dict of the blobs by path, in the order of code points, whatever order they came in."""

from __future__ import annotations

import itertools
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import blob

from amlmigrate.cloud.sortedblobs import Below, ByPath, SortedBlobs
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import MigrateError

_SIGNS = "ab/.0-\u00e9\ue000\uffff\U0001f600'\"%\n"
_PAIRS = st.lists(st.tuples(st.text("kv'é", max_size=3), st.text("kv'é", max_size=3)), max_size=2).map(tuple)
_BLOBS = st.lists(
    st.builds(
        Blob,
        path=st.text(_SIGNS, min_size=1, max_size=5),
        length=st.integers(0, 2**62),
        etag=st.text('"0x', max_size=4),
        md5=st.none() | st.text("A=", max_size=3),
        kind=st.sampled_from(["BlockBlob", "PageBlob"]),
        headers=_PAIRS,
        metadata=_PAIRS,
        tags=st.none() | _PAIRS,
        tier=st.none() | st.just("Cool"),
        encryption=st.none() | st.just("scope"),
    ),
    max_size=12,
)
_PAGES = st.lists(_BLOBS, max_size=3)


@given(_PAGES, st.text(_SIGNS, max_size=3))
def test_a_list_is_the_dict_of_its_blobs_sorted(pages: list[list[Blob]], prefix: str) -> None:
    listed = SortedBlobs()
    for page in pages:
        listed.add(page)
    came = [one for page in pages for one in page]
    wanted = {one.path: one for one in came}
    paths = sorted(wanted)
    by_path = ByPath(listed)
    assert list(listed) == list(by_path.values()) == [wanted[path] for path in paths]
    assert list(listed.paths()) == list(by_path) == paths
    assert list(by_path.items()) == sorted(wanted.items())
    assert (len(listed), bool(listed)) == (len(wanted), bool(wanted))
    assert listed.rising == all(left.path < right.path for left, right in itertools.pairwise(came))
    assert by_path == wanted
    below = [path for path in paths if not prefix or path == prefix or path.startswith(f"{prefix}/")]
    assert list(listed.encrypted()) == [wanted[path] for path in paths if wanted[path].encryption]
    found = listed.below(prefix)
    inside = [wanted[path] for path in paths if not prefix or path.startswith(f"{prefix}/")]
    longest = sorted((one for one in inside if one.length > 2), key=lambda one: (-one.length, one.path))
    assert list(found.longest(2, above=2)) == longest[:2]
    assert [one.path for one in found] == [one.path for one in found] == below
    assert (len(found), bool(found)) == (len(below), bool(below))


@given(_BLOBS, st.lists(st.text("ab/", min_size=1, max_size=4)))
def test_what_is_filled_goes_and_what_is_empty_stays(blobs: list[Blob], folders: list[str]) -> None:
    blobs += [blob(path) for path in folders]
    listed = SortedBlobs(blobs)
    paths = {one.path for one in blobs}
    filled = {path for path in folders if any(one.startswith(f"{path}/") and one != f"{path}/" for one in paths)}
    listed.drop_filled(sorted(set(folders)))
    assert set(listed.paths()) == {path for path in paths if path not in filled or path not in folders}


def test_what_is_not_there_is_not_found() -> None:
    listed = SortedBlobs([blob("a")])
    assert listed.get("b") is None and blob("b") not in listed and blob("a") in listed and "a" not in listed
    assert blob("a") in listed.below("") and blob("a") not in listed.below("b")
    assert "b" not in ByPath(listed) and "a" in ByPath(listed)
    with pytest.raises(KeyError):
        ByPath(listed)["b"]
    assert list(SortedBlobs()) == list(Below(SortedBlobs(), "a")) == []
    assert SortedBlobs.of(listed) is listed and list(SortedBlobs.of([blob("a")])) == [blob("a")]


def test_blobs_that_are_read_while_others_are_added_are_each_there_once() -> None:
    listed = SortedBlobs(blob(f"{n:05d}") for n in range(3_000))
    reading = iter(listed)
    first = [next(reading).path for _ in range(5)]
    assert listed.get("02999") and len(listed.below("00001")) == 1
    assert [*first, *(one.path for one in reading)] == [f"{n:05d}" for n in range(3_000)]


_LARGE = """
import os, resource, sys
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.asset import Blob
listed = SortedBlobs()
def page(start):
    return [Blob(f"folder/{n:08d}/a-name-of-some-length", n, f'"0x{n:016x}"', metadata=(("n", str(n)),)) for n in range(start, start + 5000)]
listed.add(page(0))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for start in range(5000, 100000, 5000):
    listed.add(page(start))
assert sum(one.length for one in listed) == sum(range(100000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
for one in os.listdir("/proc/self/fd"):
    try:
        status, name = os.stat(f"/proc/self/fd/{one}"), os.readlink(f"/proc/self/fd/{one}")
    except OSError:
        continue
    if "etilqs" in name:
        print(name, oct(status.st_mode & 0o777), status.st_nlink)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_long_list_is_in_a_file_that_nobody_else_reads_and_that_has_no_name(tmp_path: Path) -> None:
    env = {**os.environ, "SQLITE_TMPDIR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", _LARGE], env=env, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    # Ninety-five thousand more blobs, in KiB; as a dict they take eighty MiB.
    assert int(told[0]) < 16 * 1024
    [file] = told[1:]
    assert file.startswith(str(tmp_path)) and file.endswith("(deleted) 0o600 0")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_what_to_do() -> None:
    listed = SortedBlobs([blob("a")])
    assert listed._db
    listed._db.execute("PRAGMA max_page_count = 2")
    with pytest.raises(MigrateError, match="full") as caught:
        listed.add(blob(f"{n:05d}") for n in range(10_000))
    assert "SQLITE_TMPDIR" in caught.value.remedy


def test_whatever_a_disk_does_not_let_do_is_told_with_what_to_do() -> None:
    """Reading and taking out too: what waits in memory has to be written for it."""
    listed = SortedBlobs([blob("a"), blob("a/b")])
    assert listed._db
    listed._db.execute("DROP TABLE blobs")
    ways: list[Callable[[], object]] = [
        lambda: listed.add([blob("c")]),
        lambda: listed.drop_filled(["a"]),
        lambda: listed.discard("a"),
        lambda: listed.get("a"),
        lambda: len(listed),
        lambda: list(listed),
        lambda: list(listed.paths()),
        lambda: list(listed.below("a")),
    ]
    for way in ways:
        listed._count = None
        with pytest.raises(MigrateError) as caught:
            way()
        assert "SQLITE_TMPDIR" in caught.value.remedy


def test_its_file_is_gone_with_the_list() -> None:
    listed = SortedBlobs([blob("a")])
    db = listed._db
    assert db
    del listed
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        db.execute("SELECT 1")
