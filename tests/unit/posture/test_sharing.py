"""Who else has the account: what cannot be read is not known, and never taken for nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import SOURCE

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.posture.sharing import sharing

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
