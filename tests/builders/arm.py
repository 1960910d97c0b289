"""An ARM that answers documents, lists and refusals by path, for what is read around a source."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FakeArm:
    """`answers` by path: a document, a list, or an error; what has none is not there."""

    answers: dict[str, Any] = field(default_factory=dict)
    subscriptions: tuple[str, ...] = ()

    async def get(self, path: str, *_: Any) -> Any:
        found = self.answers.get(path)
        if isinstance(found, Exception):
            raise found
        return found

    async def pages(self, path: str, *_: Any, **__: Any) -> AsyncIterator[dict[str, Any]]:
        if path == "/subscriptions":
            for one in self.subscriptions:
                yield {"subscriptionId": one}
            return
        for item in await self.get(path) or ():
            yield item


@dataclass
class FakeRoles:
    """Assignments by scope and principal, or errors; the caller may read every subscription in `whole`."""

    direct: dict[tuple[str, str], Any] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    timed: dict[str, Any] = field(default_factory=dict)

    async def schedules(self, scope: str) -> Any:
        found = self.timed.get(scope, [])
        if isinstance(found, Exception):
            raise found
        return found

    async def directly(self, scope: str, principal: str) -> Any:
        found = self.direct.get((scope, principal), [])
        if isinstance(found, Exception):
            raise found
        return found

    async def definition_at(self, scope: str, definition: str) -> Any:
        name = self.names.get(definition)
        return {"properties": {"roleName": name}} if name else None

    async def permissions(self, scope: str) -> list[dict[str, Any]]:
        whole = scope.rpartition("/")[2] in self.whole
        return [{"actions": ["*"], "notActions": []}] if whole else []


def side(arm: FakeArm, roles: FakeRoles | None = None) -> Any:
    """A side with these."""
    return type("Side", (), {"arm": arm, "roles": roles or FakeRoles(), "frozen": ()})()
