"""The digests of bytes that go by in pieces."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

# Begins one attempt to read a blob, and gives whom to hand its bytes to.
Watch = Callable[[], Callable[[bytes], object]]


class Digest:
    """SHA-256, MD5 and length of one attempt; what `watch` gives is handed the same pieces."""

    def __init__(self, watch: Watch | None = None) -> None:
        self._sha, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self._length = 0
        self._beside = watch() if watch else None

    def update(self, piece: bytes | memoryview) -> None:
        """The next piece; what it lies in may be used again afterwards."""
        self._sha.update(piece)
        self._md5.update(piece)
        self._length += len(piece)
        if self._beside:
            self._beside(bytes(piece))

    def result(self) -> tuple[str, str, int]:
        """SHA-256 (hex), MD5 (base64) and length in bytes."""
        return self._sha.hexdigest(), base64.b64encode(self._md5.digest()).decode(), self._length
