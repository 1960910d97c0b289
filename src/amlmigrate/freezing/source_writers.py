"""Who may write a source, for `freeze` and for `cutover`."""

from __future__ import annotations

from amlmigrate.cloud.session import Side
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.freezing.delegated import delegated
from amlmigrate.freezing.runners import runners
from amlmigrate.freezing.writers import WriterFinder, Writers, keys_finding, places
from amlmigrate.ledger.evidence import EvidenceFile
from amlmigrate.posture.sharing import sharing


async def writers(side: Side, source: Workspace, plan: Plan, reports: list[EvidenceFile]) -> Writers:
    """Everybody but the caller, and but who runs the plan as its trusted reports say.

    Raises ServiceError without the right to look.
    """
    shares = await sharing(side, source)
    caller, known = await side.credential.identity(), runners(plan.header, reports)
    finder = WriterFinder(side.roles, source, caller, known, side.arm.service_clock.now())
    found = await finder.find(places(source, shares.others, shares.unknown))
    found.findings += await delegated(side.arm, source)
    if finding := keys_finding(source, await side.arm.get(source.storage_account_id)):
        found.findings.append(finding)
    return found
