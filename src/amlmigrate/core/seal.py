"""The digests that bind evidence to what both sides held when it was made."""

from __future__ import annotations

from collections.abc import Mapping

from amlmigrate.core.documents import digest


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
