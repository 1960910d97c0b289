"""The port of a store of bytes: blobs and file shares are two implementations, held to one contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, cast

from amlmigrate.cloud.digests import Watch
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.parallel import never
from amlmigrate.core.workspace import Location, Service


class UnsupportedError(MigrateError):
    """A store cannot do what it was asked: its service has no such call, or this version makes none."""

    remedy_otherwise = "No other command does it: report it, with the log of --log-file."


class Store(Protocol):
    """One principal's way to one service of every storage account.

    A `Location` names the account, the container or share, and the path. A file of a share is a `Blob` too, of
    which only what the service keeps of files is set. Each write and deletion is held to the version that the
    caller names, so that nobody's write is lost. Errors: ServiceError for an answer that is one, with
    status and code; OutOfReachError where none came; UnsupportedError for what the store never does.
    """

    @property
    def service(self) -> Service:
        """The service whose locations it takes."""
        ...

    def url(self, place: Location) -> str:
        """The HTTPS URL of a container, a share or what lies in it, its path encoded."""
        ...

    def list(self, place: Location) -> AsyncIterator[Blob]:
        """All that lies below a prefix. Raises ServiceError 404 where there is no such container or share."""
        ...

    async def listing(self, place: Location) -> tuple[SortedBlobs, bool]:
        """The same on disk, a share's directories too, and whether index tags could be read."""
        ...

    async def head(self, place: Location) -> Blob | None:
        """One as it stands, without its tags; None where the service says that it is not there."""
        ...

    async def copy_from(
        self,
        origin: Store,
        source: Location,
        blob: Blob,
        target: Location,
        *,
        replaces: str | None = None,
        check: bool = True,
        stopping: Callable[[], bool] = never,
    ) -> str:
        """Has the service copy one of another store, pinned to the version that was listed; the copy's ETag.

        `replaces` is the ETag of what may be overwritten; without it nothing is: ServiceError 409 or 412.
        `check`: whether the service is to hold the bytes to their MD5 label. Raises InterruptedRunError once
        `stopping` says so.
        """
        ...

    async def read(self, place: Location, largest: int, etag: str = "") -> bytes | None:
        """The bytes as they are stored; None where there are none, or more than `largest`.

        With `etag` those of that version alone: raises ServiceError 412 for another.
        """
        ...

    async def write(self, blob: Blob, target: Location, data: bytes, *, replaces: str | None = None) -> str:
        """Writes `data` with all else that `blob` has; the new ETag. Raises like `copy_from`."""
        ...

    async def digest(
        self,
        place: Location,
        blob: Blob,
        watch: Watch | None = None,
        *,
        md5: bool = True,
        stopping: Callable[[], bool] = never,
    ) -> tuple[str, str, int]:
        """SHA-256 (hex), MD5 (base64) and length of the bytes as they are stored, read once and kept nowhere.

        Without `md5` that is ''. `watch` is asked at the beginning of each attempt for whom to give the bytes to.
        Raises ServiceError 412 for another version than was listed; InterruptedRunError once `stopping` says so.
        """
        ...

    async def delete(self, place: Location, etag: str) -> None:
        """Deletes the version that was listed; nothing happens where there is none. Raises ServiceError 412."""
        ...


class Labelled(Store, Protocol):
    """A store whose blobs have a tier and index tags, which are set without their bytes."""

    async def set_tier(self, place: Location, tier: str) -> None:
        """Sets a blob's tier; its ETag stays."""
        ...

    async def set_tags(self, place: Location, tags: Iterable[tuple[str, str]]) -> None:
        """Sets all of a blob's index tags; its ETag stays."""
        ...


class Placing(Store, Protocol):
    """A store that makes its files beside their places, and where bytes may go through this machine."""

    async def digest_shown(
        self,
        place: Location,
        blob: Blob,
        watch: Watch | None = None,
        *,
        md5: bool = True,
        stopping: Callable[[], bool] = never,
    ) -> tuple[tuple[str, str, int], Blob]:
        """As `digest`, with the file as it is shown: what no list has of it."""
        ...

    def told(self, source: Location, target: Location) -> str:
        """What is to be told of copies from one account to another, beside that they were made; '' of nothing."""
        ...

    async def dress(self, origin: Store, source: Location, target: Location) -> None:
        """Gives a directory what one of another side has of its own; nothing happens where either is gone."""
        ...

    async def tidy(self, place: Location) -> None:
        """Takes away what attempts that were cut off left behind in a container or share."""
        ...


class Accounts(Protocol):
    """One side: the stores of all its accounts, as one principal reaches them."""

    def store(self, service: Service) -> Store:
        """The store of that service."""
        ...


@dataclass(frozen=True, slots=True)
class StorePair:
    """Both sides."""

    sources: Accounts
    targets: Accounts

    def source(self, place: Location) -> Store:
        """The source's store for a place."""
        return self.sources.store(place.service)

    def target(self, place: Location) -> Store:
        """The target's store for a place."""
        return self.targets.store(place.service)

    def placing(self, place: Location) -> Placing | None:
        """The target's, where what it copies is made beside its place."""
        return None if place.service is Service.BLOB else cast(Placing, self.target(place))

    def labelled(self, place: Location) -> Labelled:
        """The target's, to set what no file of a share has. Raises UnsupportedError for such a file."""
        store = self.target(place)
        if place.service is not Service.BLOB:
            raise UnsupportedError("A file of a share has no tier and no tags.", address=store.url(place))
        return cast(Labelled, store)
