"""What another plan's cutover has stopped in the source, and this plan would leave stopped in the target."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Inventory
from amlmigrate.core.plan import Plan
from amlmigrate.core.switched import SOURCE, TARGET, Switched, of_side
from amlmigrate.cutover import together
from amlmigrate.cutover.refusals import PLAN_ANEW, unplanned
from amlmigrate.leasing import looking

_AGAIN = "Take this plan's cutover back too (`migrate cutover --back`), plan what came since, and cut that over."


async def by_others(side: Side, plan: Plan, source: Inventory, cut_at: str) -> list[str]:
    """Why the source must stay for that: once it is gone, nothing says that its people want it to work.

    What this plan's own cutover has stopped is in its evidence. `cut_at`: when that was; '' where there is none.
    """
    source_id = str(plan.header.source["workspaceId"])
    try:
        found = await looking.cutovers(side, plan.header.target_ref)
    except ServiceError as error:
        if error.status not in (401, 403):
            raise
        why = f"the lease's blob in the target could not be read ({error.status} {error.code})"
        return [f"Whether another plan's cutover has stopped something in the source is not known: {why}."]
    lines = (one for one in found.get("changed") or () if one.get("workspaceId") == source_id)
    others = looking.came_about(one for one in lines if one.get("plan") != plan.sha256)
    told = unplanned(plan, _still(plan, others, source))
    ended = together.ended(found, plan.sha256, source_id, cut_at) if cut_at else ""
    return [*([f"{ended} {_AGAIN}"] if ended else []), *([f"{told} {PLAN_ANEW}"] if told else [])]


def _still(plan: Plan, others: tuple[Switched, ...], source: Inventory) -> Iterator[Switched]:
    """What was not started in the target, and is in the source as it was left.

    How far it was set back says nothing: what people have set since is what they want.
    """
    started = {one.address for one in of_side(others, TARGET)}
    found = {asset.address: asset.document for asset in (*source.assets.values(), *source.by_hand)}
    for one in of_side(others, SOURCE):
        document = found.get(one.address)
        if document is not None and one.stands(document) and plan.called(one.address) not in started:
            yield one
