"""What resources are billed, as examples of a file say: by type and day, as if each had been there all the time.

What was deleted is billed up to the day of its deletion, which the activity log has.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from azsandbox.arm.activity import EVENTS, place
from azsandbox.arm.ground import Ground
from azsandbox.arm.policy.exemptions import moment
from azsandbox.arm.store import Record

_FILE = Path(__file__).parent / "data" / "costs.json"
_UNDER_KEY = "customer's key"


@dataclass(frozen=True, slots=True)
class Billed:
    """A resource: its id in lower case, what a day of it costs, and its last day, if that is over."""

    id: str
    type: str
    service: str
    a_day: float
    last: date | None = None


@functools.cache
def _file() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


def currency() -> str:
    """That of all bills."""
    return str(_file()["currency"])


def billed(ground: Ground, subscription: str, scope: str) -> Iterator[Billed]:
    """What is billed below a scope (a key), of what is there and of what was."""
    there: set[str] = set()
    for type_ in _file()["perDay"]:
        for record in ground.store.of_type(type_, scope):
            there.add(record.key)
            yield from _billed(record.key, type_, _variant(record), None)
    for event in ground.store.children(place(subscription), EVENTS):
        id_, type_ = str(event.document["resourceId"]).lower(), event.document["resourceType"]["value"].lower()
        deleted = event.document["operationName"]["value"].lower() == f"{type_}/delete"
        done = event.document["status"]["value"] == "Succeeded"
        if deleted and done and id_ not in there and id_.startswith(f"{scope}/") and type_ in _file()["perDay"]:
            there.add(id_)
            last = datetime.fromtimestamp(moment(str(event.document["eventTimestamp"])), UTC).date()
            yield from _billed(id_, type_, "", last)


def _billed(id_: str, type_: str, variant: str, last: date | None) -> Iterator[Billed]:
    prices = _file()["perDay"][type_]
    a_day = float(prices.get(variant, prices[""]))
    if a_day:
        yield Billed(id_, type_, str(_file()["services"][type_]), a_day, last)


def _variant(record: Record) -> str:
    """By what the price of a type differs."""
    encryption = record.document.get("properties", {}).get("encryption") or {}
    if str(encryption.get("status")).lower() == "enabled":
        return _UNDER_KEY
    return str((record.document.get("sku") or {}).get("name") or "").lower()
