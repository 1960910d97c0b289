"""Each call of a removal by itself: what a look shows, what an answer to a deletion is kept as, how it is said to have ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.arm import FakeArm
from tests.builders.errors import refusal
from tests.builders.world import OLD, OLD_ID, asset, by_hand, inventory

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.operations import Ending
from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId
from amlmigrate.core.clock import Clock
from amlmigrate.decommissioning import removal
from amlmigrate.decommissioning.gone import Sight
from amlmigrate.kinds import all_kinds

SUBSCRIPTION = f"/subscriptions/{OLD.subscription}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{OLD.group}"
LOCKS = "providers/Microsoft.Authorization/locks"
ASYNC = {"Azure-AsyncOperation": "https://x/operation"}


@dataclass
class Arm:
    """ARM as a removal asks it: a list of the group's workspaces, and answers to what changes something."""

    listed: list[str] | ServiceError = field(default_factory=list)
    answer: Any = None
    gone: bool = False
    polled: list[tuple[Ending, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    async def pages(self, path: str) -> AsyncIterator[dict[str, Any]]:
        assert path == ArmId.of(OLD.id).collection
        if isinstance(self.listed, ServiceError):
            raise self.listed
        for id_ in self.listed:
            yield {"id": id_}

    async def absent(self, error: ServiceError, path: str) -> bool:
        assert path == OLD.id
        return self.gone

    async def call(
        self, method: str, path: str, *, query: dict[str, str], first: Callable[[], Awaitable[object]]
    ) -> Any:
        await first()
        self.asked.append((method, path, query))
        if isinstance(self.answer, ServiceError):
            raise self.answer
        return self.answer

    async def poll(self, _: Any) -> tuple[Ending, Any]:
        if isinstance(self.answer, ServiceError):
            raise self.answer
        return self.polled.pop(0) if len(self.polled) > 1 else self.polled[0]


def port(arm: Arm, found: Any = None) -> Any:
    async def find() -> Any:
        if isinstance(found, ServiceError):
            raise found
        return found

    return SimpleNamespace(ref=OLD, arm=arm, find=find)


def document(workspace_id: str = OLD_ID, state: str = "Succeeded") -> dict[str, Any]:
    return {"id": OLD.id, "properties": {"workspaceId": workspace_id, "provisioningState": state}}


@pytest.mark.parametrize(
    ("found", "listed", "sight"),
    [
        (document(), [], Sight.LIVING),
        (document(OLD_ID.upper()), [], Sight.LIVING),
        (document(state="Deleting"), [], Sight.GOING),
        (document("other"), [], Sight.ANOTHER),
        (document("other", "Deleting"), [], Sight.ANOTHER),
        (document(""), [], Sight.UNKNOWN),
        (None, [], Sight.ABSENT),
        (None, [f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/other"], Sight.ABSENT),
        (None, [OLD.id.upper()], Sight.UNKNOWN),
        (refusal(404, "NotFound"), [], Sight.UNKNOWN),
        (refusal(400, "BadRequest"), [], Sight.UNKNOWN),
    ],
)
async def test_a_look_shows_what_it_may(found: Any, listed: list[str], sight: Sight) -> None:
    seen = await removal.look(port(Arm(listed), found), OLD_ID)
    assert seen.sight is sight
    assert bool(seen.told) is (sight in (Sight.UNKNOWN, Sight.ANOTHER))


@pytest.mark.parametrize("status", [401, 403, 429, 503])
async def test_what_is_not_about_the_workspace_ends_the_looking(status: int) -> None:
    for seen in (port(Arm(), refusal(status, "X")), port(Arm(refusal(status, "X")))):
        with pytest.raises(ServiceError):
            await removal.look(seen, OLD_ID)


@pytest.mark.parametrize(("gone", "sight"), [(True, Sight.ABSENT), (False, Sight.UNKNOWN)])
async def test_a_group_that_is_not_there_lists_nothing_only_where_that_is_shown(gone: bool, sight: Sight) -> None:
    arm = Arm(refusal(404, "ResourceGroupNotFound"), gone=gone)
    assert (await removal.look(port(arm), OLD_ID)).sight is sight
    # Of another answer nobody is asked whether it means that.
    assert (await removal.look(port(Arm(refusal(400, "X"), gone=True)), OLD_ID)).sight is Sight.UNKNOWN


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ([OLD.id], ""),
        ([OLD.id.upper()], ""),
        ([], "does not have the source"),
        ([f"{OLD.id}-2"], "does not have the source"),
        (refusal(403), "could not be read (AuthorizationFailed)"),
        (refusal(400, "X"), "could not be read (X)"),
    ],
)
async def test_a_list_that_would_not_show_it_gone_is_a_reason(listed: Any, words: str) -> None:
    found = await removal.not_in_list(port(Arm(listed)))
    assert len(found) == bool(words) and words in "".join(found)


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_a_list_that_may_be_read_later_is_no_reason(status: int) -> None:
    with pytest.raises(ServiceError):
        await removal.not_in_list(port(Arm(refusal(status, "X"))))


async def once() -> None:
    """Whatever has to hold right before an attempt."""


def answered(status: int, headers: dict[str, str] | None = None, body: Any = None) -> Any:
    return SimpleNamespace(status=status, headers=headers or {}, body=body)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (answered(202, ASYNC), {"url": "https://x/operation", "tells": True}),
        (answered(202, {"Location": "https://x/l"}), {"url": "https://x/l", "tells": False}),
        (answered(200, ASYNC), {"url": "https://x/operation", "tells": True}),
        # Accepted, and nothing will say how it ended.
        (answered(202), {"url": "", "ending": "unknown"}),
        (answered(200), {"url": "", "ending": "succeeded"}),
        (answered(204), None),
        (answered(201, ASYNC), None),
    ],
)
async def test_only_an_accepted_deletion_is_kept_and_as_far_as_it_tells(answer: Any, kept: Any) -> None:
    arm = Arm(answer=answer)
    assert await removal.delete(port(arm), once) == kept
    assert arm.asked == [("DELETE", OLD.id, {})]


