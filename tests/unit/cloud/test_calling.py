"""A call is made again only where that is harmless, or once it was looked at what the lost one made."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal, silence

import amlmigrate
from amlmigrate.cloud import retrying
from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.pacing import Bucket, Crowd
from amlmigrate.cloud.twice import HARMLESS, NEVER, Twice, found_by
from amlmigrate.core.errors import MigrateError, RefusedError

PACKAGE = Path(amlmigrate.__file__).parent
LOST = silence("cut", method="POST")


@dataclass
class Lane:
    """Counts the turns, and tells when one is held."""

    turns: int = 0
    held: bool = False
    errors: list[int] = field(default_factory=list)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        assert not self.held
        self.turns += 1
        self.held = True
        try:
            yield
        finally:
            self.held = False

    def failed(self, error: ServiceError) -> None:
        self.errors.append(error.status)


@dataclass
class Service:
    """Makes a thing each time that a call reaches it; what each call comes to, one after the other."""

    outcomes: list[Any]
    made: int = 0
    calls: int = 0

    async def call(self) -> str:
        outcome = self.outcomes[min(self.calls, len(self.outcomes) - 1)]
        self.calls += 1
        if outcome in ("served", "lost"):
            self.made += 1
        if outcome == "lost":
            raise LOST
        if isinstance(outcome, Exception):
            raise outcome
        return f"thing {self.made}"

    async def look(self) -> str | None:
        return f"thing {self.made}, seen" if self.made else None


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between attempts."""
    monkeypatch.setattr(retrying, "_wait", lambda _: 0.0)


async def _make(service: Service, twice: Twice[Any], lane: Lane | None = None) -> str:
    return await Caller(lane or Lane()).call("POST", "u", service.call, twice=twice)


@pytest.mark.parametrize("trouble", [LOST, refusal(503), refusal(500), refusal(408)])
async def test_what_is_harmless_is_made_again(trouble: Exception) -> None:
    service = Service([trouble, "served"])
    assert await _make(service, HARMLESS) == "thing 1" and service.calls == 2


@pytest.mark.parametrize("trouble", [LOST, refusal(503), refusal(500), refusal(408)])
async def test_what_must_not_be_made_twice_is_told_as_left_open(trouble: MigrateError) -> None:
    service = Service([trouble, "served"])
    with pytest.raises(type(trouble), match="may have been carried out all the same") as caught:
        await _make(service, NEVER)
    assert service.calls == 1 and caught.value.retried
    trouble.retried = False


@pytest.mark.parametrize("refusal", [refusal(429), refusal(401)])
@pytest.mark.parametrize("twice", [NEVER, HARMLESS])
async def test_what_was_refused_was_not_done_and_is_asked_for_again(refusal: Exception, twice: Twice[Any]) -> None:
    service = Service([refusal, "served"])
    assert await _make(service, twice) == "thing 1" and service.calls == 2


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412])
@pytest.mark.parametrize("twice", [NEVER, HARMLESS])
async def test_what_is_refused_for_good_is_asked_once(status: int, twice: Twice[Any]) -> None:
    service = Service([refusal(status)])
    with pytest.raises(ServiceError) as caught:
        await _make(service, twice)
    assert service.calls == 1 and "carried out" not in caught.value.summary


async def test_what_a_lost_call_made_is_found_and_not_made_twice() -> None:
    service, lane = Service(["lost", "served"]), Lane()
    assert await _make(service, found_by(service.look), lane) == "thing 1, seen"
    assert (service.made, service.calls, lane.turns) == (1, 1, 1)


async def test_what_a_lost_call_did_not_make_is_made() -> None:
    service = Service([LOST, "served"])
    assert await _make(service, found_by(service.look)) == "thing 1" and service.calls == 2


async def test_nothing_is_looked_at_while_a_turn_is_held_or_without_a_doubt() -> None:
    lane, looked = Lane(), list[bool]()

    async def look() -> str | None:
        looked.append(lane.held)
        return None

    assert await _make(Service([refusal(429), "served"]), found_by(look), lane) == "thing 1"
    assert looked == [] and lane.errors == [429]
    assert await _make(Service([LOST, refusal(429), "served"]), found_by(look), lane) == "thing 1"
    assert looked == [False, False]


