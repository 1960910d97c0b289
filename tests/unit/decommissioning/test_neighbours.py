"""Every workspace that can be seen is asked where its datastores lead; what was not seen is never taken for none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.builders.errors import refusal

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning.neighbours import Neighbours, neighbours, scope

ONE, TWO = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
LIST = "/subscriptions/{}/providers/Microsoft.MachineLearningServices/workspaces"
SOURCE_ID = "the-source"
PLACES = [Location("mlprod", "azureml")]
INTO = {"accountName": "MLPROD", "filesystem": "AzureML", "endpoint": "core.usgovcloudapi.net"}
ELSEWHERE = {"accountName": "mlprod", "containerName": "other"}


def _id(name: str, subscription: str = ONE) -> str:
    group = f"/subscriptions/{subscription}/resourceGroups/g"
    return f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{name}"


def _workspace(name: str, number: str = "") -> dict[str, Any]:
    return {"id": _id(name), "properties": {"workspaceId": number or f"number-of-{name}"}}


@dataclass
class _Azure:
    """Subscriptions that the caller sees, those it may read whole, and what each list answers."""

    visible: tuple[str, ...] = (ONE,)
    whole: tuple[str, ...] = (ONE, TWO)
    lists: dict[str, list[dict[str, Any]] | ServiceError] = field(default_factory=dict)

    async def permissions(self, scope: str) -> list[dict[str, Any]]:
        if scope.rpartition("/")[2] in self.whole:
            return [{"actions": ["*"], "notActions": []}]
        return []

    async def pages(self, path: str, *_: Any, **__: Any) -> AsyncIterator[dict[str, Any]]:
        if path == "/subscriptions":
            for one in self.visible:
                yield {"subscriptionId": one}
            return
        found = self.lists.get(path, [])
        if isinstance(found, ServiceError):
            raise found
        for item in found:
            yield item


async def _read(azure: _Azure, *named: str) -> Neighbours:
    side: Any = type("Side", (), {"arm": azure, "roles": azure})()
    return await neighbours((side, side), {SOURCE_ID}, named)


def _with(name: str, *stores: dict[str, Any]) -> dict[str, list[dict[str, Any]] | ServiceError]:
    return {
        LIST.format(ONE): [_workspace("source", SOURCE_ID), _workspace(name)],
        f"{_id('source')}/datastores": refusal(500, "NobodyAsksTheSourceItself"),
        f"{_id(name)}/datastores": list(stores),
    }


async def test_a_datastore_that_leads_into_them_keeps_them() -> None:
    lists = _with("w", {"id": "/w/lake", "properties": INTO}, {"id": "/w/other", "properties": ELSEWHERE})
    found = await _read(_Azure(lists=lists))
    assert found.reasons(PLACES) == ["The datastore /w/lake points into them."]
    assert (found.workspaces, found.unseen) == ({_id("w").lower()}, [])


async def test_a_datastore_without_properties_may_lead_anywhere() -> None:
    found = await _read(_Azure(lists=_with("w", {"id": "/w/lake", "properties": None})))
    assert found.reasons(PLACES) == ["Where the datastore /w/lake leads is not known."]


async def test_one_made_anew_under_the_sources_name_is_another() -> None:
    lists = {
        LIST.format(ONE): [_workspace("source", "another-number")],
        f"{_id('source')}/datastores": [{"id": "/again", "properties": INTO}],
    }
    assert (await _read(_Azure(lists=lists))).reasons(PLACES) == ["The datastore /again points into them."]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AuthorizationFailed"),
        (404, "ResourceNotFound"),
        (400, "UserError"),
        (401, "ExpiredToken"),
        (200, "NotAList"),
    ],
)
async def test_datastores_that_could_not_be_listed_refuse_until_that_workspace_is_accepted(
    status: int, code: str
) -> None:
    lists = _with("w") | {f"{_id('w')}/datastores": refusal(status, code)}
    found = await _read(_Azure(lists=lists))
    [reason] = found.reasons(PLACES)
    assert f"({status} {code})" in reason and f"--accept-unseen {_id('w').lower()}" in reason
    assert found.reasons(PLACES, {scope(_id("W"))}) == []
    assert found.reasons(PLACES, {ONE}) == [reason], "a subscription is wider than what was shown"
    assert found.accepted({scope(_id("w"))}) == found.unseen and found.accepted({ONE}) == []


@pytest.mark.parametrize(
    "azure",
    [
        _Azure(visible=(ONE, TWO), whole=(ONE,)),
        # Nothing shows it: it is the subscription of the source's account.
        _Azure(visible=(ONE,), whole=(ONE,)),
        _Azure(visible=(ONE,), lists={LIST.format(TWO): refusal(404, "SubscriptionNotFound")}),
        _Azure(visible=(ONE,), lists={LIST.format(TWO): refusal(409, "MissingSubscriptionRegistration")}),
    ],
)
async def test_a_subscription_that_cannot_be_seen_whole_refuses_until_it_is_accepted(azure: _Azure) -> None:
    found = await _read(azure, TWO)
    [reason] = found.reasons(PLACES)
    assert "is not known" in reason and f"--accept-unseen {TWO}" in reason
    assert found.reasons(PLACES, {scope(f"/subscriptions/{TWO}")}) == []
    assert found.reasons(PLACES, {ONE}) == [reason]


async def test_what_may_pass_by_itself_is_an_error() -> None:
    for path in (LIST.format(ONE), f"{_id('w')}/datastores"):
        with pytest.raises(ServiceError):
            await _read(_Azure(lists=_with("w") | {path: refusal(503, "ServerBusy")}))


async def test_each_subscription_is_asked_once_by_whichever_side_sees_it() -> None:
    both = [_Azure(visible=(ONE,)), _Azure(visible=(ONE, TWO))]
    sides: list[Any] = [type("Side", (), {"arm": one, "roles": one})() for one in both]
    both[0].lists = _with("w", {"id": "/w/lake", "properties": INTO})
    both[1].lists = {
        LIST.format(TWO): [{"id": _id("far", TWO), "properties": {"workspaceId": "far"}}],
        LIST.format(ONE): refusal(403, "AuthorizationFailed"),
        f"{_id('far', TWO)}/datastores": [{"id": "/far/lake", "properties": INTO}],
    }
    found = await neighbours(sides, {SOURCE_ID}, [ONE])
    assert found.reasons(PLACES) == [
        "The datastore /far/lake points into them.",
        "The datastore /w/lake points into them.",
    ]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        (ONE, ONE),
        (f" /subscriptions/{ONE.upper()}/ ", ONE),
        (_id("W"), _id("w").lower()),
        (f"{ONE}/g/W", _id("w").lower()),
    ],
)
def test_scopes(text: str, means: str) -> None:
    assert scope(text) == means


@pytest.mark.parametrize("text", ("", "everything", "*", "g/w", f"/subscriptions/{ONE}/resourceGroups/g"))
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(BadInputError):
        scope(text)


class _Counting(_Azure):
    """Notes how many lists of datastores are under way at once."""

    now = most = 0

    async def pages(self, path: str, *more: Any, **named: Any) -> AsyncIterator[dict[str, Any]]:
        async for item in super().pages(path, *more, **named):
            yield item
        if path.endswith("/datastores"):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0)
            self.now -= 1


async def test_sixteen_workspaces_are_asked_at_once_and_each_of_them_is() -> None:
    names = [f"w{number}" for number in range(40)]
    azure = _Counting(lists={LIST.format(ONE): [_workspace(name) for name in names]})
    found = await _read(azure)
    assert found.workspaces == {_id(name).lower() for name in names} and azure.most == 16
