"""Findings: what a reviewer has to know of an asset before it moves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """An `error` keeps `run` from starting; a `warning` is repeated in every report."""

    severity: Severity
    address: str
    summary: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """Its form in a plan's header and in evidence."""
        return asdict(self)
