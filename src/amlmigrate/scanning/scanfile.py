"""A scan as it is kept, `scans/SCAN-TIME.jsonl`: written once, refused when cut short, changed or newer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.tool import tool
from amlmigrate.ledger import files, sealedlines
from amlmigrate.posture.tagging import Standard
from amlmigrate.scanning.scan import Scan

FORMAT = 1
ROOT = Path("scans")
# What figures keep beside the scans, which is none.
FIGURES = "figures.jsonl"
_WORDING = sealedlines.Wording("scan", "Make one with `migrate scan`.")


@dataclass(frozen=True, slots=True)
class ScanFile:
    """A scan as it was read: its header, a document for each workspace in the order of risk, its SHA-256."""

    header: Document
    workspaces: tuple[Document, ...]
    sha256: str


def place(out: Path | None, started: datetime) -> Path:
    """The file for a scan: `out` is a file that ends in `.jsonl`, or a folder. Raises BadInputError if taken."""
    name = f"SCAN-{started:%Y%m%dT%H%M%SZ}.jsonl"
    if out is None:
        path, number = ROOT / name, 1
        while path.exists():
            number += 1
            path = ROOT / f"SCAN-{started:%Y%m%dT%H%M%SZ}-{number}.jsonl"
        return path
    if out.suffix not in ("", ".jsonl") and not out.is_dir():
        raise BadInputError(
            "A scan is kept in a file that ends in .jsonl, or in a folder.",
            address=str(out),
            remedy="For CSV or JSON send standard output to a file.",
        )
    path = out if out.suffix == ".jsonl" else out / name
    if path.exists():
        raise BadInputError(
            "There is a file already; a scan is never overwritten.",
            address=str(path),
            remedy="Name another --out.",
        )
    return path


def kept(folder: Path) -> list[Path]:
    """The scans of a folder, by name; none where there is no folder. Raises BadInputError."""
    try:
        names = [path for path in folder.iterdir() if path.suffix == ".jsonl" and path.name != FIGURES]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BadInputError(
            f"The folder of the scans cannot be read: {error.strerror}.",
            address=str(folder),
            remedy="Name a folder that you may read.",
        ) from error
    return sorted(names)


def made(header: Document, name: str) -> datetime:
    """When a scan was made. Raises BadInputError for one that does not tell."""
    found = moment(header.get("created"))
    if found is None:
        raise BadInputError("The scan does not tell when it was made.", address=name, remedy="Scan again.")
    return found


def check(out: Path | None) -> None:
    """Raises BadInputError where a scan could not be kept there: the place is taken, or cannot be written to."""
    path = place(out, datetime.now(UTC))
    try:
        files.probe(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def header(scan: Scan, standard: Standard, *, sizes: bool) -> dict[str, Any]:
    """The first line: when, of what, by which standard, and what could not be read."""
    return {
        "record": "header",
        "format": FORMAT,
        "tool": tool(),
        # To the millisecond: of two scans within a second it is known which was first.
        "created": scan.started.isoformat(timespec="milliseconds"),
        "subscriptions": list(scan.subscriptions),
        "workspaces": len(scan.workspaces),
        "complete": scan.complete,
        "sizes": sizes,
        "levels": {name: list(fact.levels) for name, fact in standard.facts.items()},
        "rules_sha256": standard.sha256,
        "decisions": {
            "count": len(scan.decided.found),
            "sha256": scan.decided.sha256,
            "unused": [asdict(one) for one in scan.undecided],
        },
        "unreadable": [{"address": address, **asdict(one)} for address, one in sorted(scan.unreadable.items())],
    }


def write(path: Path, head: dict[str, Any], scan: Scan) -> str:
    """Writes the scan whole or not at all; its SHA-256. Raises BadInputError."""
    try:
        return sealedlines.write(path, (head, *(one.as_dict() for one in scan.workspaces)))
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> BadInputError:
    return BadInputError(
        f"The scan cannot be written: {error.strerror}.",
        address=str(path),
        remedy="Name a place on a disk with free space that you may write to, with --out.",
    )


def head(path: Path) -> Document:
    """The header of a scan alone. Raises BadInputError for what is none, or of a newer format."""
    first = sealedlines.read_first(path, _WORDING)
    if first.get("record") != "header" or not isinstance(first.get("format"), int) or "levels" not in first:
        raise BadInputError("The file is not a scan.", address=str(path), remedy=_WORDING.remedy)
    if first["format"] > FORMAT:
        raise BadInputError(
            f"The scan has format {first['format']}; this version reads up to {FORMAT}.",
            address=str(path),
            remedy="Use the version of migrate that wrote it, or scan again.",
        )
    return first


@contextmanager
def opened(path: Path) -> Iterator[Iterator[Document]]:
    """The workspaces of a scan, one after the other. Raises BadInputError for one that is cut short or changed."""
    with sealedlines.opened(path, _WORDING) as (_, lines):
        yield islice(lines, 1, None)


def read(path: Path) -> ScanFile:
    """Reads a scan. Raises BadInputError for one that is missing, cut short, changed or of a newer format."""
    first = head(path)
    sealed = sealedlines.read(path, _WORDING)
    return ScanFile(first, sealed.lines[1:], sealed.sha256)
