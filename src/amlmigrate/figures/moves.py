"""What a plan's folder tells of the costs of its move: since when there are both sides, what a removal left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from amlmigrate.core.armid import key_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document
from amlmigrate.core.plan import Header
from amlmigrate.evidence import Decommission, Run
from amlmigrate.evidence.decommission import RemainingRecord
from amlmigrate.ledger.evidence import EvidenceFile, last, only


@dataclass(frozen=True, slots=True)
class Leftover:
    """What stays after a removal: when the workspace was gone, until when it is kept, whether it had a key."""

    gone: datetime | None
    kept_until: datetime | None
    customers_key: bool
    remains: tuple[RemainingRecord, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """One plan: both workspaces, the bytes that it copies, and how far it has come.

    `workspace` is the source's workspaceId in lower case, or its ARM id where it has none. `begun` is when a run
    first told of itself, None where none has; `leftover` is of a source that was removed.
    """

    plan: str
    workspace: str
    source: str
    target: str
    blobs: int
    bytes: int
    begun: datetime | None
    leftover: Leftover | None = None


def move_of(folder: str, header: Header, reports: Sequence[EvidenceFile]) -> Move:
    """By its plan and its evidence."""
    runs = (moment(one.content.started or one.content.moment) for one in only(reports, Run))
    tomb = last(reports, Decommission)
    return Move(
        folder,
        str(header.source.get("workspaceId") or "").lower() or key_of(header.source_ref.id),
        header.source_ref.id,
        header.target_ref.id,
        header.blobs,
        header.bytes,
        min(filter(None, runs), default=None),
        _leftover(header.source, tomb.content) if tomb else None,
    )


def _leftover(source: Document, tomb: Decommission) -> Leftover:
    encryption = source.get("encryption") or {}
    return Leftover(
        moment(tomb.gone),
        None if tomb.purged else moment(tomb.recoverable_until),
        str(encryption.get("status") or "").lower() == "enabled",
        # Nothing that it costs is in the account's own document, and a run keeps all of this.
        tuple(replace(one, encryption=None) for one in tomb.remains),
    )
