"""Who runs a plan: whoever planned, ran, verified, cut over or removed by it, as its evidence says. Pure.

They keep their rights on the source while it is frozen: a plan is run by one identity and frozen by another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Header
from amlmigrate.ledger.evidence import EvidenceFile

# By what they are reports of. Who approved, decided or froze needs no right on the source for the plan.
_DEEDS = {
    "run": "ran it",
    "verify": "verified it",
    "cutover": "cut it over",
    "cutover-back": "took its cutover back",
    "decommission": "removed its source",
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
    told += [(_identity(one.content.get("by")), _DEEDS.get(one.content["record"], "")) for one in reports]
    for identity, did in told:
        if did and identity and identity.object_id:
            key = identity.object_id.lower()
            known = found.get(key, Runner(identity, ()))
            found[key] = Runner(known.identity, tuple(dict.fromkeys((*known.did, did))))
    return tuple(found.values())


def _identity(by: Any) -> Identity | None:
    """As reports have it; None where the token did not say who it was."""
    told = by.get("identity") if isinstance(by, Mapping) else None
    if not isinstance(told, Mapping) or not isinstance(told.get("object_id"), str) or not told["object_id"]:
        return None
    names = ("name", "app_id", "tenant_id")
    return Identity(told["object_id"], *(str(told.get(name) or "") for name in names))
