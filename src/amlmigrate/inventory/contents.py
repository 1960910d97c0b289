"""Reads, for planning, the few small files among an inventory's bytes that name other places, as tables do."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace

from amlmigrate.bytes.contents import LARGEST, encoded
from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.prefixes import has_wildcards, prefix_of
from amlmigrate.bytes.storage_containers import Key
from amlmigrate.bytes.tables import PATTERN, TableEntry, entries, is_table, leaves_container, readings, reference
from amlmigrate.bytes.yamltext import NotYamlError
from amlmigrate.cloud import unreadable
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.asset import Asset, Content, Inventory
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import each
from amlmigrate.core.reference import Reference, references
from amlmigrate.core.workspace import Location, Service
from amlmigrate.inventory import filefindings as say
from amlmigrate.inventory.deltas import Deltas
from amlmigrate.kinds import moving_kinds

_PARALLEL = 16


async def read_contents(inventory: Inventory, blobs: Blobs, listings: Map[Key, Listing]) -> None:
    """Adds them to their assets: all below an asset's bytes, and all below what those read in their turn.

    `listings` are those of the workspace's own containers. In anybody else's, which are not listed, the one file
    is read without which the asset means nothing. What cannot be read or parsed, or reads what is nowhere, is
    a finding of the inventory: it would go on naming the source, or miss bytes, and nobody would know.
    """
    own = Mapping(inventory.workspace, inventory.workspace)
    reader = _Reader(inventory, blobs, listings, own, Deltas(blobs, listings, own))
    await each(list(inventory.assets.values()), reader.read, parallel=_PARALLEL)


@dataclass(frozen=True, slots=True)
class _Read:
    """What came of one file: its content, or what to say of each asset that has it; nothing where it is absent."""

    content: Content | None = None
    said: tuple[say.Say, ...] = ()
    # It is there, and is no text that could say anything.
    mute: bool = False

    @property
    def absent(self) -> bool:
        return self.content is None and not self.said and not self.mute


@dataclass(slots=True)
class _Reader:
    inventory: Inventory
    blobs: Blobs
    listings: Map[Key, Listing]
    own: Mapping
    deltas: Deltas
    # Accounts that gave no answer: each is waited for once, not once for each asset in it.
    silent: dict[str, MigrateError] = field(default_factory=dict)
    # Versions of an asset often lie in one folder.
    known: dict[Location, _Read] = field(default_factory=dict)
    # Of each container the tables alone: there may be as many assets as blobs.
    tables: dict[Key, Listing] = field(default_factory=dict)

    async def read(self, asset: Asset) -> None:
        """Reads the files of one asset, and those below whatever these read."""
        kind = moving_kinds()[asset.address.kind]
        if not kind.storage(asset).tables:
            return
        named = kind.references(asset)
        queue = self._places(named)
        own = self._places(one for one in named if one.where.removeprefix("/properties") in kind.fields.uris)
        needed = {file for place in own for file in _needed(place, kind.storage(asset).files)}
        seen: set[Location] = set()
        looked: set[Location] = set()
        found: dict[Location, Content] = {}
        while queue:
            seen |= queue
            files = ({file for place in queue for file in self._below(place)} | needed) - looked
            looked |= files
            for file in sorted(files, key=str):
                read = await self._file(file)
                self.inventory.findings += [tell(asset) for tell in read.said]
                if file in needed and read.absent and self._anything_beside(file):
                    self.inventory.findings.append(say.absent(file)(asset))
                if read.content:
                    found[file] = read.content
            needed = set()
            queue = self._places(name for content in found.values() for name in content.names) - seen
        if found:
            self.inventory.assets[asset.address] = replace(asset, contents=tuple(found.values()))

    def _places(self, named: Iterator[Reference] | tuple[Reference, ...]) -> set[Location]:
        located = ((self.own.locate(one), one.exact) for one in named)
        # Files of shares are copied as they are.
        blobs = ((place, exact) for place, exact in located if place and place.service is Service.BLOB)
        return {prefix_of(place, exact=exact) for place, exact in blobs}

    def _anything_beside(self, file: Location) -> bool:
        """Whether the asset has bytes: of one that has none it is told that it has none, and nothing else."""
        listing = self.listings.get(file.key)
        if listing is None:
            return True
        return bool(listing.below(file.path.rpartition("/")[0]))

    def _below(self, place: Location) -> Iterator[Location]:
        """The tables in one of the workspace's own containers that lie below a place."""
        key = place.key
        listing = self.listings.get(key)
        if listing is None:
            return
        if key not in self.tables:
            found = {path: blob for path, blob in listing.blobs.items() if is_table(path)}
            self.tables[key] = Listing(listing.place, found)
        for blob in self.tables[key].below(place.path):
            yield Location.of_key(*key, blob.path)

    async def _file(self, file: Location) -> _Read:
        if file not in self.known:
            self.known[file] = await self._fresh(file)
        return self.known[file]

    async def _fresh(self, file: Location) -> _Read:
        if (listing := self.listings.get(file.key)) is not None:
            return await self._parsed(file) if file.path in listing.blobs else _Read()
        try:
            if known := self.silent.get(file.account):
                raise known
            return await self._parsed(file)
        except (ServiceError, OutOfReachError) as error:
            if isinstance(error, OutOfReachError):
                self.silent[file.account] = error
            return _Read(said=(say.not_read(file, error),))

    async def _parsed(self, file: Location) -> _Read:
        try:
            found = await self.blobs.fetch(file, LARGEST)
        except ServiceError as error:
            # Of another's account nothing is copied: there it is told as not read, whatever keeps it.
            ours = file.key in self.listings or error.code == "BlobArchived"
            if not ours or not (why := unreadable.why(error)):
                raise
            return _Read(said=(say.unreadable(file, error, why),))
        if found is None:
            return _Read()
        if encoded(found.encoding):
            return _Read(said=(say.encoded(file, found.encoding),))
        text = _text(found.data)
        if text is None:
            # What is no text at all reads nothing and, where no address is in it, names nothing either.
            told = found.data is None or _names_places(found.data) or _reads(found.data)
            return _Read(said=(say.not_text(file),)) if told else _Read(mute=True)
        try:
            content = self._content(file, text)
        except NotYamlError as error:
            return _Read(said=(say.not_yaml(file, error),))
        return await self._with_logs(content)

    async def _with_logs(self, read: _Read) -> _Read:
        """And what the logs of Delta tables name that it reads."""
        if read.content is None:
            return read
        names, said = await self.deltas.follow(read.content)
        content = replace(read.content, names=(*read.content.names, *names))
        return _Read(content, (*read.said, *said))

    def _content(self, file: Location, text: str) -> _Read:
        names: list[Reference] = []
        leaving: list[str] = []
        outside: list[str] = []
        for entry in (one for named in entries(text) for one in self._meant(file, named)):
            found = reference(entry, file)
            if found is None:
                (leaving if leaves_container(entry, file) else outside).append(entry.text)
            elif found.location is None or self._followed(file, found):
                names.append(replace(found, exact=self._exact(entry, found)))
        said = [say.leaves_container(file, leaving)] if leaving else []
        said += [say.outside(file, outside)] if outside else []
        return _Read(Content(file, text, tuple(names)), tuple(said))

    def _meant(self, file: Location, entry: TableEntry) -> tuple[TableEntry, ...]:
        """All that an entry may mean, as far as something is there; where nothing is, the entry as it stands."""
        may = readings(entry)
        return tuple(one for one in may if len(may) > 1 and self._there(file, one)) or may[:1]

    def _there(self, file: Location, entry: TableEntry) -> bool:
        found = reference(entry, file)
        listing = self.listings.get(file.key)
        place = prefix_of(found.location) if found and found.location else None
        return bool(listing and place and listing.below(place.path))

    def _followed(self, file: Location, found: Reference) -> bool:
        """Whether it counts: what lies beside a file in somebody else's container stays where both are."""
        beside = found.location and found.location.key
        return beside != file.key or beside in self.listings

    def _exact(self, entry: TableEntry, found: Reference) -> bool:
        """Whether wildcards are mere signs: by `file` and `folder`, where something of that name is there."""
        place = self.own.locate(found)
        if place is None or entry.how == PATTERN or not has_wildcards(place.path):
            return False
        listing = self.listings.get(place.key)
        return listing is not None and bool(listing.below(place.path.rstrip("/")))


def _needed(place: Location, names: tuple[str, ...]) -> Iterator[Location]:
    """The files without which an asset at a place means nothing; the place may be such a file itself."""
    for name in names:
        itself = place.path.rpartition("/")[2] == name
        yield place if itself else place.below(name)


def _names_places(data: bytes) -> bool:
    """Whether a file that is no text in UTF-8 names places: they are ASCII, whatever is around them."""
    return any(references(data.replace(b"\0", b"").decode("latin-1").splitlines()))


def _reads(data: bytes) -> bool:
    """Whether a file in another code than UTF-8 is a table that reads something, be it by a mere path."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return bool(entries(data.decode("utf-16" if wide else "latin-1")))
    except ValueError:
        return False


def _text(data: bytes | None) -> str | None:
    """A file as text; None where it is none in UTF-8, or too large to be read."""
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        return None
