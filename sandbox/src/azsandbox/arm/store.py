"""The resource store: everything in memory for reading, every change in SQLite at once, and no kind named."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists resource (
    sequence integer primary key, key text not null unique, type text not null, parent text not null,
    id text not null, name text not null, gone integer not null, document text not null,
    hidden text not null, terms text not null
)"""
_ROW = "sequence, key, type, parent, id, name, gone, document, hidden, terms"
_SEQUENCE = attrgetter("sequence")


@dataclass(slots=True, eq=False)
class Record:
    """One resource.

    `key` is its path with lower case wherever case does not count, `type` its lower-case ARM type, `parent`
    the key of what it lies in. `document` is what may be shown, `hidden` what never is (secrets, due dates),
    `terms` are strings it is found by, `gone` means soft-deleted. `sequence` grows with every new resource.
    """

    key: str
    type: str
    parent: str
    id: str
    name: str
    document: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)
    terms: tuple[str, ...] = ()
    gone: bool = False
    sequence: int = 0

    @property
    def properties(self) -> dict[str, Any]:
        """The `properties` of the document."""
        found: dict[str, Any] = self.document["properties"]
        return found


class Store:
    """All resources of one sandbox. Not for use by two processes at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A killed process loses nothing; only a power cut could, and a sandbox may.
        self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=off")
        self._database.execute(_SCHEMA)
        self._records: dict[str, Record] = {}
        self._children: dict[tuple[str, str], list[Record]] = {}
        self._types: dict[str, dict[str, Record]] = {}
        self._terms: dict[str, dict[str, Record]] = {}
        self._last = 0
        self._changes: dict[str, int] = {}
        self._load()

    def close(self) -> None:
        """Closes the database; the store is of no use afterwards."""
        self._database.close()

    def get(self, key: str) -> Record | None:
        """The resource, unless it is missing or soft-deleted."""
        record = self._records.get(key)
        return None if record is None or record.gone else record

    def get_gone(self, key: str) -> Record | None:
        """The soft-deleted resource of that key."""
        record = self._records.get(key)
        return record if record is not None and record.gone else None

    def children(self, parent: str, type_: str) -> Sequence[Record]:
        """What lies directly in `parent` and is of one type, oldest first; soft-deleted ones among them."""
        return self._children.get((parent, type_), ())

    def of_type(self, type_: str, below: str = "") -> Iterator[Record]:
        """All of one type whose key starts with `below` (a key), oldest first, without soft-deleted ones."""
        start = below + "/" if below else ""
        for record in list(self._types.get(type_, {}).values()):
            if not record.gone and record.key.startswith(start):
                yield record

    def below(self, key: str) -> list[Record]:
        """Everything under a key, at any depth, parents before children."""
        start = key + "/"
        return [record for record in self._records.values() if record.key.startswith(start)]

    def find(self, term: str) -> list[Record]:
        """All resources found by a term, oldest first, without soft-deleted ones."""
        return [record for record in self._terms.get(term, {}).values() if not record.gone]

    def find_gone(self, term: str) -> Record | None:
        """The soft-deleted resource found by a term."""
        return next((record for record in self._terms.get(term, {}).values() if record.gone), None)

    def gone_of_type(self, type_: str, below: str) -> list[Record]:
        """The soft-deleted resources of one type whose key starts with `below`."""
        found = self._types.get(type_, {}).values()
        return [record for record in found if record.gone and record.key.startswith(below + "/")]

    def changes(self, *types: str) -> int:
        """How often anything of these types has been stored or removed: a stamp for what is derived from it."""
        return sum(self._changes.get(type_, 0) for type_ in types)

    def put(self, *records: Record) -> None:
        """Stores new or changed resources, all or none. A document must not be changed in place later."""
        for record in records:
            self._remember(record)
            self._changes[record.type] = self._changes.get(record.type, 0) + 1
        rows = [self._row(record) for record in records]
        if len(rows) > 1:
            self._database.execute("begin")
        self._database.executemany(
            f"insert or replace into resource ({_ROW}) values (?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - a constant
            rows,
        )
        if len(rows) > 1:
            self._database.execute("commit")

    def remove(self, *records: Record) -> None:
        """Forgets resources; unknown ones are no error."""
        for record in records:
            self._forget(record)
            self._changes[record.type] = self._changes.get(record.type, 0) + 1
        self._database.executemany("delete from resource where key = ?", [(record.key,) for record in records])

    def _load(self) -> None:
        for row in self._database.execute(f"select {_ROW} from resource order by sequence"):  # noqa: S608
            sequence, key, type_, parent, id_, name, gone, document, hidden, terms = row
            self._remember(
                Record(
                    key,
                    type_,
                    parent,
                    id_,
                    name,
                    json.loads(document),
                    json.loads(hidden),
                    tuple(json.loads(terms)),
                    bool(gone),
                    sequence,
                )
            )

    @staticmethod
    def _row(record: Record) -> tuple[Any, ...]:
        return (
            record.sequence,
            record.key,
            record.type,
            record.parent,
            record.id,
            record.name,
            int(record.gone),
            json.dumps(record.document),
            json.dumps(record.hidden),
            json.dumps(record.terms),
        )

    def _remember(self, record: Record) -> None:
        known = self._records.get(record.key)
        if known is not None and known is not record:
            # A replacement keeps its place in the order of creation.
            record.sequence = known.sequence
            self._forget(known)
        if record.sequence == 0:
            record.sequence = self._last + 1
        self._last = max(self._last, record.sequence)
        self._records[record.key] = record
        if known is not record:
            siblings = self._children.setdefault((record.parent, record.type), [])
            siblings.insert(bisect_left(siblings, record.sequence, key=_SEQUENCE), record)
            self._types.setdefault(record.type, {})[record.key] = record
        for term in record.terms:
            self._terms.setdefault(term, {})[record.key] = record

    def _forget(self, record: Record) -> None:
        if self._records.pop(record.key, None) is None:
            return
        siblings = self._children[record.parent, record.type]
        del siblings[bisect_left(siblings, record.sequence, key=_SEQUENCE)]
        del self._types[record.type][record.key]
        for term in record.terms:
            self._terms[term].pop(record.key, None)
