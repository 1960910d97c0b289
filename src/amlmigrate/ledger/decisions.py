"""Decisions of people: approvals, waivers and freezes, each in the ledger and in the chain of evidence.

The evidence is written first; a decision that the ledger does not know yet, or knows otherwise, is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.core.errors import RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Plan
from amlmigrate.ledger.evidence import Evidence, Report
from amlmigrate.ledger.ledger import Approval, Ledger, Waiver

_FORMAT = 1
# What `freeze` writes, beside the ledger's notes of which one it wrote.
FREEZE_FILE = "freeze.json"
FREEZE_HEAD = "freeze_head"
FREEZE_NEXT = "freeze_next"
FREEZE_UNREPORTED = "has no report yet"
# Earlier versions called it `thaw`.
_FREEZES = ("freeze", "back", "thaw")


def waive(plan: Plan, ledger: Ledger, waiver: tuple[str, str, str], identity: Identity | None) -> Waiver:
    """Records a waiver: address, reason, and the user and host; `identity` where one is known."""
    address, reason, by = waiver
    now = _now()
    who = {"user": by, "identity": identity.as_dict() if identity else None}
    content = {"address": address, "reason": reason, "by": who}
    evidence = Evidence(ledger.path.parent, ledger)
    # Of two at once the later one counts, in the evidence and in the ledger alike.
    with evidence.alone():
        report = _add(plan, evidence, "waiver", now, content)
        made = Waiver(address, reason, by, now, identity.object_id if identity else "", report.content["number"])
        ledger.waive(made)
    return made


def approve(plan: Plan, ledger: Ledger, identity: Identity, comment: str) -> tuple[Approval, bool]:
    """Records an approval of exactly this plan, and says whether it is new.

    Raises RefusedError for the planner's own.
    """
    planner = plan.header.planner
    if planner is None or planner.same(identity.object_id):
        raise RefusedError(
            "Nobody approves a plan of their own.",
            address=str(ledger.path.parent),
            remedy=f"Have somebody other than {planner or 'its unknown planner'} approve it.",
        )
    evidence = Evidence(ledger.path.parent, ledger)
    with evidence.alone():
        told = _told(evidence.reports())
        known = [one for one in approvals(plan, ledger) if identity.same(one.object_id) and one in told]
        if known:
            return known[0], False
        now = _now()
        report = _add(plan, evidence, "approval", now, {"by": identity.as_dict(), "comment": comment})
        number = report.content["number"]
        made = Approval(plan.sha256, identity.object_id, str(identity), comment, now, number)
        ledger.approve(made)
    return made, True


def approvals(plan: Plan, ledger: Ledger) -> list[Approval]:
    """The approvals that count: of exactly this plan, by somebody other than its planner."""
    planner = plan.header.planner
    return [
        one
        for one in ledger.approvals()
        if one.plan_sha256 == plan.sha256 and planner is not None and not planner.same(one.object_id)
    ]


def refuse_unapproved(plan: Plan, folder: Path, ledger: Ledger) -> None:
    """Raises RefusedError for a plan that needs an approval and has none that evidence bears out."""
    if not plan.header.require_approval:
        return
    refuse_unlike(ledger, Evidence(folder, ledger).reports())
    if not approvals(plan, ledger):
        raise RefusedError(
            "The plan must be approved before it is run.",
            address=str(folder),
            remedy=f"Have somebody other than {plan.header.planner} run: migrate approve {folder}",
        )


def refuse_unlike(ledger: Ledger, reports: list[Report]) -> None:
    """Raises RefusedError unless ledger and evidence tell of the same decisions."""
    if found := problems(ledger, reports):
        raise RefusedError(
            "The evidence cannot be trusted: it and the ledger tell of other decisions.",
            reasons=tuple(found),
            address=str(ledger.path),
            remedy="Put the original files back, or take each of these decisions again.",
        )


def problems(ledger: Ledger, reports: list[Report]) -> list[str]:
    """Each waiver, approval and freeze that ledger and evidence do not agree on."""
    return [*_waivers(ledger, reports), *_approvals(ledger, reports), *_frozen(ledger, reports)]


def freeze_state(reports: list[Report]) -> Report | None:
    """The newest report of a freeze, or of what was given back."""
    return next((one for one in reversed(reports) if one.content["record"] in _FREEZES), None)


def freeze_noted(ledger: Ledger) -> set[str]:
    """The SHA-256 of `freeze.json` as the ledger knows it: of the last one, and of one that was being written."""
    meta = ledger.meta()
    return {meta[key] for key in (FREEZE_HEAD, FREEZE_NEXT) if key in meta}


def of_file(path: Path) -> str:
    """The SHA-256 of a file; '' where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _waivers(ledger: Ledger, reports: list[Report]) -> Iterable[str]:
    told = {
        report.content["address"]: Waiver(
            report.content["address"],
            report.content["reason"],
            report.content["by"]["user"],
            report.content["time"],
            (report.content["by"]["identity"] or {}).get("object_id", ""),
            report.content["number"],
        )
        for report in reports
        if report.content["record"] == "waiver"
    }
    rows = ledger.waivers()
    upgraded = ledger.meta().get("upgraded", "")
    older = {address for address, row in rows.items() if row.report == 0 and row.at <= upgraded}
    for address in sorted(rows.keys() | told.keys()):
        if rows.get(address) != told.get(address) and not (address in older and address not in told):
            yield f"The waiver of {address} is not the one that was recorded."


def _approvals(ledger: Ledger, reports: list[Report]) -> Iterable[str]:
    for one in sorted(_told(reports) ^ set(ledger.approvals()), key=lambda a: a.report):
        yield f"The approval by {one.by} is not the one that was recorded."


def _told(reports: list[Report]) -> set[Approval]:
    """The approvals that evidence tells of; of two for the same plan by the same identity the newer one."""
    found = [
        Approval(
            report.content["plan"]["sha256"],
            report.content["by"]["object_id"],
            str(Identity(**report.content["by"])),
            report.content["comment"],
            report.content["time"],
            report.content["number"],
        )
        for report in reports
        if report.content["record"] == "approval"
    ]
    return set({(one.plan_sha256, one.object_id): one for one in found}.values())


def _frozen(ledger: Ledger, reports: list[Report]) -> Iterable[str]:
    newest = freeze_state(reports)
    if newest is None:
        return
    file = newest.content["file"]
    found = of_file(ledger.home / file["name"])
    if found == file["sha256"]:
        return
    if found in freeze_noted(ledger):
        yield f"{file['name']} {FREEZE_UNREPORTED}: run the same `migrate freeze` again, it was cut off."
    else:
        yield f"{file['name']} is not the one that was recorded."


def _add(plan: Plan, evidence: Evidence, kind: str, now: str, content: dict[str, Any]) -> Report:
    head = {"format": _FORMAT, "time": now, "plan": {"name": plan.header.name, "sha256": plan.sha256}}
    return evidence.add(kind, {**head, **content})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
