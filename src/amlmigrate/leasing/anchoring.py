"""How far a plan's chain of evidence had come, in the lease's blob: a folder that was put back is older.

Who can write the folder need not be able to write there. Where the lease cannot be had, nothing is compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.leasing.hold import Lease
from amlmigrate.ledger.evidence import EvidenceFile

_UNREAD = (ServiceError, OutOfReachError, BadInputError)
# By the SHA-256 of the plan: the number and the SHA-256 of the report that was the last one.
_MEMBER = "freezes"


async def refuse_older(lease: Lease, plan_sha256: str, reports: Sequence[EvidenceFile]) -> str:
    """Raises RefusedError where the chain does not hold the report that was its end once.

    Returns why that was not compared, '' where it was: rights are given back also where no target can be read.
    """
    try:
        known = (await lease.record()).get(_MEMBER)
    except _UNREAD as error:
        return error.summary
    told = known.get(plan_sha256) if isinstance(known, dict) else None
    if not isinstance(told, dict):
        return ""
    number, sha256 = told.get("number"), told.get("sha256")
    if not isinstance(number, int) or not 0 < number <= len(reports) or reports[number - 1].sha256 != sha256:
        raise RefusedError(
            f"The evidence is older than it was: report {number} of it is not there, or another one.",
            address=str(reports[-1].path.parent) if reports else lease.holder.folder,
            remedy="Put the newest copy of the plan's folder back: what this one shows as taken may be given"
            " back by now. Where there is none, give by hand what its reports name (az role assignment create).",
        )
    return ""


async def keep(lease: Lease, plan_sha256: str, reports: Sequence[EvidenceFile]) -> None:
    """Records where the chain has come to.

    Raises what the service says, and LeaseLostError: then the next command compares with what stood there before.
    """
    if not reports:
        return
    known = (await lease.record()).get(_MEMBER)
    before = known if isinstance(known, dict) else {}
    now = {"number": len(reports), "sha256": reports[-1].sha256}
    if before.get(plan_sha256) != now:
        await lease.change({_MEMBER: {**before, plan_sha256: now}})
