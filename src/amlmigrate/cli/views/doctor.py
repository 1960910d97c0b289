"""What `doctor` says: each finding with its remedy, who is signed in, and how many claims hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlmigrate.cli.views.plans import findings
from amlmigrate.core.events import Event
from amlmigrate.core.few import agreed, many
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.doctor import DoctorReport

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page


@dataclass(frozen=True, slots=True)
class DoctorView:
    """A report about a pair of workspaces, of which one may not be named."""

    report: DoctorReport
    source: WorkspaceRef | None
    target: WorkspaceRef | None

    @property
    def errors(self) -> int:
        """How many findings stop a move."""
        return sum(1 for finding in self.report.findings if finding.severity == "error")

    def human(self, page: Page) -> None:
        """Findings first, so that the end says what they come to."""
        findings(page, self.report.findings)
        page.gap()
        page.line(self._text)
        page.lines(self._lines)
        page.next(self._next)

    def as_json(self) -> Iterator[Event]:
        """`doctor.finding` for each, then `doctor.end`."""
        report = self.report
        for finding in report.findings:
            yield Event("doctor.finding", dict(finding.as_dict()))
        identities = {
            side: who.as_dict() | {"tenant": report.tenants[side]} for side, who in report.identities.items()
        }
        yield Event(
            "doctor.end",
            {
                "text": f"\n{self._text}",
                "errors": self.errors,
                "warnings": len(report.findings) - self.errors,
                "identities": identities,
                "findings": [finding.as_dict() for finding in report.findings],
                "claims": [claim.as_dict() for claim in report.claims],
                "source_claims": [claim.as_dict() for claim in report.source_claims],
                "lines": self._lines,
                "next": self._next,
            },
        )

    @property
    def _text(self) -> str:
        warnings = len(self.report.findings) - self.errors
        holding = sum(1 for one in self.report.claims if one.holds)
        claims = many(len(self.report.claims), "claim")
        return (
            f"{many(self.errors, 'error')} and {many(warnings, 'warning')};"
            f" {holding} of {claims} {agreed(holding, 'holds', 'hold')}."
        )

    @property
    def _lines(self) -> list[str]:
        tenants = self.report.tenants
        return [
            f"{side}: signed in as {who}, tenant {tenants[side]}" for side, who in self.report.identities.items()
        ]

    @property
    def _next(self) -> str:
        if self.errors:
            return "do what each error says, then run migrate doctor again"
        if self.source and self.target:
            return f"migrate plan --source {self.source.short} --target {self.target.short}"
        return "name the other workspace too"
