"""What the newest evidence is good for, and what on either side is no longer as it says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from amlmigrate.core.documents import digest
from amlmigrate.core.plan import Plan
from amlmigrate.core.seal import FILE, PARTS, Digests, changes, comparable
from amlmigrate.cutover.record import active
from amlmigrate.evidence import Cutover, Verify
from amlmigrate.ledger.evidence import EvidenceFile, last

SEEN = {
    "source_documents": "documents of the source",
    "target_documents": "documents of the target",
    "source_blobs": "blobs of the source",
    "target_blobs": "blobs of the target",
}
SOURCE = tuple(name for name in SEEN if name.startswith("source_"))
Parts = dict[str, dict[str, str]]


def unproven(plan: Plan, reports: list[EvidenceFile]) -> Iterator[str]:
    """Why the newest verification proves nothing for this plan: none, of another, not green, not deep enough."""
    newest = last(reports, Verify)
    if newest is None:
        yield "There is no evidence: run `migrate verify`."
        return
    content = newest.content
    if content.plan.sha256 != plan.sha256:
        yield "The evidence is of another plan."
    if not content.green:
        yield "The last verification is not green."
    if content.since_cutover and not active(reports):
        yield "The last verification is of a target in use, and that cutover was taken back: run `migrate verify`."
    if not content.reads_bytes:
        yield f"The last verification has depth '{content.depth}'; at least 'checksum' is needed."


def differences(
    report: EvidenceFile[Cutover] | EvidenceFile[Verify],
    digests: Digests,
    now: Parts,
    removed: frozenset[str] = frozenset(),
    names: Iterable[str] = tuple(SEEN),
) -> Iterator[str]:
    """What is not as a report saw it, of the four in `names`: a sentence each, with what changed.

    `digests` are those of `seal`, `now` the same by address. `removed` is what an earlier removal, cut off, had
    set out to remove before the workspace: it may be gone.
    """
    then = seen_by(report)
    for name in names:
        if report.content.digests.of(name) == digests[name] or _begun(report, then, now, removed, name):
            continue
        named = "; ".join(_changes(then, now, removed, name)) if then else ""
        then_was = "cut over" if isinstance(report.content, Cutover) else "verified"
        use = (
            "" if name in SOURCE else " Once the target is in use, `migrate cutover` ends that it is held to this."
        )
        yield f"The {SEEN[name]} are not what they were when they were {then_was}{named and ': '}{named}.{use}"


def seen_by(report: EvidenceFile) -> Parts:
    """What the verification saw, by address; empty for a report that was made without it."""
    for one in report.content.files:
        if one.file.endswith(FILE):
            found: Parts = json.loads((report.path.parent / one.file).read_bytes())
            return found
    return {}


def still_expected(then: Digests, now: Digests, removed: frozenset[str]) -> dict[str, str]:
    """What there was, without what is gone by now because an earlier removal, cut off, had asked for its deletion.

    Such a deletion may end at any time, so also between two looks at the source.
    """
    return {address: sha for address, sha in then.items() if address in now or address not in removed}


def _begun(
    report: EvidenceFile[Cutover] | EvidenceFile[Verify],
    then: Parts,
    now: Parts,
    removed: frozenset[str],
    name: str,
) -> bool:
    """Whether no document is missing but what an earlier removal, cut off, took away from the source itself.

    What either look could not list is not known to be missing or new.
    """
    before = then.get(name, {})
    if name not in PARTS[:2] or digest(before) != report.content.digests.of(name):
        return False
    before, after = comparable(before, now[name])
    return after == still_expected(before, after, removed if name == PARTS[0] else frozenset())


def _changes(then: Parts, now: Parts, removed: frozenset[str], name: str) -> list[str]:
    before, after = then.get(name, {}), now[name]
    return changes(still_expected(before, after, removed), after)
