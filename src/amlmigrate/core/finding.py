"""Findings: what a reviewer has to know of an item before it moves, each with an address of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from amlmigrate.core.redaction import masked

Severity = Literal["error", "blocks", "warning"]
# The gravest first.
SEVERITIES: tuple[Severity, ...] = ("error", "blocks", "warning")
MARK = "!"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found `about` an item of the plan, or a resource of Azure; its address is `ABOUT!CODE`.

    `error`: `run` refuses until it is waived. `blocks`: meaning or bytes will be missing in the target, and
    verification is not green until it is waived. `warning`: told in every report, blocks nothing.
    Each code is declared (`findingcodes`).
    """

    severity: Severity
    about: str
    summary: str
    remedy: str
    code: str

    def __post_init__(self) -> None:
        # A finding names what a document names, and is kept in plans and evidence.
        object.__setattr__(self, "summary", masked(self.summary))

    @property
    def address(self) -> str:
        """By which it is told, waived and reopened."""
        return f"{self.about}{MARK}{self.code}"

    def as_dict(self) -> dict[str, str]:
        """Its form in a plan's header and in evidence."""
        return {
            "severity": self.severity,
            "address": self.address,
            "code": self.code,
            "summary": self.summary,
            "remedy": self.remedy,
        }

    @classmethod
    def of_dict(cls, line: dict[str, Any]) -> Finding:
        """Reads that form. Raises KeyError and TypeError where it is none."""
        about = line["address"].removesuffix(f"{MARK}{line['code']}")
        return cls(line["severity"], about, line["summary"], line["remedy"], line["code"])


def by_weight(finding: Finding) -> int:
    """By which findings are sorted: the gravest first."""
    return SEVERITIES.index(finding.severity)
