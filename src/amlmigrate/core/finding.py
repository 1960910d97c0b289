"""Findings: what a reviewer has to know of an asset before it moves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from amlmigrate.core.redaction import masked

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """An `error` keeps `run` from starting; a `warning` is repeated in every report."""

    severity: Severity
    address: str
    summary: str
    remedy: str

    def __post_init__(self) -> None:
        # A finding names what a document names, and is kept in plans and evidence.
        object.__setattr__(self, "summary", masked(self.summary))

    def as_dict(self) -> dict[str, str]:
        """Its form in a plan's header and in evidence."""
        return asdict(self)
