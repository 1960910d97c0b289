"""What is kept on disk for the time of a command, in databases without a name, and what ends it: a full disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from amlmigrate.core.errors import MigrateError


class FullDiskError(MigrateError):
    """The disk takes no more, so that what a command needs to know is not all there: it goes no further."""


@contextmanager
def on_disk(what: str) -> Iterator[None]:
    """Raises FullDiskError, of reading and taking out too: what waits in memory is written before."""
    try:
        yield
    except sqlite3.Error as error:
        raise FullDiskError(
            f"{what} could not be kept on the disk for the time of this command: {error}.",
            remedy="Make room, or name a folder that has some in the environment variable SQLITE_TMPDIR.",
        ) from error
