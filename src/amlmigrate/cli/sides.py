"""What `freeze` has taken away of a source's role assignments."""

from __future__ import annotations

from pathlib import Path

from amlmigrate.core.documents import Document
from amlmigrate.freezing.record import beside


def frozen(folder: Path, workspace_id: str) -> tuple[list[Document], list[str]]:
    """What `freeze` took away for now of a source's role assignments, by this plan or one beside it.

    And why what another folder says of that is not believed.
    """
    found, doubts = beside(folder, workspace_id)
    return [one.as_dict() for _, record in found for one in record.owed], doubts
