"""What is looked at before a call that cannot be undone is looked at again before each further attempt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.builders.errors import refusal

from amlmigrate.cloud import retrying
from amlmigrate.cloud.arm import Answer, Arm
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.pacing import Pacer
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.workspace import Location

PATH = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


class Looks:
    """Lets `times` attempts through, and refuses the next."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.looked = 0

    async def __call__(self) -> None:
        self.looked += 1
        if self.looked > self.times:
            raise RefusedError("It is there again.", address=PATH, remedy="Look at it.")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between attempts."""
    monkeypatch.setattr(retrying, "_wait", lambda _: 0.0)


@pytest.fixture
async def arm() -> AsyncIterator[Arm]:
    """The client of ARM; nothing is sent."""
    found = Arm(Login(), Credential(Login()), Pacer())
    yield found
    await found.close()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("status", [503, 429])
async def test_a_deletion_that_was_put_off_is_not_sent_again_unseen(
    arm: Arm, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    sent: list[str] = []

    async def send(method: str, *_: Any) -> Answer:
        sent.append(method)
        return Answer(status, {"Retry-After": "0"}, {"error": {"code": "x", "message": "later"}})

    monkeypatch.setattr(arm, "_send", send)
    looks = Looks(2)
    with pytest.raises(RefusedError):
        await arm.call("DELETE", PATH, first=looks)
    assert (looks.looked, sent) == (3, ["DELETE"] * 2)


@pytest.mark.usefixtures("at_once")
async def test_a_container_whose_deletion_was_put_off_is_not_deleted_unseen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []

    class Client:
        url = "https://a/c"

        async def delete_container(self) -> None:
            sent.append("DELETE")
            raise refusal(503, "ServerBusy", "later", method="DELETE", url=self.url)

    side = Blobs(Login(), Credential(Login()))
    monkeypatch.setattr(side, "_container", lambda _: Client())
    looks = Looks(2)
    try:
        with pytest.raises(RefusedError):
            await side.delete_container(Location("a", "c"), looks)
    finally:
        await side.close()
    assert (looks.looked, sent) == (3, ["DELETE"] * 2)
