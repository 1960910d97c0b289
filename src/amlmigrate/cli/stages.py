"""Where a plan stands, by what its folder shows: Azure is not asked."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Any

from amlmigrate.core.few import many
from amlmigrate.core.finding import SEVERITIES
from amlmigrate.core.freeze_record import FreezeState
from amlmigrate.core.plan import Plan
from amlmigrate.core.state import Outcome
from amlmigrate.cutover.record import active
from amlmigrate.decommissioning import residuals, soak
from amlmigrate.evidence import Content, Decommission, Run, Verify
from amlmigrate.freezing import record as freezing
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.approving import approvals
from amlmigrate.ledger.decision_subjects import of_frozen
from amlmigrate.ledger.decisions import FREEZE_UNREPORTED
from amlmigrate.ledger.decisions import problems as problems_of
from amlmigrate.ledger.evidence import EvidenceFile, end_problems, examine, last
from amlmigrate.ledger.items import items
from amlmigrate.ledger.missing import EVIDENCE
from amlmigrate.ledger.opening import open_residuals, opened, still_owed
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.planning.review import settle_conflicts

# What `decommission` waits for by default.
_SOAK = timedelta(hours=168)


def stages(plan: Plan, folder: Path, ledger: Ledger | None) -> dict[str, Any]:
    """Each stage, and the next step; `evidence` says what is wrong with it, where anything is.

    Raises BadInputError for a record of a freeze that cannot be read.
    """
    reports, problems = examine(folder / EVIDENCE)
    if ledger and not problems:
        problems = end_problems(ledger.meta(), folder / EVIDENCE, reports)
    altered = [str(one) for one in problems]
    if ledger and not altered:
        altered = [one for one in problems_of(ledger, reports) if FREEZE_UNREPORTED not in one]
    # What was altered says nothing.
    reports = [] if altered else reports
    ended = items(plan, ledger)
    decided = Standing(plan, ledger)
    found: dict[str, Any] = {
        "evidence": altered,
        "approval": _approval(plan, ledger, decided),
        "freeze": _freeze(reports, folder, decided),
        "lock": _lock(ledger),
        "run": _run(reports, ledger, sum(1 for one in ended if one.outcome is Outcome.REMAINING)),
        "verify": _verify(reports),
        "cutover": _time(active(reports)),
        "soak": _soak(plan, reports),
        "removal": _removal(reports),
        "residuals": _residuals(reports, decided),
    }
    open_ones = [one.address for one in ended if not one.outcome.settled]
    # They keep a verification from being green as well, however often it is made.
    findings = [one.address for one in opened(plan, ledger, reports) if one.stands in SEVERITIES]
    told = found | {"open": len(open_ones) + len(findings)}
    conflicts = [one.address for one in ended if one.outcome is Outcome.CONFLICT]
    return told | {"next": _next(plan, folder, found | {"conflicts": conflicts}, open_ones, findings)}


def _approval(plan: Plan, ledger: Ledger | None, decided: Standing) -> dict[str, Any]:
    given = approvals(plan, ledger) if ledger else []
    needed = plan.header.require_approval
    return {"needed": needed, "by": [one.by for one in given], "pending": len(decided.pending())}


def _freeze(reports: list[EvidenceFile], folder: Path, decided: Standing) -> dict[str, Any] | None:
    """What is still taken away, by the evidence; what was let go is settled."""
    known = freezing.read(reports, folder)
    if known is None:
        return None
    subjects = of_frozen(reports)
    undecided = [one for one in known.owed if not decided.of(subjects[one.address])]
    placed = still_owed(known, reports)
    owed = [one for one in undecided if one in placed]
    left = [one.address for one in owed if one.state is FreezeState.UNKNOWN]
    told = {"state": "frozen" if owed else "back", "taken": len(owed), "time": known.time}
    return told | {"open": left, "let_go": len(known.owed) - len(undecided), "gone": len(undecided) - len(owed)}


def _lock(ledger: Ledger | None) -> dict[str, Any] | None:
    if ledger is None:
        return None
    with ledger.transaction() as db:
        row = db.execute("SELECT host, pid, heartbeat FROM lock").fetchone()
    return dict(zip(("host", "process", "seen"), row, strict=True)) if row else None


def _run(reports: list[EvidenceFile], ledger: Ledger | None, remaining: int) -> dict[str, Any]:
    told = last(reports, Run)
    return {
        "begun": bool(ledger and ledger.begun),
        "remaining": remaining,
        "last": _of(told.content, "time", "ended", "headline") if told else None,
        "cut_off": ledger.untold_runs if ledger else [],
    }


def _verify(reports: list[EvidenceFile]) -> dict[str, Any] | None:
    told = last(reports, Verify)
    if told is None:
        return None
    return _of(told.content, "time", "green", "depth", "headline") | {"report": told.path.name}


def _of(content: Content, *names: str) -> dict[str, Any]:
    return {name: getattr(content, name) for name in names}


def _time(report: EvidenceFile | None) -> dict[str, Any] | None:
    return {"time": report.content.time} if report else None


def _soak(plan: Plan, reports: list[EvidenceFile]) -> dict[str, Any] | None:
    """By the default of `decommission`, and by this machine's clock: that asks Azure's.

    It counts from the cutover, without one from green evidence.
    """
    since = soak.since(plan, reports)
    if since is None:
        return None
    over = since + _SOAK
    return {
        "since": since.isoformat(),
        "over": over.isoformat(timespec="minutes"),
        "is_over": datetime.now(UTC) >= over,
    }


def _removal(reports: list[EvidenceFile]) -> dict[str, Any] | None:
    told = last(reports, Decommission)
    return _of(told.content, "time", "deleted", "purged", "recoverable_until") if told else None


def _residuals(reports: list[EvidenceFile], decided: Standing) -> dict[str, Any]:
    """What lies under Microsoft's key after the removal: open until it is accepted, and again past that date."""
    found = residuals.newest(reports)
    now_open = {one.address for one in open_residuals(decided, reports)}
    left = [asdict(one) for one in found if one.address in now_open]
    return {"open": left, "accepted": len(found) - len(left)}


