"""Evidence: reports that form a chain, each with the SHA-256 of the one before."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, cast

from typing_extensions import TypeVar

from amlmigrate.core.errors import RefusedError
from amlmigrate.core.escapes import as_json
from amlmigrate.evidence import RECORDS, NotAReportError, ReportContent
from amlmigrate.evidence.members import FileRef
from amlmigrate.ledger import files
from amlmigrate.ledger.exclusive import alone
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.missing import EVIDENCE

_HEAD = "evidence_head"
_NEXT = "evidence_next"
# The members of a report that say where it stands in the chain.
_PLACE = ("record", "previous", "number")
REMEDY = (
    "Put the original files back. Without them make a new plan in another folder: what is in the target"
    " is adopted, and verifying that plan makes evidence of its own."
)
# Of the chain of rotations, which belongs to no plan.
KEYS_REMEDY = (
    "Put the original files back. Without them move the folder aside as it is: `migrate key rotate` then begins a"
    " new chain, which tells nothing of the rotations before it."
)


C = TypeVar("C", bound=ReportContent)
C_co = TypeVar("C_co", bound=ReportContent, covariant=True, default=ReportContent)


@dataclass(frozen=True, slots=True)
class EvidenceFile(Generic[C_co]):
    """A report on disk: its file, its SHA-256, its number in the chain and what it says."""

    path: Path
    sha256: str
    number: int
    content: C_co


@dataclass(frozen=True, slots=True)
class Problem:
    """A file of the evidence that is not as it was written, and why."""

    path: Path
    why: str

    def __str__(self) -> str:
        return f"{self.path.name}: {self.why}"


class Evidence:
    """The chain in one folder, a plan's or that of rotations. Reading it checks it whole.

    `remedy` says what to do where it was changed.
    """

    def __init__(self, plan_folder: Path, ledger: Ledger, remedy: str = REMEDY) -> None:
        self.folder = plan_folder / EVIDENCE
        self._ledger = ledger
        self._remedy = remedy
        self._alone = False
        # What was read of the chain while no other process may add to it.
        self._read: list[EvidenceFile] | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other processes from the chain, so that what is added together follows on what was read.

        Raises PlanLockedError.
        """
        if self._alone:
            yield
            return
        with alone(self.folder.parent):
            self._alone = True
            try:
                yield
            finally:
                self._alone, self._read = False, None

    def reports(self) -> list[EvidenceFile]:
        """All reports, oldest first. Raises RefusedError when one was changed, removed or put in between.

        Read once while others are kept from the chain: with each report all its files are read, as manifests.
        """
        with self.alone():
            if self._read is None:
                self._read = self._chain()
            return self._read[:]

    def _chain(self) -> list[EvidenceFile]:
        if self.folder.exists() and not self.folder.is_dir():
            raise files.FileError(NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)), self.folder)
        found, problems = examine(self.folder)
        meta = self._ledger.meta()
        problems += [] if problems else [*end_problems(meta, self.folder, found), *of_another(meta, found)]
        if problems:
            raise _broken(problems, self._remedy)
        return found

    def add(self, content: C) -> EvidenceFile[C]:
        """Writes a report after the last one and returns it as it stands on disk. Raises FileError."""
        with self.alone():
            known = self.reports()
            number, previous = len(known) + 1, known[-1].sha256 if known else None
            line = {"record": content.record, "number": number, **content.as_dict(), "previous": previous}
            path = self.folder / f"{number:04d}-{content.record}.json"
            data = as_json(line, indent=1).encode() + b"\n"
            # What could not be read again would spoil all that comes before it.
            told = type(content).of_dict(
                {name: one for name, one in json.loads(data).items() if name not in _PLACE}
            )
            sha256 = hashlib.sha256(data).hexdigest()
            self._read = None
            self._ledger.note(_NEXT, sha256)
            files.write(path, data)
            self._ledger.note(_HEAD, sha256)
            return EvidenceFile(path, sha256, number, told)

    def add_file(self, name: str, data: bytes | bytearray | files.Scratch) -> FileRef:
        """Writes a file that a report names, and returns how it names it; within `alone`, up to its report."""
        number = len(self.reports()) + 1
        path = self.folder / f"{number:04d}-{name}"
        pieces: Iterable[bytes | bytearray] = data.pieces() if isinstance(data, files.Scratch) else (data,)
        return FileRef(file=path.name, sha256=files.write_pieces(path, pieces))


