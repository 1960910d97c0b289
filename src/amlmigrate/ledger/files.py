"""Files that are written whole or not at all, and are on disk when that returns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from amlmigrate.core.errors import MigrateError


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes the place of `path` once it is whole and on disk. Raises OSError."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        _sync(path.parent)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def write(path: Path, data: bytes | bytearray) -> Path:
    """Writes a file of a plan's folder. Raises FileError."""
    try:
        with whole(path) as file:
            file.write(data)
    except OSError as error:
        raise FileError(error, path) from error
    return path


class FileError(MigrateError):
    """What the file system refused."""

    def __init__(self, error: OSError, path: Path | str) -> None:
        self.why = error.strerror or str(error)
        super().__init__(
            f"A file cannot be written or read: {self.why}.",
            address=str(path),
            remedy="Check free space, permissions and what lies at that path, then run the same command again"
            " (`run` with --resume).",
        )


def _sync(folder: Path) -> None:
    """Puts the new name on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
