"""What a PUT came to."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.documents import Document


@dataclass(frozen=True, slots=True)
class Written:
    """The service's answer, and whether it says that something was there before.

    `replaced` is false where an attempt without an answer came first: that one may have made it. `operation` is
    where a change that was only accepted is polled, as a ledger keeps it; None where the answer names no address.
    """

    document: Document
    replaced: bool = False
    operation: Document | None = None