@pytest.mark.parametrize("error", [refusal(403), refusal(503), silence("cut")])
async def test_a_look_that_fails_ends_the_call_with_its_own_error(error: MigrateError) -> None:
    service = Service(["lost", "served"])

    async def look() -> str | None:
        raise error

    with pytest.raises(type(error)) as caught:
        await _make(service, found_by(look))
    assert caught.value is error and service.calls == 1


async def test_the_doubt_of_an_answer_is_told_with_it() -> None:
    caller = Caller(Lane())
    assert await caller.made("PUT", "u", Service(["lost", "served"]).call) == ("thing 2", True)
    assert await caller.made("PUT", "u", Service([refusal(429), "served"]).call) == ("thing 1", False)
    with pytest.raises(ServiceError) as caught:
        await caller.call("PUT", "u", Service(["lost", refusal(412)]).call)
    assert caught.value.doubtful


@pytest.mark.parametrize("before", [LOST, refusal(429)])
async def test_a_look_that_is_refused_takes_no_doubt_from_an_attempt_before_it(before: Exception) -> None:
    service = Service([before, "served"])

    async def first() -> None:
        if service.calls:
            raise refusal(403)

    with pytest.raises(ServiceError) as caught:
        await Caller(Lane()).call("DELETE", "u", service.call, first=first)
    assert (caught.value.doubtful, service.calls) == (before is LOST, 1)


async def test_what_is_looked_at_first_is_looked_at_before_each_attempt() -> None:
    looked: list[int] = []
    service = Service([refusal(503), LOST, "served"])

    async def first() -> None:
        looked.append(service.calls)
        if service.calls == 2:
            raise RefusedError("It is there again.")

    with pytest.raises(RefusedError):
        await Caller(Lane()).call("DELETE", "u", service.call, first=first)
    assert looked == [0, 1, 2] and service.calls == 2


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that would have been made: as long as the answer asks for."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(retrying, "_wait", lambda state: state.outcome.exception().retry_after)
    return found


async def test_what_is_looked_at_between_two_attempts_ends_the_wait(slept: list[float]) -> None:
    service, looks = Service([refusal(429, retry_after=600), "served"]), list[int]()

    async def first() -> None:
        looks.append(len(slept))
        if len(looks) == 3:
            raise refusal(503)
        if len(looks) == 5:
            raise RefusedError("Somebody else has done it.")

    with pytest.raises(RefusedError):
        await Caller(Lane()).call("PUT", "u", service.call, first=first, every=5)
    assert (service.calls, slept, looks) == (1, [5, 5, 5, 5], [0, 1, 2, 3, 4])


async def test_a_wait_with_looks_is_as_long_as_one_without(slept: list[float]) -> None:
    service = Service([refusal(429, retry_after=12), "served"])
    assert await Caller(Lane()).call("PUT", "u", service.call, every=5) == "thing 1"
    assert slept == [5, 5, 2]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_method_that_does_not_say_it_by_itself_has_to_be_declared(method: str) -> None:
    with pytest.raises(ValueError, match="say whether it is harmless"):
        await Caller(Lane()).call(method, "u", Service(["served"]).call)
    for idempotent in ("GET", "HEAD", "PUT", "DELETE"):
        assert await Caller(Lane()).call(idempotent, "u", Service(["served"]).call) == "thing 1"


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (refusal(503, "ServerBusy"), 4.0),
        (refusal(500, "OperationTimedOut"), 4.0),
        (refusal(429, "Throttled"), 4.0),
        (refusal(500, "InternalError"), 8.0),
        (refusal(403), 8.0),
    ],
)
async def test_who_is_too_much_for_a_service_has_half_as_many_calls_under_way(
    error: ServiceError, limit: float
) -> None:
    crowd = Crowd(8)
    crowd.failed(error)
    assert crowd.limit == limit


async def test_a_bucket_lets_nobody_through_once_one_is_throttled() -> None:
    bucket = Bucket(10, 1.0, 10)
    bucket.failed(refusal(503))
    assert bucket.paused_until == 0.0
    bucket.failed(refusal(429, retry_after=60.0))
    assert bucket.paused_until - bucket.at > 59.0


def test_nobody_else_repeats_calls() -> None:
    """One place for retry: all clients go through the wrapper, but for what is to be tried once."""
    users = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in ("retrying", "AsyncRetrying")
    }
    assert users == {"cloud/calling.py", "cloud/retrying.py"}
