"""The digests of bytes that go by in pieces."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

# Begins one attempt to read a blob, and gives whom to hand its bytes to.
Watch = Callable[[], Callable[[bytes], object]]


class Digest:
    """SHA-256, length and, if wanted, MD5 of one attempt; what `watch` gives is handed the same pieces.

    MD5 takes twice as long as SHA-256 where the processor has instructions for that one.
    """

    def __init__(self, watch: Watch | None = None, *, md5: bool = True) -> None:
        self._sha = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None
        self._length = 0
        self._beside = watch() if watch else None

    def update(self, piece: bytes | memoryview) -> None:
        """The next piece; what it lies in may be used again afterwards."""
        self._sha.update(piece)
        if self._md5:
            self._md5.update(piece)
        self._length += len(piece)
        if self._beside:
            self._beside(bytes(piece))

    def result(self) -> tuple[str, str, int]:
        """SHA-256 (hex), MD5 (base64; '' where it was not wanted) and length in bytes."""
        md5 = base64.b64encode(self._md5.digest()).decode() if self._md5 else ""
        return self._sha.hexdigest(), md5, self._length
