"""Evidence: the reports that an auditor reads, each a frozen type with a JSON Schema of its own beside it."""

from amlmigrate.evidence.base import NotAReportError, ReportContent
from amlmigrate.evidence.cutover import Cutover, CutoverBack, Switch
from amlmigrate.evidence.decisions import ApprovalRecord, Decided
from amlmigrate.evidence.decommission import Decommission
from amlmigrate.evidence.drill import DrillRecord
from amlmigrate.evidence.freezing import Deed, Freeze, GiveBackRecord
from amlmigrate.evidence.rotation import RotationRecord
from amlmigrate.evidence.run import Run
from amlmigrate.evidence.verify import Verify

# Every report by its record.
RECORDS: dict[str, type[ReportContent]] = {
    one.record: one
    for one in (
        ApprovalRecord,
        GiveBackRecord,
        Cutover,
        CutoverBack,
        Decided,
        Decommission,
        Deed,
        DrillRecord,
        Freeze,
        RotationRecord,
        Run,
        Switch,
        Verify,
    )
}

__all__ = [
    "RECORDS",
    "ApprovalRecord",
    "Cutover",
    "CutoverBack",
    "Decided",
    "Decommission",
    "Deed",
    "DrillRecord",
    "Freeze",
    "GiveBackRecord",
    "NotAReportError",
    "ReportContent",
    "RotationRecord",
    "Run",
    "Switch",
    "Verify",
]  # fmt: skip
