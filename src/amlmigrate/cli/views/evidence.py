"""What `evidence check` says where nothing is altered."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.cli.views.ending import EndView, NamedEnd
from amlmigrate.core.few import many
from amlmigrate.ledger.checking import Check


@dataclass(frozen=True, slots=True)
class CheckView(EndView):
    """Each report with its digest, and what could not be checked."""

    found: Check

    @property
    def ending(self) -> NamedEnd:
        """All of it."""
        reports, unchecked = self.found.reports, self.found.unchecked
        open_ = f" {len(unchecked)} could not be checked." if unchecked else ""
        return NamedEnd(
            "evidence.check",
            f"{many(len(reports), 'report')}, each as it was written.{open_}",
            (
                *(f"{one.path.name}  {one.sha256}" for one in reports),
                *(f"not checked: {what}" for what in unchecked),
            ),
            members={
                "whole": not unchecked,
                "reports": [{"file": one.path.name, "sha256": one.sha256} for one in reports],
                "not_checked": unchecked,
            },
        )
