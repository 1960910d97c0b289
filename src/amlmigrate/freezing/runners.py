"""Who runs a plan: whoever planned, ran, verified, cut over or removed by it, as its evidence says. Pure.

They keep their rights on the source while it is frozen: a plan is run by one identity and frozen by another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Header
from amlmigrate.evidence import Cutover, CutoverBack, Decommission, Run, Verify
from amlmigrate.ledger.evidence import EvidenceFile

# By what they are reports of. Who approved, decided or froze needs no right on the source for the plan.
_DEEDS = {
    Run.record: "ran it",
    Verify.record: "verified it",
    Cutover.record: "cut it over",
    CutoverBack.record: "took its cutover back",
    Decommission.record: "removed its source",
}


@dataclass(frozen=True, slots=True)
class Runner:
    """One identity, and what it did: `planned it`, `ran it`."""

    identity: Identity
    did: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.identity}, who {' and '.join(self.did)}"


def runners(header: Header, reports: Iterable[EvidenceFile]) -> tuple[Runner, ...]:
    """Those of one plan. The reports are trusted, and the header is of the plan that the ledger is tied to."""
    found: dict[str, Runner] = {}
    told = [(header.planner, "planned it")]
    told += [(one.content.by.identity, _DEEDS.get(one.content.record, "")) for one in reports]
    for identity, did in told:
        if did and identity and identity.object_id:
            key = identity.object_id.lower()
            known = found.get(key, Runner(identity, ()))
            found[key] = Runner(known.identity, tuple(dict.fromkeys((*known.did, did))))
    return tuple(found.values())
