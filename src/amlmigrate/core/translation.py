"""What translating an asset gives: the document to PUT, what it names anew, and what a reviewer must know."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.documents import Document
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Rewrite


@dataclass(frozen=True, slots=True)
class Translation:
    """`body` is the exact document to PUT, but for `{"$secret": …}` markers."""

    body: Document
    rewrites: tuple[Rewrite, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as it should be: JSON pointer, what was expected, what is there."""

    address: str
    field: str
    expected: object
    actual: object

    def as_dict(self) -> dict[str, object]:
        """Its form in evidence."""
        return {
            "address": self.address,
            "field": self.field,
            "expected": self.expected,
            "actual": self.actual,
        }
