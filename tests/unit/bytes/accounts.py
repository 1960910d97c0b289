"""A source, a target and a ledger as values, between which a folder is copied."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from tests.builders.errors import refusal
from tests.builders.world import MAPPING, step
from tests.unit.bytes.executed import copier

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.workspace import Location, Service

SOURCE, TARGET = Location("acct", "c", "d"), Location("cmkacct", "t", "d")


@dataclass
class Account:
    """One account: what it lists, what bytes it has, and what it answers to calls about a path."""

    service = Service.BLOB

    listed: dict[str, Blob] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, MigrateError] = field(default_factory=dict)
    # What appears in the moment of the copy: by somebody else, or by a call whose answer was lost.
    appears: dict[str, Blob] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    hashed: list[tuple[str, str]] = field(default_factory=list)

    async def listing(self, place: Location) -> tuple[list[Blob], bool]:
        return [one for path, one in self.listed.items() if path.startswith(place.path)], True

    async def copy_from(self, origin: Any, source: Location, one: Blob, target: Location, **_: Any) -> str:
        if target.path in self.appears:
            self.listed[target.path] = self.appears[target.path]
        self._called("copy", target.path)
        if target.path in self.appears:
            raise refusal(409, "BlobAlreadyExists")
        self.listed[target.path] = replace(one, path=target.path, etag='"made"')
        return '"made"'

    async def head(self, place: Location) -> Blob | None:
        found = self.listed.get(place.path)
        return replace(found, tags=None) if found else None

    async def digest(self, place: Location, one: Blob, **_: Any) -> tuple[str, str, int]:
        self.hashed.append((place.path, one.etag))
        data = self.data[place.path]
        return hashlib.sha256(data).hexdigest(), "", len(data)

    async def set_tier(self, place: Location, tier: str) -> None:
        self._called("tier", place.path)
        self.listed[place.path] = replace(self.listed[place.path], tier=tier)

    async def set_tags(self, place: Location, tags: tuple[tuple[str, str], ...]) -> None:
        self._called("tags", place.path)
        self.listed[place.path] = replace(self.listed[place.path], tags=tags)

    async def delete(self, place: Location, etag: str) -> None:
        self._called("delete", place.path)
        if self.listed[place.path].etag != etag:
            raise refusal(412, "ConditionNotMet")
        del self.listed[place.path]

    def _called(self, what: str, path: str) -> None:
        self.calls.append((what, path))
        if path in self.answers:
            raise self.answers[path]


@dataclass
class Record:
    """What the ledger knows and is told."""

    known: dict[str, Copied] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    told: dict[str, Copied] = field(default_factory=dict)
    alone: list[str] = field(default_factory=list)
    before: frozenset[str] = frozenset()
    gone: list[str] = field(default_factory=list)
    etags: dict[str, str] = field(default_factory=dict)

    def own(self, path: str) -> Copied | None:
        return self.known.get(path)

    async def begin(self, missing: Any) -> None:
        self.begun += [one.path for one in missing]

    async def arrived(self, path: str, copied: Copied) -> None:
        self.told[path] = copied

    async def left(self, left: dict[str, str]) -> None:
        self.alone = sorted(left)
        self.etags = left

    async def asked(self) -> frozenset[str]:
        return self.before

    async def deleting(self, gone: Any) -> None:
        self.begun += [one.path for one in gone]

    async def deleted(self, path: str) -> None:
        self.gone.append(path)


async def copy(
    source: Account,
    target: Account,
    record: Record,
    *,
    mapping: Mapping = MAPPING,
    apart: frozenset[str] = frozenset(),
    **planned: Any,
) -> str:
    """Copies all that the source lists, by a step that was planned so."""
    blobs = sorted(source.listed.values(), key=lambda one: one.path)
    amount = Bytes(SOURCE, TARGET, len(blobs), 3)
    one = step("blobs/c/d", action=Action.COPY, source_sha256=listing_digest(blobs), bytes=amount, **planned)
    return await copier(source, target, mapping).copy(one, amount, record, found_is_own=False, apart=apart)
