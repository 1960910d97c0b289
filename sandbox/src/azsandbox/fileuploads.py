"""Files into file shares through the proxy: share, directories, then the bytes range by range."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from azsandbox.client import Client

_STORAGE = "https://storage.azure.com"
_RANGE = 4 * 1024 * 1024
_NONE: Mapping[str, str] = {}
_FIELDS = {"x-ms-version": "2025-01-05", "x-ms-file-request-intent": "backup"}


class FileUploads:
    """Writes into the shares of one storage account."""

    def __init__(self, azure: Client, account: str) -> None:
        self._azure, self._host = azure, f"https://{account}.file.core.windows.net"

    async def create_share(self, share: str) -> None:
        """Makes a share; nothing happens if it is there."""
        await self._put(f"{share}?restype=share", accept=(409,))

    async def create_directories(self, share: str, path: str) -> None:
        """Makes a directory and those above it; nothing happens to the ones that are there."""
        names = path.split("/") if path else []
        for depth in range(1, len(names) + 1):
            url = quote("/".join([share, *names[:depth]]))
            await self._put(f"{url}?restype=directory", accept=(409,))

    async def upload(self, share: str, path: str, data: bytes) -> None:
        """Writes a file into a directory that is there, over any file of that name."""
        url = quote(f"{share}/{path}")
        await self._put(url, {"x-ms-type": "file", "x-ms-content-length": str(len(data))})
        for start in range(0, len(data), _RANGE):
            part = data[start : start + _RANGE]
            sent = {"x-ms-write": "update", "x-ms-range": f"bytes={start}-{start + len(part) - 1}"}
            await self._put(f"{url}?comp=range", sent, part)

    async def _put(
        self, url: str, fields: Mapping[str, str] = _NONE, data: bytes = b"", *, accept: tuple[int, ...] = ()
    ) -> None:
        headers = {**_FIELDS, **fields}
        await self._azure.send("PUT", f"{self._host}/{url}", _STORAGE, headers=headers, data=data, accept=accept)
