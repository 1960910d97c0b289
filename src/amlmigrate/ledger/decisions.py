"""Decisions of people, held to both where they are kept: the ledger and the chain of evidence.

A decision that the ledger does not know, or knows otherwise, is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from amlmigrate.core.authorship import By
from amlmigrate.core.decision import Decision, DecisionVerb, open_digest
from amlmigrate.core.documents import digest
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.plan import Plan
from amlmigrate.evidence import Decided, Deed
from amlmigrate.evidence.decisions import DecisionLine
from amlmigrate.evidence.freezing import FILE, OfFreeze
from amlmigrate.ledger import approving, corroboration, deciding
from amlmigrate.ledger.evidence import Evidence, EvidenceFile, last, only
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.valid_decisions import Standing

_OPTION = "option"
# What `freeze` writes, beside the ledger's notes of which one it wrote.
FREEZE_FILE = FILE
FREEZE_HEAD = "freeze_head"
FREEZE_NEXT = "freeze_next"
FREEZE_UNREPORTED = "has no report yet"


def wanted(
    plan: Plan, ledger: Ledger, command: str, options: Mapping[str, Any], by: By, about: Any = None
) -> None:
    """Lets a command through whose options need an approval, as `{"--soak": 0}`; `{"": True}` is the command.

    `about` is JSON of what it is about where the same options can be meant twice: the next time it is another
    decision. Nothing is asked where the plan asks for no approvals. Else each is recorded as an open decision,
    once for each value, and RefusedError is raised with the digest to approve until another identity has approved
    them. What a freeze that was cut off has yet to tell is for the command's own gate: it is no decision.
    """
    if not plan.header.require_approval or not options:
        return
    deciding.refuse_nobody(plan, by)
    evidence = Evidence(ledger.path.parent, ledger)
    with evidence.alone():
        # What lies in the ledger alone opens nothing.
        refuse_unlike_people(ledger, evidence.reports())
        lines = [_option(command, name, value, about) for name, value in options.items()]
        standing = Standing(plan, ledger)
        if new := [one for one in lines if not standing.wanted(one.address, one.sha256)]:
            deciding.record(plan, ledger, evidence, DecisionVerb.WANT, new, by)
            standing = Standing(plan, ledger)
        rows = [standing.wanted(one.address, one.sha256) for one in lines]
        missing = [row for row in rows if row and not standing.approved(row)]
        sha256 = open_digest(standing.pending())
    if missing:
        what = " and ".join(f"'{row.reason}'" for row in missing)
        raise RefusedError(
            f"An approval is needed for {what}, recorded as wanted.",
            reasons=tuple(row.detail for row in missing),
            address=str(ledger.path.parent),
            remedy=f"Have another identity look at `migrate show {ledger.path.parent} --open` and run"
            f" `migrate approve {ledger.path.parent} --decisions --digest {sha256[:16]}`; then run this again.",
        )


def _option(command: str, name: str, value: Any, about: Any) -> DecisionLine:
    shown = "" if value is True else f"{value:g}" if isinstance(value, float) else str(value)
    says = " ".join(part for part in (command, name, shown) if part)
    content = {"command": command, "option": name, "value": value}
    sha256 = digest(content if about is None else content | {"about": about})
    return deciding.line("/".join(part for part in (_OPTION, command, name) if part), sha256, says, says)


def refuse_unapproved(plan: Plan, folder: Path, ledger: Ledger) -> None:
    """Raises RefusedError for a plan that needs an approval and has none that evidence bears out."""
    if plan.header.require_approval:
        trusted(folder, ledger)
        approving.refuse_unapproved(plan, folder, ledger)


def refuse_ungranted(plan: Plan, folder: Path, ledger: Ledger) -> None:
    """Raises RefusedError for a plan that gives rights elsewhere, where nobody but its planner has approved it."""
    trusted(folder, ledger)
    approving.refuse_unapproved(plan, folder, ledger, always=True)


def trusted(folder: Path, ledger: Ledger) -> list[EvidenceFile]:
    """All reports, where the ledger tells of the same decisions: nothing is said or done by any other.

    Raises RefusedError.
    """
    evidence = Evidence(folder, ledger)
    with evidence.alone():
        reports = evidence.reports()
        refuse_unlike(ledger, reports)
    return reports


def refuse_unlike(ledger: Ledger, reports: list[EvidenceFile]) -> None:
    """Raises RefusedError unless ledger and evidence tell of the same decisions and of what was made."""
    _refuse(ledger, problems(ledger, reports))


def refuse_unlike_people(ledger: Ledger, reports: list[EvidenceFile]) -> None:
    """The same of what people decided alone, as for giving back what the evidence shows as taken."""
    _refuse(ledger, of_people(ledger, reports))


def _refuse(ledger: Ledger, found: list[str]) -> None:
    if found:
        raise RefusedError(
            "The evidence cannot be trusted: it and the ledger do not tell the same.",
            reasons=tuple(found),
            address=str(ledger.path),
            remedy="Put the original files back; a decision can also be taken again.",
        )


def problems(ledger: Ledger, reports: list[EvidenceFile]) -> list[str]:
    """Each decision, approval, freeze and claim that ledger and evidence do not agree on."""
    return [
        *of_people(ledger, reports),
        *corroboration.problems(ledger, reports),
        *frozen(ledger.home, reports, ledger.meta()),
    ]


def of_people(ledger: Ledger, reports: list[EvidenceFile]) -> list[str]:
    """Each decision and approval that ledger and evidence do not agree on."""
    return [*_decisions(ledger, reports), *_approvals(ledger, reports)]


def freeze_state(reports: list[EvidenceFile]) -> EvidenceFile[OfFreeze] | None:
    """The newest report of a freeze, of a deed of it, or of what was given back."""
    return last(reports, OfFreeze)


def of_file(path: Path) -> str:
    """The SHA-256 of a file; '' where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _decisions(ledger: Ledger, reports: list[EvidenceFile]) -> Iterable[str]:
    told = _told(reports)
    rows = ledger.decisions()
    for address in sorted(rows.keys() | told.keys()):
        if rows.get(address) != told.get(address):
            yield f"The decision about {address} is not the one that was recorded."


