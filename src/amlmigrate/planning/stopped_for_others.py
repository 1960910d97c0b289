"""What of the source is stopped for a cutover to another target: a plan would take it for stopped by its people.

The lease's blob tells only of cutovers to its own target; of others the evidence in the plans' folders does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from amlmigrate.core.asset import Inventory
from amlmigrate.core.finding import Finding
from amlmigrate.core.switched import SOURCE, Switched
from amlmigrate.cutover import switches
from amlmigrate.evidence import Switch
from amlmigrate.ledger.evidence import examine
from amlmigrate.ledger.missing import EVIDENCE
from amlmigrate.planning import earlier_plans


def findings(beside: Path, source: Inventory, target_workspace_id: str) -> list[Finding]:
    """A finding for each item that is as such a cutover left it, and for each folder that cannot be read."""
    every = (*source.assets.values(), *source.by_hand)
    held, found = {asset.address: asset for asset in every}, list[Finding]()
    for folder in earlier_plans.folders(beside):
        pair = earlier_plans.pair_of(folder)
        if pair is None or pair[0] != source.workspace.workspace_id or pair[1] == target_workspace_id:
            continue
        try:
            stopped = list(_stopped(folder))
        except Exception:  # noqa: BLE001 - another plan's folder, in whatever state, ends no plan; it is told
            found.append(_unread(source.workspace.id, folder))
            continue
        found += [
            _told(one, folder) for one in stopped if one.address in held and one.stands(held[one.address].document)
        ]
    return found


def _stopped(folder: Path) -> Iterator[Switched]:
    evidence = folder / EVIDENCE
    # Most plans have none, and reading a chain takes all that lies beside it.
    if any(evidence.glob(f"*-{Switch.record}.json")):
        reports, _ = examine(evidence)
        yield from (switches.value_of(one) for one in switches.standing(reports) if one.side == SOURCE)


def _told(one: Switched, folder: Path) -> Finding:
    return Finding(
        "blocks",
        str(one.address),
        f"It was stopped in the source for a cutover to another target, with the plan in '{folder}', and is"
        " planned here as stopped by its people: nothing would start it.",
        f"Run `migrate cutover {folder} --back`, then plan again; or waive this address if it is to stay stopped.",
        code="stopped-for-another",
    )


def _unread(about: str, folder: Path) -> Finding:
    return Finding(
        "warning",
        about,
        f"Not checked: what the plan in '{folder}' has stopped in the source: its evidence cannot be read.",
        f"See what stands in the way: migrate evidence check {folder}",
        code="not-checked",
    )
