"""Whether every report that a command wrote is of the shipped schema, and one that was changed is not."""

from __future__ import annotations

import functools
import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from amlmigrate import evidence
from amlmigrate.core import schemas
from amlmigrate.core.escapes import as_json
from amlmigrate.evidence import RECORDS

_FOLDER = Path(evidence.__file__).parent / "schemas"


def check(folder: Path) -> None:
    """Looks at the evidence of every plan below a folder."""
    for ledger in folder.glob("plans/*/ledger.db"):
        for path in _written(ledger):
            _check(path)


def _written(ledger: Path) -> Iterator[Path]:
    """The reports as they were written: tests change some, and then nothing names what they are."""
    named = _noted(ledger)
    for path in sorted((ledger.parent / "evidence").glob("[0-9]*.json"), reverse=True):
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() in named:
            named.add(json.loads(data)["previous"])
            yield path


def _noted(ledger: Path) -> set[str | None]:
    """What the ledger knows of the last report; nothing where a test has spoilt it."""
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT value FROM meta WHERE key IN ('evidence_head', 'evidence_next')").fetchall()
    except sqlite3.Error:
        return set()
    return {value for (value,) in rows}


def _check(path: Path) -> None:
    found = json.loads(path.read_bytes())
    assert _wrong(found) == [], path.name
    body = {name: one for name, one in found.items() if name not in ("record", "number", "previous")}
    assert json.loads(as_json(RECORDS[found["record"]].of_dict(body).as_dict())) == body, path.name
    # What a schema refuses it refuses of every report: each member is tried once for each kind of report.
    for name in {*found, ""} - _TRIED[found["record"]]:
        _TRIED[found["record"]].add(name)
        refused = _wrong({**found, name: {"no": "such"}} if name else {**found, "more": 1})
        assert refused or name in ("items", "deleted", "let_go"), f"{path.name}: {name}"


_TRIED: defaultdict[str, set[str]] = defaultdict(set)


def _wrong(found: dict[str, Any]) -> list[str]:
    record = found["record"] if isinstance(found["record"], str) else "run"
    return [f"{list(one.path)}: {one.message}" for one in _validator(record).iter_errors(found)]


@functools.cache
def _validator(record: str) -> Any:
    return schemas.validator(json.loads((_FOLDER / f"{record}.schema.json").read_bytes()))
