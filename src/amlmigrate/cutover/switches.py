"""What a cutover has changed so far, by the evidence: what stands, and whether it was cut off. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.switched import SideName, Switched, as_before
from amlmigrate.cutover.record import active
from amlmigrate.evidence import CutoverBack, Switch
from amlmigrate.evidence.cutover import SwitchState
from amlmigrate.kinds import document_digests
from amlmigrate.ledger.evidence import EvidenceFile

_BACK = (SwitchState.RESTORING, SwitchState.RESTORED, SwitchState.KEPT)
_Switches = dict[tuple[str, str], Switch]


def newest(reports: Iterable[EvidenceFile]) -> _Switches:
    """By side and address, how each setting stands that was changed since the last cutover was taken back."""
    return _kept_and_newest(reports)[1]


def standing(reports: Iterable[EvidenceFile]) -> tuple[Switch, ...]:
    """What is, or may be, as a cutover set it; what an earlier one left, and could not be set back, is too."""
    kept, found = _kept_and_newest(reports)
    return _not_restored(kept | found)


def _kept_and_newest(reports: Iterable[EvidenceFile]) -> tuple[_Switches, _Switches]:
    kept: _Switches = {}
    found: _Switches = {}
    for report in reports:
        if isinstance(report.content, CutoverBack):
            ended = (kept | found).items()
            kept, found = {key: one for key, one in ended if one.state is SwitchState.KEPT}, {}
        elif isinstance(report.content, Switch):
            found[report.content.side, report.content.address] = report.content
    return kept, found


def _not_restored(found: _Switches) -> tuple[Switch, ...]:
    return tuple(one for one in found.values() if one.state is not SwitchState.RESTORED)


def value_of(one: Switch) -> Switched:
    """What it was, and what the cutover makes of it."""
    return Switched(one.side, Address.parse(one.address), one.was, one.becomes)


def digests_before(inventory: Inventory, side: SideName, reports: Iterable[EvidenceFile]) -> dict[str, str]:
    """By address, the digests of a workspace's documents, those as before that are as a cutover has left them."""
    found = document_digests(inventory)
    # What an earlier one left was verified as it is.
    for one in _not_restored(newest(reports)):
        if one.side == side and one.becomes_sha256 and found.get(one.address) == one.becomes_sha256:
            found[one.address] = one.was_sha256
        elif one.side == side and not one.becomes_sha256:
            # Cut off before it was read: what else the service has changed is not known.
            found |= document_digests(_only(inventory, value_of(one)))
    return found


def _only(inventory: Inventory, one: Switched) -> Inventory:
    """What one names, as it was before; empty where it is not there."""
    every = (*inventory.assets.values(), *inventory.by_hand)
    held = [as_before(asset, [one]) for asset in every if asset.address == one.address]
    return Inventory(inventory.workspace, {asset.address: asset for asset in held})


def going_back(reports: list[EvidenceFile]) -> bool:
    """Whether a cutover is being taken back, and that was cut off."""
    return any(one.state in _BACK for one in newest(reports).values())


def unfinished(reports: list[EvidenceFile]) -> str:
    """That a cutover, or taking one back, was begun and has not ended, as a sentence; '' where none was."""
    if going_back(reports):
        return "Taking the cutover back was begun, and has not ended."
    if newest(reports) and active(reports) is None:
        return "A cutover was begun, and has not ended."
    return ""


def refuse_unfinished(reports: list[EvidenceFile], folder: Path) -> None:
    """Raises RefusedError while a cutover is half made: both sides are as nobody meant them to stay."""
    if told := unfinished(reports):
        raise RefusedError(
            told,
            address=str(folder),
            remedy=f"Take it back: migrate cutover {folder} --back"
            if going_back(reports)
            else f"Go on with it: migrate cutover {folder}; or take it back: migrate cutover {folder} --back",
        )


def for_others(reports: list[EvidenceFile], plan: str, source: str, before: Any) -> list[Mapping[str, Any]]:
    """What stands in the lease's blob of all that cutovers of the target have changed.

    `plan` is the SHA-256 of this one, `source` the workspaceId of its source, `before` what stood there: what
    other plans have changed stays.
    """
    others = [one for one in before if isinstance(one, dict) and one.get("plan") != plan] if before else []
    said = {"plan": plan, "workspaceId": source}
    own = [{**value_of(one).as_dict(), **said, "state": str(one.state)} for one in standing(reports)]
    return [*others, *own]
