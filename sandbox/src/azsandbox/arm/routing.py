"""Paths to routes: ARM's grammar of scopes, providers, types and names, without knowing any type."""

from __future__ import annotations

from collections.abc import Mapping

from azsandbox.arm.calls import Level, Route
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind

_TOP = "microsoft.resources"


class UnknownRoute(ArmError):
    """A path that no kind answers; the log shows it by a header of the answer."""

    def __init__(self, error: ArmError) -> None:
        super().__init__(error.status, error.document, {**error.headers, "x-azsandbox-unknown-route": "1"})


class Router:
    """Resolves paths against the known kinds."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds

    def resolve(self, method: str, path: str) -> Route:
        """The route of a path. Raises UnknownRoute (404)."""
        tokens = [token for token in path.split("/") if token]
        levels: list[Level] = []
        prefix = type_ = _TOP
        key = ""
        index = 0
        while index < len(tokens):
            word = tokens[index].lower()
            if word == "providers" and (route := self._provider(tokens, index, levels, key)):
                return route
            if word == "providers":
                prefix = type_ = tokens[index + 1].lower()
                index += 2
                continue
            type_ = f"{type_}/{word}"
            kind = self._kinds.get(type_)
            if kind is None:
                return self._action(method, tokens, index, levels, type_)
            if index + 1 == len(tokens):
                return Route(kind, tuple(levels), key, f"{key}/{word}", None)
            name = tokens[index + 1]
            start = f"/providers/{prefix}" if type_.count("/") == 1 and prefix != _TOP else ""
            key = f"{key}{start}/{word}/{name if kind.case_sensitive else name.lower()}"
            levels.append(Level(kind, key, name))
            index += 2
        if not levels:
            raise UnknownRoute(no_such_route(path))
        return Route(levels[-1].kind, tuple(levels), _parent(levels), key, levels[-1].name)

    def _provider(self, tokens: list[str], index: int, levels: list[Level], key: str) -> Route | None:
        """The routes of resource providers themselves: list, one, register."""
        kind = self._kinds[f"{_TOP}/providers"]
        rest = tokens[index + 1 :]
        if not rest:
            return Route(kind, tuple(levels), key, f"{key}/providers", None)
        level = Level(kind, f"{key}/providers/{rest[0].lower()}", rest[0])
        if len(rest) == 1:
            return Route(kind, (*levels, level), key, level.key, rest[0])
        if len(rest) == 2 and ("POST", rest[1].lower()) in kind.actions:
            return Route(kind, (*levels, level), key, level.key, rest[0], rest[1].lower())
        return None

    @staticmethod
    def _action(method: str, tokens: list[str], index: int, levels: list[Level], type_: str) -> Route:
        """What follows a resource and is no type: an action of it, or nothing known."""
        rest = "/".join(tokens[index:]).lower()
        if levels and (method, rest) in levels[-1].kind.actions:
            last = levels[-1]
            return Route(last.kind, tuple(levels), _parent(levels), last.key, last.name, rest)
        namespace, _, types = type_.partition("/")
        if namespace == _TOP:
            raise UnknownRoute(no_such_route("/" + "/".join(tokens)))
        spelled = "/".join(types.split("/"))
        raise UnknownRoute(
            gateway(
                404,
                "InvalidResourceType",
                f"The resource type '{spelled}' could not be found in the namespace '{namespace}'.",
            )
        )


def no_such_route(path: str) -> ArmError:
    """404 of ARM's gateway for a path of no provider."""
    return gateway(
        404,
        "NotFound",
        f"No HTTP resource was found that matches the request URI 'https://management.azure.com{path}'.",
    )


def _parent(levels: list[Level]) -> str:
    return levels[-2].key if len(levels) > 1 else ""
