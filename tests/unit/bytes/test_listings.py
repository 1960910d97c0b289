"""Listings: what lies below a prefix, where it goes, and how a blob compares with its copy."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import MAPPING, NEW_BLOBS, OLD_BLOBS, OLD_ID, blob, containers

from amlmigrate.bytes.listings import Listing, goal_path, listing_digest, unlike
from amlmigrate.bytes.storage_containers import digested
from amlmigrate.core.asset import Blob
from amlmigrate.core.workspace import Location

FULL = blob(
    "a/b",
    10,
    md5="1B2M2Y8AsgTpgAmY7PhCfg==",
    headers=(("content_type", "text/csv"),),
    metadata=(("upload_status", "completed"),),
    tags=(("k", "v"),),
    tier="Cool",
)


def test_below_a_prefix_lie_the_blob_itself_and_its_folder() -> None:
    paths = ("a", "a/b", "a/b/c", "a/bc", "a/b.csv", "b", "ab/c", "a//b", "a0", "a/é", "a.b")
    listed = Listing(Location("acct", "c"), {path: blob(path) for path in paths})
    assert [found.path for found in listed.below("a/b")] == ["a/b", "a/b/c"]
    assert [found.path for found in listed.below("a")] == ["a", "a//b", "a/b", "a/b.csv", "a/b/c", "a/bc", "a/é"]
    assert [found.path for found in listed.below("")] == sorted(paths)
    assert list(listed.below("c")) == []


_PATHS = st.lists(st.text("ab/.0", min_size=1, max_size=5), max_size=12)


@given(_PATHS, st.text("ab", min_size=1, max_size=2))
def test_what_lies_below_is_found_without_looking_at_all(paths: list[str], prefix: str) -> None:
    listed = Listing(Location("acct", "c"), {path: blob(path) for path in paths})
    below = sorted(path for path in set(paths) if path == prefix or path.startswith(f"{prefix}/"))
    assert [found.path for found in listed.below(prefix)] == below


@pytest.mark.parametrize(
    ("source", "goal", "path", "place"),
    [
        ("", "", "a/b", "a/b"),
        ("a", "a", "a/b", "a/b"),
        ("a/b", "a/b", "a/b", "a/b"),
        ("", "migrated-code/x", "src/train.py", "migrated-code/x/src/train.py"),
        ("src", "migrated-code/x/src", "src/a/b", "migrated-code/x/src/a/b"),
        ("a", "a", "a//b", "a//b"),
        ("", "migrated-code/x", "a//b", "migrated-code/x/a//b"),
        ("a", "a", "a/a/a", "a/a/a"),
    ],
)
def test_a_blob_keeps_its_name_below_the_goal(source: str, goal: str, path: str, place: str) -> None:
    assert goal_path(Location("acct", "c", source), Location("cmkacct", "d", goal), path) == place


_NAMES = st.lists(st.sampled_from(["a", "b", "c d", ""]), min_size=1, max_size=5).map("/".join)


@given(_NAMES.filter(lambda name: name[:1] not in ("", "/")), st.sampled_from([OLD_BLOBS, f"{OLD_ID}-75av"]))
def test_a_blob_goes_where_a_reference_to_it_goes(path: str, container: str) -> None:
    """Whatever prefix it is copied with, a blob arrives where the mapping sends its own address."""
    whole = MAPPING.place(Location("acct", container, path))
    assert whole is not None
    for cut in [0, *(index for index, sign in enumerate(path) if sign == "/"), len(path)]:
        source = Location("acct", container, path[:cut])
        goal = MAPPING.place(source)
        assert goal is not None
        if source.path.strip("/") == source.path:
            assert goal_path(source, goal, path) == whole.path


def test_a_copy_with_all_its_properties_is_like_its_source() -> None:
    assert unlike(FULL, replace(FULL, path="elsewhere", etag='"0x2"', kind="AppendBlob")) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("length", 11),
        ("md5", "AAAA"),
        ("headers", ()),
        ("metadata", (("upload_status", "failed"),)),
        ("tags", ()),
        ("tier", "Hot"),
    ],
)
def test_a_copy_is_unlike_its_source_in_each_field_that_a_listing_shows(field: str, value: Any) -> None:
    changed = replace(FULL, **{field: value})
    assert unlike(FULL, changed) == [field]
    assert unlike(changed, FULL) == [field]


@pytest.mark.parametrize("field", ["md5", "tags"])
def test_what_a_listing_could_not_show_proves_nothing(field: str) -> None:
    unknown = replace(FULL, **{field: None})
    assert unlike(FULL, unknown) == unlike(unknown, FULL) == []


def test_the_digest_of_a_listing_does_not_depend_on_its_order() -> None:
    blobs = [blob("b"), blob("a"), blob("a/b")]
    assert listing_digest(blobs) == listing_digest(reversed(blobs))


@pytest.mark.parametrize(
    "change",
    [
        {"path": "a/c"},
        {"length": 11},
        {"etag": '"0x2"'},
        {"md5": None},
        {"headers": ()},
        {"metadata": ()},
        {"tags": ()},
        {"tier": None},
    ],
)
def test_the_digest_of_a_listing_changes_with_each_field(change: dict[str, Any]) -> None:
    assert listing_digest([FULL]) != listing_digest([replace(FULL, **change)])


_texts = st.text(st.characters(exclude_categories=()))
_pairs = st.lists(st.tuples(_texts, _texts), max_size=2).map(tuple)


@given(
    _texts,
    st.integers(0, 2**50),
    _texts,
    st.none() | _texts,
    _pairs,
    _pairs,
    st.none() | _pairs,
    st.none() | _texts,
)
def test_the_digest_is_over_a_line_of_json_for_each_blob(
    path: str, length: int, etag: str, md5: str | None, headers: Any, metadata: Any, tags: Any, tier: str | None
) -> None:
    one = Blob(path, length, etag, md5, headers=headers, metadata=metadata, tags=tags, tier=tier)
    line = [path, length, etag, md5, headers, metadata, tags or None, tier]
    expected = json.dumps(line, separators=(",", ":")).encode() + b"\n"
    assert listing_digest([one]) == hashlib.sha256(expected).hexdigest()


def test_the_digest_of_a_listing_changes_with_each_blob() -> None:
    assert len({listing_digest(found) for found in ([], [FULL], [FULL, blob("z")], [blob("z")])}) == 4


def test_each_container_has_a_digest_by_account_and_name() -> None:
    listed = containers(source={OLD_BLOBS: [FULL]}, target={NEW_BLOBS: [FULL]})
    assert digested(listed.source, {}).whole == {
        f"acct/{OLD_BLOBS}": listing_digest([FULL]),
        "acct/azureml": listing_digest([]),
    }
