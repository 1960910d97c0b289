"""Numbers the runs of one pair of workspaces: each is given its number under the lease, which only one holds.

So what several ledgers tell is in order, whatever the clocks of the machines show that wrote them.
"""

from __future__ import annotations

from amlmigrate.core.errors import BadInputError
from amlmigrate.leasing.hold import Lease

_MEMBER = "sequence"
_LARGEST = 2**53


async def number(lease: Lease, known: int) -> int:
    """The next number: above all that the lease's blob and `known`, the newest of the ledgers, tell of.

    It stands in the blob before it is used, so that a run that is cut off leaves a gap and never a number twice.
    Raises BadInputError for a blob that has no number there, and what `Lease.change` raises.
    """
    found = (await lease.record()).get(_MEMBER, 0)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < _LARGEST:
        raise BadInputError(
            f"The lease's blob has no number of a run in its member '{_MEMBER}'.",
            address=lease.leases.url(lease.place),
            remedy="Somebody has edited it. Where nobody needs what it says, delete the blob.",
        )
    next_ = max(found, known) + 1
    await lease.change({_MEMBER: next_})
    return next_
