"""The one poller, on a made clock: every state, address and deadline that a wait can meet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.errors import refusal, silence

from amlmigrate.cloud.arm import Answer
from amlmigrate.cloud.errors import NotSettledError, ProvisioningFailedError, ServiceError
from amlmigrate.cloud.operations import STATES, Ending, Operation, going, of_resource, under_way
from amlmigrate.cloud.polling import Poller, ended
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.clock import Clock, Pace, Wait
from amlmigrate.core.documents import Document
from amlmigrate.core.workspace import WorkspaceRef

URL, PATH = "https://management.azure.com/operations/1?t=1&s=signature", "/subscriptions/s/resourceGroups/g/x"
TELLS, LINK = Operation(URL, tells=True), Operation(URL, tells=False)
DONE = {"properties": {"provisioningState": "Succeeded"}}
BUSY = {"properties": {"provisioningState": "Creating"}}
ODD = {"properties": {"provisioningState": "Rebalancing"}}


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def status(word: str, **more: Any) -> Answer:
    return answer({"status": word, **more})


def refused(code: int, url: str = URL) -> ServiceError:
    return refusal(code, "NotFound", "nothing of that", url=url)


@dataclass
class Azure:
    """What the operation's address and the resource give, one after the other, the last for ever."""

    operation: list[Any] = field(default_factory=list)
    resource: list[Any] = field(default_factory=list)
    time: float = 0.0
    slept: list[float] = field(default_factory=list)
    polled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._operation, self._resource = self._for_ever(self.operation), self._for_ever(self.resource)

    @staticmethod
    def _for_ever(some: list[Any]) -> Iterator[Any]:
        return chain(some[:-1], repeat(some[-1])) if some else iter(())

    async def call(self, method: str, path: str) -> Answer:
        assert method == "GET"
        self.polled.append(path)
        return self._given(self._operation)

    async def get(self, path: str) -> Document | None:
        assert path == PATH
        return self._given(self._resource)

    @staticmethod
    def _given(some: Iterator[Any]) -> Any:
        found = next(some)
        if isinstance(found, Exception):
            raise found
        return found

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    @property
    def poller(self) -> Poller:
        return Poller(self, Pace(Clock(lambda: self.time, self.sleep)))

    def settled(self, operation: Operation | None = None) -> Document | None:
        return asyncio.run(self.poller.settled(PATH, operation))


@pytest.mark.parametrize("word", ["Creating", "Updating", "Deleting", "SoftDeleting", "Accepted", "Rebalancing"])
def test_every_word_that_is_no_end_is_under_way(word: str) -> None:
    assert under_way({"properties": {"provisioningState": word}})
    assert TELLS.ending(200, {"status": word}) is Ending.UNDER_WAY
    assert going({"properties": {"provisioningState": word}}) is word.endswith("eleting")


@pytest.mark.parametrize("word", sorted(STATES))
@pytest.mark.parametrize("spelled", [str.lower, str.title, str.upper])
def test_an_end_is_one_however_it_is_spelled(word: str, spelled: Callable[[str], str]) -> None:
    expected = STATES[word]
    assert of_resource({"properties": {"provisioningState": spelled(word)}}) is expected
    assert of_resource({"registrationState": spelled(word)}) is expected
    assert TELLS.ending(200, {"status": spelled(word)}) is LINK.ending(200, {"status": spelled(word)}) is expected


@pytest.mark.parametrize("document", [None, {}, {"properties": {}}, {"properties": None}, {"properties": []}])
def test_nothing_is_under_way_at_what_tells_no_state(document: Any) -> None:
    assert of_resource(document) is Ending.SUCCEEDED


