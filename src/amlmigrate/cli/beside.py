"""What the plans beside a new plan could have told, and their broken files do not: findings of the new one."""

from __future__ import annotations

from amlmigrate.core.finding import Finding
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.workspace import Workspace


def unread(source: Workspace, prior: OwnershipRecord) -> list[Finding]:
    """A finding about the source for each ledger that may be of the same two workspaces and cannot be read."""
    return [
        Finding(
            "warning",
            source.id,
            f"The ledger in '{folder}' does not count: {why.rstrip('.')}. What that plan made counts as somebody"
            " else's: it is a conflict where it differs, and is never changed.",
            "Put that ledger back and plan anew, or decide each conflict.",
            code="ledger-beside-unread",
        )
        for folder, why in prior.unread
    ]
