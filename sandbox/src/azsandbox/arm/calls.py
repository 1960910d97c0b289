"""One request as a kind sees it: where it points, who asks, its body and query, and how to refuse it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.declared import Declared
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.store import Record
from azsandbox.messages import Principal, Request, Response

MAX_BODY = 4 * 1024 * 1024  # ARM's limit for a request's body: 4 MB


@dataclass(frozen=True, slots=True)
class Level:
    """One `type/name` pair of a path: its kind, the key of the resource, its name as sent."""

    kind: Rules
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Route:
    """Where a path points: `levels` lead to `kind`.

    With `name` None the path is the collection in `parent`; `action` is what follows a resource's path,
    in lower case (`listkeys`).
    """

    kind: Rules
    levels: tuple[Level, ...]
    parent: str
    key: str
    name: str | None
    action: str | None = None


@dataclass(slots=True)
class Call:
    """A request with its route resolved, its caller authenticated and its query in lower-case names."""

    request: Request
    route: Route
    principal: Principal
    api_version: str
    query: Mapping[str, str]
    context: Context
    filtered: bool = False  # a list holds only what the caller may read

    @property
    def name(self) -> str:
        """The last name of the path. Raises AssertionError for a collection."""
        assert self.route.name is not None
        return self.route.name

    @property
    def url(self) -> str:
        """The URL as the client sent it, query included."""
        return f"https://{self.request.host}{self.request.raw_target}"

    @property
    def preview(self) -> bool:
        """Whether a preview api-version is asked for."""
        return self.api_version.endswith("-preview")

    def level(self, type_: str) -> Level:
        """The level of an ARM type (any case). Raises KeyError when the path has none."""
        wanted = type_.lower()
        for level in self.route.levels:
            if level.kind.key_type == wanted:
                return level
        raise KeyError(type_)

    def ancestor(self, type_: str) -> Record:
        """The stored resource of that level. The service has checked that it is there."""
        record = self.context.store.get(self.level(type_).key)
        assert record is not None
        return record

    @property
    def subscription(self) -> str:
        """The subscription's id as sent, or an empty string."""
        first = self.route.levels[0] if self.route.levels else None
        return first.name if first and first.key.startswith("/subscriptions/") else ""

    def tick(self) -> int:
        """The time of this moment, as ticks."""
        return self.context.clock.tick()

    def body(self) -> dict[str, Any]:
        """The body, a JSON object. Raises ArmError (400, 413 or 415) for anything else."""
        check_body(self.request)
        try:
            document = json.loads(self.request.body)
        except ValueError as error:
            # The text inside the quotes is Newtonsoft's in Azure; code and frame are alike (AZ-LOCAL-3).
            raise unreadable(str(error)) from error
        if not isinstance(document, dict):
            raise unreadable("A JSON object is expected.")
        check_objects(document, ("properties", "tags", "identity", "sku"))
        return document

    def optional_body(self) -> dict[str, Any]:
        """The body, or an empty object when there is none (POST actions)."""
        return self.body() if self.request.body.strip() else {}


Guard = Callable[[Call], None]


class Rules(Declared, ABC):
    """What answers the requests of a type, as far as whoever has a call may ask it (all of it: `kinds.Kind`)."""

    @abstractmethod
    def right(self, call: Call) -> str:
        """The action that a call takes, where type and method do not tell it."""

    @abstractmethod
    def find(self, call: Call) -> Record | None:
        """The resource of the call, if it is there."""

    @abstractmethod
    async def list(self, call: Call) -> Response:
        """GET of the collection."""

    @abstractmethod
    async def post(self, call: Call) -> Response:
        """POST of the collection, where a type is an action of its provider."""

    @abstractmethod
    def missing(self, call: Call) -> ArmError:
        """What ARM says of a resource that is not there."""

    @abstractmethod
    def unsupported(self, call: Call) -> ArmError:
        """405, as ARM refuses a method that a type does not know."""


def check_body(request: Request) -> None:
    """Refuses what ARM does not read at all. Raises ArmError 413, 415 or 400."""
    if len(request.body) > MAX_BODY:
        # Code and text are ours (AZ-LOCAL-3).
        raise gateway(
            413,
            "RequestEntityTooLarge",
            f"The request content size exceeds the maximum size of {MAX_BODY} bytes.",
        )
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.body and media != "application/json" and not media.endswith("+json"):
        shown = media or "application/octet-stream"
        raise gateway(
            415,
            "UnsupportedMediaType",
            f"The content media type '{shown}' is not supported. Only 'application/json' is supported.",
        )
    if not request.body.strip():
        raise unreadable("The request content is empty.")


def check_objects(document: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """That these, where they are given, are objects. Raises ArmError 400."""
    for name in names:
        if document.get(name) is not None and not isinstance(document[name], dict):
            raise not_an_object(name)


def not_an_object(what: str) -> ArmError:
    """400 for a property that must be an object and is something else."""
    return unreadable(f"Could not read the object '{what}'.")


def unreadable(why: str) -> ArmError:
    """400 `InvalidRequestContent`."""
    message = f"The request content was invalid and could not be deserialized: '{why}'."
    return gateway(400, "InvalidRequestContent", message)