def test_what_an_operations_answer_says() -> None:
    # A page of something in between, or one without a word: no success.
    for body in ({}, None, [], "text", {"status": 200}, {"status": ""}, {"status": None}):
        assert TELLS.ending(200, body) is Ending.UNKNOWN
    assert (LINK.ending(202, None), LINK.ending(200, None), LINK.ending(204, None)) == (
        Ending.UNDER_WAY,
        Ending.SUCCEEDED,
        Ending.SUCCEEDED,
    )
    # Where `Location` is the resource itself, its own state tells.
    assert [LINK.ending(200, each) for each in (BUSY, ODD, DONE)] == [
        Ending.UNDER_WAY,
        Ending.UNDER_WAY,
        Ending.SUCCEEDED,
    ]


def test_where_an_answer_says_that_it_is_polled() -> None:
    both = {"Azure-AsyncOperation": "a", "Location": "b"}
    for code in (200, 201, 202):
        assert Operation.of(code, both) == Operation("a", tells=True, after=0.5)
    assert Operation.of(202, {"Location": "b", "Retry-After": "7"}) == Operation("b", tells=False, after=7.0)
    assert (
        all(Operation.of(code, {"Location": "b"}) is None for code in (200, 201)) and Operation.of(202, {}) is None
    )
    kept = json.loads(json.dumps(Operation.of(202, both).as_dict()))  # type: ignore[union-attr]  # of an answer that names one
    # Whoever takes it up after a kill looks at once.
    assert Operation.of_dict(kept) == Operation("a", tells=True, after=0.0)


@pytest.mark.parametrize("first", [answer(None, 202), status("InProgress"), status("Rebalancing")])
def test_an_operation_is_followed_unchanged_until_its_end_and_the_resource_after_it(first: Answer) -> None:
    azure = Azure([first, first, status("Succeeded")], [BUSY, DONE])
    assert azure.settled(TELLS) == DONE
    assert azure.polled == [URL] * 3


def test_what_the_service_asks_to_wait_is_kept_to_the_second_else_pauses_grow() -> None:
    azure = Azure(
        [answer({"status": "Creating"}, Retry_After="17"), status("Creating"), status("Succeeded")], [DONE]
    )
    assert azure.settled(Operation.of(201, {"Azure-AsyncOperation": URL, "Retry-After": "4"})) == DONE
    assert azure.slept == [4.0, 17.0, 1.125]
    slow = Azure([], [*[BUSY] * 12, DONE])
    slow.settled()
    assert slow.slept[:3] == [0.5, 0.75, 1.125] and slow.slept[-1] == 15.0


@pytest.mark.parametrize("word", ["Failed", "Canceled", "Cancelled"])
def test_a_failure_has_the_services_words(word: str) -> None:
    error = {
        "code": "QuotaExceeded",
        "message": "No cores left.",
        "details": [{"code": "Cores", "message": "0 of 8"}],
    }
    with pytest.raises(ProvisioningFailedError, match=r"QuotaExceeded: No cores left: Cores 0 of 8") as caught:
        Azure([status(word, error=error)], [DONE]).settled(TELLS)
    assert (caught.value.code, caught.value.codes, caught.value.transient) == (
        "QuotaExceeded",
        ("QuotaExceeded", "Cores"),
        False,
    )
    # Nothing but the state is said.
    with pytest.raises(ProvisioningFailedError, match=f"but it failed: {word}: no message"):
        Azure([status(word)], [DONE]).settled(TELLS)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({}, "Failed: no message"),
        ({"provisioningErrors": [{"error": {"code": "A", "message": "b"}}]}, "A: b"),
        ({"provisioningErrors": [{"code": "A", "message": "b"}]}, "A: b"),
        ({"error": {"code": "A", "message": "b"}}, "A: b"),
        ({"provisioningErrors": None, "error": "text"}, "Failed: no message"),
    ],
)
def test_a_resource_that_failed_is_a_failure_on_resume(properties: Document, words: str) -> None:
    found = {"properties": {"provisioningState": "Failed", **properties}}
    with pytest.raises(ProvisioningFailedError, match=words):
        Azure([], [BUSY, found]).settled()
    # Where only its rest is waited for, whoever asks decides.
    assert asyncio.run(Azure([], [BUSY, found]).poller.at_rest(PATH)) == found


