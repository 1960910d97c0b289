"""Evidence: reports that form a chain, each with the SHA-256 of the one before."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlmigrate.core.errors import RefusedError
from amlmigrate.ledger import files
from amlmigrate.ledger.alone import alone
from amlmigrate.ledger.ledger import Ledger

FOLDER = "evidence"
_HEAD = "evidence_head"
_NEXT = "evidence_next"


@dataclass(frozen=True, slots=True)
class Report:
    """A report on disk: its file, its SHA-256 and what it says."""

    path: Path
    sha256: str
    content: dict[str, Any]


class Evidence:
    """The chain of one plan. Reading it checks it whole."""

    def __init__(self, plan_folder: Path, ledger: Ledger) -> None:
        self.folder = plan_folder / FOLDER
        self._ledger = ledger
        self._alone = False

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
                self._alone = False

    def reports(self) -> list[Report]:
        """All reports, oldest first. Raises RefusedError when one was changed, removed or put in between."""
        with self.alone():
            return self._chain()

    def _chain(self) -> list[Report]:
        if self.folder.exists() and not self.folder.is_dir():
            raise files.FileError(NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)), self.folder)
        found: list[Report] = []
        for number, path in enumerate(sorted(self.folder.glob("[0-9]*.json")), 1):
            report = _read(path)
            before = found[-1].sha256 if found else None
            if report.content.get("previous") != before or report.content.get("number") != number:
                raise _broken(path, "it does not follow the one before: a report was changed, removed or added")
            for name, sha256 in _manifests(report):
                file = self.folder / name
                if not file.is_file() or _sha(file) != sha256:
                    raise _broken(file, "it is not the one that the report was written with")
            found.append(report)
        self._check_end(found)
        return found

    def _check_end(self, found: list[Report]) -> None:
        """Nothing comes after the last report, so the ledger knows it; the next one may have been cut off."""
        meta = self._ledger.meta()
        known = {meta.get(_HEAD, ""), meta.get(_NEXT, "")}
        if (found[-1].sha256 if found else "") not in known and (found or meta.get(_HEAD)):
            path = found[-1].path if found else self.folder
            raise _broken(path, "the last report is not the one that the ledger knows")

    def add(self, kind: str, content: dict[str, Any]) -> Report:
        """Writes a report after the last one and returns it as it stands on disk. Raises FileError."""
        with self.alone():
            known = self.reports()
            number = len(known) + 1
            line = {"record": kind, "number": number, **content, "previous": known[-1].sha256 if known else None}
            path = self.folder / f"{number:04d}-{kind}.json"
            data = json.dumps(line, ensure_ascii=False, indent=1).encode() + b"\n"
            sha256 = hashlib.sha256(data).hexdigest()
            self._ledger.note(_NEXT, sha256)
            files.write(path, data)
            self._ledger.note(_HEAD, sha256)
            return _read(path)

    def add_file(self, name: str, data: bytes | bytearray) -> dict[str, str]:
        """Writes a file that a report names, and returns how it names it; within `alone`, up to its report."""
        number = len(self.reports()) + 1
        path = files.write(self.folder / f"{number:04d}-{name}", data)
        return {"file": path.name, "sha256": hashlib.sha256(data).hexdigest()}


def _read(path: Path) -> Report:
    data = path.read_bytes()
    try:
        content = json.loads(data)
    except ValueError:
        raise _broken(path, "it is no JSON") from None
    if not isinstance(content, dict):
        raise _broken(path, "it is no report")
    return Report(path, hashlib.sha256(data).hexdigest(), content)


def _manifests(report: Report) -> list[tuple[str, str]]:
    try:
        return [(str(one["file"]), one["sha256"]) for one in report.content.get("manifests", ())]
    except (KeyError, TypeError):
        raise _broken(report.path, "it is no report") from None


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _broken(path: Path, why: str) -> RefusedError:
    return RefusedError(
        f"The evidence cannot be trusted: {why}.",
        address=str(path),
        remedy="Put the original files back. Without them make a new plan in another folder: what is in the target"
        " is adopted, and verifying that plan makes evidence of its own.",
    )


def last(reports: list[Report], kind: str) -> Report | None:
    """The newest report of a kind."""
    return next((report for report in reversed(reports) if report.content["record"] == kind), None)
