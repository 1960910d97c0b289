"""A blob's digest is of one version, read in ranges: each is tried again by itself, and nothing else counts as it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import blob

from amlmigrate.cloud import blobs as module
from amlmigrate.cloud import hashing, ranges, retrying
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.curl import Begin, Head, Sink
from amlmigrate.cloud.errors import OtherBytesError, ServiceError
from amlmigrate.core.errors import InterruptedRunError
from amlmigrate.core.workspace import Location

PLACE = Location("acct", "c", "d/1")
OLD, NEW = bytes(range(100)), bytes(range(100, 201))
SIZE = 8
RANGES = 13
BOTH = pytest.mark.parametrize("size", [SIZE, 1000], ids=["in ranges", "in one piece"])


@dataclass
class Answer:
    """One of the service."""

    status: int
    headers: dict[str, str]
    body: bytes
    breaks: bool = False
    read: bool = False

    @property
    def head(self) -> Head:
        """What comes before its bytes."""
        lines = [
            f"HTTP/1.1 {self.status} Some reason",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return Head("".join(f"{line}\r\n" for line in [*lines, ""]).encode())

    def give(self, sink: Sink) -> None:
        """Its bytes, in two pieces."""
        self.read = True
        half = len(self.body) // 2
        sink(self.body[:half])
        if self.breaks:
            raise silence("the answer broke off")
        sink(self.body[half:])


@dataclass
class Service:
    """The bytes of one blob. `odd` may change what it answers to its n-th call, beginning with 1."""

    odd: Callable[[int, Answer], Any] = lambda *_: None
    etag: str = '"1"'
    data: bytes = OLD
    asked: list[tuple[str, str]] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    def url(self, _: Location) -> str:
        return "https://x"

    async def read(self, _: str, headers: Mapping[str, str], begin: Begin) -> None:
        """As `Storage.read`."""
        part = headers.get("x-ms-range", "")
        self.asked.append((headers["If-Match"], part))
        answer = self._answer(part, len(self.data))
        if headers["If-Match"] != self.etag:
            raise refusal(412, "ConditionNotMet", "text")
        self.odd(len(self.asked), answer)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        answer.give(begin(answer.head))

    def _answer(self, part: str, total: int) -> Answer:
        if not part:
            return Answer(200, {"ETag": self.etag}, self.data)
        first, last = (int(number) for number in part.removeprefix("bytes=").split("-"))
        told = f"bytes {first}-{min(last, total - 1)}/{total}"
        return Answer(206, {"ETag": self.etag, "Content-Range": told}, self.data[first : last + 1])

    def write(self) -> None:
        """Somebody writes the blob anew."""
        self.etag, self.data = '"2"', NEW


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> module.Blobs:
    """A way to blobs that makes no call by itself."""
    monkeypatch.setattr(module, "Transport", lambda *_: None)
    monkeypatch.setattr(retrying, "_backoff", lambda _: 0.0)
    monkeypatch.setattr(retrying, "_wait", lambda _: 0.0)
    return module.Blobs(Login(), None)  # type: ignore[arg-type]  # no request is made


async def _hash(client: module.Blobs, service: Service, size: int, **options: Any) -> tuple[str, str, int]:
    client._raw = service  # type: ignore[assignment]  # a stand-in: it has what is asked of it
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "RANGE", size)
        return await client.digest(PLACE, blob("d/1", len(OLD), '"1"'), **options)


def _digests(data: bytes) -> tuple[str, str, int]:
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    return hashlib.sha256(data).hexdigest(), base64.b64encode(md5).decode(), len(data)


def _until(call: int, change: Callable[[Answer], Any]) -> Callable[[int, Answer], Any]:
    """Changes the answers to the first calls."""
    return lambda number, answer: change(answer) if number <= call else None


def _parts(size: int) -> list[str]:
    whole = [f"bytes={first}-{min(first + size, len(OLD)) - 1}" for first in range(0, len(OLD), size)]
    return whole if len(whole) > 1 else [""]


@BOTH
async def test_every_read_names_the_version_that_was_listed(client: module.Blobs, size: int) -> None:
    service = Service()
    assert await _hash(client, service, size) == _digests(OLD)
    assert service.asked == [('"1"', part) for part in _parts(size)]


@pytest.mark.parametrize("breaks", [1, 3])
@BOTH
async def test_a_range_whose_answer_breaks_off_is_read_again_and_no_other(
    client: module.Blobs, size: int, breaks: int
) -> None:
    service = Service(odd=lambda _, answer: _break_last(service, answer, breaks))
    assert await _hash(client, service, size) == _digests(OLD)
    parts = [part for _, part in service.asked]
    assert sorted(parts) == sorted([*_parts(size), *[_parts(size)[-1]] * breaks])


def _break_last(service: Service, answer: Answer, times: int) -> None:
    """Breaks the answers to the last range, as at the end of a terabyte."""
    part = service.asked[-1][1]
    last = [asked for _, asked in service.asked if asked == part]
    if part in ("", "bytes=96-99") and len(last) <= times:
        answer.breaks = True


@BOTH
async def test_what_is_handed_on_is_each_byte_once_and_in_order(client: module.Blobs, size: int) -> None:
    service = Service(odd=_until(2, lambda answer: setattr(answer, "breaks", True)))
    attempts: list[list[bytes]] = []

    def watch() -> Callable[[bytes], object]:
        attempts.append([])
        return attempts[-1].append

    assert await _hash(client, service, size, watch=watch) == _digests(OLD)
    # One that is read as a whole begins anew; one in ranges does not.
    assert b"".join(attempts[-1]) == OLD and len(attempts) == (3 if size > len(OLD) else 1)


@pytest.mark.parametrize("after", [1, 6])
async def test_a_blob_that_is_written_in_the_midst_has_no_digest(client: module.Blobs, after: int) -> None:
    """No mixture of two versions."""
    service = Service(odd=lambda number, _: service.write() if number == after else None)
    with pytest.raises(ServiceError) as changed:
        await _hash(client, service, SIZE)
    assert changed.value.status == 412 and {etag for etag, _ in service.asked} == {'"1"'}


async def test_a_small_blob_that_is_written_between_two_attempts_has_no_digest(client: module.Blobs) -> None:
    def odd(_: int, answer: Answer) -> None:
        answer.breaks = True
        service.write()

    service = Service(odd=odd)
    with pytest.raises(ServiceError) as changed:
        await _hash(client, service, 1000)
    assert changed.value.status == 412 and len(service.asked) == 2


@BOTH
async def test_an_answer_of_another_version_is_drift_though_it_calls_itself_a_success(
    client: module.Blobs, size: int
) -> None:
    service = Service(odd=_until(1, lambda answer: answer.headers.update(ETag='"2"')))
    with pytest.raises(ServiceError) as changed:
        await _hash(client, service, size)
    assert changed.value.status == 412


def _shorter(answer: Answer) -> None:
    answer.body = answer.body[:-1]


def _longer(answer: Answer) -> None:
    answer.body += b"!"


def _empty(answer: Answer) -> None:
    answer.body = b""


def _nameless(answer: Answer) -> None:
    del answer.headers["ETag"]


def _other_range(answer: Answer) -> None:
    answer.headers["Content-Range"] = "bytes 1-8/100"


def _other_total(answer: Answer) -> None:
    answer.headers["Content-Range"] = answer.headers.get("Content-Range", "").replace("/100", "/101")


def _no_range(answer: Answer) -> None:
    answer.headers.pop("Content-Range", None)


def _all_of_it(answer: Answer) -> None:
    answer.status, answer.body = 200, OLD
    answer.headers.pop("Content-Range", None)


ODD_PARTS = (_shorter, _longer, _empty, _nameless, _other_range, _other_total, _no_range, _all_of_it)
ODD = [
    *((SIZE, change) for change in ODD_PARTS),
    *((1000, change) for change in (_shorter, _longer, _empty, _nameless)),
]


@pytest.mark.parametrize(("size", "change"), ODD, ids=[f"{size}{change.__name__}" for size, change in ODD])
async def test_an_answer_that_is_not_the_range_is_asked_for_again(
    client: module.Blobs, size: int, change: Callable[[Answer], None]
) -> None:
    service = Service(odd=_until(2, change))
    assert await _hash(client, service, size) == _digests(OLD)
    assert len(service.asked) == len(_parts(size)) + 2


@pytest.mark.parametrize("change", ODD_PARTS)
async def test_one_that_never_becomes_the_range_is_no_digest(
    client: module.Blobs, change: Callable[[Answer], None]
) -> None:
    service = Service(odd=lambda _, answer: change(answer))
    with pytest.raises(OtherBytesError) as odd:
        await _hash(client, service, SIZE)
    assert "other bytes" in odd.value.summary and "proxy" in odd.value.remedy
    assert odd.value.address == "https://x"


async def test_the_whole_blob_in_answer_to_a_range_is_not_read(client: module.Blobs) -> None:
    """It may be a terabyte, for each of its ranges."""
    answers: list[Answer] = []

    def odd(_: int, answer: Answer) -> None:
        _all_of_it(answer)
        answers.append(answer)

    with pytest.raises(OtherBytesError):
        await _hash(client, Service(odd=odd), SIZE)
    assert answers and not any(answer.read for answer in answers)


async def test_a_range_that_is_not_there_is_told_as_the_service_does(client: module.Blobs) -> None:
    def odd(_: int, __: Answer) -> None:
        raise refusal(416, "InvalidRange", "text")

    service = Service(odd=odd)
    with pytest.raises(ServiceError) as refused:
        await _hash(client, service, SIZE)
    assert refused.value.status == 416
    # Nothing of it is transient: as many as were asked for at once.
    assert len(service.asked) <= hashing.AHEAD


async def test_it_stops_between_two_ranges(client: module.Blobs) -> None:
    service = Service()
    with pytest.raises(InterruptedRunError):
        await _hash(client, service, SIZE, stopping=lambda: len(service.asked) >= 5)
    assert 5 <= len(service.asked) < 5 + hashing.AHEAD


async def test_no_more_is_read_ahead_than_is_bounded(client: module.Blobs) -> None:
    service = Service()
    await _hash(client, service, SIZE)
    assert 1 < service.most <= hashing.AHEAD


async def test_an_empty_blob_is_not_asked_for(client: module.Blobs) -> None:
    service = Service()
    client._raw = service  # type: ignore[assignment]  # a stand-in: it has what is asked of it
    assert await client.digest(PLACE, blob("d/1", 0, '"1"')) == _digests(b"")
    assert service.asked == []


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100])
def test_ranges_are_each_byte_once(length: int) -> None:
    found = [(part.offset, part.offset + part.length) for part in ranges.ranges_of(length, SIZE)]
    assert [number for first, last in found for number in range(first, last)] == list(range(length))
    assert all(0 < last - first <= SIZE for first, last in found)


def test_the_ranges_of_the_longest_blob_there_is_are_not_all_held() -> None:
    parts = ranges.ranges_of(50_000 * 4_000 * 2**20)
    assert next(parts) == ranges.Range(0, ranges.RANGE)
