"""Who else has the account: what cannot be read is not known, and never taken for nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.builders.arm import FakeArm, FakeRoles
from tests.builders.errors import refusal, silence
from tests.builders.world import NEW, OLD, SOURCE

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.posture.sharing import reads_all, sharing

SILENT = silence("no route")
FORBIDDEN = refusal(403, "AuthorizationFailure", "no")
BUSY = refusal(503, "ServerBusy", "later")
MINE = f"azureml-blobstore-{SOURCE.workspace_id}"
THEIRS = "azureml-blobstore-11111111-2222-3333-4444-555555555555"


@dataclass
class _Azure:
    """A caller who may read everything, and an account that answers with names or with an error."""

    answer: tuple[str, ...] | Exception

    async def permissions(self, scope: str) -> list[dict[str, Any]]:
        return [{"actions": ["*"], "notActions": []}]

    async def pages(self, path: str, *_: Any, **__: Any) -> AsyncIterator[dict[str, Any]]:
        for item in ():
            yield item

    async def containers(self, account: str) -> dict[str, tuple[str, ...]]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return dict.fromkeys(self.answer, ())


def _side(answer: tuple[str, ...] | Exception) -> Any:
    azure = _Azure(answer)
    return type("Side", (), {"arm": azure, "roles": azure, "blobs": azure})()


@pytest.mark.parametrize(
    ("answer", "containers", "unknown"),
    [
        ((MINE, "azureml"), (), ""),
        ((MINE, THEIRS), (THEIRS,), ""),
        (FORBIDDEN, (), "could not be listed, which takes"),
        (SILENT, (), "no answer came from it"),
        (TimeoutError(), (), "no answer came from it"),
    ],
)
async def test_an_account(answer: tuple[str, ...] | Exception, containers: tuple[str, ...], unknown: str) -> None:
    found = await sharing(_side(answer), SOURCE)
    assert (found.workspaces, found.containers) == ((), containers)
    assert unknown in found.unknown and bool(found.unknown) is bool(unknown)


async def test_one_that_is_out_of_order_is_an_error() -> None:
    with pytest.raises(ServiceError):
        await sharing(_side(BUSY), SOURCE)


WORKSPACES = "/subscriptions/{}/providers/Microsoft.MachineLearningServices/workspaces"
HERE, THERE = WORKSPACES.format(OLD.subscription), WORKSPACES.format(NEW.subscription)


def _workspace(name: str, account: str = SOURCE.storage_account_id, number: str = "7") -> dict[str, Any]:
    return {"id": f"/w/{name}", "properties": {"storageAccount": account, "workspaceId": number}}


def _seen(answers: dict[str, Any], *whole: str) -> Any:
    """A caller who sees two subscriptions, and may read all of those in `whole`."""
    arm = FakeArm(answers, (OLD.subscription.upper(), NEW.subscription))
    return type("Side", (), {"arm": arm, "roles": FakeRoles(whole=whole), "blobs": _Azure(())})()


async def test_other_workspaces_of_the_account_are_found_in_every_subscription_that_is_seen() -> None:
    itself = _workspace("ws1", number=SOURCE.workspace_id)
    answers = {
        HERE: [itself, _workspace("near", SOURCE.storage_account_id.upper()), _workspace("apart", "/other")],
        THERE: [_workspace("far")],
    }
    found = await sharing(_seen(answers, OLD.subscription), SOURCE)
    assert (found.workspaces, found.unread, found.unknown) == (("/w/far", "/w/near"), (), "")
    assert found.others == "/w/far, /w/near"


async def test_a_subscription_that_may_not_be_read_whole_is_told_with_what_is_seen_of_it() -> None:
    found = await sharing(_seen({HERE: [_workspace("near")]}), SOURCE)
    assert (found.workspaces, found.unread) == (("/w/near",), (OLD.subscription,))
    assert OLD.subscription in found.unknown
    refused = await sharing(_seen({HERE: refusal()}), SOURCE)
    assert (refused.workspaces, refused.unread) == ((), (OLD.subscription,))


@pytest.mark.parametrize(
    ("path", "error", "whole", "raised"),
    [
        (HERE, refusal(), True, True),
        (HERE, refusal(), False, False),
        (THERE, refusal(), True, False),
        (HERE, refusal(503, "ServerBusy"), False, True),
        (THERE, refusal(503, "ServerBusy"), False, True),
    ],
    ids=["that may be read", "that may not", "of others", "out of order", "others out of order"],
)
async def test_a_list_that_is_refused_is_an_error_where_the_caller_may_read_it(
    path: str, error: Exception, whole: bool, raised: bool
) -> None:
    side = _seen({path: error}, *[OLD.subscription] * whole)
    if raised:
        with pytest.raises(ServiceError):
            await sharing(side, SOURCE)
    else:
        assert (await sharing(side, SOURCE)).workspaces == ()


@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 500])
async def test_rights_that_are_not_shown_are_none_and_all_else_is_an_error(status: int) -> None:
    class Roles:
        async def permissions(self, _: str) -> list[dict[str, Any]]:
            raise refusal(status, "X")

    side: Any = type("Side", (), {"roles": Roles()})()
    if status in (403, 404):
        assert await reads_all(side, OLD.subscription) is False
    else:
        with pytest.raises(ServiceError):
            await reads_all(side, OLD.subscription)