def _next(plan: Plan, folder: Path, found: dict[str, Any], open_ones: list[str], findings: list[str]) -> str:
    """The step that comes next, as it is typed."""
    verified, run, left = found["verify"], found["run"], found["residuals"]["open"]
    proven = verified and verified["green"] and verified["depth"] != "metadata"
    waive = "migrate waive {} " + f'{folder} --reason "..."'
    steps = (
        (found["evidence"], f"migrate evidence check {folder}"),
        (left, waive.format(quote(left[0]["address"]) if left else "")),
        (found["removal"], ""),
        (not all_approved(found["approval"]), f"somebody else: migrate approve {folder}"),
        # `run` refuses a plan with one before it changes anything.
        (not run["begun"] and found["conflicts"], settle_conflicts(folder)),
        (not run["begun"], f"migrate run {folder}"),
        (run["remaining"] or run["cut_off"], f"migrate run {folder} --resume"),
        (
            open_ones,
            "do what manual.md lists, or for each: " + waive.format(quote(open_ones[0]) if open_ones else ""),
        ),
        (
            findings,
            "do what each finding says, or for each: " + waive.format(quote(findings[0]) if findings else ""),
        ),
        (not proven, f"migrate verify {folder}"),
        (not found["cutover"], f"migrate cutover {folder}"),
        (True, f"migrate decommission {folder} --confirm {plan.header.source_ref.short}"),
    )
    return next(step for due, step in steps if due)


def all_approved(approval: dict[str, Any]) -> bool:
    """Whether nobody has to approve the plan, or somebody did."""
    return not approval["needed"] or bool(approval["by"])


def lines(found: dict[str, Any]) -> list[str]:
    """The stages for people."""
    run, verified, soak, removal = found["run"], found["verify"], found["soak"], found["removal"]
    told = [f"evidence: altered: {why}" for why in found["evidence"]]
    if found["approval"]["needed"]:
        told.append(f"approval: {', '.join(found['approval']['by']) or 'needed, and not given yet'}")
        if pending := found["approval"]["pending"]:
            told.append(f"decisions: {pending} wait for an approval")
    if freeze := found["freeze"]:
        told.append(
            f"freeze: {many(freeze['taken'], 'role assignment is', 'role assignments are')} taken away"
            if freeze["taken"]
            else "freeze: nothing is left to give back"
            if freeze["let_go"] or freeze["gone"]
            else "freeze: given back"
        )
        told += [f"freeze: {one}: it is not known who took it" for one in freeze["open"]]
        told += [f"freeze: {freeze['let_go']} were let go"] if freeze["let_go"] else []
        told += [f"freeze: {freeze['gone']} went with the workspace"] if freeze["gone"] else []
    if lock := found["lock"]:
        told.append(f"lock: process {lock['process']} on {lock['host']}, last seen {lock['seen']}")
    told.append(f"run: {_of_run(run)}")
    if found["evidence"]:
        return told
    told.append(
        f"verify: {verified['time']}: {verified['headline'] or _colour(verified)}"
        if verified
        else "verify: not yet"
    )
    told.append(f"cutover: {found['cutover']['time']}" if found["cutover"] else "cutover: not yet")
    if soak and not removal:
        told.append(
            f"soak: since {soak['since']}, of 168 hours {'over' if soak['is_over'] else 'until'} {soak['over']}"
        )
    told.append(f"removal: {removal['time']}" if removal else "removal: not yet")
    left = found["residuals"]
    if left["open"] or left["accepted"]:
        told.append(f"residuals: {len(left['open'])} open, {left['accepted']} accepted")
        told += [f"residual: {one['address']}: {one['why']}" for one in left["open"]]
    return told


def _colour(verified: dict[str, Any]) -> str:
    return f"{'green' if verified['green'] else 'not green'} at depth {verified['depth']}"


def _of_run(run: dict[str, Any]) -> str:
    if not run["begun"]:
        return "not begun"
    if run["cut_off"]:
        return f"begun {run['cut_off'][-1]}, and no report of its end"
    last_one = run["last"]
    return f"{last_one['time']}: {last_one['headline'] or last_one['ended']}" if last_one else "begun"


def in_short(found: dict[str, Any]) -> str:
    """The latest stage that a plan has come to, in a few words."""
    verified, removal, cutover, run = found["verify"], found["removal"], found["cutover"], found["run"]
    left = len(found["residuals"]["open"])
    approved = "not begun" if not found["approval"]["needed"] else "approved, not begun"
    latest = (
        (found["evidence"], "its evidence was altered"),
        (removal, f"removed {removal and removal['time']}" + (f", {left} residuals open" if left else "")),
        (cutover, f"cut over {cutover and cutover['time']}"),
        (verified, f"{verified and _colour(verified)}, {found['open']} open"),
        (run["begun"], f"run, {run['remaining']} remaining, {found['open']} open"),
        (not all_approved(found["approval"]), "not approved yet"),
        (True, approved),
    )
    return next(text for so, text in latest if so)
