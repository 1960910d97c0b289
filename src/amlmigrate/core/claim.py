"""Claims: what is said of a workspace's keys, storage and identity, each proven or not, with its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from amlmigrate.core.finding import Finding, by_weight

# `information` is kept as evidence and makes no finding.
Weight = Literal["error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. `proven` is None where the caller could not read what would prove or refute it.

    `severity` is what it comes to while it is not proven; `summary` says what was seen, `remedy` what to do.
    `key` is the identifier of the key that Azure reports, `read_at` when it was asked (UTC, ISO 8601).
    """

    name: str
    proven: bool | None
    severity: Weight
    address: str
    summary: str
    remedy: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    read_at: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Its form in evidence."""
        return asdict(self)

    @property
    def finding(self) -> Finding | None:
        """What it comes to: nothing when it is proven, or is for information only."""
        if self.proven or self.severity == "information":
            return None
        return Finding(self.severity, self.address, self.summary, self.remedy, code=self.name)


def findings(claims: Iterable[Claim]) -> list[Finding]:
    """What is not proven; errors first, else in the claims' own order.

    Claims that cannot be proven since one thing could not be read say so in the same words: that is one finding,
    which has the first one's name as its code.
    """
    found: dict[Finding, Finding] = {}
    for claim in claims:
        if finding := claim.finding:
            found.setdefault(replace(finding, code=""), finding)
    return sorted(found.values(), key=by_weight)