def examine(folder: Path) -> tuple[list[EvidenceFile], list[Problem]]:
    """All reports of a folder that can be read, oldest first, and all that is wrong with them and their files."""
    found: list[EvidenceFile] = []
    problems: list[Problem] = []
    before = None
    for number, path in enumerate(sorted(folder.glob("[0-9]*.json"), key=_number), 1):
        line, sha256, why = _line(path)
        if line is None:
            problems.append(Problem(path, why))
            before = None
            continue
        place = [line.pop(name, None) for name in _PLACE]
        if path.name != f"{number:04d}-{place[0]}.json" or place[1:] != [before, number]:
            why = "it does not follow the one before: a report was changed, removed, renamed or added"
            problems.append(Problem(path, why))
        before = sha256
        try:
            report = EvidenceFile(path, sha256, number, _content(place[0], line))
        except NotAReportError as error:
            problems.append(Problem(path, f"it is not a report: {error}"))
            continue
        problems += _unlike(folder, report)
        found.append(report)
    return found, problems


def _content(record: Any, line: Mapping[str, Any]) -> ReportContent:
    """What a report says. Raises NotAReportError."""
    of = RECORDS.get(record) if isinstance(record, str) else None
    if of is None:
        raise NotAReportError("this version knows none of its record")
    return of.of_dict(line)


def end_problems(meta: Mapping[str, str], folder: Path, found: list[EvidenceFile]) -> list[Problem]:
    """Nothing comes after the last report, so the ledger knows it; the next one may have been cut off."""
    head = meta.get(_HEAD, "")
    newest = found[-1].sha256 if found else ""
    if newest in (head, meta.get(_NEXT, "")) or not (found or head):
        return []
    why = "the last report is not the one that the ledger knows"
    if known := next((one for one in found if one.sha256 == head), None):
        why += f": the ledger is older than the evidence, it ends with {known.path.name}"
    return [Problem(found[-1].path if found else folder, why)]


def of_another(meta: Mapping[str, str], found: Iterable[EvidenceFile]) -> Iterator[Problem]:
    """Reports that are of another plan than the ledger is tied to, or of other workspaces."""
    ids = {"source": meta.get("source_workspace_id"), "target": meta.get("target_workspace_id")}
    for report in found:
        sha256 = report.content.plan.sha256
        if meta.get("plan_sha256", sha256) != sha256:
            yield Problem(report.path, "it is of another plan than plan.jsonl")
        for side, workspace_id in report.content.workspaces.items():
            if ids[side] and workspace_id != ids[side]:
                yield Problem(report.path, f"it is of another {side} than the plan's")


def strangers(folder: Path, reports: Iterable[EvidenceFile]) -> list[Path]:
    """Files beside the reports that no report names, as after a verification that was cut off."""
    known = {
        name for report in reports for name in (report.path.name, *(one.file for one in report.content.files))
    }
    reports_too = set(folder.glob("[0-9]*.json"))
    return sorted(
        path
        for path in folder.glob("*")
        if path not in reports_too and path.name not in known and not path.name.startswith(".")
    )


def _number(path: Path) -> tuple[int, str]:
    digits = path.name[: len(path.name) - len(path.name.lstrip("0123456789"))]
    return int(digits), path.name


def _line(path: Path) -> tuple[dict[str, Any] | None, str, str]:
    """The object in a file and the file's SHA-256, or why there is none."""
    if why := _no_file(path):
        return None, "", why
    data = path.read_bytes()
    try:
        found = json.loads(data, object_pairs_hook=_once)
    except RecursionError:
        return None, "", "it is not a report"
    except ValueError as error:
        return None, "", str(error) if isinstance(error, _TwiceError) else "it is not valid JSON"
    if not isinstance(found, dict):
        return None, "", "it is not a report"
    return found, hashlib.sha256(data).hexdigest(), ""


class _TwiceError(ValueError):
    """A member stands twice in an object: readers of JSON differ in which of them they take."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _TwiceError(f"it has the member '{twice[:40]}' twice")
    return found


def _no_file(path: Path) -> str:
    """Why a path is not a file of the folder's own; what a link leads to may change without the folder."""
    if path.is_symlink():
        return "it is a link and not the file itself"
    if not path.exists():
        return "it is not there"
    return "" if path.is_file() else "it is no file"


def _unlike(folder: Path, report: EvidenceFile) -> Iterator[Problem]:
    """The files that a report names and that are not what it was written with."""
    for one in report.content.files:
        file = folder / one.file
        if file.parent != folder:
            yield Problem(report.path, "it names a file outside the evidence")
        elif _no_file(file) or _sha(file) != one.sha256:
            yield Problem(file, "it is not the one that the report was written with")


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _broken(problems: list[Problem], remedy: str) -> RefusedError:
    first = problems[0]
    return RefusedError(
        f"The evidence cannot be trusted: {first.why}.",
        reasons=tuple(map(str, problems)) if len(problems) > 1 else (),
        address=str(first.path),
        remedy=remedy,
    )


def only(reports: Iterable[EvidenceFile], of: type[C]) -> Iterator[EvidenceFile[C]]:
    """Those of one record."""
    return (cast("EvidenceFile[C]", report) for report in reports if isinstance(report.content, of))


def last(reports: Sequence[EvidenceFile], of: type[C]) -> EvidenceFile[C] | None:
    """The newest report of one record."""
    return next(only(reversed(reports), of), None)
