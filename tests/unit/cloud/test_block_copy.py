"""A long blob is put block by block, from what is there already, and is one's own only where its blocks say so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core import MatchConditions
from tests.builders.errors import refusal
from tests.builders.world import blob

from amlmigrate.cloud import blockcopies, retrying
from amlmigrate.cloud.blockcopies import BlockCopy, blocks_of
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import ConflictError, InterruptedRunError
from amlmigrate.core.parallel import never

URL, TARGET = "https://acct/c/d", "https://cmkacct/c/d"
OURS = blob(
    "d", 25, '"s"', md5="bWQ1", metadata=(("a", "b"),), tags=(("t", "u"),), tier="Cool",
    headers=(("content_type", "x/y"),),
)  # fmt: skip
BLOCKS = blocks_of(URL, OURS.etag, 25, size=10)
NO_BLOB = refusal(404, "BlobNotFound")


class Client:
    """The target's blob: its blocks by id, those that are part of it and those that are not yet."""

    url = TARGET

    def __init__(self) -> None:
        self.uncommitted: dict[str, int] = {}
        self.committed: dict[str, int] = {}
        self.staged: list[tuple[Any, ...]] = []
        self.made: list[tuple[list[str], dict[str, Any]]] = []
        self.asked: list[str] = []
        self.answers: dict[str, Exception] = {}
        self.now = self.most = 0

    async def get_block_list(self, which: str) -> tuple[list[Any], list[Any]]:
        self._answer(which)
        return tuple(  # type: ignore[return-value]  # a pair, as the service answers
            [SimpleNamespace(id=id_, size=size) for id_, size in found.items()]
            for found in (self.committed, self.uncommitted)
        )

    async def stage_block_from_url(self, id_: str, url: str, **more: Any) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        self.staged.append((id_, url, more))
        self.uncommitted[id_] = more["source_length"]

    async def commit_block_list(self, blocks: list[Any], **more: Any) -> dict[str, str]:
        self.made.append(([block.id for block in blocks], more))
        self._answer("commit")
        return {"etag": "0x9"}

    async def get_blob_properties(self) -> Any:
        self._answer("head")
        return SimpleNamespace(etag="0x7")

    def _answer(self, what: str) -> None:
        self.asked.append(what)
        if what in self.answers:
            raise self.answers[what]


