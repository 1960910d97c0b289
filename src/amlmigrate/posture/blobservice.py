"""The blob service of a storage account: for how long it keeps blobs and containers that are deleted."""

from __future__ import annotations

from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document, shown_properties
from amlmigrate.posture.reading import Read, tried


async def read(side: Side, account: str) -> Read[Document]:
    """It as ARM shows it, of an account by its ARM id. Raises ServiceError and OutOfReachError for no answer."""
    return await tried(side.arm.get(f"{account}/blobServices/default"))


def settings(found: Document | None) -> Document | None:
    """Its properties; None where none are shown."""
    return shown_properties(found)


def days(properties: Document, policy: str) -> int | None:
    """For how many days a policy keeps what is deleted: None where it is off, 0 for a time that is not told.

    `enabled` says whether it is on (storage description, 2024-01-01); none is off.
    """
    found = properties.get(policy) or {}
    return int(found.get("days") or 0) if found.get("enabled") is True else None
