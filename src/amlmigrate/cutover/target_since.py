"""What has become of a target since its cutover: for `verify`, the gate of a removal and `cutover --back`."""

from __future__ import annotations

from datetime import UTC, datetime

from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.cloud.session import Session
from amlmigrate.core.asset import Inventory
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan
from amlmigrate.cutover import changes_since, first_runs
from amlmigrate.cutover.record import active, moved
from amlmigrate.kinds import document_digests
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import EvidenceFile
from amlmigrate.ledger.items import decided, items
from amlmigrate.ledger.valid_decisions import Standing


async def look(
    clouds: Session,
    plan: Plan,
    ledger: Ledger,
    reports: list[EvidenceFile],
    sides: tuple[Inventory, Inventory],
    listed: Containers,
    *,
    hashing: bool = False,
) -> changes_since.Since:
    """Everything in the target that is not as it was at the cutover; nothing where there was none.

    And of what went live then, in whose name it works. `sides`: what the source holds, and the target.
    """
    cutover, (source, target) = active(reports), sides
    if cutover is None:
        return changes_since.Since()
    settled = decided(items(plan, ledger))
    proven = {there: item for there, item in moved(plan).items() if item not in settled}
    found = await changes_since.blobs(cutover, listed.target, clouds.target, hashing=hashing)
    found = found.with_documents(changes_since.documents(cutover, document_digests(target), proven))
    port = clouds.target.workspace(plan.header.target_ref)
    found = found.with_documents(await first_runs.look(port, plan, reports, source, target))
    return found.first_seen(reports, datetime.now(UTC).isoformat(timespec="seconds"))


async def lost(
    clouds: Session,
    plan: Plan,
    ledger: Ledger,
    reports: list[EvidenceFile],
    sides: tuple[Inventory, Inventory],
    listed: Containers,
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What the target lost of what was proven, or does in its operator's name, and nobody has let go.

    And in whose name something works there, where that is not known yet: a sentence each.
    """
    found = await look(clouds, plan, ledger, reports, sides, listed)
    let_go = changes_since.decided(Standing(plan, ledger).counting().values(), reports)
    unseen = (one for one in found.changes if one.what in changes_since.UNSEEN)
    return tuple(found.undecided(let_go)), tuple(
        f"in whose name it works in the target: {one.address} ({one.what} since the cutover)" for one in unseen
    )
