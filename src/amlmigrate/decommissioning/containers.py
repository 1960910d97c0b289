"""Why a source workspace's own containers must not be deleted with it."""

from __future__ import annotations

from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.prefixes import Cover
from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.workspaces import sharing_account
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import strings
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.workspace import Location


async def reasons(
    arm: Arm, plan: Plan, source: Inventory, target: Inventory, listings: dict[tuple[str, str], Listing]
) -> list[str]:
    """Why they must stay: another workspace's account, a target that points into them, blobs in no manifest."""
    return [
        *await _shared(arm, source),
        *_pointing(target, listings),
        *_unproven(plan, listings),
    ]


async def _shared(arm: Arm, source: Inventory) -> list[str]:
    others = await sharing_account(arm, source.workspace)
    return [f"The storage account serves another workspace: {other}." for other in others]


def _pointing(target: Inventory, listings: dict[tuple[str, str], Listing]) -> list[str]:
    containers = {container for _, container in listings}
    accounts = {account for account, _ in listings}
    found = []
    for asset in target.assets.values():
        texts = [text for _, text in strings(asset.properties)]
        named = {text for text in texts if text in containers} and {text for text in texts if text in accounts}
        inside = any(account in text and container in text for account, container in listings for text in texts)
        if named or inside:
            found.append(f"{asset.address} in the target points into the source's containers.")
    return found


def _unproven(plan: Plan, listings: dict[tuple[str, str], Listing]) -> list[str]:
    cover = Cover(
        step.bytes.source for step in plan.steps if step.bytes and step.action in (Action.COPY, Action.ADOPT)
    )
    found = []
    for (account, container), listing in listings.items():
        loose = sum(1 for path in listing.blobs if cover.prefix(Location(account, container, path)) is None)
        if loose:
            found.append(f"{loose} blobs in '{container}' are in no manifest.")
    return found
