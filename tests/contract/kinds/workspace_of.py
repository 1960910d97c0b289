"""A workspace in memory behind the port that kinds use: lists as the service does, and records every call."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.builders.errors import refusal
from tests.builders.world import OLD

from amlmigrate.core.address import Address
from amlmigrate.core.asked import Asked
from amlmigrate.core.documents import Document
from amlmigrate.core.writes import Accepted
from amlmigrate.kinds import moving_kinds


class EverySecret(dict[str, str]):
    """Has each secret that is asked for."""

    def __missing__(self, name: str) -> str:
        return "secret"


@dataclass
class InMemory:
    """Documents by path; `secrets` by the path of the action that answers them."""

    documents: dict[str, Document] = field(default_factory=dict)
    secrets: dict[str, Document] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[Document] = field(default_factory=list)
    # The status with which every list is refused.
    refusing: int = 0
    id: str = OLD.id
    # What moves only since it is asked for: all that it has of it, where nothing else is said.
    named: Asked | None = None
    frozen: tuple[Document, ...] = ()
    whole: bool = False

    @property
    def asked(self) -> Asked:
        apart = [path for path in self.documents if _in_vault(path)]
        return self.named or Asked({Address.parse(path): "value" for path in apart})

    async def pages(
        self, path: str, query: Mapping[str, str] | None = None, *, absent_is_empty: bool = False
    ) -> AsyncIterator[Document]:
        self.calls.append(("GET", path))
        if self.refusing:
            raise refusal(self.refusing, "Refused", "no", url=path)
        parent = path.removesuffix("/versions")
        if parent != path and not any(name.startswith(parent) for name in self.documents):
            if absent_is_empty:
                return
            raise refusal(404, "UserError", "Container not found.", url=path)
        unarchived = path.split("/")[0] in ("codes", "computes", "connections", "datastores", "providers")
        everything = (query or {}).get("listViewType") == "All" or unarchived
        for name, document in self.documents.items():
            below = name.removeprefix(f"{path}/")
            if path.startswith("providers/"):
                # Another provider's list shows what is at something in the workspace, too.
                below = name.rpartition(f"{path}/")[2]
            archived = document["properties"].get("isArchived")
            if below != name and "/" not in below and (everything or not archived):
                yield copy.deepcopy(document)

    def gave(self, path: str) -> bool:
        return True

    async def get(self, path: str) -> Document | None:
        self.calls.append(("GET", path))
        return copy.deepcopy(self.documents.get(path))

    async def put(self, path: str, body: Document, query: Mapping[str, str] | None = None) -> Accepted:
        self.calls.append(("PUT", path))
        self.bodies.append(copy.deepcopy(body))
        there = path in self.documents
        self.documents[path] = {"id": f"/{path}", "name": path.rsplit("/", 1)[-1], **copy.deepcopy(body)}
        return Accepted(self.documents[path], existed=there)

    async def patch(self, path: str, body: Document) -> Accepted:
        self.calls.append(("PATCH", path))
        self.bodies.append(copy.deepcopy(body))
        self.documents[path] = _merged(self.documents[path], copy.deepcopy(body))
        return Accepted(self.documents[path], existed=True)

    async def settled(self, path: str, operation: Document | None = None) -> Document | None:
        return await self.get(path)

    async def post(self, path: str, body: Document | None = None) -> Document:
        self.calls.append(("POST", path))
        return self.secrets[path]

    async def act(self, path: str) -> None:
        """An instance stops."""
        self.calls.append(("POST", path))
        self.documents[path.rpartition("/")[0]]["properties"]["properties"]["state"] = "Stopped"

    async def delete(self, path: str, query: Mapping[str, str] | None = None) -> None:
        self.calls.append(("DELETE", path))
        self.documents.pop(path, None)

    def changing(self) -> list[tuple[str, str]]:
        """The calls that change something."""
        return [call for call in self.calls if call[0] in ("PUT", "PATCH", "DELETE")]


def _in_vault(path: str) -> bool:
    kind = moving_kinds().get(path.partition("/")[0])
    return bool(kind and kind.in_vault)


def _merged(there: Any, sent: Any) -> Any:
    """RFC 7396, without nulls."""
    if not isinstance(there, dict) or not isinstance(sent, dict):
        return sent
    return there | {key: _merged(there.get(key), value) for key, value in sent.items()}


def names(value: Any) -> list[str]:
    """Sorted texts, for comparing what was found."""
    return sorted(str(one) for one in value)
