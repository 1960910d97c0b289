"""An ARM in memory that takes role assignments, access policies and network rules, for what is given elsewhere."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from amlmigrate.core.documents import Document, properties_of
from tests.builders.errors import refusal

_ASSIGNMENTS = "/providers/microsoft.authorization/roleassignments"


@dataclass
class Answered:
    """What a call came to."""

    status: int = 200
    body: Any = None
    doubtful: bool = False


@dataclass
class Elsewhere:
    """Documents by ARM id in lower case. `refusing`: the error for what begins so, after a method and a blank.

    `before` and `after` are told of each call. `timed`: what Privileged Identity Management shows to be in force.
    """

    documents: dict[str, Document] = field(default_factory=dict)
    refusing: dict[str, Exception] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    timed: list[Document] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda _, __: None
    after: Callable[[str, str], None] = lambda _, __: None

    def has(self, id_: str, **properties: Any) -> None:
        """A resource."""
        self.documents[id_.lower()] = {"id": id_, "properties": properties}

    def changes(self) -> list[tuple[str, str]]:
        """The calls that change something."""
        return [one for one in self.calls if one[0] != "GET"]

    def roles(self, principal: str) -> list[str]:
        """The ids of a principal's role assignments."""
        found = (one for key, one in self.documents.items() if _ASSIGNMENTS in key)
        return [one["id"] for one in found if properties_of(one)["principalId"] == principal]

    def _called(self, method: str, path: str) -> None:
        self.before(method, path)
        self.calls.append((method, path))
        for start, error in self.refusing.items():
            if f"{method} {path}".lower().startswith(start.lower()):
                raise error

    async def get(self, path: str, *_: Any) -> Document | None:
        self._called("GET", path)
        self.after("GET", path)
        return copy.deepcopy(self.documents.get(path.lower()))

    async def pages(self, path: str, query: Any = None) -> AsyncIterator[Document]:
        self._called("GET", path)
        self.after("GET", path)
        if path.endswith("/roleAssignmentScheduleInstances"):
            for one in self.timed:
                yield one
            return
        who = str((query or {}).get("$filter", "''")).split("'")[1]
        for id_ in self.roles(who):
            yield copy.deepcopy(self.documents[id_.lower()])

    async def put(self, path: str, body: Document, *_: Any) -> Answered:
        self._called("PUT", path)
        if _ASSIGNMENTS in path.lower():
            self._assigned(path, properties_of(body))
        else:
            self._policies(path, properties_of(body)["accessPolicies"])
        self.after("PUT", path)
        return Answered(201)

    def _assigned(self, path: str, told: Document) -> None:
        scope = path.lower().partition(_ASSIGNMENTS)[0]
        for key, one in self.documents.items():
            there = properties_of(one) if key.startswith(f"{scope}{_ASSIGNMENTS}") and key != path.lower() else {}
            if all(there.get(name) == told[name] for name in ("principalId", "roleDefinitionId")):
                raise refusal(409, "RoleAssignmentExists", "The role assignment already exists.", method="PUT")
        self.documents[path.lower()] = {"id": path, "properties": {**told, "scope": scope}}

    def _policies(self, path: str, sent: list[Document]) -> None:
        vault, _, operation = path.lower().rpartition("/accesspolicies/")
        held = properties_of(self.documents[vault])["accessPolicies"]
        for one in sent:
            there = next((each for each in held if each["objectId"] == one["objectId"]), None)
            if there is None:
                held.append(there := {**one, "permissions": {}})
            permissions = there["permissions"]
            for kind, names in one["permissions"].items():
                kept = [name for name in permissions.get(kind, []) if name not in names]
                permissions[kind] = [*kept, *names] if operation == "add" else kept
        held[:] = [each for each in held if any(each["permissions"].values())]

    async def call(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        *,
        first: Callable[[], Awaitable[object]] | None = None,
        **_: Any,
    ) -> Answered:
        if first:
            await first()
        self._called(method, path)
        there = self.documents.get(path.lower())
        if method == "PATCH":
            assert there
            there["properties"] |= copy.deepcopy(properties_of(body))
        elif there:
            del self.documents[path.lower()]
        self.after(method, path)
        return Answered(200, copy.deepcopy(there))

    async def absent(self, error: Exception, path: str) -> bool:
        return False
