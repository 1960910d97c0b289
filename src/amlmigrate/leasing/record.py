"""What stands in the lease's blob: a document that outlives each lease, as of what a cutover has changed.

`{"format": 1, …}`: each member belongs to whoever writes it, and members that nobody here knows are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.leases import Leases
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.lease import Holder
from amlmigrate.core.workspace import Location
from amlmigrate.leasing.taking import refusal

FORMAT = 1
_CHANGED = 412


async def read(leases: Leases, place: Location) -> Document:
    """The document; empty where nothing was written yet. Raises BadInputError for one of a newer format."""
    return (await _read(leases, place))[0]


async def change(leases: Leases, place: Location, id_: str, holder: Holder, members: Mapping[str, object]) -> None:
    """Sets members of the document and keeps the others, if it still is as it was read; None takes one away.

    Raises BadInputError, and LeaseLostError where the lease is not ours.
    """
    before, etag = await _read(leases, place)
    after = {**before, "format": FORMAT, **members}
    after = {name: value for name, value in after.items() if value is not None}
    data = json.dumps(after, sort_keys=True, ensure_ascii=False).encode()
    try:
        await leases.write(place, id_, data, etag, holder.metadata())
    except ServiceError as error:
        # An attempt that nobody answered may have been served: then it stands there as it was sent.
        if error.status != _CHANGED or not (found := await leases.read(place)) or found[0] != data:
            raise refusal(error) from error


async def _read(leases: Leases, place: Location) -> tuple[Document, str]:
    found = await leases.read(place)
    if found is None or not found[0]:
        return {}, found[1] if found else ""
    try:
        document = json.loads(found[0])
        newest = int(document["format"])
    except (ValueError, KeyError, TypeError):
        raise _unreadable(leases, place, "it holds no document of this tool") from None
    if newest > FORMAT:
        raise _unreadable(leases, place, f"it has format {newest}; this migrate reads up to {FORMAT}")
    return document, found[1]


def _unreadable(leases: Leases, place: Location, why: str) -> BadInputError:
    return BadInputError(
        f"The lease's blob cannot be read: {why}.",
        address=leases.url(place),
        remedy="Use the version of migrate that wrote it; where nobody needs what it says, delete the blob.",
    )
