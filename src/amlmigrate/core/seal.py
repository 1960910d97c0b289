"""The digests that bind evidence to what both sides held when it was made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from amlmigrate.core.documents import Document, digest, source_digest

PARTS = ("source_documents", "target_documents", "source_blobs", "target_blobs")
# What is kept beside a report: each of the four, address to digest.
FILE = "digests.jsonl"
_NAMED = 20
_SERVICE_TIME = "service_time"
# What stands for all of a type that may not be listed, with an address that is the start of theirs.
UNLISTED: Document = {"listed": False}
# The mark of an item that stands for a list which the service did not give. A list that can be read later is a
# change: what it shows was not planned.
NOT_LISTED: Document = {"not_listed": True}
_UNLISTED_SHA = source_digest(UNLISTED)
# Stands for a name that has versions and of which nothing is said: no description, no tags, not archived.
PLAIN_SHA = source_digest({"said": False})
Digests = Mapping[str, str]


def timed(now: datetime | None) -> dict[str, str]:
    """Azure's clock as a report has it, beside `time`, which is the machine's; nothing where it is not known."""
    return {_SERVICE_TIME: now.isoformat(timespec="seconds")} if now else {}


def service_time(content: Mapping[str, Any]) -> str:
    """When a report was made, by Azure's clock where it has that (ISO 8601)."""
    return str(content.get(_SERVICE_TIME) or content["time"])


def comparable(then: Digests, now: Digests) -> tuple[dict[str, str], dict[str, str]]:
    """Both without what either could not list: of that it is not known whether it changed.

    And without new names of which nothing is said and that have versions: these are new and tell of it.
    """
    parents = {name.rpartition("/")[0] for name in now}
    now = {name: sha for name, sha in now.items() if name in then or sha != PLAIN_SHA or name not in parents}
    hidden = tuple({f"{name}/" for side in (then, now) for name, sha in side.items() if sha == _UNLISTED_SHA})
    left, right = (
        {name: sha for name, sha in side.items() if not hidden or not f"{name}/".startswith(hidden)}
        for side in (then, now)
    )
    return left, right


def changes(then: Digests, now: Digests) -> list[str]:
    """What was added, changed and deleted between two of them, by address."""
    then, now = comparable(then, now)
    added = [f"{address} was added" for address in sorted(now.keys() - then.keys())]
    deleted = [f"{address} was deleted" for address in sorted(then.keys() - now.keys())]
    both = sorted(now.keys() & then.keys())
    found = [*added, *deleted, *(f"{address} changed" for address in both if now[address] != then[address])]
    return found if len(found) <= _NAMED else [*found[:_NAMED], f"and {len(found) - _NAMED} more"]


def seal(
    source_documents: Mapping[str, str],
    target_documents: Mapping[str, str],
    source_blobs: Mapping[str, str],
    target_blobs: Mapping[str, str],
) -> dict[str, str]:
    """One digest for each of the four; a later reader compares them instead of timestamps."""
    return {
        "source_documents": digest(dict(source_documents)),
        "target_documents": digest(dict(target_documents)),
        "source_blobs": digest(dict(source_blobs)),
        "target_blobs": digest(dict(target_blobs)),
    }
