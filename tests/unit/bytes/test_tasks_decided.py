"""What is to be done is decided by lists and the ledger alone, blob by blob, as the lists go by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import MAPPING, blob, listing

from amlmigrate.bytes.deciding import PathDecision, copies, deletions
from amlmigrate.bytes.tasks import CompareTask, CopyTask, DeleteTask, RelabelTask, RewriteTask
from amlmigrate.core.asset import Blob
from amlmigrate.core.file_rewrite import AnewFile
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.plan import Bytes, Gone
from amlmigrate.core.workspace import Location

SOURCE, TARGET = Location("acct", "c", "d"), Location("cmkacct", "t", "e")
AMOUNT = Bytes(SOURCE, TARGET, 1, 3)
FROM, TO = SOURCE.at("d/1"), TARGET.at("e/1")
OURS = blob("d/1", 3, '"s"', md5="bWQ1")
THERE = replace(OURS, path="e/1", etag='"t"')
BARE = replace(OURS, md5=None)
TAGGED = replace(OURS, tags=(("a", "b"),))
PLAIN = Labels(None, ())
COPIED = Copied('"s"', '"t"', PLAIN)
ASKED = Copied('"s"')


def _decided(
    source: Blob, twin: Blob | None, copied: Copied | None, *, found_is_own: bool = False, **more: Any
) -> PathDecision:
    known = {"e/1": copied}
    there = listing(TARGET, *([twin] if twin else []))
    made = {"data": {}, "whole": {}, **more}
    [one] = copies(AMOUNT, [source], there, known.get, found_is_own=found_is_own, **made)
    assert (one.path, one.blob) == ("e/1", source)
    return one


def test_what_is_missing_is_asked_for_and_copied_over_nothing() -> None:
    assert _decided(OURS, None, None) == PathDecision("e/1", OURS, CopyTask(FROM, OURS, TO), asked=True)


def test_what_an_earlier_run_asked_for_and_may_still_arrive_is_its_own() -> None:
    found = _decided(OURS, None, ASKED, found_is_own=True)
    assert found.task == CopyTask(FROM, OURS, TO, asked_before=True) and found.asked
    for other in (_decided(OURS, None, ASKED), _decided(OURS, None, COPIED, found_is_own=True)):
        assert other.task == CopyTask(FROM, OURS, TO)


def test_a_file_that_is_written_anew_is_so_in_its_task() -> None:
    anew = RewriteTask(AnewFile("d/1", "aa", "bb", "bWQ1", 3, 1), MAPPING)
    assert _decided(OURS, None, None, data={"d/1": b"x"}).task == CopyTask(FROM, OURS, TO, data=b"x")
    assert _decided(OURS, None, None, whole={"d/1": anew}).task == CopyTask(FROM, OURS, TO, anew=anew)


def test_only_the_tools_own_is_written_over_and_only_as_it_left_it() -> None:
    written = replace(OURS, etag='"s2"', length=4)
    task = CopyTask(FROM, written, TO, replaces='"t"')
    assert _decided(written, THERE, COPIED) == PathDecision("e/1", written, task)
    for copied in (None, ASKED, COPIED._replace(target_etag='"other"')):
        for own in (True, False):
            found = _decided(written, THERE, copied, found_is_own=own)
            assert found.task is None and found.theirs and not found.known and not found.asked


def test_a_copy_of_which_tier_or_tags_alone_changed_is_relabelled() -> None:
    assert _decided(TAGGED, THERE, COPIED) == PathDecision("e/1", TAGGED, RelabelTask(TAGGED, TO, THERE))


@pytest.mark.parametrize("own", [True, False])
def test_the_tools_own_copy_is_left_as_it_is_and_never_read(own: bool) -> None:
    bare = replace(THERE, md5=None)
    assert _decided(BARE, bare, COPIED, found_is_own=own) == PathDecision("e/1", BARE)


def test_tier_and_tags_of_its_own_copy_are_learned_where_the_ledger_has_others() -> None:
    copied = COPIED._replace(labels=None)
    assert _decided(OURS, THERE, copied).known == COPIED
    tagged = replace(THERE, tags=(("a", "b"),))
    assert _decided(TAGGED, tagged, COPIED).known == COPIED._replace(labels=Labels(None, (("a", "b"),)))


def test_what_looks_like_its_source_and_was_asked_for_is_its_own_once_it_is_proven() -> None:
    assert _decided(OURS, THERE, ASKED, found_is_own=True) == PathDecision("e/1", OURS, known=COPIED)
    bare = replace(THERE, md5=None)
    task = CompareTask(FROM, BARE, TO, bare, COPIED)
    assert _decided(BARE, bare, ASKED, found_is_own=True) == PathDecision("e/1", BARE, task)


def test_what_looks_like_its_source_and_was_not_asked_for_stays_somebody_elses() -> None:
    assert _decided(OURS, THERE, None, found_is_own=True) == PathDecision("e/1", OURS)
    bare = replace(THERE, md5=None)
    assert _decided(BARE, bare, ASKED) == PathDecision("e/1", BARE, CompareTask(FROM, BARE, TO, bare))


def test_of_an_empty_one_there_is_nothing_to_be_read() -> None:
    empty = replace(BARE, length=0)
    assert _decided(empty, replace(empty, path="e/1", etag='"t"'), None) == PathDecision("e/1", empty)


def test_one_is_decided_when_its_turn_comes_and_what_only_the_target_has_is_nobodys_task() -> None:
    read: list[str] = []

    def blobs() -> Iterator[Blob]:
        for number in range(1000):
            read.append(f"d/{number:04}")
            yield blob(read[-1], 3, '"s"', md5="bWQ1")

    there = listing(TARGET, blob("e/0000-", 1, '"x"'), blob("e/zzzz", 1, '"x"'))
    found = copies(AMOUNT, blobs(), there, lambda _: None, found_is_own=False, data={}, whole={})
    assert [next(found).path, next(found).path] == ["e/0000", "e/0001"] and len(read) <= 4
    assert len(list(found)) == 998


def test_only_the_tools_own_copies_are_deleted_each_as_it_left_it() -> None:
    listed = [Gone(f"e/{number}", '"t"', 1) for number in range(6)]
    known = {f"e/{number}": COPIED for number in (0, 1, 2, 3, 5)}
    there = listing(
        TARGET,
        *(blob(f"e/{number}", 1, '"t"') for number in (0, 4, 5)),
        blob("e/1", 1, '"other"'),
        blob("e/2", 1, '"t"', tier="Cool"),
    )
    found = deletions(AMOUNT, listed, there, known.get, lambda path: "data/d/1" if path == "e/5" else "")
    assert found.tasks == [DeleteTask(TARGET.at("e/0"), '"t"')] and found.gone == ["e/3"]
    left = "not as this tool left it"
    assert found.theirs == {"e/1": left, "e/2": left, "e/4": left, "e/5": "data/d/1 refers to it"}
