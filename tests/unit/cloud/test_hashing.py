"""A blob's digest is of one version: every read names the ETag that was listed, and each attempt begins anew."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.core import MatchConditions
from tests.unit.world import blob

from amlmigrate.cloud import blobs as module
from amlmigrate.cloud import retrying
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.workspace import Location

PLACE = Location("acct", "c", "d/1")
NEW = b"the new one, longer"
OLD = b"the old one"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> module.Blobs:
    """A way to blobs that makes no call by itself."""
    monkeypatch.setattr(module, "Transport", lambda *_: None)
    monkeypatch.setattr(retrying, "_backoff", lambda _: 0.0)
    return module.Blobs(Login(), None)  # type: ignore[arg-type]


class Service:
    """The bytes of one blob, which somebody writes anew; its connection breaks in the middle as often as told."""

    def __init__(self, *, breaks: int = 0, changes: bool = False) -> None:
        self.breaks = breaks
        self.changes = changes
        self.etag, self.data = '"1"', OLD
        self.asked: list[str | None] = []

    def url(self, _: Location) -> str:
        return "https://x"

    async def pieces(self, _: str, headers: dict[str, str]) -> AsyncIterator[bytes]:
        """As `Storage.pieces`."""
        asked = headers.get("If-Match")
        self.asked.append(asked)
        if asked is not None and asked != self.etag:
            raise ServiceError(412, "ConditionNotMet", "text", method="GET", url="https://x")
        data = self.data
        yield data[:5]
        if self.breaks:
            self.breaks -= 1
            if self.changes:
                self.etag, self.data = '"2"', NEW
            raise OutOfReachError("the answer broke off", method="GET", url="https://x")
        yield data[5:]


def _digests(data: bytes) -> tuple[str, str, int]:
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    return hashlib.sha256(data).hexdigest(), base64.b64encode(md5).decode(), len(data)


@pytest.mark.parametrize("breaks", [0, 1, 3])
async def test_a_small_blob_is_read_by_its_etag_and_from_its_beginning(client: module.Blobs, breaks: int) -> None:
    service = Service(breaks=breaks)
    client._raw = service  # type: ignore[assignment]
    assert await client.hash(PLACE, blob("d/1", len(OLD), '"1"')) == _digests(OLD)
    assert service.asked == ['"1"'] * (breaks + 1)


async def test_a_small_blob_that_is_written_between_two_attempts_has_no_digest(client: module.Blobs) -> None:
    service = Service(breaks=1, changes=True)
    client._raw = service  # type: ignore[assignment]
    with pytest.raises(ServiceError) as changed:
        await client.hash(PLACE, blob("d/1", len(OLD), '"1"'))
    assert (changed.value.status, service.asked) == (412, ['"1"', '"1"'])


class Stream:
    """A download in ranges."""

    def __init__(self, *pieces: bytes, broken: bool = False) -> None:
        self._pieces = pieces
        self._broken = broken

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._broken:
            raise TimeoutError


async def test_a_large_blob_is_read_by_its_etag_and_from_its_beginning(
    client: module.Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"x" * 2**20 + b"y"
    streams = [Stream(data), Stream(data[:7], broken=True)]
    asked: list[dict[str, Any]] = []

    class Client:
        url = "https://x"

        async def download_blob(self, **options: Any) -> Stream:
            asked.append(options)
            return streams.pop()

    monkeypatch.setattr(client, "_blob", lambda _: Client())
    found = await client.hash(PLACE, blob("d/1", module._SMALL + 1, '"1"'))
    assert found == _digests(data)
    assert [(one["etag"], one["match_condition"]) for one in asked] == [('"1"', MatchConditions.IfNotModified)] * 2
