"""The bytes of the files: plain files below one folder, read and written in pieces."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from azsandbox.shares.index import Entry

_PIECE = 256 * 1024
# What the file systems of Linux and macOS take; Azure takes longer names.
_NAME_BYTES = 255
_PATH_BYTES = 1000
_MODE = 0o700


class Contents:
    """A folder with `account/share/path` below it; what a local file system cannot name lies under a hash."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def place(self, entry: Entry) -> Path:
        """Where the bytes of a file lie, or the files of a directory."""
        names = entry.path.split("/")
        share = self._root / entry.account / entry.share
        plain = share.joinpath(*names)
        if len(os.fsencode(plain)) <= _PATH_BYTES and all(len(os.fsencode(name)) <= _NAME_BYTES for name in names):
            return plain
        # No share's name has a dot, so this folder is nobody's.
        return share.with_name(f"{entry.share}.long") / hashlib.sha256(entry.path.encode()).hexdigest()

    def create(self, entry: Entry) -> None:
        """A directory, or a file of the entry's size with nothing but zeros, whatever it held before."""
        place = self.place(entry)
        (place if entry.directory else place.parent).mkdir(mode=_MODE, parents=True, exist_ok=True)
        if not entry.directory:
            with place.open("wb") as file:
                file.truncate(entry.size)

    def resize(self, entry: Entry) -> None:
        """Cuts a file to the entry's size, or fills it up with zeros."""
        os.truncate(self.place(entry), entry.size)

    def write(self, entry: Entry, start: int, data: bytes) -> None:
        """Writes bytes into a file from `start` on."""
        with self.place(entry).open("r+b") as file:
            file.seek(start)
            file.write(data)

    def clear(self, entry: Entry, start: int, length: int) -> None:
        """Writes zeros; up to the end of the file they take no room."""
        with self.place(entry).open("r+b") as file:
            if start + length >= entry.size:
                file.truncate(start)
                file.truncate(entry.size)
                return
            file.seek(start)
            for done in range(0, length, _PIECE):
                file.write(bytes(min(_PIECE, length - done)))

    def read(self, entry: Entry, start: int, length: int) -> Iterator[bytes]:
        """The bytes of a range, piece by piece."""
        with self.place(entry).open("rb") as file:
            file.seek(start)
            while length > 0 and (piece := file.read(min(_PIECE, length))):
                length -= len(piece)
                yield piece

    def move(self, entry: Entry, path: str) -> None:
        """Moves the bytes of a file to where they lie under another path."""
        goal = self.place(replace(entry, path=path))
        goal.parent.mkdir(mode=_MODE, parents=True, exist_ok=True)
        self.place(entry).rename(goal)

    def remove(self, entry: Entry) -> None:
        """Removes a file, or a directory that is empty."""
        with suppress(OSError):  # the index is what counts
            (Path.rmdir if entry.directory else Path.unlink)(self.place(entry))

    def remove_share(self, account: str, share: str) -> None:
        """Removes all bytes of a share."""
        for name in (share, f"{share}.long"):
            shutil.rmtree(self._root / account / name, ignore_errors=True)
