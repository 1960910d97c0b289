"""Rights that an earlier plan gave in the target, and that were taken in the source since."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.core.finding import Finding
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.placement import Around
from amlmigrate.core.select import Selection
from amlmigrate.kinds import moving_kinds


def outlived(around: Around, prior: OwnershipRecord, selection: Selection) -> Iterator[Finding]:
    """A finding for each; what no plan of the pair is known to have made, or to have found there, is not told."""
    # Azure tells a scope in the letters of whoever gave it, and may tell it in others later.
    known = {text.lower() for text in (*prior.documents, *prior.left, *prior.asked_for)}
    for kind in moving_kinds().values():
        for address, finding in kind.outlived(around).items():
            if str(address.item).lower() in known and selection.takes(address):
                yield finding
