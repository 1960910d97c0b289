"""What a removal of the source set out to do, and how far it came, as the ledger keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.errors import BadInputError
from amlmigrate.evidence import NotAReportError
from amlmigrate.evidence.base import Stored
from amlmigrate.evidence.decommission import LastLook, RemainingRecord, RemovalFacts, RestsOn
from amlmigrate.evidence.members import Free, PlanRef, SideRecord, Text
from amlmigrate.evidence.values import Signed
from amlmigrate.ledger.ledger import Ledger

_KEY = "decommission"
_OF_A_SIDE = ("id", "workspaceId", "location", "encryption")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalRecord(RemovalFacts, Stored):
    """A removal under way, as `decommission` reads it again after a kill.

    `operation` and `purging` are the accepted deletion and purge, as `decommissioning.removal.delete` returns
    them; null until the service has accepted one. `deletable` are the containers that may go with the workspace,
    `account/container` to the digest of their listing. `restorable` are those that were deleted and that their
    account keeps for a while, or may.
    """

    plan: PlanRef
    source: SideRecord
    target: SideRecord
    operation: Free | None
    purging: Free | None
    remains: tuple[RemainingRecord, ...]
    deletable: dict[Text, Text]
    restorable: tuple[RemainingRecord, ...] = ()
    # Each is known a while after the removal began, and may never come to be.
    begun_by: Signed | None = None
    verified: RestsOn | None = None
    code_bytes: LastLook | None = None


def begun(ledger: Ledger) -> RemovalRecord | None:
    """What an earlier removal set out to do; None where none was. Raises BadInputError where it is unreadable."""
    text = ledger.meta().get(_KEY)
    if not text:
        return None
    try:
        return _read(text)
    except (ValueError, RecursionError) as error:
        why = error if isinstance(error, NotAReportError) else "it is not JSON"
        raise BadInputError(
            f"What the ledger says of the removal that was begun cannot be read: {why}.",
            address=str(ledger.path),
            remedy="Put a copy of the file back, or go on with the version of this tool that began it.",
        ) from error


def keep(ledger: Ledger, found: RemovalRecord) -> None:
    """Records it. Raises NotAReportError, with the earlier one kept, for what could not be read again."""
    text = json.dumps(found.as_dict())
    _read(text)
    ledger.note(_KEY, text)


def _read(text: str) -> RemovalRecord:
    found: Any = json.loads(text)
    if not isinstance(found, dict):
        raise NotAReportError("it is no object")
    # An earlier version kept each side as the plan's header has it, which may well tell more.
    sides = {side: _side(found[side]) for side in ("source", "target") if isinstance(found.get(side), dict)}
    return RemovalRecord.of_dict({**found, **sides})


def _side(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in _OF_A_SIDE if name in found}
