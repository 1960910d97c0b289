"""Deeds of a freeze: written into the evidence one by one, and read from it. `freeze.json` is a view of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of
from amlmigrate.core.authorship import By
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import Finding
from amlmigrate.core.freeze_record import Assignment, FreezeState, strange
from amlmigrate.core.plan import Plan
from amlmigrate.core.unexpected_errors import said
from amlmigrate.evidence import Deed, Freeze, GiveBackRecord
from amlmigrate.evidence.freezing import FILE, FrozenSource, NotGiven, OfFreeze, ViewFile
from amlmigrate.evidence.frozen import FreezeRecord, of_reports, untrusted
from amlmigrate.evidence.members import PlanRef
from amlmigrate.ledger import Ledger, decisions, files
from amlmigrate.ledger.evidence import Evidence, EvidenceFile, end_problems, examine
from amlmigrate.ledger.missing import EVIDENCE
from amlmigrate.ledger.read_only_copy import copied

__all__ = ["Assignment", "Deeds", "FreezeRecord", "FreezeState"]

F = TypeVar("F", bound=OfFreeze)
_RECORDS = (Deed.record, Freeze.record, GiveBackRecord.record)


def read(reports: Iterable[EvidenceFile], folder: Path) -> FreezeRecord | None:
    """How all stands by a chain that was checked. Raises RefusedError for a report that says no such thing."""
    return of_reports((one.content for one in reports), folder)


def trusted(ledger: Ledger, plan: Plan, reports: list[EvidenceFile]) -> FreezeRecord | None:
    """How all stands, of this plan and this source: rights are given by it. `reports` are those of the chain.

    Raises RefusedError for any other, and where `freeze.json` says anything else; where that file is not there, it
    is written anew with the next deed.
    """
    folder = ledger.home
    if any(decisions.of_file(folder / FILE) and one for one in decisions.frozen(folder, reports, ledger.meta())
           if decisions.FREEZE_UNREPORTED not in one):  # fmt: skip
        raise untrusted(folder, f"{FILE} is not the one that was written")
    known = read(reports, folder)
    if known is not None:
        _refuse_others(folder, plan, known)
    return known


def _refuse_others(folder: Path, plan: Plan, known: FreezeRecord) -> None:
    header = plan.header.source
    of_it = (known.plan.sha256, known.source.workspace_id, key_of(known.source.id))
    if of_it != (plan.sha256, header["workspaceId"], key_of(header["id"])):
        raise untrusted(folder, "it is of another plan or another source")


def refuse_strange(folder: Path, known: FreezeRecord, source: str, account: str) -> None:
    """Raises RefusedError unless all that is owed lies at the source or its account, and can be one of theirs."""
    told = [(one, strange(one, source, account)) for one in known.owed]
    if wrong := [f"{one.id}: {why}" for one, why in told if why]:
        raise untrusted(folder, "it names what cannot have been taken of this source", tuple(wrong))


def show(ledger: Ledger, reports: list[EvidenceFile], known: FreezeRecord) -> None:
    """Writes `freeze.json` anew where it is behind the evidence, or not there. Raises FileError."""
    newest, data = decisions.freeze_state(reports), known.data()
    sha256 = hashlib.sha256(data).hexdigest()
    if newest is None or newest.content.file.sha256 != sha256:
        return
    if decisions.of_file(ledger.home / FILE) != sha256:
        files.write(ledger.home / FILE, data)
    # A command that was cut off may have written the file, and not that it did.
    if ledger.meta().get(decisions.FREEZE_HEAD) != sha256:
        ledger.note(decisions.FREEZE_HEAD, sha256)


class Deeds:
    """Adds deeds to a plan's evidence. When `add` returns, the deed is on disk; before that nothing is done.

    Raises FileError, and RefusedError for evidence that somebody changed meanwhile.
    """

    def __init__(self, ledger: Ledger, plan: Plan, by: By, known: FreezeRecord | None, account: str) -> None:
        header = plan.header
        self._ledger = ledger
        self._evidence = Evidence(ledger.home, ledger)
        self._by = by
        self.record = FreezeRecord(
            PlanRef.of(plan),
            FrozenSource(
                id=header.source["id"], workspace_id=header.source["workspaceId"], storage_account=account
            ),
            replace(by, options={}),
            found=known.found if known else {},
        )

    @property
    def who(self) -> str:
        """By whom they are, for people."""
        return str(self._by)

    def add(self, one: Assignment) -> Assignment:
        """Records how one stands now, and returns it as it is recorded."""
        time = _now()
        one = replace(one, since=time if one.state is FreezeState.TAKING else one.since)
        record = replace(self.record.after(one), time=time)
        self._write(record, Deed, deed=one.state, assignment=one)
        return one

    def frozen(self, findings: Iterable[Finding], failed: str = "") -> EvidenceFile[Freeze] | None:
        """Adds the report of what taking away came to; `failed` is the error that ended it early.

        None where the last report is of just that, or nothing was ever done.
        """
        if not self._to_say(bool(failed)):
            return None
        record = replace(self.record, time=_now())
        standing = {"state": record.state, "assignments": record.assignments}
        return self._write(record, Freeze, **standing, findings=tuple(findings), failed=failed)

    def given_back(self, failed: Iterable[NotGiven] = ()) -> EvidenceFile[GiveBackRecord] | None:
        """Adds the report of what giving back came to. None as for `frozen`."""
        left = tuple(failed)
        if not self._to_say(bool(left)):
            return None
        record = replace(self.record, time=_now())
        return self._write(record, GiveBackRecord, state=record.state, assignments=record.assignments, failed=left)

    def _to_say(self, failed: bool) -> bool:
        newest = decisions.freeze_state(self._evidence.reports())
        return newest is not None and (failed or isinstance(newest.content, Deed))

    def _write(self, record: FreezeRecord, of: type[F], **more: Any) -> EvidenceFile[F]:
        """The evidence first: the file says nothing that the evidence does not."""
        data = record.data()
        sha256 = hashlib.sha256(data).hexdigest()
        self._ledger.note(decisions.FREEZE_NEXT, sha256)
        file = ViewFile(name=FILE, sha256=sha256)
        content = of(time=record.time, plan=record.plan, by=self._by, source=record.source, file=file, **more)
        report = self._evidence.add(content)
        self.record = record
        files.write(self._ledger.home / FILE, data)
        self._ledger.note(decisions.FREEZE_HEAD, sha256)
        return report


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def beside(folder: Path, workspace_id: str) -> tuple[list[tuple[Path, FreezeRecord]], list[str]]:
    """The freezes of this plan's folder and of those beside it that still hold rights of the same source.

    And why a folder that tells of a freeze is not believed: what it says is not obeyed, and stops nobody.
    """
    found, doubts = [], []
    around = folder.parent
    told = {path.parent for path in around.glob(f"*/{FILE}")}
    # The file may have been taken away.
    told |= {path.parents[1] for name in _RECORDS for path in around.glob(f"*/{EVIDENCE}/*-{name}.json")}
    for other in sorted(told):
        try:
            record = _of_folder(other, workspace_id)
        except Exception as error:  # noqa: BLE001 - somebody else's files, whatever is wrong with them
            doubts.append(f"{other}: {said(str(other), error)}")
        else:
            found += [(other, record)] if record and record.owed else []
    return found, doubts


def owed_beside(folder: Path, workspace_id: str) -> tuple[list[Document], list[str]]:
    """What `freeze` took away for now of a source's role assignments, by this plan or one beside it.

    And why what another folder says of that is not believed.
    """
    found, doubts = beside(folder, workspace_id)
    return [one.as_dict() for _, record in found for one in record.owed], doubts


def count_frozen(side: Side, folder: Path, workspace_id: str) -> list[str]:
    """Has all that reads the source by `side` count what `freeze` took away; says what is not believed of that."""
    owed, doubts = owed_beside(folder, workspace_id)
    side.frozen = tuple(owed)
    return doubts


def _of_folder(folder: Path, workspace_id: str) -> FreezeRecord | None:
    """A neighbour's, where its ledger and its whole chain bear it out; None for one of another source."""
    with copied(folder) as ledger:
        meta = ledger.meta()
        if meta.get("source_workspace_id") != workspace_id:
            return None
        reports, problems = examine(folder / EVIDENCE)
        if problems := problems or end_problems(meta, folder / EVIDENCE, reports):
            raise untrusted(folder, str(problems[0]))
        altered = [
            one for one in decisions.frozen(folder, reports, meta) if decisions.FREEZE_UNREPORTED not in one
        ]
        if altered:
            raise untrusted(folder, altered[0])
        record = read(reports, folder)
        told = (record.plan.sha256, record.source.workspace_id) if record else None
        if told not in (None, (ledger.plan_sha256, workspace_id)):
            raise untrusted(folder, "it is of another plan or another source")
        return record
