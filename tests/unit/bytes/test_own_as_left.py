"""What of the target's blobs is the tool's own as it left it, and what is done to one that differs from its source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import blob

from amlmigrate.bytes.ownership import Doing, overwritten, relabelled, removable, settled, verdict
from amlmigrate.core.asset import Blob
from amlmigrate.core.ownership_record import Copied, Labels

SOURCE, THERE = blob("d/1", 3, '"s"'), blob("d/1", 3, '"t"')
LABELS = Labels.of(THERE)
OURS = Copied('"s"', '"t"', LABELS)
TEAM = (("team", "risk"),)


@pytest.mark.parametrize(
    ("copied", "is_settled"),
    [
        (OURS, True),
        (None, False),
        (OURS._replace(source_etag='"before"'), False),
        (OURS._replace(target_etag='"before"'), False),
        (OURS._replace(target_etag=""), False),
    ],
)
def test_a_copy_is_settled_of_just_this_version(copied: Copied | None, is_settled: bool) -> None:
    assert settled(copied, SOURCE, THERE) is is_settled


@pytest.mark.parametrize(
    ("length", "md5", "anew"),
    [(3, None, True), (3, "same", False), (0, None, False)],
    ids=["unknown", "told", "empty"],
)
def test_what_was_written_again_is_another_unless_something_says_that_it_is_not(
    length: int, md5: str | None, anew: bool
) -> None:
    source, there = (replace(one, length=length, md5=md5) for one in (SOURCE, THERE))
    assert overwritten(OURS._replace(source_etag='"before"'), source, there) is anew
    assert not overwritten(OURS, source, there), "the very version that was copied"


@pytest.mark.parametrize(("then", "now"), [(None, TEAM), (TEAM, None), (None, None)])
def test_tags_that_could_not_be_read_are_not_taken_for_changed(then: Any, now: Any) -> None:
    there = replace(THERE, tags=now)
    left = OURS._replace(labels=Labels(None, then))
    assert relabelled(left, there) == [] and removable(left, there)
    assert relabelled(left, replace(there, tier="Cool")) == ["tier"], "all else counts"


def test_bytes_that_are_others_are_not_relabelled_though_everything_says_that_they_are_ours() -> None:
    """No listing shows what happened: whoever sets a tier on them would call them the source's."""
    there = replace(THERE, length=4, tier="Cool")
    copied = OURS._replace(labels=Labels.of(there))
    assert verdict(copied, SOURCE, there).doing is Doing.LEAVE
    assert verdict(copied, replace(SOURCE, tier="Hot"), replace(there, length=3)).doing is Doing.RELABEL


UNTOUCHED, CHANGED = "changed in the target since it was copied", "changed in the target since it was copied: its "
COOL, ARCHIVED = replace(THERE, tier="Cool"), replace(THERE, tier="Archive")


def left(there: Blob, **more: Any) -> Copied:
    """The copy as the tool left it: just so."""
    return OURS._replace(labels=Labels.of(there), **more)


@pytest.mark.parametrize(
    ("copied", "source", "there", "doing", "why"),
    [
        (None, SOURCE, COOL, Doing.LEAVE, "not created by this tool"),
        (OURS._replace(target_etag='"other"'), SOURCE, COOL, Doing.LEAVE, UNTOUCHED),
        (OURS._replace(target_etag=""), SOURCE, COOL, Doing.LEAVE, "not known to be this tool's"),
        (OURS, SOURCE, COOL, Doing.LEAVE, CHANGED + "tier"),
        (OURS, SOURCE, replace(COOL, tags=TEAM), Doing.LEAVE, CHANGED + "tags and tier"),
        # The source was written again: whatever else differs, it is brought anew.
        (left(COOL, source_etag='"old"'), SOURCE, COOL, Doing.REPLACE, ""),
        (left(THERE, source_etag='"old"'), replace(SOURCE, length=9), THERE, Doing.REPLACE, ""),
        (OURS._replace(source_etag='"old"'), SOURCE, COOL, Doing.LEAVE, CHANGED + "tier"),
        # The bytes differ though the source is the very one that was copied.
        (OURS, replace(SOURCE, length=9), THERE, Doing.LEAVE, UNTOUCHED),
        (left(THERE), replace(SOURCE, length=9, tags=TEAM), THERE, Doing.LEAVE, UNTOUCHED),
        (OURS._replace(labels=None), replace(SOURCE, tags=TEAM), THERE, Doing.LEAVE, UNTOUCHED),
        # Only labels differ, and they are as the tool left them.
        (left(THERE), replace(SOURCE, tags=TEAM), THERE, Doing.RELABEL, ""),
        (left(COOL), replace(SOURCE, tier="Hot"), COOL, Doing.RELABEL, ""),
        (left(ARCHIVED), replace(SOURCE, tier="Archive", tags=TEAM), ARCHIVED, Doing.RELABEL, ""),
    ],
)
def test_what_becomes_of_one_that_differs(
    copied: Copied | None, source: Blob, there: Blob, doing: Doing, why: str
) -> None:
    assert verdict(copied, source, there) == (doing, why)


@pytest.mark.parametrize(("now", "there", "word"), [("Hot", ARCHIVED, "rehydrate"), (None, COOL, "of a tier of its own"),
                                                    (None, ARCHIVED, "rehydrate")])  # fmt: skip
def test_a_tier_that_no_call_can_set_is_left(now: str | None, there: Blob, word: str) -> None:
    doing, why = verdict(left(there), replace(SOURCE, tier=now), there)
    assert doing is Doing.LEAVE and word in why


@pytest.mark.parametrize(
    ("copied", "there", "may"),
    [
        (OURS, THERE, True),
        (None, THERE, False),
        (OURS._replace(target_etag='"other"'), THERE, False),
        (OURS._replace(target_etag=""), THERE, False),
        (OURS, COOL, False),
        (OURS, replace(THERE, tags=TEAM), False),
        # What it was of tier and tags is not known, and its ETag says that nobody wrote it.
        (OURS._replace(labels=None), COOL, True),
        (OURS._replace(source_etag='"old"'), THERE, True),
    ],
)
def test_only_a_copy_as_the_tool_left_it_may_be_deleted(copied: Copied | None, there: Blob, may: bool) -> None:
    assert removable(copied, there) is may


def test_of_a_blob_that_is_not_the_tools_own_nothing_is_said_of_its_source() -> None:
    older = OURS._replace(source_etag='"before"')
    assert overwritten(older, SOURCE, THERE) is True
    assert overwritten(None, SOURCE, THERE) is False
    assert overwritten(older._replace(target_etag='"other"'), SOURCE, THERE) is False
    told = replace(SOURCE, md5="a")
    assert overwritten(older, told, THERE) is True and overwritten(older, SOURCE, replace(THERE, md5="a")) is True


def test_what_was_relabelled_is_named_by_what_changed() -> None:
    assert relabelled(OURS, THERE) == []
    assert relabelled(OURS, replace(COOL, tags=TEAM)) == ["tier", "tags"]
    assert relabelled(OURS._replace(labels=None), COOL) == []
    # A change of tags, and tags that could not be read, are two things.
    assert relabelled(left(replace(THERE, tags=TEAM)), replace(THERE, tags=())) == ["tags"]
