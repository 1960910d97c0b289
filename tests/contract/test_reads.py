"""Reads over libcurl against the local Azure: whom they trust, how they are refused, and what is left when one is
given up."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import certifi
import pytest
from tests.acceptance.world import World, make_world
from tests.builders import fault

from amlmigrate.cloud import retrying
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Blob
from amlmigrate.core.workspace import Location

DATA = bytes(range(256)) * 16
SHA = hashlib.sha256(DATA).hexdigest()
COUNT = 40
NAME = "a b/ü#%41?.bin"


@pytest.fixture(scope="module")
def made(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Small blobs, one of them with a name that has to be encoded."""
    world = make_world(sandbox, tmp_path_factory.mktemp("reads"))
    with world.container_client("source") as client:
        for name in (NAME, *(f"many/{number:02d}" for number in range(COUNT))):
            client.upload_blob(name, DATA, overwrite=True)
    return world


@pytest.fixture
def world(made: World, azure_env: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(retrying, "_wait", lambda _: 0.0)
    yield made
    made.set_faults()


@asynccontextmanager
async def _listed(world: World) -> AsyncIterator[tuple[Side, dict[str, Blob]]]:
    side = Side(Login())
    try:
        place = Location(world.account("source"), world.container("source"))
        yield side, {blob.path: blob for blob in (await side.blobs.listing(place))[0]}
    finally:
        await side.close()
        await asyncio.sleep(0.1)


async def _sha(side: Side, world: World, blob: Blob) -> str:
    place = Location(world.account("source"), world.container("source"), blob.path)
    return (await side.blobs.digest(place, blob))[0]


async def test_a_name_is_encoded_as_the_service_has_it(world: World) -> None:
    async with _listed(world) as (side, found):
        assert await _sha(side, world, found[NAME]) == SHA


async def test_who_is_not_trusted_is_sent_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither a token nor a path: the connection ends before."""
    async with _listed(world) as (side, found):
        monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
        since = world.now()
        with pytest.raises(OutOfReachError) as refused:
            await _sha(side, world, found[NAME])
        assert "certificate" in refused.value.summary
        assert not [row for row in world.log(since) if row["method"] == "GET"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412])
async def test_a_refusal_is_told_in_the_words_of_the_service(world: World, status: int) -> None:
    words = "Words of the service, & more."
    body = f"<?xml version='1.0'?><Error><Code>Odd</Code><Message>{words.replace('&', '&amp;')}\nRequestId:1</Message></Error>"
    async with _listed(world) as (side, found):
        rule = fault("GET", "/many/00$", times=0, status=status)
        world.set_faults(dict(**rule, headers={"x-ms-error-code": "Odd"}, body=body + " " * 200_000))
        with pytest.raises(ServiceError) as refused:
            await _sha(side, world, found["many/00"])
    assert (refused.value.status, refused.value.code, refused.value.message) == (status, "Odd", words)
    assert refused.value.url.endswith("/many/00")


async def test_a_redirect_is_not_followed(world: World) -> None:
    """It would send the token to whoever is named."""
    async with _listed(world) as (side, found):
        other = f"https://{world.account('target')}.blob.core.windows.net/elsewhere"
        match = {"method": "GET", "path": "/many/00$", "times": 0}
        world.set_faults(fault(**match, status=307, headers={"Location": other}))
        since = world.now()
        with pytest.raises(OutOfReachError):
            await _sha(side, world, found["many/00"])
        assert not [row for row in world.log(since) if row["path"] == "/elsewhere"]


async def test_another_version_than_was_listed_is_not_read(world: World) -> None:
    async with _listed(world) as (side, found):
        with pytest.raises(ServiceError) as refused:
            await _sha(side, world, replace(found["many/00"], etag='"0x8DC0000000000000"'))
    assert (refused.value.status, refused.value.code) == (412, "ConditionNotMet")


async def test_reads_that_are_given_up_leave_the_others_whole(world: World) -> None:
    async with _listed(world) as (side, found):
        world.set_faults(fault("GET", "/many/.[05]$", times=0, hang="before"))
        reads = {blob.path: asyncio.create_task(_sha(side, world, blob)) for blob in found.values()}
        slow = {path for path in reads if path[-1] in "05" and path != NAME}
        done, _ = await asyncio.wait([task for path, task in reads.items() if path not in slow], timeout=60)
        assert len(done) == len(reads) - len(slow) and {task.result() for task in done} == {SHA}
        for path in slow:
            reads[path].cancel()
        await asyncio.wait(reads.values())
        assert all(reads[path].cancelled() for path in slow)
        world.set_faults()
        # Their handles and places are free again.
        assert {await _sha(side, world, found[path]) for path in slow} == {SHA}
        assert side.blobs._raw._curl._under_way == {}


async def test_each_call_is_logged_and_no_token_in_it(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with _listed(world) as (side, found):
        await _sha(side, world, found["many/00"])
    [line] = [record.getMessage() for record in caplog.records if record.name == "amlmigrate.cloud.curl"]
    assert line.startswith("GET https://") and line.endswith("/many/00 was answered 200")
    assert "Bearer" not in caplog.text
