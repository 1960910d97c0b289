"""Accounts with a hierarchical namespace: directories that writing a blob makes, and what blobs cannot do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from azsandbox.calls import Answer, HttpCall
from azsandbox.refusals import storage_error

# How the child learns that an account has one; no name of storage's own.
HIERARCHICAL = "azsandbox-hns"
_MADE = (201, 202)  # written; copied


class Places(Protocol):
    """What is asked of the accounts."""

    def blobs(self, account: str, container: str, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """Names and lengths."""
        ...

    def make_directory(self, account: str, container: str, path: str) -> Awaitable[None]:
        """Makes a directory where there is nothing of that name."""
        ...


class Hierarchy:
    """Knows which accounts have a hierarchical namespace."""

    def __init__(self, has: Callable[[str], bool], places: Places) -> None:
        self._has, self._places = has, places

    def headers(self, host: str) -> dict[str, str]:
        """What tells the child of it."""
        return {HIERARCHICAL: "1"} if self._has(host.partition(".")[0]) else {}

    async def refusal(self, call: HttpCall) -> Answer | None:
        """What such an account refuses that others do.

        Index tags are not supported (learn.microsoft.com, "Storage feature support"): a call for them has a wrong
        parameter (AZ-BLOB-5). A directory is deleted by a blob's call only while it is empty. Inferred
        (AZ-LOCAL-5): the codes of that and of a blob that is written with tags.
        """
        account, (container, blob) = _place(call)
        if not container or not self._has(account):
            return None
        if call.query.get("comp") == "tags" or "tags" in call.query.get("include", "").split(","):
            text = "Value for one of the query parameters specified in the request URI is invalid."
            return storage_error(400, "InvalidQueryParameterValue", text)
        if not blob or call.method in ("GET", "HEAD"):
            return None
        if "x-ms-tags" in call.headers:
            text = "Blob tags are not supported for accounts with a hierarchical namespace."
            return storage_error(409, "FeatureNotSupportedForAccount", text)
        if call.method == "DELETE":
            async for _ in self._places.blobs(account, container, f"{blob.rstrip('/')}/"):
                text = "This operation is not permitted on a non-empty directory."
                return storage_error(409, "DirectoryIsNotEmpty", text)
        return None

    async def written(self, call: HttpCall, answer: Answer) -> None:
        """Makes the directories above a blob that was just written."""
        account, (container, blob) = _place(call)
        if call.method != "PUT" or answer.status not in _MADE or "/" not in blob or not self._has(account):
            return
        if call.query.get("comp", "blocklist") != "blocklist":
            return
        parts = blob.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            await self._places.make_directory(account, container, "/".join(parts[:depth]))


def _place(call: HttpCall) -> tuple[str, tuple[str, str]]:
    container, _, blob = call.path.lstrip("/").partition("/")
    return call.host.partition(".")[0], (container, blob)
