"""Follows what the version logs of Delta tables name, where a table among an inventory's bytes is read so."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace

from amlmigrate.bytes.contents import LARGEST, encoded
from amlmigrate.bytes.deltalogs import READER, is_log, outside, table_root, without_beginning
from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.storage_containers import Key
from amlmigrate.bytes.tables import TableEntry, leaves_container, reference
from amlmigrate.cloud import unreadable
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Content
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import each
from amlmigrate.core.reference import Reference, reference_of
from amlmigrate.core.workspace import Location
from amlmigrate.inventory import filefindings as say

_PARALLEL = 16


@dataclass(slots=True)
class _Seen:
    """What the logs of one table come to: what they name, what to say, how many files each names in the source."""

    names: list[Reference] = field(default_factory=list)
    said: list[say.Say] = field(default_factory=list)
    ours: dict[Location, int] = field(default_factory=dict)
    unread: list[Location] = field(default_factory=list)
    # One file of each log whose beginning is in a checkpoint alone.
    cut: set[Location] = field(default_factory=set)
    leaving: dict[Location, list[str]] = field(default_factory=dict)
    outside: dict[Location, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deltas:
    """Reads the logs in the workspace's own containers."""

    blobs: Blobs
    listings: Map[Key, Listing]
    own: Mapping

    async def follow(self, content: Content) -> tuple[tuple[Reference, ...], tuple[say.Say, ...]]:
        """What a table reads by way of logs, and what to say of each asset that has it."""
        seen = _Seen()
        logs: set[Location] = set()
        for place in {place for one in content.names if (place := self.own.locate(one))}:
            root = table_root(place.path)
            if root is not None:
                whole = place.at(root)
                seen.names.append(Reference(place.path, content.place.path, location=whole, exact=True))
                logs |= self._logs(whole, seen)
            elif READER in content.text:
                logs |= self._logs(place, seen)

        async def read(log: Location) -> None:
            await self._read(log, seen)

        await each(sorted(logs, key=str), read, parallel=_PARALLEL)
        if seen.ours:
            seen.said.append(say.log_names_source(seen.ours))
        if seen.unread:
            seen.said.append(say.log_unread(seen.unread))
        if seen.cut:
            seen.said.append(say.log_cut(seen.cut))
        seen.said += [say.leaves_container(log, paths) for log, paths in seen.leaving.items()]
        seen.said += [say.outside(log, paths) for log, paths in seen.outside.items()]
        return tuple(seen.names), tuple(seen.said)

    def _logs(self, place: Location, seen: _Seen) -> set[Location]:
        """Those below a place; of a table whose first ones are gone it is said that not all is known."""
        listing = self.listings.get(place.key)
        found = (blob.path for blob in listing.below(place.path.rstrip("/"))) if listing else ()
        # A table may have more files than memory should hold, and few of them are of its log.
        paths = [path for path in found if table_root(path) is not None]
        gone = {place.at(path) for path in without_beginning(paths)}
        seen.cut |= gone
        return {place.at(path) for path in paths if is_log(path)}

    async def _read(self, log: Location, seen: _Seen) -> None:
        try:
            paths = outside(await self._text(log))
        except ValueError:
            seen.unread.append(log)
            return
        beside = log.at(f"{table_root(log.path)}/-".removeprefix("/"))
        for path in paths:
            entry = TableEntry("file", path)
            found = reference(entry, beside)
            if found is None:
                (seen.leaving if leaves_container(entry, beside) else seen.outside).setdefault(log, []).append(
                    path
                )
                continue
            seen.names.append(replace(found, exact=True))
            place = self.own.locate(found)
            if reference_of(path) and place and self.own.place(place):
                seen.ours[log] = seen.ours.get(log, 0) + 1

    async def _text(self, log: Location) -> str:
        """Raises ValueError where there is no text to be had."""
        try:
            found = await self.blobs.fetch(log, LARGEST)
        except ServiceError as error:
            if not (why := unreadable.why(error)):
                raise
            raise ValueError(why) from error
        if found is None or found.data is None or encoded(found.encoding):
            raise ValueError("it is not text that is read")
        return found.data.decode()
