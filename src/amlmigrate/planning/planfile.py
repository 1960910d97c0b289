"""The plan file: written once, refused when cut short, changed or of a newer format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import amlmigrate.kinds  # noqa: F401 - declares how the names in addresses are spelled, before any is read
from amlmigrate.core.address import Address
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.plan import Header, Plan, Step
from amlmigrate.ledger import files, sealedlines
from amlmigrate.ledger.missing import EVIDENCE, IDMAP
from amlmigrate.ledger.missing import FILE as LEDGER

FILE = "plan.jsonl"
_WORDING = sealedlines.Wording("plan", "Make one with `migrate plan`.")


def check_free(folder: Path) -> None:
    """Raises BadInputError where there is a plan already."""
    if (folder / FILE).exists():
        raise BadInputError(
            "There is a plan in this folder already; a plan is never changed.",
            address=str(folder / FILE),
            remedy="Name another folder with --out.",
        )


def check_folder(folder: Path) -> None:
    """Raises BadInputError where a plan is already, what was written with another one, or nothing can be written.

    What it makes to find that out it takes away again.
    """
    check_free(folder)
    if left := [name for name in (LEDGER, EVIDENCE, IDMAP) if (folder / name).exists()]:
        raise BadInputError(
            f"The folder has what was written with another plan ({', '.join(left)}).",
            address=str(folder),
            remedy="Name another folder with --out.",
        )
    try:
        files.probe(folder)
    except OSError as error:
        raise unwritable(folder, str(error.strerror)) from error


def write(folder: Path, header: Header, steps: Iterable[Step]) -> Path:
    """Writes the plan whole or not at all. Raises BadInputError where one is already."""
    check_free(folder)
    path = folder / FILE
    try:
        sealedlines.write(path, (header.as_dict(), *(step.as_dict() for step in steps)))
    except OSError as error:
        raise unwritable(folder, str(error.strerror)) from error
    return path


def unwritable(folder: Path, why: str) -> BadInputError:
    """What a folder comes to that does not take a plan."""
    return BadInputError(
        f"The plan cannot be written: {why}.",
        address=str(folder),
        remedy="Name a folder on a disk with free space that you may write to, with --out.",
    )


def read(folder: Path) -> Plan:
    """Reads a plan. Raises BadInputError for one that is missing, cut short, changed or of a newer format."""
    # The format comes first: a newer one may be sealed in another way.
    header = read_header(folder)
    with sealedlines.opened(folder / FILE, _WORDING) as (sha256, lines):
        return Plan(header, tuple(_steps(lines)), sha256)


def steps(folder: Path) -> Iterator[Step]:
    """The steps of a plan one after the other, for who needs no more of them than that. Raises as `read` does."""
    read_header(folder)
    with sealedlines.opened(folder / FILE, _WORDING) as (_, lines):
        yield from _steps(lines)


@contextmanager
def opened(folder: Path) -> Iterator[tuple[str, Iterator[Step]]]:
    """The SHA-256 of a plan, and its steps one after the other. Raises as `read` does."""
    read_header(folder)
    with sealedlines.opened(folder / FILE, _WORDING) as (sha256, lines):
        yield sha256, _steps(lines)


def _steps(lines: Iterator[dict[str, Any]]) -> Iterator[Step]:
    """The steps in what follows the header."""
    # Most addresses stand in several steps; one object each is enough.
    parse = cache(Address.parse)
    next(lines)
    return (Step.of_dict(line, parse) for line in lines)


def read_header(folder: Path) -> Header:
    """Reads the first line alone. Raises BadInputError."""
    return Header.of_dict(sealedlines.read_first(folder / FILE, _WORDING))
