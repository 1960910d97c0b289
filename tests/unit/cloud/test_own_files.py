"""Which files and directories of a share are the tool's own, and so no content."""

from __future__ import annotations

import pytest

from amlmigrate.cloud.fileplacing import is_own
from amlmigrate.core.lease import FOLDER

MADE = "0123456789abcdef" * 2 + "01234567"


@pytest.mark.parametrize(
    ("path", "folder", "own"),
    [
        (FOLDER, True, True),
        (FOLDER.upper(), True, True),
        (FOLDER, False, False),
        (f"{FOLDER}/{MADE}", False, True),
        (f"{FOLDER.upper()}/{MADE.upper()}", False, True),
        (f"{FOLDER}/{MADE}", True, False),
        (f"{FOLDER}/{MADE}0", False, False),
        (f"{FOLDER}/{MADE}/a", False, False),
        (f"a/{FOLDER}", True, False),
        (f"a/{FOLDER}/{MADE}", False, False),
    ],
)
def test_what_is_made_beside_its_place_is_no_content_and_all_else_is(
    path: str, *, folder: bool, own: bool
) -> None:
    assert is_own(path, folder=folder) is own