@pytest.mark.parametrize("forgotten", [refused(404), refused(410), answer({}), answer(None)])
def test_an_address_that_is_forgotten_or_says_nothing_is_no_end(forgotten: Any) -> None:
    assert Azure([status("Updating"), forgotten], [BUSY, BUSY, DONE]).settled(TELLS) == DONE
    with pytest.raises(ProvisioningFailedError):
        Azure([forgotten], [{"properties": {"provisioningState": "Failed"}}]).settled(TELLS)


@pytest.mark.parametrize("error", [refused(401), refused(403), refused(500), silence("cut", url=URL)])
def test_any_other_answer_ends_the_wait_with_itself(error: Exception) -> None:
    with pytest.raises(type(error)):
        Azure([status("Updating"), error], [DONE]).settled(TELLS)
    with pytest.raises(type(error)):
        Azure([], [BUSY, error]).settled()


@pytest.mark.parametrize("behind", [None, refused(404, PATH)])
def test_reads_behind_a_write_are_read_again_and_what_stays_away_is_told(behind: Any) -> None:
    assert Azure([status("Succeeded")], [behind, behind, BUSY, DONE]).settled(TELLS) == DONE
    azure = Azure([], [BUSY, behind])
    if behind is None:
        assert azure.settled() is None
    else:
        # It does not say of the resource that it is not there: that is no absence.
        with pytest.raises(ServiceError, match="404 NotFound"):
            azure.settled()
    assert 60.0 < azure.time < 80.0
    # Where nothing was written one look is enough.
    assert asyncio.run(Azure([], [None]).poller.at_rest(PATH)) is None


@pytest.mark.parametrize(("resource", "word"), [(BUSY, "Creating"), (ODD, "Rebalancing")])
def test_a_resource_that_never_rests_is_told_as_not_known(resource: Document, word: str) -> None:
    azure = Azure([], [resource])
    with pytest.raises(NotSettledError, match=f"not known.*still '{word}'") as caught:
        azure.settled()
    assert azure.time == 3600.0 and "run the same command again" in caught.value.remedy


@pytest.mark.parametrize("word", ["Updating", "Rebalancing"])
def test_an_operation_that_never_ends_is_told_as_not_known(word: str) -> None:
    for wait in (lambda poller: poller.settled(PATH, TELLS), lambda poller: poller.finish(TELLS, PATH)):
        azure = Azure([status(word)], [DONE])
        with pytest.raises(NotSettledError, match=f"not known.*still '{word}'"):
            asyncio.run(wait(azure.poller))
        assert azure.time == 3600.0
    # The deadline holds, whatever the service asks.
    azure = Azure([answer({"status": word}, Retry_After="100000")], [DONE])
    with pytest.raises(NotSettledError):
        azure.settled(TELLS)
    assert azure.time == 3600.0


def test_finishing_takes_no_answer_that_says_nothing_for_done() -> None:
    # At once: nobody waited for an hour, and nothing says so.
    with pytest.raises(NotSettledError, match="not known: the operation's address says nothing of its end"):
        asyncio.run(Azure([answer({})], [DONE]).poller.finish(TELLS, PATH))
    with pytest.raises(ServiceError, match="404"):
        asyncio.run(Azure([refused(404)], [DONE]).poller.finish(TELLS, PATH))
    with pytest.raises(ProvisioningFailedError):
        asyncio.run(Azure([status("Failed")], [DONE]).poller.finish(TELLS, PATH))
    asyncio.run(Azure([status("Succeeded")], []).poller.finish(TELLS, PATH))


def test_a_deletion_is_waited_for_until_absence_is_shown() -> None:
    azure = Azure([], [DONE, {"properties": {"provisioningState": "Deleting"}}, None])
    asyncio.run(azure.poller.gone(PATH))
    assert len(azure.slept) == 2
    for stays in (DONE, refused(404, PATH)):
        with pytest.raises((NotSettledError, ServiceError)):
            asyncio.run(Azure([], [stays]).poller.gone(PATH))


