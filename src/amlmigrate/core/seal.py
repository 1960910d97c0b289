"""The digests that bind evidence to what both sides held when it was made."""

from __future__ import annotations

from collections.abc import Mapping

from amlmigrate.core.documents import digest

PARTS = ("source_documents", "target_documents", "source_blobs", "target_blobs")
# What is kept beside a report: each of the four, address to digest.
FILE = "digests.jsonl"
_NAMED = 20


def changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What was added, changed and deleted between two of them, by address."""
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
