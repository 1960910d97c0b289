"""A place names its service: that of blobs where nothing is said, in files as they were written before too."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from tests.builders.world import step

from amlmigrate.core.ownership_record import Copied, OwnershipRecord
from amlmigrate.core.plan import Action, Bytes, Step
from amlmigrate.core.workspace import Location, Service

BLOBS = Location("Acct", "c", "d/e")
FILES = replace(BLOBS, service=Service.FILE)


def test_a_share_is_another_place_than_a_container_of_its_name() -> None:
    assert BLOBS != FILES and len({BLOBS, FILES, Location("acct", "c", "d/e")}) == 2


def test_whatever_lies_in_a_share_lies_in_its_service() -> None:
    assert FILES.below("f").service is FILES.at("f").service is Service.FILE
    assert (FILES.below("f").path, FILES.at("f").path) == ("d/e/f", "f")


@pytest.mark.parametrize(
    ("place", "parts"),
    [(BLOBS, ("acct", "c", "d/e")), (FILES, ("acct", "c", "d/e", "file"))],
    ids=["blob", "file"],
)
def test_a_file_names_only_the_service_that_is_not_that_of_blobs(place: Location, parts: tuple[str, ...]) -> None:
    assert place.parts == parts and Location.of_parts(list(parts)) == pickle.loads(pickle.dumps(place)) == place
    one = step("blobs/c/d", action=Action.COPY, bytes=Bytes(place, place, 1, 2))
    line = one.as_dict()
    assert line["from"] == line["to"] == parts and Step.of_dict(line).bytes == one.bytes


@pytest.mark.parametrize("parts", [("a", "c"), ("a", "c", "p", "queue"), ("a", "c", "p", "file", "more")])
def test_what_is_no_place_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Location.of_parts(parts)


def test_what_was_copied_to_a_container_is_not_known_of_a_share_of_its_name() -> None:
    prior = OwnershipRecord(blobs={("acct", "c", "d/e"): Copied('"1"', '"2"')})
    assert prior.copied(BLOBS) and prior.copied(FILES) is None
