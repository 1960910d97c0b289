"""The calls on a lease's blob: what each sends, what counts as no blob, and which state is held."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core import MatchConditions
from tests.builders.errors import refusal

from amlmigrate.cloud import leases as module
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.leases import Leases
from amlmigrate.core.lease import SECONDS, Holder
from amlmigrate.core.workspace import Location

PLACE = Location("acct", "c", "lease")
HOLDER = Holder("here", "/plans/é", "ws1", "run", "2026-01-01T00:00:00+00:00")
URL = "https://acct/c/lease"
GONE = [(404, "BlobNotFound"), (404, "ContainerNotFound")]
OTHER = [(404, "ResourceNotFound"), (404, ""), (403, "BlobNotFound"), (409, "ContainerBeingDeleted"), (500, "X")]


class Client:
    """Azure's client of one blob: answers, or raises, what a test gave it, and keeps what it was asked."""

    url = URL

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            self.asked.append((name, arguments, named))
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return call


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client()

    async def translated(_method: str, _url: str, call: Any) -> Any:
        return await call()

    monkeypatch.setattr(module, "translated", translated)
    monkeypatch.setattr(module, "BlobLeaseClient", lambda client, id_: client)
    return made


@pytest.fixture
async def calls(client: Client, monkeypatch: pytest.MonkeyPatch) -> Any:
    credential = Credential(Login())
    leases = Leases(Login(), credential)

    async def once(_method: str, _url: str, call: Any) -> Any:
        return await call()

    monkeypatch.setattr(leases, "_caller", SimpleNamespace(call=once))
    monkeypatch.setattr(leases, "_client", lambda _: client)
    yield leases
    await leases.close()
    await credential.close()


def properties(state: Any, duration: Any = None, metadata: dict[str, str] | None = None) -> Any:
    return SimpleNamespace(lease=SimpleNamespace(state=state, duration=duration), metadata=metadata)


@pytest.mark.parametrize(
    ("state", "held"),
    [
        ("leased", True),
        ("breaking", True),
        ("something new", True),
        ("available", False),
        ("expired", False),
        ("Broken", False),
        ("", False),
        (None, False),
        (SimpleNamespace(value="LEASED"), True),
        (SimpleNamespace(value="available"), False),
    ],
    ids=str,
)
async def test_only_a_state_that_is_known_to_be_free_is_free(
    state: Any, held: bool, calls: Leases, client: Client
) -> None:
    client.answer = properties(state)
    found = await calls.state(PLACE)
    assert (found.held, found.holder, found.endless) == (held, None, False)


@pytest.mark.parametrize(("duration", "endless"), [("infinite", True), ("fixed", False), (None, False)])
async def test_who_has_it_and_whether_it_ends_is_read(
    duration: str | None, endless: bool, calls: Leases, client: Client
) -> None:
    client.answer = properties("leased", duration, HOLDER.metadata())
    found = await calls.state(PLACE)
    assert (found.holder, found.endless) == (HOLDER, endless)


@pytest.mark.parametrize(("status", "code"), GONE)
async def test_where_the_service_says_that_there_is_no_blob_there_is_none(
    status: int, code: str, calls: Leases, client: Client
) -> None:
    client.answer = refusal(status, code)
    found = await calls.state(PLACE)
    assert found.held is False and found.holder is None
    assert await calls.read(PLACE) is None
    await calls.remove(PLACE, "id")


@pytest.mark.parametrize(("status", "code"), OTHER)
async def test_any_other_answer_is_no_knowledge(status: int, code: str, calls: Leases, client: Client) -> None:
    client.answer = refusal(status, code)
    for act in (calls.state(PLACE), calls.read(PLACE), calls.remove(PLACE, "id")):
        with pytest.raises(ServiceError):
            await act


@pytest.mark.parametrize(
    ("status", "code", "there"),
    [
        (409, "BlobAlreadyExists", True),
        (412, "LeaseIdMissing", True),
        (409, "LeaseIdMissing", True),
        (409, "ContainerBeingDeleted", False),
        (403, "BlobAlreadyExists", False),
        (404, "ContainerNotFound", False),
    ],
)
async def test_the_blob_is_made_unless_it_is_there(
    status: int, code: str, there: bool, calls: Leases, client: Client
) -> None:
    await calls.create(PLACE, {"a": "b"})
    assert client.asked == [("upload_blob", (b"",), {"overwrite": False, "metadata": {"a": "b"}})]
    client.answer = refusal(status, code)
    if there:
        await calls.create(PLACE, {})
    else:
        with pytest.raises(ServiceError):
            await calls.create(PLACE, {})


async def test_taking_tells_of_each_attempt_and_asks_for_a_minute(calls: Leases, client: Client) -> None:
    sent: list[str] = []
    await calls.acquire(PLACE, "id", lambda: sent.append("sent"))
    assert sent == ["sent"]
    [(name, _, named)] = client.asked
    assert name == "acquire" and named["lease_duration"] == SECONDS == 60
    assert 0 < named["read_timeout"] < 10, "a renewal may follow in time"


async def test_renewing_and_releasing_wait_no_longer_than_a_renewal_may(calls: Leases, client: Client) -> None:
    await calls.renew(PLACE, "id")
    await calls.release(PLACE, "id")
    assert [(name, 0 < named["read_timeout"] < 10) for name, _, named in client.asked] == [
        ("renew", True),
        ("release", True),
    ]


async def test_a_write_is_of_the_blob_that_was_read_and_under_the_lease(calls: Leases, client: Client) -> None:
    await calls.write(PLACE, "id", b"data", '"0x1"', {"a": "b"})
    [(name, arguments, named)] = client.asked
    assert (name, arguments) == ("upload_blob", (b"data",))
    assert named == {
        "overwrite": True,
        "lease": client,
        "metadata": {"a": "b"},
        "etag": '"0x1"',
        "match_condition": MatchConditions.IfNotModified,
    }
    await calls.describe(PLACE, "id", {"c": "d"})
    await calls.remove(PLACE, "id")
    assert client.asked[1:] == [
        ("set_blob_metadata", ({"c": "d"},), {"lease": "id"}),
        ("delete_blob", (), {"lease": "id"}),
    ]


async def test_the_blob_is_read_with_its_etag(calls: Leases, client: Client) -> None:
    async def readall() -> bytes:
        return b"data"

    client.answer = SimpleNamespace(readall=readall, properties=SimpleNamespace(etag="0x1"))
    assert await calls.read(PLACE) == (b"data", '"0x1"')
    [(_, _, named)] = client.asked
    assert named == {"max_concurrency": 1, "decompress": False}


async def test_a_place_has_one_client_which_is_closed_with_the_rest() -> None:
    credential = Credential(Login())
    leases = Leases(Login(), credential)
    first = leases._client(PLACE)
    assert leases._client(PLACE) is first
    assert leases.url(PLACE) == first.url == f"https://acct.blob.{Login().endpoints.storage_suffix}/c/lease"
    assert first._config.retry_policy.total_retries == 0, "nothing retries twice"
    closed: list[int] = []

    async def close() -> None:
        closed.append(1)

    first.close = close  # type: ignore[method-assign]  # counts
    await leases.close()
    await credential.close()
    assert (
        closed == [1] and leases._transport._transport is None
        if hasattr(leases._transport, "_transport")
        else closed
    )
