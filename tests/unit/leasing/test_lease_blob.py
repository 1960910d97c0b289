"""Which listed blob is the lease's, and what its metadata says of its holder."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.leasing.leased import ME

from amlmigrate.core.lease import FOLDER, PATH, SECONDS, Holder, is_lease

IS_FOLDER = (("hdi_isfolder", "true"),)


@pytest.mark.parametrize(
    ("path", "metadata", "is_"),
    [
        (PATH, (), True),
        (PATH, IS_FOLDER, True),
        (f"{PATH}2", (), False),
        (f"x/{PATH}", (), False),
        # With a hierarchical namespace its folder is listed too.
        (FOLDER, IS_FOLDER, True),
        (FOLDER, (), False),
        (FOLDER, (("hdi_isfolder", "false"),), False),
        (f"{FOLDER}/x", IS_FOLDER, False),
    ],
)
def test_the_lease_is_known_by_its_whole_path(path: str, metadata: tuple[tuple[str, str], ...], is_: bool) -> None:
    assert is_lease(path, metadata) is is_


def test_a_holder_is_read_as_it_was_written_whatever_its_folder_is_called() -> None:
    odd = replace(ME, folder="/plans/é 100%/=", command="run")
    assert all(value.isascii() and " " not in value for value in odd.metadata().values())
    assert Holder.of(odd.metadata()) == odd
    shouted = {name.upper(): value for name, value in odd.metadata().items()}
    assert Holder.of(shouted) == odd, "the service keeps no case of names"
    assert Holder.of({}) is None and Holder.of({**odd.metadata(), "holder_host": ""}) is None
    assert Holder.of({"holder_host": "here"}) == Holder("here", "", "", "", "")
    assert odd.as_dict() == {
        "host": "here",
        "folder": odd.folder,
        "plan": "ws1",
        "command": "run",
        "since": odd.since,
    }


def test_it_is_that_folder_on_that_host_alone() -> None:
    assert ME.is_of(ME.host, ME.folder)
    assert not ME.is_of("other", ME.folder) and not ME.is_of(ME.host, "/other")
    assert (
        str(ME) == "`migrate run` of the plan /plans/mine on here, since 2026-01-01T00:00:00+00:00"
        and SECONDS == 60
    )
