"""What `cutover` says at its end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from amlmigrate.cli.views.ending import EndView, NamedEnd
from amlmigrate.core.few import many
from amlmigrate.core.plan import Plan
from amlmigrate.cutover.stage import CutoverResult, TakenBack
from amlmigrate.evidence.members import Change


@dataclass(frozen=True, slots=True)
class CutoverView(EndView):
    """How a cutover ended."""

    plan: Plan
    folder: Path
    result: CutoverResult

    @property
    def ending(self) -> NamedEnd:
        """Of a dry run, or of the record."""
        report, warnings = self.result.report, self.result.warnings
        if report is None:
            text = "Nothing stands in the way of the cutover. Nothing was recorded."
            return NamedEnd("cutover.dry", text, warnings)
        time = report.content.time
        return NamedEnd(
            "cutover.end",
            f"Already cut over, at {time}."
            if self.result.already
            else f"Cut over: the target lives from {time} on. Neither workspace was changed.",
            warnings,
            {"Evidence": str(report.path)},
            f"migrate decommission {self.folder} --confirm {self.plan.header.source_ref.short},"
            " once the soak is over",
        )


@dataclass(frozen=True, slots=True)
class TakenBackView(EndView):
    """How a cutover was taken back."""

    folder: Path
    result: TakenBack

    @property
    def ending(self) -> NamedEnd:
        """Of a dry run, or of the report."""
        report, changes = self.result.report, self.result.changes
        lines = tuple(f"{one.what} in the target since: {one.address}" for one in changes)
        members = {"changes": list(map(_change, changes))}
        if report is None:
            text = "Nothing was recorded. The cutover would be taken back; no data is carried back."
            return NamedEnd("cutover.back.dry", text, lines, members=members)
        stay = many(len(changes), "change stays", "changes stay")
        text = (
            f"Already taken back, at {report.content.time}."
            if self.result.already
            else f"Taken back: the evidence holds both sides again. {stay} in the target: no data is carried back."
        )
        files = {"Evidence": str(report.path)}
        return NamedEnd("cutover.back", text, lines, files, f"migrate verify {self.folder}", members)


def _change(one: Change) -> dict[str, Any]:
    return asdict(one)
