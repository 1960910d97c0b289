"""What a cutover has changed so far, by the evidence: what stands, and whether it was cut off. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.few import few
from amlmigrate.core.switched import SOURCE, TARGET, SideName, Switched, as_before
from amlmigrate.cutover.record import active
from amlmigrate.evidence import CutoverBack, Switch
from amlmigrate.evidence.cutover import SwitchState
from amlmigrate.kinds import document_digests
from amlmigrate.ledger.evidence import EvidenceFile

_BACK = (SwitchState.RESTORING, SwitchState.RESTORED, SwitchState.KEPT)
_STOPPED = (SwitchState.CHANGING, SwitchState.CHANGED)
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
    return any(one.state in _BACK and not _never_ours(one) for one in newest(reports).values())


def _never_ours(one: Switch) -> bool:
    """Whether somebody else had done it: there is nothing to set back, and nothing was."""
    return one.state is SwitchState.RESTORED and bool(one.note)


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
    said = {"plan": plan, "workspaceId": source}
    own = [{**value_of(one).as_dict(), **said, "state": str(one.state)} for one in standing(reports)]
    # What this plan has taken over is no longer the other's.
    mine = {_what(one) for one in own}
    return [*(one for one in _of_others(before, plan) if _what(one) not in mine), *own]


def _what(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of which workspace a line of the lease's blob is: several sources may have one target."""
    return one.get("side"), one.get("address"), one.get("workspaceId") if one.get("side") == SOURCE else None


def stopped_by_others(
    before: Any, plan: str, source: str, called: Callable[[Address], Address]
) -> tuple[Switched, ...]:
    """What other plans stopped in this source, and neither started in the target nor set back.

    `before`, `plan` and `source` as in `for_others`; `called`: what the target calls an item.
    """
    others = [one for one in _of_others(before, plan) if one.get("workspaceId") == source]
    started = {one.get("address") for one in others if one.get("side") == TARGET}
    held = (Switched.of_dict(one) for one in others if one.get("side") == SOURCE and one.get("state") in _STOPPED)
    return tuple(one for one in held if str(called(one.address)) not in started)


def refuse_taken_over(own: Iterable[Switch], before: Any, plan: str, source: str, folder: Path) -> None:
    """Raises RefusedError where another plan's cutover has taken over what this one stopped.

    What that could not set back is not its alone any more: each may try.
    """
    others = (one for one in _of_others(before, plan) if one.get("state") != SwitchState.KEPT)
    taken = {_what(one) for one in others}
    said = ({**value_of(one).as_dict(), "workspaceId": source} for one in own)
    if held := [one["address"] for one in said if _what(one) in taken]:
        raise RefusedError(
            f"A later plan was cut over, and what this one stopped is that one's: {few(held)}.",
            address=str(folder),
            remedy="Take that plan's cutover back with --back: it starts the source again.",
        )


def _of_others(before: Any, plan: str) -> list[dict[str, Any]]:
    return [one for one in before or () if isinstance(one, dict) and one.get("plan") != plan]
