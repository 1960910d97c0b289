"""One blob of a manifest by itself, and what a prefix of two sides comes to, path by path."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, blob, step

from amlmigrate.bytes.searching import SearchResult
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.workspace import Location
from amlmigrate.verifying.entries import ManifestEntry, Prefix, Tree, label

SOURCE, TARGET = Location("acct", OLD_BLOBS, "m"), Location("cmkacct", NEW_BLOBS, "m")
AMOUNT = Bytes(SOURCE, TARGET, 1, 1)
COPY = step("blobs/c/m", action=Action.COPY, bytes=AMOUNT)
READ = ManifestEntry(blob("m/a", 3, md5="label"), "sha", "label", found=SearchResult(True))
ADDRESS = "blobs/c/m"


@pytest.mark.parametrize(
    ("stored", "read", "false"),
    [("a", "b", True), ("a", "a", False), (None, "b", False), ("a", None, False), (None, None, False)],
)
def test_a_label_is_false_where_both_are_known_and_differ(
    stored: str | None, read: str | None, false: bool
) -> None:
    assert ManifestEntry(blob("m/a", md5=stored), "sha", read).false_label is false


ENCODED = (("content_encoding", "gzip"),)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (READ, ""),
        (replace(READ, found=SearchResult(False)), "are not text"),
        (replace(READ, found=None), "were not read at this depth"),
        (replace(READ, blob=blob("m/a", headers=ENCODED), found=None), "are stored under a Content-Encoding"),
        (
            replace(READ, unread="it is in the archive tier", blob=blob("m/a", headers=ENCODED)),
            "could not be read",
        ),
    ],
    ids=["searched", "no text", "not read", "encoded", "unread"],
)
def test_why_a_file_was_not_searched_is_told_by_its_first_reason(entry: ManifestEntry, why: str) -> None:
    assert entry.unsearched == why


@pytest.mark.parametrize(
    ("headers", "said"), [((), ""), ((("content_encoding", "identity"),), ""), (ENCODED, "gzip")]
)
def test_a_label_of_encoding_counts_where_the_text_is_not_what_is_stored(headers: Any, said: str) -> None:
    assert label(blob("m/a", headers=headers)) == said


def test_a_line_of_a_manifest_has_all_that_is_known() -> None:
    full = blob(
        "m/a",
        3,
        md5="label",
        headers=(("content_type", "x/y"),),
        metadata=(("k", "v"),),
        tags=(("t", "u"),),
        tier="Cool",
    )
    line = ManifestEntry(full, "sha", "read").line(SOURCE)
    assert line.endswith(b"}\n")
    assert json.loads(line) == {
        "account": "acct",
        "container": OLD_BLOBS,
        "path": "m/a",
        "length": 3,
        "sha256": "sha",
        "md5": "read",
        "md5_label": "label",
        "headers": {"content_type": "x/y"},
        "metadata": {"k": "v"},
        "tags": {"t": "u"},
        "tier": "Cool",
        "type": "BlockBlob",
    }
    assert list(json.loads(line)) == sorted(json.loads(line)), "one order, so that one manifest is one file"
    assert json.loads(ManifestEntry(replace(full, tags=None)).line(SOURCE))["tags"] is None


def test_a_tree_is_of_what_lies_below_the_prefix_whatever_that_is_called() -> None:
    def tree(place: Location, *entries: ManifestEntry) -> str:
        made = Tree(place)
        for entry in entries:
            made.add(entry)
        return made.hexdigest()

    moved = replace(READ, blob=replace(READ.blob, path="n/a"))
    one = tree(SOURCE, READ)
    assert one == tree(replace(TARGET, path="n"), moved) == hashlib.sha256(b"a\x003\x00sha\n").hexdigest()
    assert one != tree(SOURCE), "an empty one is another"
    for other in (
        replace(READ, sha256="other"),
        replace(READ, blob=replace(READ.blob, length=4)),
        replace(READ, blob=replace(READ.blob, path="m/b")),
    ):
        assert tree(SOURCE, other) != one
    # Where no byte was read the label stands for it, and where there is none nothing does.
    unread = replace(READ, sha256=None)
    assert tree(SOURCE, unread) == tree(SOURCE, replace(READ, sha256="label"))
    assert tree(SOURCE, replace(unread, blob=blob("m/a", 3))) == hashlib.sha256(b"a\x003\x00\n").hexdigest()


def taken(
    entry: ManifestEntry | None, twin: ManifestEntry | None, anew: ManifestEntry | None = None, path: str = "m/a"
) -> Prefix:
    prefix = Prefix(COPY, AMOUNT)
    prefix.take(path, entry, anew, twin)
    return prefix


def told(prefix: Prefix) -> list[tuple[str, str, Any, Any]]:
    return [(one.address, one.field, one.expected, one.actual) for one in prefix.differences]


def lines(prefix: Prefix, side: str) -> list[bytes]:
    return b"".join(prefix.lines[side].pieces()).splitlines(keepends=True)


def test_a_blob_that_is_the_same_on_both_sides_is_counted_and_kept_in_both_manifests() -> None:
    prefix = taken(READ, READ)
    assert (prefix.blobs, prefix.bytes, prefix.same) == (1, 3, 1)
    assert prefix.differences == prefix.extra == prefix.false_labels == [] and prefix.rewritten == set()
    assert lines(prefix, "source") == [READ.line(SOURCE)] and lines(prefix, "target") == [READ.line(TARGET)]
    assert (
        prefix.trees["source"].hexdigest()
        == prefix.trees["target"].hexdigest()
        == taken(READ, READ).trees["source"].hexdigest()
    )
    prefix.take("m/a", READ, None, READ)
    assert (prefix.blobs, prefix.bytes, prefix.same) == (2, 6, 2)


OTHER = replace(READ, sha256="other")
FALSE = replace(READ, md5="read")


@pytest.mark.parametrize(
    ("entry", "twin", "differences"),
    [
        (READ, None, [("m/a", "present", "missing")]),
        (READ, OTHER, [("m/a:sha256", "sha", "other")]),
        (READ, replace(READ, sha256=None), [("m/a:sha256", "sha", None)]),
        (READ, replace(READ, unread="no", sha256=None), [("m/a:bytes", "read", "no")]),
        (replace(READ, unread="no", sha256=None), READ, [("m/a:bytes", "no", "read")]),
        (READ, replace(READ, blob=replace(READ.blob, length=4)), [("m/a:length", 3, 4)]),
        (READ, replace(READ, blob=replace(READ.blob, tier="Cool")), [("m/a:tier", None, "Cool")]),
        # A label that was false in the source is kept as it is, and is a difference where only the copy has one.
        (READ, FALSE, [("m/a:md5 label", "read", "label")]),
        (FALSE, FALSE, []),
        (FALSE, READ, []),
    ],
)
def test_each_difference_is_told_by_itself(
    entry: ManifestEntry, twin: ManifestEntry | None, differences: list[tuple[str, Any, Any]]
) -> None:
    prefix = taken(entry, twin)
    assert told(prefix) == [(ADDRESS, *one) for one in differences]
    assert prefix.same == (not differences) and prefix.blobs == 1
    assert prefix.false_labels == (["m/a"] if entry.false_label else [])


def test_what_only_the_target_has_is_no_blob_of_the_source() -> None:
    prefix = taken(None, READ)
    assert [(one.address, one.field, one.expected, one.actual) for one in prefix.extra] == [
        (ADDRESS, "m/a", "absent", "extra")
    ]
    assert (prefix.blobs, prefix.same, prefix.differences) == (0, 0, [])
    assert lines(prefix, "source") == [] and lines(prefix, "target") == [READ.line(TARGET)]


def test_a_file_that_is_written_anew_is_compared_as_what_it_becomes() -> None:
    prefix = taken(READ, OTHER, anew=OTHER)
    assert prefix.rewritten == {"m/a"} and prefix.differences == [] and prefix.same == 1
    assert lines(prefix, "source") == [READ.line(SOURCE)], "the manifest has the source's own"
    assert told(taken(READ, READ, anew=OTHER)) == [(ADDRESS, "m/a:sha256", "other", "sha")]


def test_what_the_targets_files_name_is_counted_where_they_were_searched() -> None:
    naming = replace(READ, found=SearchResult(True, 2))
    assert taken(READ, naming).named == {Location("cmkacct", NEW_BLOBS, "m/a"): 2}
    assert taken(READ, READ).named == {} and taken(READ, READ).unsearched == {}
    unread = taken(READ, replace(naming, unread="no"))
    assert unread.named == {} and unread.unsearched == {"could not be read": 1}
    unread.take("m/b", READ, None, replace(naming, unread="no"))
    assert unread.unsearched == {"could not be read": 2}
