"""The parts of a plan that `show` shows by themselves: one item whole, what is open, and the digests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amlmigrate.cli import decisionfile
from amlmigrate.cli.stages import ledger_of
from amlmigrate.cli.views.base import View
from amlmigrate.core.decision import Decision, open_digest
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.escapes import Plain, as_json
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.approving import approvals
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.opening import opened as all_open
from amlmigrate.ledger.valid_decisions import Standing

# As many digits as messages show; `approve` takes 8 or more.
_DIGITS = 16


def item(view: View, folder: Path, plan: Plan, address: str, *, json: bool) -> None:
    """One item whole, with its findings and with its rewrites as a diff; or a finding."""
    with ledger_of(folder, plan) as ledger:
        subjects = Subjects(plan, _reports(folder, ledger), ledger)
        address = subjects.meant(address)
        subject = subjects.find(address)
        decision = Standing(plan, ledger).of(subject)
    findings = [one.as_dict() for one in plan.header.findings if address in (one.about, one.address)]
    data: dict[str, Any] = {
        "address": address,
        "sort": subject.sort,
        "sha256": subject.sha256,
        "decision": decision.detail if decision else None,
        "findings": findings,
        "step": subject.step.as_dict() if subject.step else None,
    }
    if json:
        view.result("show.item", data)
        return
    lines = [f"{address}  (digest {subject.sha256[:_DIGITS]})"]
    lines += [decision.detail] if decision else []
    lines += _step(subject.step) if subject.step else [] if findings else [subject.says]
    for one in findings:
        lines += [f"{one['severity']} {one['address']}: {one['summary']}", f"  {one['remedy']}"]
    view.lines(lines)


def _step(step: Step) -> Iterator[str]:
    line = step.as_dict()
    yield f"{line['action']}: {line['reason']}"
    for name in (
        "source_id",
        "target_id",
        "from",
        "to",
        "blobs",
        "bytes",
        "source_sha256",
        "target_sha256",
        "after",
    ):
        if line.get(name):
            yield f"{name}: {line[name]}"
    for rewrite in step.rewrites:
        yield from _changed(rewrite)
    for file in step.files:
        yield f"file {file.path}: {file.count} addresses written anew; the first lines:"
        yield f"SHA-256 {file.sha256} becomes {file.to_sha256}"
        for rewrite in file.lines:
            yield from _changed(rewrite)
    if step.gone:
        yield (
            "deleted in the target:"
            if step.action is Action.DELETE
            else "without a source, and stays in the target:"
        )
        yield from (f"  {one.path} ({one.length} bytes, ETag {one.etag})" for one in step.gone)
    if line.get("body"):
        yield from map(Plain, as_json(line["body"], indent=2).split("\n"))


def _changed(rewrite: Rewrite) -> Iterator[str]:
    yield f"@@ {rewrite.where} @@"
    yield from (f"-{line}" for line in rewrite.before.rstrip().split("\n"))
    yield from (f"+{line}" for line in rewrite.after.rstrip().split("\n"))


def steps(view: View, plan: Plan) -> None:
    """Its steps as CSV."""
    rows = ((str(step.address), step.action.value, step.reason) for step in plan.steps)
    view.raw(decisionfile.written(rows, ("address", "action", "reason")))


def opened(view: View, folder: Path, plan: Plan, kind: str, *, csv: bool) -> None:
    """What is open; as CSV with the decisions to fill in. Then what waits for an approval, with its digest."""
    with ledger_of(folder, plan) as ledger:
        reports = _reports(folder, ledger)
        found = all_open(plan, ledger, reports)
        pending = Standing(plan, ledger).pending()
        subjects = Subjects(plan, reports, ledger)
    found = [one for one in found if not kind or one.address.partition("/")[0] == kind]
    of = f" of kind {kind}" if kind else ""
    if csv:
        rows = ((one.address, "", "", _mark(subjects, one.address)) for one in found)
        view.raw(decisionfile.written(rows, (*decisionfile.COLUMNS, decisionfile.SHOWN)))
        return
    view.result(
        "show.open",
        {
            "text": f"{len(found)} open{of}." if found else f"Nothing{of} is open.",
            "open": [{"address": one.address, "stands": one.stands, "says": one.says} for one in found],
            "lines": [f"{one.stands}: {one.address}: {one.says}" for one in found],
        },
    )
    if plan.header.require_approval:
        _pending(view, folder, pending)


def _mark(subjects: Subjects, address: str) -> str:
    """What holds a row to what is shown now; '' where the address is of two, so that nothing is decided by it."""
    try:
        return decisionfile.mark(subjects.find(address).sha256)
    except BadInputError:
        return ""


def _pending(view: View, folder: Path, pending: list[Decision]) -> None:
    sha256 = open_digest(pending)
    data: dict[str, Any] = {
        "text": f"{len(pending)} decisions wait for an approval: digest {sha256[:_DIGITS]}"
        if pending
        else "No decision waits for an approval.",
        "sha256": sha256 if pending else "",
        "decisions": [{"address": one.address, "verb": one.verb.value, "detail": one.detail} for one in pending],
        "lines": [f"{one.address}: {one.detail}" for one in pending],
    }
    following = {"next": f"migrate approve {folder} --decisions --digest {sha256[:_DIGITS]}"} if pending else {}
    view.result("show.decisions", data | following)


def digest(view: View, folder: Path, plan: Plan) -> None:
    """The digest that `approve` takes; whether the approval that the plan needs was given."""
    if not plan.header.require_approval:
        text = f"\nDigest of the plan: {plan.sha256[:_DIGITS]}"
        view.result("show.digest", {"text": text, "sha256": plan.sha256})
        return
    with ledger_of(folder, plan) as ledger:
        given = approvals(plan, ledger) if ledger else []
    lines = [f"approved by {one.by} at {one.at}{one.comment and ': '}{one.comment}" for one in given]
    data = {
        "text": f"\nDigest of the plan: {plan.sha256[:_DIGITS]}. It must be approved by somebody other than its"
        f" planner, {plan.header.planner}.",
        "sha256": plan.sha256,
        "approved": bool(given),
        "approvals": [{"object_id": one.object_id, "by": one.by, "at": one.at} for one in given],
        "lines": lines or ["not approved yet"],
    }
    following = {} if given else {"next": f"migrate approve {folder} --digest {plan.sha256[:_DIGITS]}"}
    view.result("show.approval", data | following)


def _reports(folder: Path, ledger: Ledger | None) -> list[EvidenceFile]:
    return Evidence(folder, ledger).reports() if ledger else []
