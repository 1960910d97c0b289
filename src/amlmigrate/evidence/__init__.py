"""Evidence: the reports that an auditor reads, each a frozen type with a JSON Schema of its own beside it."""

from amlmigrate.evidence.base import Content, NotAReportError
from amlmigrate.evidence.cutover import Cutover, CutoverBack
from amlmigrate.evidence.decisions import Approval, Decided
from amlmigrate.evidence.decommission import Decommission
from amlmigrate.evidence.freezing import Back, Deed, Freeze
from amlmigrate.evidence.run import Run
from amlmigrate.evidence.verify import Verify

# Every report by its record.
RECORDS: dict[str, type[Content]] = {
    one.record: one
    for one in (Approval, Back, Cutover, CutoverBack, Decided, Decommission, Deed, Freeze, Run, Verify)
}

__all__ = [
    "RECORDS", "Approval", "Back", "Content", "Cutover", "CutoverBack", "Decided", "Decommission", "Deed",
    "Freeze", "NotAReportError", "Run", "Verify",
]  # fmt: skip