class Calls:
    """Makes each call, and notes its method and URL."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []

    async def __call__(self, method: str, url: str, call: Callable[[], Awaitable[Any]]) -> Any:
        self.made.append((method, url))
        return await call()


def copying(client: Client, one: Any = OURS, replaces: str | None = None, calls: Calls | None = None) -> BlockCopy:
    async def authorization() -> str:
        return "Bearer x"

    found: Any = client
    return BlockCopy(calls or Calls(), found, URL, authorization, one, replaces, size=10)


async def test_each_block_is_put_from_the_version_that_was_listed_and_the_blob_is_made_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, calls = Client(), Calls()
    client.answers["uncommitted"] = NO_BLOB
    counted: list[int] = []
    monkeypatch.setattr(blockcopies, "moved", lambda *, bytes: counted.append(bytes))
    assert await copying(client, calls=calls).made(never) == '"0x9"'
    assert sorted(counted) == [5, 10, 10]
    assert sorted(client.staged, key=lambda one: one[0]) == [
        (
            block.id,
            URL,
            {
                "source_offset": block.offset,
                "source_length": block.length,
                "source_authorization": "Bearer x",
                "headers": {"x-ms-source-if-match": '"s"'},
                "read_timeout": retrying.copy_seconds(block.length),
            },
        )
        for block in BLOCKS
    ]
    [(ids, named)] = client.made
    assert ids == [block.id for block in BLOCKS]
    settings = named.pop("content_settings")
    assert (settings.content_type, bytes(settings.content_md5)) == ("x/y", b"md5")
    assert named == {
        "metadata": {"a": "b"},
        "tags": {"t": "u"},
        "standard_blob_tier": "Cool",
        "match_condition": MatchConditions.IfMissing,
    }
    assert calls.made == [("GET", TARGET), *[("PUT", TARGET)] * 4]


async def test_what_a_blob_has_not_is_not_set_and_only_the_version_that_is_known_is_replaced() -> None:
    client = Client()
    await copying(client, blob("d", 5, '"s"'), replaces='"t"').made(never)
    [(_, named)] = client.made
    assert named.pop("content_settings").content_md5 is None
    assert named == {
        "metadata": None,
        "tags": None,
        "standard_blob_tier": None,
        "etag": '"t"',
        "match_condition": MatchConditions.IfNotModified,
    }


async def test_an_earlier_attempt_is_gone_on_with() -> None:
    client = Client()
    # The second is of another length: it is put anew.
    client.uncommitted = {BLOCKS[0].id: 10, BLOCKS[1].id: 9}
    await copying(client).made(never)
    assert {one[0] for one in client.staged} == {BLOCKS[1].id, BLOCKS[2].id}
    assert client.made[0][0] == [block.id for block in BLOCKS]


async def test_blocks_of_a_blob_that_is_there_are_none_that_wait() -> None:
    client = Client()
    client.committed = {block.id: block.length for block in BLOCKS}
    await copying(client).made(never)
    assert len(client.staged) == 3


async def test_blocks_of_somebody_else_are_left_alone() -> None:
    client = Client()
    client.uncommitted = {"short": 10}
    with pytest.raises(ConflictError) as raised:
        await copying(client).made(never)
    assert raised.value.address == TARGET and client.staged == client.made == []
    # Another version's have ids of the same length, and are in nobody's way.
    client.uncommitted = {"x" * len(BLOCKS[0].id): 10}
    await copying(client).made(never)
    assert len(client.made) == 1


async def test_no_blob_is_made_once_it_is_to_stop() -> None:
    client = Client()
    with pytest.raises(InterruptedRunError):
        await copying(client, replace(OURS, length=300)).made(lambda: len(client.staged) >= 1)
    assert 1 < len(client.staged) < 30 and client.made == []


async def test_eight_blocks_are_under_way_at_once() -> None:
    client = Client()
    await copying(client, replace(OURS, length=300)).made(never)
    assert len(client.staged) == 30 and client.most == 8


@pytest.mark.parametrize("error", [refusal(404, "ContainerNotFound"), refusal(404, "BlobNotFound")])
async def test_where_nothing_is_there_no_block_is(error: ServiceError) -> None:
    client = Client()
    client.answers["uncommitted"] = error
    await copying(client).made(never)
    assert len(client.staged) == 3


async def test_a_list_that_is_refused_is_an_error() -> None:
    client = Client()
    client.answers["uncommitted"] = refusal(403, "AuthorizationFailure")
    with pytest.raises(ServiceError, match="AuthorizationFailure"):
        await copying(client).made(never)
    assert client.staged == []


@pytest.mark.parametrize(
    ("status", "doubtful", "committed", "etag"),
    [
        (409, True, {block.id: block.length for block in BLOCKS}, '"0x7"'),
        (412, True, {block.id: block.length for block in BLOCKS}, '"0x7"'),
        # Of other blocks it is another's; one that is certain, or says something else, is an error.
        (409, True, {block.id: block.length for block in BLOCKS[:2]}, ""),
        (409, True, {block.id: 1 for block in BLOCKS}, ""),
        (409, True, {}, ""),
        (409, False, {block.id: block.length for block in BLOCKS}, ""),
        (408, True, {block.id: block.length for block in BLOCKS}, ""),
        (410, True, {block.id: block.length for block in BLOCKS}, ""),
        (411, True, {block.id: block.length for block in BLOCKS}, ""),
        (413, True, {block.id: block.length for block in BLOCKS}, ""),
    ],
)
async def test_a_blob_that_is_there_after_a_lost_answer_is_ours_where_its_blocks_are(
    status: int, doubtful: bool, committed: dict[str, int], etag: str
) -> None:
    client, calls = Client(), Calls()
    client.answers["commit"] = refusal(status, "BlobAlreadyExists", doubtful=doubtful)
    client.committed = committed
    if etag:
        assert await copying(client, calls=calls).made(never) == etag
        assert calls.made[-2:] == [("HEAD", TARGET), ("GET", TARGET)] and client.asked[-1] == "committed"
    else:
        with pytest.raises(ServiceError, match="BlobAlreadyExists"):
            await copying(client, calls=calls).made(never)


def test_a_block_is_as_large_as_the_documentation_says() -> None:
    """256 MiB each, and the rest."""
    assert [one.length for one in blocks_of(URL, OURS.etag, 600_000_000)] == [268_435_456, 268_435_456, 63_129_088]
