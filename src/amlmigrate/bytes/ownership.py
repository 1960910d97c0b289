"""What of the target's blobs the tool may write over or delete: its own copies, as it left them.

A blob's ETag changes with every write of its bytes, headers or metadata. It stays with a change of tier or of
index tags, so that these are not seen to be somebody's.
"""

from __future__ import annotations

from amlmigrate.core.asset import Blob
from amlmigrate.core.prior import Copied


def removable(copied: Copied | None, there: Blob) -> bool:
    """Whether a blob that is there is a copy as the tool left it."""
    return copied is not None and copied.untouched(there.etag)


def replaceable(copied: Copied | None, source: Blob, there: Blob) -> bool:
    """Whether a blob that is there may be written over: as the tool left it, and the source was written since.

    A copy of this very version that differs, as in its tier or tags, was changed by somebody.
    """
    return copied is not None and copied.untouched(there.etag) and copied.source_etag != source.etag
