"""What `decommission` says at its end: of a dry run, or of the tombstone."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from amlmigrate.cli.views.ending import EndView, NamedEnd
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.plan import Plan
from amlmigrate.decommissioning import tombstone
from amlmigrate.decommissioning.stage import DecommissionResult
from amlmigrate.evidence import Decommission
from amlmigrate.ledger.evidence import EvidenceFile


@dataclass(frozen=True, slots=True)
class DecommissionView(EndView):
    """How a removal ended."""

    plan: Plan
    result: DecommissionResult

    @property
    def code(self) -> ExitCode:
        """What it comes to."""
        report = self.result.report
        whole = report is None or (report.content.by_us and not report.content.containers_kept)
        return ExitCode.DONE if whole else ExitCode.INCOMPLETE

    @property
    def ending(self) -> NamedEnd:
        """Of a dry run, or of the tombstone."""
        if self.result.report is None:
            listing = dict(self.result.listing or {})
            lines = tuple(listing.pop("lines", ()))
            return NamedEnd("decommission.dry", self.result.text, lines, members=listing)
        return self._of_tombstone(self.result.report)

    def _of_tombstone(self, report: EvidenceFile[Decommission]) -> NamedEnd:
        content = report.content
        warnings = (f"{one.severity}: {one.address}: {one.summary}" for one in content.warnings)
        return NamedEnd(
            "decommission.end",
            _headline(self.plan.header.source_ref.short, content) + _shown(content),
            (*self.result.refused, *tombstone.lines(content), *warnings),
            {"Tombstone": str(report.path)},
            members={
                "verified": asdict(content.verified) if content.verified else None,
                "by_us": content.by_us,
                "recoverable_until": content.recoverable_until,
                "kept": [asdict(one) for one in content.containers_kept],
                "exemptions": [asdict(one) for one in content.exemptions],
                "warnings": [one.as_dict() for one in content.warnings],
            },
        )


def _shown(content: Decommission) -> str:
    """What the verification showed that the removal rests on."""
    verified = content.verified
    return f" By {verified.report}: {verified.says}" if verified and verified.says else ""


def _headline(name: str, content: Decommission) -> str:
    """What was shown, and no more."""
    until = content.recoverable_until
    if not content.by_us:
        return f"{name} is absent, not shown to be by us: nothing is purged, and no container deleted."
    if content.purged:
        return f"Removed {name}, for good."
    if content.containers_deleted:
        return f"Removed {name} and its containers: without them nothing of it can be called recoverable."
    if until:
        but = ", which Azure predicts that a policy refuses" if content.recovery.refused else ""
        return f"Removed {name}; Microsoft documents that it can be recovered until {until}{but}."
    return f"Removed {name}; Microsoft documents that it cannot be recovered."
