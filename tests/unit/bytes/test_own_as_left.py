"""What of the target's blobs is the tool's own as it left it, and what is done to one that differs from its source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.world import blob

from amlmigrate.bytes.ownership import Doing, overwritten, relabelled, removable, settled, verdict
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
