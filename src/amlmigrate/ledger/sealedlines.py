"""Files of JSON lines that are written once: a header, the rest, and a last line with count and SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from amlmigrate.core.errors import BadInputError
from amlmigrate.core.escapes import as_json
from amlmigrate.ledger.files import whole


@dataclass(frozen=True, slots=True)
class Sealed:
    """What such a file holds: `lines` from the header on, without the last; `sha256` is over their bytes."""

    lines: tuple[dict[str, Any], ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Wording:
    """How errors name the file: `plan`, and what makes another one."""

    what: str
    remedy: str


def write(path: Path, lines: Iterable[dict[str, Any]]) -> str:
    """Writes the file whole or not at all, and returns its SHA-256. Raises OSError."""
    sha, count = hashlib.sha256(), 0
    with whole(path) as file:
        for line in lines:
            data = _line(line)
            sha.update(data)
            file.write(data)
            count += 1
        file.write(_line({"record": "end", "count": count, "sha256": sha.hexdigest()}))
    return sha.hexdigest()


def _line(value: dict[str, Any]) -> bytes:
    return as_json(value).encode() + b"\n"


@contextmanager
def opened(path: Path, wording: Wording) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """The SHA-256 of a file, and its lines one after the other, the header first and without the last.

    The file is read to its end before, a line at a time. Raises BadInputError for one that is missing, cut short
    or changed.
    """
    with _told(path, wording):
        file = path.open("rb")
    with file:
        sha256 = _checked(path, file, wording)
        file.seek(0)
        yield sha256, _lines(path, file, wording)


def _checked(path: Path, file: IO[bytes], wording: Wording) -> str:
    sha, count, last = hashlib.sha256(), 0, b""
    for line in file:
        if last:
            sha.update(last)
            count += 1
        last = line
    end = _decoded(path, last, wording)
    if end.get("record") != "end" or not last.endswith(b"\n"):
        raise _unusable(path, "it is cut short", wording)
    if end.get("count") != count or end.get("sha256") != sha.hexdigest():
        raise _unusable(path, "it is not what was written: its checksum does not match", wording)
    return sha.hexdigest()


def _lines(path: Path, file: IO[bytes], wording: Wording) -> Iterator[dict[str, Any]]:
    line = file.readline()
    for after in file:
        yield _decoded(path, line, wording)
        line = after


def read(path: Path, wording: Wording) -> Sealed:
    """Reads the file whole. Raises BadInputError for one that is missing, cut short or changed."""
    with opened(path, wording) as (sha256, lines):
        return Sealed(tuple(lines), sha256)


def read_first(path: Path, wording: Wording) -> dict[str, Any]:
    """Reads the first line alone. Raises BadInputError."""
    with _told(path, wording), path.open("rb") as file:
        line = file.readline()
    return _decoded(path, line, wording)


@contextmanager
def _told(path: Path, wording: Wording) -> Iterator[None]:
    """Makes what the file system says a sentence. Raises BadInputError."""
    try:
        yield
    except FileNotFoundError as error:
        raise BadInputError(
            f"There is no {wording.what} in this folder: '{path.name}' is missing.",
            address=str(path.parent),
            remedy=wording.remedy,
        ) from error
    except OSError as error:
        raise BadInputError(
            f"The {wording.what} cannot be read: {error.strerror}.",
            address=str(path),
            remedy="Check the file's permissions.",
        ) from error


def _decoded(path: Path, line: bytes, wording: Wording) -> dict[str, Any]:
    try:
        found = json.loads(line)
    # What is too deep is none of ours.
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _unusable(path, f"it is cut short or no {wording.what}", wording)
    return found


def _unusable(path: Path, why: str, wording: Wording) -> BadInputError:
    return BadInputError(
        f"The {wording.what} cannot be used: {why}.",
        address=str(path),
        remedy=f"Put the original file back, or make a new {wording.what}; a {wording.what} is never edited.",
    )
