"""Claims: what is said of a workspace's keys, storage and identity, each with what Azure reports of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from amlmigrate.core.finding import Finding, by_weight

# What is not taken from Azure's word: the vault has to give back what was wrapped.
COMPUTED = frozenset({"key.wraps"})
# Data of the users' own, that no move has written: what does not hold of them may be let go.
WAIVABLE = frozenset({"datastores.encryption"})
# `information` is kept as evidence and makes no finding.
Weight = Literal["error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. `holds` is None where the caller could not read what would tell.

    `severity` is what it comes to while it does not hold; `summary` says what was seen, `remedy` what to do.
    `key` is the identifier of the key that Azure reports, `read_at` when it was asked (UTC, ISO 8601).
    """

    name: str
    holds: bool | None
    severity: Weight
    address: str
    summary: str
    remedy: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    read_at: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Its form in evidence; `shown` is null of what is not known."""
        return asdict(self) | {"shown": None if self.holds is None else self.shown}

    @property
    def shown(self) -> Literal["reported", "computed"]:
        """Whether Azure says so, or it was tried here, by what came back."""
        return "computed" if self.name in COMPUTED else "reported"

    @property
    def finding(self) -> Finding | None:
        """What it comes to: nothing where it holds, or is for information only."""
        if self.holds or self.severity == "information":
            return None
        return Finding(self.severity, self.address, self.summary, self.remedy, code=self.name)


def findings(claims: Iterable[Claim]) -> list[Finding]:
    """What does not hold; errors first, else in the claims' own order.

    Claims of which one thing that could not be read leaves nothing known say so in the same words: that is one
    finding, which has the first one's name as its code.
    """
    found: dict[Finding, Finding] = {}
    for claim in claims:
        if finding := claim.finding:
            found.setdefault(replace(finding, code=""), finding)
    return sorted(found.values(), key=by_weight)
