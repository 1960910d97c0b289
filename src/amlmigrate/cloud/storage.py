"""The raw ways to blobs and to files: where they lie, and what each call of their service says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from amlmigrate.cloud.credentials import Credential
from amlmigrate.cloud.rawcalls import RawCalls
from amlmigrate.core.workspace import Location

# What azure-storage-blob 12.25 and later send by themselves; Put Blob From URL with a token needs 2021-12-02.
VERSION = "2023-11-03"
# A token for a file's source needs 2020-10-02, the intent 2022-11-02, and of a share's root 2024-11-04.
OF_FILES = "2025-05-05"
# Reads and writes with the data-plane role alone, whatever the files' own permissions say.
INTENT: Final = "backup"
# A name may end in dots, and without them it is another's (learn.microsoft.com, naming files).
_DOTS = {"x-ms-allow-trailing-dot": "true", "x-ms-source-allow-trailing-dot": "true"}


class BlobAccess(RawCalls):
    """The raw way to the blob service."""

    def __init__(self, credential: Credential, transport: Any, suffix: str) -> None:
        super().__init__(credential, transport, {"x-ms-version": VERSION})
        self._suffix = suffix

    def url(self, place: Location) -> str:
        """The HTTPS URL of a container or a blob, its path encoded."""
        return _url(place, "blob", self._suffix)

    async def call(
        self, method: str, url: str, headers: Mapping[str, str], *, seconds: float | None = None
    ) -> tuple[bytes, str]:
        """One call without a body; the answer's, and the ETag that it names. Raises as `answered` does."""
        response = await self.answered(method, url, headers, seconds=seconds)
        return response.content, response.headers.get("ETag", "")


class RawFiles(RawCalls):
    """The raw way to the file service."""

    def __init__(self, credential: Credential, transport: Any, suffix: str) -> None:
        always = {"x-ms-version": OF_FILES, "x-ms-file-request-intent": INTENT, **_DOTS}
        super().__init__(credential, transport, always)
        self._suffix = suffix

    def url(self, place: Location) -> str:
        """The HTTPS URL of a share or a file, its path encoded."""
        return _url(place, "file", self._suffix)


def _url(place: Location, service: str, suffix: str) -> str:
    path = f"/{quote(place.path, safe='~/')}" if place.path else ""
    return f"https://{place.account}.{service}.{suffix}/{quote(place.container)}{path}"
