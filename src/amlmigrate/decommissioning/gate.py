"""The gate: every reason at once why the source must not be removed yet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from amlmigrate.core.asset import Inventory, Leftover
from amlmigrate.core.documents import Document, digest
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan
from amlmigrate.core.seal import FILE, Digests, changes, comparable
from amlmigrate.core.state import Outcome
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.evidence import Report, last
from amlmigrate.ledger.items import items

_DEEP_ENOUGH = ("checksum", "sdk")
_SEEN = {
    "source_documents": "documents of the source",
    "target_documents": "documents of the target",
    "source_blobs": "blobs of the source",
    "target_blobs": "blobs of the target",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read afresh for the gate."""

    source: Inventory
    digests: dict[str, str]
    # The same four by address, to name what differs.
    parts: dict[str, dict[str, str]]
    posture: list[Finding]
    locks: list[Document]
    soak: timedelta
    # What an earlier removal, cut off, set out to remove before the workspace: it may be gone.
    removed: frozenset[str] = frozenset()


def reasons(plan: Plan, ledger: Ledger, reports: list[Report], facts: Facts) -> list[str]:
    """Why the source must not be removed; empty when it may."""
    return [
        *_evidence(plan, reports, facts),
        *decisions.problems(ledger, reports),
        *_items(plan, ledger),
        *(f"{finding.address}: {finding.summary}" for finding in facts.posture if finding.severity == "error"),
        *_alive(facts.source.leftovers),
        *(locked(lock) for lock in facts.locks),
    ]


def _evidence(plan: Plan, reports: list[Report], facts: Facts) -> Iterable[str]:
    newest = last(reports, "verify")
    if newest is None:
        yield "There is no evidence: run `migrate verify`."
        return
    content = newest.content
    if content["plan"]["sha256"] != plan.sha256:
        yield "The evidence is of another plan."
    if not content["green"]:
        yield "The last verification is not green."
    if content["depth"] not in _DEEP_ENOUGH:
        yield f"The last verification has depth '{content['depth']}'; at least 'checksum' is needed."
    parts = seen_by(newest)
    for name, what in _SEEN.items():
        if content["digests"].get(name) != facts.digests[name] and not _begun(content, parts, facts, name):
            named = "; ".join(_changes(parts, facts, name)) if parts else ""
            yield f"The {what} are not what they were when they were verified{named and ': '}{named}."
    yield from _soak(reports, facts.soak)


def _begun(content: Document, parts: dict[str, dict[str, str]], facts: Facts, name: str) -> bool:
    """Whether nothing of the source is missing but what an earlier removal, cut off, took away itself.

    What either look at the source could not list is not known to be missing.
    """
    then = parts.get(name, {})
    if name != "source_documents" or digest(then) != content["digests"].get(name):
        return False
    then, now = comparable(then, facts.parts[name])
    return now == still_expected(then, now, facts.removed)


def _changes(parts: dict[str, dict[str, str]], facts: Facts, name: str) -> list[str]:
    then, now = parts.get(name, {}), facts.parts[name]
    return changes(still_expected(then, now, facts.removed), now)


def still_expected(then: Digests, now: Digests, removed: frozenset[str]) -> dict[str, str]:
    """What there was, without what is gone by now because an earlier removal, cut off, had asked for its deletion.

    Such a deletion may end at any time, so also between two looks at the source.
    """
    return {address: sha for address, sha in then.items() if address in now or address not in removed}


def seen_by(report: Report) -> dict[str, dict[str, str]]:
    """What the verification saw, by address; empty for a report that was made without it."""
    for one in report.content.get("manifests", ()):
        if one["file"].endswith(FILE):
            found: dict[str, dict[str, str]] = json.loads((report.path.parent / one["file"]).read_bytes())
            return found
    return {}


def _soak(reports: list[Report], soak: timedelta) -> Iterable[str]:
    """The soak counts from the first of the green verifications that no other came between."""
    since = None
    for report in reports:
        if report.content["record"] == "verify":
            since = (since or report.content["time"]) if report.content["green"] else None
    if since is None:
        return
    over = datetime.fromisoformat(since) + soak
    if datetime.now(UTC) < over:
        yield f"The soak of {soak.total_seconds() / 3600:g} hours is over at {over.isoformat(timespec='minutes')}."


def _items(plan: Plan, ledger: Ledger) -> Iterable[str]:
    for item in items(plan, ledger):
        # What was left by selection goes with the source: only here somebody has to say that it may.
        if item.outcome is Outcome.UNSELECTED or not item.outcome.settled:
            yield f"{item.address} is {item.outcome.value} and not waived."


def _alive(leftovers: list[Leftover]) -> Iterable[str]:
    for left in leftovers:
        properties = (left.document or {}).get("properties") or {}
        version = left.address.version or ""
        if version.startswith("deployments/"):
            yield f"{left.address} is a live deployment."
        elif left.address.kind == "schedules" and properties.get("isEnabled"):
            yield f"{left.address} is an enabled schedule."
        elif left.address.kind == "jobs" and (running := (left.document or {}).get("running")):
            yield f"{running} jobs are running."


def locked(lock: Document) -> str:
    level = (lock.get("properties") or {}).get("level", "")
    return f"A lock is in the way: {lock.get('id', lock.get('name'))} ({level})."
