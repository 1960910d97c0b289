"""Files that are written whole or not at all, and are on disk when that returns."""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from amlmigrate.core.errors import MigrateError

_PIECE = 2**20
_IN_MEMORY = 2**17


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


def write_pieces(path: Path, pieces: Iterable[bytes | bytearray]) -> str:
    """Writes a file of a plan's folder piece by piece, and returns its SHA-256. Raises FileError."""
    sha = hashlib.sha256()
    try:
        with whole(path) as file:
            for piece in pieces:
                sha.update(piece)
                file.write(piece)
    except OSError as error:
        raise FileError(error, path) from error
    return sha.hexdigest()


class Scratch:
    """A file for the time of a command, without a name and for its user alone; a short one stays in memory."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed with this
        weakref.finalize(self, _let_go, self._file)

    def write(self, data: bytes) -> None:
        """Adds to its end. Raises FileError."""
        try:
            self._file.write(data)
        except OSError as error:
            raise _no_room(error) from error

    def pieces(self) -> Iterator[bytes]:
        """All that it holds, a piece at a time; nothing is added after that. Raises FileError."""
        try:
            # The last of it is written only now.
            self._file.seek(0)
        except OSError as error:
            raise _no_room(error) from error
        while piece := self._file.read(_PIECE):
            yield piece


def _let_go(file: IO[bytes]) -> None:
    """Closes a file of which nothing is needed any more, what is not written of it neither."""
    with suppress(OSError):
        file.close()


def _no_room(error: OSError) -> FileError:
    return FileError(error, tempfile.gettempdir())


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


def probe(folder: Path) -> None:
    """Raises OSError where nothing can be written into a folder; what it makes to find out it takes away again."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\n")
    finally:
        for one in made:
            # Not all may have been made, and somebody else may have put something there meanwhile.
            with suppress(OSError):
                one.rmdir()
