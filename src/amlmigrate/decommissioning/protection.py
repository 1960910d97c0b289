"""For how long an account keeps containers that were deleted, as settings and documentation say (AZ-DEL-12)."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.few import many
from amlmigrate.posture import blobservice

SOURCE = "learn.microsoft.com/azure/storage/blobs/soft-delete-container-overview"


@dataclass(frozen=True, slots=True)
class Protection:
    """Days of soft delete of containers and of blobs, and whether versions are kept (None: not told).

    Days are None where it is off, 0 where it is on for a time that is not told.
    `unread` says why none of it is known.
    """

    account: str
    container_days: int | None = None
    blob_days: int | None = None
    versions: bool | None = None
    unread: str = ""

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone."""
        return {
            "account": self.account,
            "container_days": self.container_days,
            "blob_days": self.blob_days,
            "versions": self.versions,
            "unread": self.unread,
            "documented": self.told,
            "source": SOURCE,
        }

    @property
    def keeps(self) -> bool:
        """Whether what was deleted is still there for a while, or may be."""
        return self.container_days is not None or bool(self.unread)

    @property
    def told(self) -> str:
        """The sentence for people."""
        if self.unread:
            return f"Whether the account keeps deleted containers for a time is not known: {self.unread}"
        if self.container_days is not None:
            return (
                f"The account keeps deleted containers for {_told(self.container_days)}, as Microsoft documents:"
                " their bytes lie there so long, under its key. Nothing here brings them back."
            )
        kept = [
            *([f"deleted blobs for {_told(self.blob_days)}"] if self.blob_days is not None else []),
            *(["versions"] * bool(self.versions)),
        ]
        more = (
            f" That it keeps {' and '.join(kept)} is documented for blobs of a container that stays."
            if kept
            else ""
        )
        return f"The account does not keep deleted containers.{more}"


async def protection(side: Side, account: str) -> Protection:
    """Reads the settings of a blob service. What goes wrong is told: the containers are gone by then."""
    try:
        read = await blobservice.read(side, account)
    except MigrateError as error:
        return Protection(account, unread=error.summary)
    properties = blobservice.settings(read.value)
    if properties is None:
        return Protection(account, unread=read.refused or "Azure shows no blob service of the account.")
    versions = properties.get("isVersioningEnabled")
    return Protection(
        account,
        blobservice.days(properties, "containerDeleteRetentionPolicy"),
        blobservice.days(properties, "deleteRetentionPolicy"),
        versions if isinstance(versions, bool) else None,
    )


def _told(days: int) -> str:
    return many(days, "day") if days else "a time that it does not tell"
