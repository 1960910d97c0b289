"""Reads, for planning, the JSON files that tables and file assets name, and keeps of each what matters."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from functools import partial

from amlmigrate.bytes.contents import encoded
from amlmigrate.bytes.jsonfiles import LARGEST, PlannedFile, is_json, planned
from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.prefixes import has_wildcards
from amlmigrate.bytes.storage_containers import Key
from amlmigrate.cloud import unreadable
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Blob, Content, Inventory
from amlmigrate.core.jsontext import NotJsonError
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import each
from amlmigrate.core.reference import Reference
from amlmigrate.core.workspace import Location
from amlmigrate.inventory import filefindings as say
from amlmigrate.kinds import moving_kinds

# A file takes several times its length while it is read as JSON: large ones are read one at a time.
_SMALL = 2**20
_PARALLEL = 8
_SET = re.compile(r"\[[^\]]+\]")
_ONE_SIGN = "[^/]"
Files = dict[Location, list[Address]]


async def read_json(inventory: Inventory, blobs: Blobs, listings: Map[Key, Listing], mapping: Mapping) -> None:
    """Adds to the inventory which of them are written anew, and to their assets what they name.

    Only those in the source's own containers, the `listings`, are written by this move. The tables have to be read
    before (`read_contents`). What cannot be written anew is a finding.
    """
    reader = _JsonReader(inventory, blobs, listings, mapping)
    files = reader.files()
    small = [file for file in files if reader.blob(file).length <= _SMALL]
    large = [file for file in files if reader.blob(file).length > _SMALL]
    await each(small, partial(reader.read, files), parallel=_PARALLEL)
    await each(large, partial(reader.read, files), parallel=1)


@dataclass(slots=True)
class _JsonReader:
    inventory: Inventory
    blobs: Blobs
    listings: Map[Key, Listing]
    mapping: Mapping

    def files(self) -> Files:
        """Those that are there, each with the assets that name it."""
        found: Files = defaultdict(list)
        for address, asset in self.inventory.assets.items():
            for file in dict.fromkeys(self._named(asset)):
                found[file].append(address)
        return dict(sorted(found.items(), key=lambda pair: str(pair[0])))

    def blob(self, file: Location) -> Blob:
        """A file as it is listed."""
        return self.listings[file.key].blobs[file.path]

    def _named(self, asset: Asset) -> Iterator[Location]:
        kind = moving_kinds()[asset.address.kind]
        for content in asset.contents:
            yield from self._of_names(content.names)
        if kind.storage(asset).one_file:
            own = (
                one for one in kind.references(asset) if one.where.removeprefix("/properties") in kind.fields.uris
            )
            yield from self._of_names(replace(one, exact=True) for one in own)

    def _of_names(self, names: tuple[Reference, ...] | Iterator[Reference]) -> Iterator[Location]:
        for name in names:
            place = self.mapping.locate(name)
            listing = self.listings.get(place.key) if place else None
            if place and listing and self.mapping.moves(place):
                for path in _matching(listing, place.path, exact=name.exact):
                    yield place.at(path)

    async def read(self, files: Files, file: Location) -> None:
        """Reads one file, and notes what comes of it."""
        blob = self.blob(file)
        label = dict(blob.headers).get("content_encoding", "")
        if encoded(label):
            self._say(files[file], say.encoded(file, label))
        elif blob.length > LARGEST:
            self._say(files[file], say.too_large(file, blob.length, LARGEST))
        else:
            await self._parse(files[file], file)

    async def _parse(self, owners: list[Address], file: Location) -> None:
        try:
            data = await self.blobs.read(file, LARGEST)
            # One that has gone, or has grown, since it was listed is another than the plan's for every run.
            found = await asyncio.to_thread(planned, file, data, self.mapping) if data else PlannedFile(None)
        except ServiceError as error:
            if not (why := unreadable.why(error)):
                raise
            self._say(owners, say.unreadable(file, error, why))
            return
        except NotJsonError as error:
            self._say(owners, say.not_json(file, error))
            return
        if found.anew:
            self.inventory.anew[file] = found.anew
        if found.signed:
            self._say(owners, say.signed(file, found.signed))
        if found.versions:
            self._say(owners, say.one_version(file, found.versions))
        for owner in owners if found.names else ():
            asset = self.inventory.assets[owner]
            content = Content(file, "", found.names)
            self.inventory.assets[owner] = replace(asset, contents=(*asset.contents, content))

    def _say(self, owners: list[Address], tell: say.Say) -> None:
        self.inventory.findings += [tell(self.inventory.assets[owner]) for owner in owners]


def _matching(listing: Listing, path: str, *, exact: bool) -> Iterator[str]:
    """The JSON files that a path names: itself, all below it, or all that match it as a pattern."""
    if exact or not has_wildcards(path):
        yield from (blob.path for blob in listing.below(path.rstrip("/")) if is_json(blob.path))
        return
    pattern = _pattern(path)
    fixed = re.split(r"[*?\[]", path, maxsplit=1)[0].rpartition("/")[0]
    yield from (blob.path for blob in listing.below(fixed) if is_json(blob.path) and pattern.match(blob.path))


def _pattern(path: str) -> re.Pattern[str]:
    """A table's pattern: `*` within a folder, `**` over folders, `[...]` for one sign; and all below.

    Over storage `?` begins the query of an address: all is read that lies below what is before it. In folders of
    the machine it is one sign, and `!` at the start of brackets means any other. So seen with mltable 1.7 and
    azureml-dataprep-rslex 2.26, over storage by `wasbs`, where nothing was found by brackets.
    """
    parts = re.split(r"(\*\*/?|\*|\?|\[[^\]]+\])", path.rstrip("/"))
    signs = {"**/": r"(?:.*/)?", "**": ".*", "*": "[^/]*", "?": ".*"}
    made = [signs.get(part) or (_set(part) if _SET.fullmatch(part) else re.escape(part)) for part in parts]
    return re.compile("".join(made) + r"(?:/.*)?\Z", re.DOTALL)


def _set(part: str) -> str:
    """Signs in brackets as a regular expression; any sign where they are a range that is none, as `[z-a]`."""
    signs = re.sub(r"[\[\\^&~|]", r"\\\g<0>", part[1:-1].removeprefix("!"))
    made = f"[^{signs}]" if part.startswith("[!") and signs else f"[{signs or '!'}]"
    try:
        re.compile(made)
    except re.error:
        return _ONE_SIGN
    return made