def _told(reports: list[EvidenceFile]) -> dict[str, Decision]:
    """By address, the decision that evidence tells of and that was not taken back."""
    found: dict[str, Decision] = {}
    for report in only(reports, Decided):
        for line in report.content.decisions:
            found.pop(line.address, None)
        found |= {one.address: one for one in report.content.told(report.number)}
    return found


def _approvals(ledger: Ledger, reports: list[EvidenceFile]) -> Iterable[str]:
    for one in sorted(set(approving.told(reports)) ^ set(ledger.approvals()), key=lambda a: a.report):
        yield f"The approval by {one.by} is not the one that was recorded."


def frozen(folder: Path, reports: list[EvidenceFile], meta: Mapping[str, str]) -> Iterable[str]:
    """Whether `freeze.json` is that of the newest report, and the freeze or what was given back came to its end.

    `meta` are the ledger's notes. The file is written after the report, and may be one behind after a kill.
    """
    newest = freeze_state(reports)
    found, told = of_file(folder / FREEZE_FILE), newest.content.file.sha256 if newest else ""
    head, coming = meta.get(FREEZE_HEAD, ""), meta.get(FREEZE_NEXT, "")
    if found == told:
        cut_off = newest is not None and isinstance(newest.content, Deed)
    else:
        cut_off = (found, told) == (head, coming)
        if not cut_off:
            yield f"{FREEZE_FILE} is not the one that was recorded."
    if cut_off:
        yield f"{FREEZE_FILE} {FREEZE_UNREPORTED}: run the same `migrate freeze` again, it was cut off."