async def test_a_purge_says_so_and_nothing_else_does() -> None:
    arm = Arm(answer=answered(204))
    await removal.delete(port(arm), once, purge=True)
    assert arm.asked == [("DELETE", OLD.id, {"api-version": "2024-04-01", "forceToPurge": "true"})]


@pytest.mark.parametrize("gone", [True, False])
async def test_a_refused_deletion_is_none_where_there_is_nothing_and_else_an_error(gone: bool) -> None:
    removing = removal.delete(port(Arm(answer=refusal(404, "ResourceNotFound"), gone=gone)), once)
    if gone:
        assert await removing is None
    else:
        with pytest.raises(ServiceError):
            await removing


async def test_what_must_hold_right_before_is_asked_first() -> None:
    arm = Arm(answer=answered(202, ASYNC))

    async def never() -> None:
        raise PermissionError("not any more")

    with pytest.raises(PermissionError):
        await removal.delete(port(arm), never)
    assert arm.asked == []


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.time = 0.0
        self.clock = Clock(now=lambda: self.time, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


KEPT = {"url": "https://x/operation", "tells": True}
UNDER_WAY = (Ending.UNDER_WAY, answered(202))


@pytest.mark.parametrize(
    ("accepted", "polled", "ending"),
    [
        (None, [], Ending.UNKNOWN),
        ({"url": "", "ending": "succeeded"}, [], Ending.SUCCEEDED),
        ({"url": "", "ending": "unknown"}, [], Ending.UNKNOWN),
        (KEPT, [(Ending.SUCCEEDED, answered(200))], Ending.SUCCEEDED),
        (KEPT, [UNDER_WAY, UNDER_WAY, (Ending.SUCCEEDED, answered(200))], Ending.SUCCEEDED),
        (KEPT, [(Ending.UNKNOWN, answered(200))], Ending.UNKNOWN),
        # It does not end within an hour.
        (KEPT, [UNDER_WAY], Ending.UNKNOWN),
    ],
)
async def test_how_a_deletion_ended_is_what_its_operation_says(accepted: Any, polled: Any, ending: Ending) -> None:
    assert await removal.ending(port(Arm(polled=polled)), accepted, Time().clock) == (ending, None)


async def test_a_deletion_that_failed_has_the_services_words() -> None:
    body = {"status": "Failed", "error": {"code": "StillInUse", "message": "It is in use."}}
    found, error = await removal.ending(
        port(Arm(polled=[(Ending.FAILED, answered(200, body=body))])), KEPT, Time().clock
    )
    assert found is Ending.FAILED and error is not None and error.code == "StillInUse" and error.url == OLD.id


@pytest.mark.parametrize(
    ("status", "raised"), [(404, False), (410, False), (400, False), (401, True), (403, True), (503, True)]
)
async def test_an_operation_that_is_forgotten_tells_nothing(status: int, raised: bool) -> None:
    asked = removal.ending(port(Arm(answer=refusal(status, "X"))), KEPT, Time().clock)
    if raised:
        with pytest.raises(ServiceError):
            await asked
    else:
        assert await asked == (Ending.UNKNOWN, None)


def lock(scope: str, level: str = "CanNotDelete") -> dict[str, Any]:
    return {"id": f"{scope}/{LOCKS}/l", "name": "l", "properties": {"level": level}}


async def held(*locks: dict[str, Any], **errors: ServiceError) -> list[str]:
    at: dict[str, Any] = {f"{scope}/{LOCKS}": list(locks) for scope in (GROUP, SUBSCRIPTION)}
    for scope, error in errors.items():
        at[f"{ {'group': GROUP, 'subscription': SUBSCRIPTION}[scope] }/{LOCKS}"] = error
    arm: Any = FakeArm(at)
    return await removal.held_by(arm, OLD)


async def test_a_lock_counts_where_the_name_lies_and_once() -> None:
    assert await held() == []
    for scope in (GROUP, SUBSCRIPTION, OLD.id, OLD.id.upper(), GROUP.upper()):
        assert len(await held(lock(scope))) == 1, scope
    for scope in (
        f"{OLD.id}-2",
        f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a",
        f"{SUBSCRIPTION}/resourceGroups/x",
    ):
        assert await held(lock(scope)) == [], scope


@pytest.mark.parametrize("where", ["group", "subscription"])
async def test_locks_that_could_not_be_read_may_be_there_and_hide_no_others(where: str) -> None:
    told = await held(lock(OLD.id), **{where: refusal()})
    [unread] = [one for one in told if "is not known" in one]
    assert len(told) == 2 and "could not be read (AuthorizationFailed)" in unread
    assert {"group": GROUP, "subscription": SUBSCRIPTION}[where] in unread
    for status in (401, 429, 500):
        with pytest.raises(ServiceError):
            await held(**{where: refusal(status, "X")})


def test_what_blocks_a_deletion_goes_before_what_holds_it_and_what_has_no_name_stays() -> None:
    endpoint, deployment = asset("onlineEndpoints/e"), asset("onlineEndpoints/e/deployments/blue")
    unlisted = by_hand(Address("computes", ()))
    source = inventory(endpoint, deployment, asset("data/d/1"), asset("onlineEndpoints/a"))
    found = removal.blocking(type(source)(source.workspace, source.assets, by_hand=(unlisted,)))
    addresses = [str(one.address) for one in found]
    assert addresses == ["onlineEndpoints/e/deployments/blue", "onlineEndpoints/a", "onlineEndpoints/e"]
    assert all_kinds()["onlineEndpoints"].blocks_deletion


async def test_each_of_these_is_retired_in_that_order(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []

    async def retire(_self: Any, _port: Any, one: Any) -> None:
        gone.append(str(one.address))

    for kind in {type(one) for one in all_kinds().values()}:
        monkeypatch.setattr(kind, "retire", retire)
    events: list[Any] = []
    source = inventory(
        asset("onlineEndpoints/e"), asset("onlineEndpoints/e/deployments/blue"), asset("models/m/1")
    )
    await removal.clear(port(Arm()), source, events.append)
    assert gone == ["onlineEndpoints/e/deployments/blue", "onlineEndpoints/e"]
    assert [event.data["address"] for event in events] == gone