def test_each_state_that_is_waited_through_is_told_once() -> None:
    told: list[str] = []
    azure = Azure([], [BUSY, BUSY, {"properties": {"provisioningState": "Updating"}}, DONE])
    assert asyncio.run(azure.poller.at_rest(PATH, waiting=told.append)) == DONE
    assert told == ["creating", "updating"]


def test_an_operation_is_polled_to_its_end_and_not_for_ever() -> None:
    def polling(*endings: Ending) -> tuple[Ending, float]:
        azure, some = Azure(), Azure._for_ever(list(endings))

        async def look() -> tuple[Ending, Answer]:
            return next(some), answer(None)

        return asyncio.run(ended(look, azure.poller.pace))[0], azure.time

    assert polling(Ending.UNDER_WAY, Ending.UNDER_WAY, Ending.SUCCEEDED)[0] is Ending.SUCCEEDED
    assert polling(Ending.UNDER_WAY, Ending.FAILED)[0] is Ending.FAILED
    assert polling(Ending.UNKNOWN) == (Ending.UNKNOWN, 0.0)
    assert polling(Ending.UNDER_WAY) == (Ending.UNDER_WAY, 3600.0)


def test_a_later_process_polls_the_address_that_the_first_one_kept() -> None:
    """The port as kinds use it: what `put` gives is all that a ledger has to keep."""
    ref = WorkspaceRef("00000000-0000-0000-0000-000000000001", "g", "w")
    path = f"{ref.id}/onlineEndpoints/e"
    seen: list[str] = []

    class Client(Azure):
        async def get(self, asked: str) -> Document | None:
            seen.append(asked)
            return DONE

        async def put(self, *_: Any) -> Answer:
            return answer(BUSY, 201, Azure_AsyncOperation=URL, Location=path)

    first = Client([status("Updating")])
    written = asyncio.run(WorkspaceClient(SimpleNamespace(put=first.put), ref).put("onlineEndpoints/e", {}))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert written.document == BUSY and written.operation == {"url": URL, "tells": True}
    second = Client([status("Updating"), status("Succeeded")])
    port = WorkspaceClient(SimpleNamespace(poller=second.poller), ref)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert asyncio.run(port.settled("onlineEndpoints/e", json.loads(json.dumps(written.operation)))) == DONE
    assert second.polled == [URL, URL] and seen == [path]
    # Without an address the resource's own state tells.
    third = Client()
    port = WorkspaceClient(SimpleNamespace(poller=third.poller), ref)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert asyncio.run(port.settled("onlineEndpoints/e")) == DONE and third.polled == []


@pytest.mark.parametrize("name", ["Retry-After", "x-ms-retry-after-ms"])
def test_no_time_to_wait_is_none_that_the_service_names(name: str) -> None:
    busy = Answer(202, {name: "0"}, None)
    azure = Azure([*[busy] * 12, status("Succeeded")], [DONE])
    assert azure.settled(Operation.of(202, {"Location": URL, name: "0"})) == DONE
    assert azure.slept[:4] == [0.5, 0.75, 1.125, 1.6875] and azure.slept[-1] == 15.0
    hasty = Azure([Answer(202, {"x-ms-retry-after-ms": "1"}, None), status("Succeeded")], [DONE])
    hasty.settled(TELLS)
    assert min(hasty.slept) == 0.5


def test_no_pause_goes_beyond_the_deadline() -> None:
    azure = Azure()
    wait = Wait(Pace(Clock(lambda: azure.time, azure.sleep), longest=10.0))
    asyncio.run(wait.pause(8.0))
    asyncio.run(wait.pause(8.0))
    assert azure.slept == [8.0, 2.0] and wait.over
