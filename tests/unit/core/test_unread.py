"""Why a file cannot be read is told in words, and not by the machine's own."""

from __future__ import annotations

import errno
import os

import pytest

from amlmigrate.core import unread


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOENT, "there is no such file"),
        (errno.EISDIR, "it is a folder, and not a file"),
        (errno.ENOTDIR, "a part of its path is a file, and not a folder"),
        (errno.EACCES, "this user may not read it"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_what_the_machine_says_is_told_in_words(number: int, told: str) -> None:
    assert unread.why(OSError(number, os.strerror(number), "x")) == told


def test_what_is_no_text_is_said_to_be_none() -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        b"\xff".decode()
    assert unread.why(caught.value) == "it is not text in UTF-8"
