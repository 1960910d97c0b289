"""The plan file: written once, refused when cut short, changed or of a newer format."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from amlmigrate.core.address import Address
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.plan import Header, Plan, Step

FILE = "plan.jsonl"


def check_free(folder: Path) -> None:
    """Raises BadInputError where there is a plan already."""
    if (folder / FILE).exists():
        raise BadInputError(
            "There is a plan in this folder already; a plan is never changed.",
            address=str(folder / FILE),
            remedy="Name another folder with --out.",
        )


def write(folder: Path, header: Header, steps: Iterable[Step]) -> Path:
    """Writes the plan whole or not at all. Raises BadInputError where one is already."""
    check_free(folder)
    path = folder / FILE
    unfinished = folder / f".{FILE}.unfinished"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(unfinished, header, steps)
        unfinished.rename(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise BadInputError(
            f"The plan cannot be written: {error.strerror}.",
            address=str(folder),
            remedy="Name a folder on a disk with free space that you may write to, with --out.",
        ) from error
    return path


def _write(path: Path, header: Header, steps: Iterable[Step]) -> None:
    sha, count = hashlib.sha256(), 0
    with path.open("wb") as file:
        for line in (header.as_dict(), *(step.as_dict() for step in steps)):
            data = _line(line)
            sha.update(data)
            file.write(data)
            count += 1
        file.write(_line({"record": "end", "count": count, "sha256": sha.hexdigest()}))
        file.flush()
        os.fsync(file.fileno())


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read(folder: Path) -> Plan:
    """Reads a plan. Raises BadInputError for one that is missing, cut short, changed or of a newer format."""
    path = folder / FILE
    try:
        with path.open("rb") as file:
            sha256 = _checked(path, file)
            file.seek(0)
            header = Header.of_dict(_decoded(path, file.readline()))
            return Plan(header, tuple(_steps(path, file)), sha256)
    except FileNotFoundError as error:
        raise BadInputError(
            "There is no plan in this folder.", address=str(folder), remedy="Make one with `migrate plan`."
        ) from error
    except OSError as error:
        raise BadInputError(
            f"The plan cannot be read: {error.strerror}.",
            address=str(path),
            remedy="Check the file's permissions.",
        ) from error


def steps(folder: Path) -> Iterator[Step]:
    """The steps of a plan one after the other, for who needs no more of them than that. Raises as `read` does."""
    path = folder / FILE
    with path.open("rb") as file:
        _checked(path, file)
        file.seek(0)
        file.readline()
        yield from _steps(path, file)


def _checked(path: Path, file: IO[bytes]) -> str:
    """Reads a plan to its end a line at a time; the SHA-256 of its lines but the last."""
    sha, count, last = hashlib.sha256(), 0, b""
    for line in file:
        if last:
            sha.update(last)
            count += 1
        else:
            Header.of_dict(_decoded(path, line))
        last = line
    end = _decoded(path, last)
    if end.get("record") != "end" or not last.endswith(b"\n"):
        raise _unusable(path, "it is cut short")
    if end.get("count") != count or end.get("sha256") != sha.hexdigest():
        raise _unusable(path, "it is not what was written: its checksum does not match")
    return sha.hexdigest()


def _steps(path: Path, file: IO[bytes]) -> Iterator[Step]:
    """The steps in what follows the header."""
    # Most addresses stand in several steps; one object each is enough.
    parse = cache(Address.parse)
    line = file.readline()
    for after in file:
        yield Step.of_dict(_decoded(path, line), parse)
        line = after


def read_header(folder: Path) -> Header:
    """Reads the first line alone."""
    path = folder / FILE
    with path.open("rb") as file:
        return Header.of_dict(_decoded(path, file.readline()))


def _decoded(path: Path, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _unusable(path, "it is cut short or no plan")
    return found


def _unusable(path: Path, why: str) -> BadInputError:
    return BadInputError(
        f"The plan cannot be used: {why}.",
        address=str(path),
        remedy="Put the original file back, or make a new plan; a plan is never edited.",
    )
