"""Whether the target still has, and has unchanged, what an item was let go for: someone else's in its place. Pure.

Whoever lets a conflict go says that the target's own shall stay. Where that is gone neither is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.asset import Inventory
from amlmigrate.core.decision import Decision
from amlmigrate.core.finding import Finding
from amlmigrate.core.findingcodes import LET_GO, PROTECTION
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.state import Outcome
from amlmigrate.evidence import Verify
from amlmigrate.kinds import moving_kinds, versions_digest
from amlmigrate.ledger.decision_subjects import found_by, of_step
from amlmigrate.ledger.evidence import EvidenceFile, only
from amlmigrate.ledger.items import Item
from amlmigrate.ledger.valid_decisions import Standing

# What each verification looks at anew, whatever its depth.
_CODES = frozenset(("list-not-sorted", *(code.name for code in (*LET_GO, *PROTECTION))))
_DIGITS = 16
_REOPEN = "`migrate reopen` its item and plan again, so that the tool moves it"


def waived(plan: Plan, ended: Iterable[Item]) -> list[Step]:
    """The steps that somebody let go and in whose place the target may have something else.

    What every workspace has by itself is never gone, and never the tool's to move.
    """
    addresses = {item.address for item in ended if item.outcome is Outcome.WAIVED}
    return [
        step
        for step in plan.steps
        if str(step.address) in addresses
        and (step.action is Action.CONFLICT or not step.address.phase)
        and (step.action is Action.CONFLICT or (step.action.carried_out and not step.is_bytes))
        and not (step.address.kind in moving_kinds() and moving_kinds()[step.address.kind].inherent)
    ]


def of_documents(plan: Plan, steps: Iterable[Step], target: Inventory) -> dict[str, str]:
    """By address, the digest of the document that the target has; '' where it has none.

    Of a name that is not archived for the sake of others' versions: of all that the plan does not create.
    """
    found: dict[str, str] = {}
    created = {step.called for step in plan.steps if step.action is Action.CREATE}
    for step in steps:
        kind = moving_kinds().get(step.address.kind)
        if kind and kind.versioned and step.address.phase and step.address.version is None:
            found[str(step.address)] = versions_digest(step.called, target.assets.keys() - created)
        elif kind:
            there = target.assets.get(step.called)
            found[str(step.address)] = kind.state(there.document) if there else ""
    return found


def of_bytes(steps: Iterable[Step], listed: Containers) -> dict[str, str]:
    """By address, the digest of the blob that the target has where the step's would go; '' for none."""
    found: dict[str, str] = {}
    for step in steps:
        if step.apart and step.bytes:
            place = step.bytes.target
            listing = listed.target.get(place.key)
            held = listing.blobs.get(place.path) if listing else None
            found[str(step.address)] = listing_digest([held]) if held else ""
    return found


def findings(
    steps: Iterable[Step],
    standing: Standing,
    now: Mapping[str, str],
    reports: list[EvidenceFile],
    *,
    living: bool = False,
) -> list[Finding]:
    """What is not there as it was when it was let go; `now` as `of_documents` and `of_bytes` read it.

    `living`: the target is in use, and whoever uses it changes what is theirs as they like.
    """
    found = []
    for step in steps:
        address, decision = str(step.address), standing.of(of_step(step))
        before = _before(step, decision, reports) if decision else None
        if address not in now or (before is None and step.action is not Action.CONFLICT):
            continue
        if not now[address] and before != "":
            # Of one that was too many, or was to be deleted, nothing is missing then.
            found += [] if step.blob and step.bytes and not step.bytes.blobs else [_gone(address)]
        elif before and now[address] != before and not living:
            found.append(_changed(address, before, now[address]))
    return found


def not_comparable(steps: Iterable[Step], standing: Standing, reports: list[EvidenceFile]) -> Iterator[str]:
    """Conflicts of which no digest is known yet: a plan has none where a write before changes the item."""
    for step in steps:
        decision = standing.of(of_step(step))
        if step.action is Action.CONFLICT and decision and _before(step, decision, reports) is None:
            yield f"whether the target's {step.address} is still the one that was waived: no digest was kept of it"


def carried(reports: list[EvidenceFile]) -> list[Finding]:
    """What an earlier verification found in the bytes, without what each one looks at anew."""
    return [one for one in found_by(reports) if one.code not in _CODES]


def _before(step: Step, decision: Decision, reports: list[EvidenceFile]) -> str | None:
    """The digest of what there was: by the plan, else by the first verification after it was let go."""
    if step.target_sha256 and step.action is Action.CONFLICT:
        return step.target_sha256
    for report in only(reports, Verify):
        told = report.content.let_go
        if report.number > decision.report and str(step.address) in told:
            return told[str(step.address)]
    return None


def _gone(address: str) -> Finding:
    return Finding(
        "blocks",
        address,
        "It was waived for what the target had in its place, and that is gone: neither is in the target.",
        f"{_REOPEN}; or waive this finding too, where neither is needed.",
        code="waived-gone",
    )


def _changed(address: str, before: str, now: str) -> Finding:
    return Finding(
        "blocks",
        address,
        "It was waived for what the target had in its place, and that is another by now: digest"
        f" {now[:_DIGITS]}, then {before[:_DIGITS]}.",
        f"Look at what is there now; then waive this finding too, or {_REOPEN}.",
        code="waived-changed",
    )
