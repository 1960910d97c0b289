"""Blobs of others that a run met in place of its copies, and somebody let go: whether they are still there. Pure.

A copy goes around them, fails with their names, and whoever lets it go says that they shall stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.few import agreed, few
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.state import Outcome
from amlmigrate.core.workspace import Location
from amlmigrate.ledger.items import Item

# By the address of a step, the ETag of each of them by its path in the target; as `Ledger.stayed` has it.
Stayed = Mapping[str, Mapping[str, str]]


def goals(plan: Plan, ended: Iterable[Item], stayed: Stayed) -> set[Location]:
    """The containers in which they lie."""
    steps = _steps(plan, ended, stayed)
    return {one.bytes.target.at("") for one in steps if one.bytes}


def findings(
    plan: Plan, ended: Iterable[Item], stayed: Stayed, listed: Containers, *, living: bool = False
) -> list[Finding]:
    """What is not there as it was when the run left it alone.

    `living`: the target is in use, and whoever uses it changes what is theirs as they like.
    """
    found = []
    for step in _steps(plan, ended, stayed):
        if step.bytes is None:
            continue
        listing = listed.target.get(step.bytes.target.key)
        then = stayed[str(step.address)]
        there = ((path, listing.blobs.get(path)) for path in then) if listing else ()
        now = {path: blob.etag for path, blob in there if blob}
        if gone := sorted(then.keys() - now.keys()):
            found.append(_gone(str(step.address), gone))
        changed = sorted(path for path, etag in then.items() if now.get(path, etag) != etag)
        if changed and not living:
            found.append(_changed(str(step.address), changed, now))
    return found


def _steps(plan: Plan, ended: Iterable[Item], stayed: Stayed) -> Iterator[Step]:
    """Of one that was to be deleted nothing is missing once it is gone."""
    waived = {one.address for one in ended if one.outcome is Outcome.WAIVED}
    for step in plan.steps:
        if str(step.address) in waived and stayed.get(str(step.address)) and step.action is not Action.DELETE:
            yield step


def _gone(address: str, paths: list[str]) -> Finding:
    return Finding(
        "blocks",
        address,
        "It was waived for blobs of others that the target had, and"
        f" {few(paths)} {agreed(len(paths), 'is', 'are')} gone: neither is in the target.",
        "`migrate reopen` it and continue with `migrate run --resume`, so that they are copied; or waive this"
        " finding too, where neither is needed.",
        code="waived-gone",
    )


def _changed(address: str, paths: list[str], now: Mapping[str, str]) -> Finding:
    told = [f"{path} (ETag {now[path]})" for path in paths]
    return Finding(
        "blocks",
        address,
        f"It was waived for blobs of others that the target had, and there are others by now: {few(told)}.",
        "Look at what is there now; then waive this finding too, or `migrate reopen` its item and continue with"
        " `migrate run --resume`.",
        code="waived-changed",
    )
