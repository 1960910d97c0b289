"""`$filter` of Microsoft Graph: eq, in, startswith and any, joined by and, or and parentheses; no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from azsandbox.codedrefusal import CodedRefusal

Test = Callable[[Mapping[str, Any]], bool]
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([A-Za-z0-9_.@/-]+)|([(),:]))")
_OTHER_OPERATORS = {"ne", "not", "gt", "ge", "lt", "le", "has", "endswith", "contains"}
_COLLECTIONS = ("servicePrincipalNames", "alternativeNames", "tags")
_SINGLE = ("id", "appId", "displayName", "servicePrincipalType", "accountEnabled", "appOwnerOrganizationId")


class BadFilter(CodedRefusal):
    """A filter that Graph refuses: its code and its words."""


def _unsupported(name: str) -> BadFilter:
    """Seen in microsoftgraph/microsoft-graph-docs-contrib#1726."""
    text = f"Unsupported or invalid query filter clause specified for property '{name}' of resource"
    return BadFilter("Request_UnsupportedQuery", f"{text} 'ServicePrincipal'.")


def _syntax(text: str) -> BadFilter:
    return BadFilter("BadRequest", f"Invalid filter clause: Syntax error in '{text}'.")  # AZ-LOCAL-4


def no_property(name: str) -> BadFilter:
    """The words are OData's own; the code is that of other invalid clauses (AZ-LOCAL-4)."""
    text = f"Could not find a property named '{name}' on type 'microsoft.graph.servicePrincipal'."
    return BadFilter("BadRequest", f"Invalid filter clause: {text}")


def parsed(text: str) -> Test:
    """The test that a filter is. Raises BadFilter."""
    parser = _Parser(text)
    test = parser.either()
    if parser.left:
        raise _syntax(text)
    return test


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.left, position = text, [], 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise _syntax(text)
            self.left.append(match[1] or match[2] or match[3])
            position = match.end()

    def _take(self, *wanted: str) -> str:
        if not self.left or (wanted and self.left[0].lower() not in wanted):
            raise _syntax(self.text)
        return self.left.pop(0)

    def _next_is(self, word: str) -> bool:
        return bool(self.left) and self.left[0].lower() == word

    def either(self) -> Test:
        tests = [self._all()]
        while self._next_is("or"):
            self.left.pop(0)
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._next_is("and"):
            self.left.pop(0)
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        word = self._take()
        if word == "(":
            test = self.either()
            self._take(")")
            return test
        if word.lower() in _OTHER_OPERATORS:
            raise BadFilter("Request_UnsupportedQuery", f"Unsupported property filter clause operator '{word}'.")
        if word.lower() == "startswith":
            name, value = self._arguments()
            return _starts(_single(name), value)
        if word.endswith("/any"):
            return self._any(word.removesuffix("/any"))
        return self._compared(_single(word))

    def _arguments(self) -> tuple[str, str]:
        self._take("(")
        name = self._take()
        self._take(",")
        value = self._value()
        self._take(")")
        return name, value

    def _compared(self, name: str) -> Test:
        operator = self._take().lower()
        if operator == "eq":
            value = self._value()
            return lambda row: _plain(row.get(name)) == value
        if operator != "in":
            # The operator's own name in Graph's words is seen for `ne` only (AZ-LOCAL-4).
            raise BadFilter(
                "Request_UnsupportedQuery", f"Unsupported property filter clause operator '{operator}'."
            )
        self._take("(")
        values = [self._value()]
        while self._next_is(","):
            self.left.pop(0)
            values.append(self._value())
        self._take(")")
        return lambda row: _plain(row.get(name)) in values

    def _any(self, name: str) -> Test:
        if name not in _COLLECTIONS:
            raise _unsupported(name) if name in _SINGLE else no_property(name)
        self._take("(")
        variable = self._take()
        self._take(":")
        if self._next_is("startswith"):
            self.left.pop(0)
            named, start = self._arguments()
            test: Callable[[str], bool] = lambda each: each.startswith(start)  # noqa: E731
        else:
            named = self._take()
            self._take("eq")
            value = self._value()
            test = lambda each: each == value  # noqa: E731
        if named != variable:
            raise _syntax(self.text)
        self._take(")")
        return lambda row: any(test(_plain(each)) for each in row.get(name) or ())

    def _value(self) -> str:
        token = self._take()
        if token in ("(", ")", ",", ":"):
            raise _syntax(self.text)
        return _plain(token[1:-1].replace("''", "'") if token.startswith("'") else token)


def _starts(name: str, value: str) -> Test:
    return lambda row: _plain(row.get(name)).startswith(value)


def _single(name: str) -> str:
    if name in _COLLECTIONS:
        raise _unsupported(name)
    if name not in _SINGLE:
        raise no_property(name)
    return name


def _plain(value: Any) -> str:
    """Texts are compared without case."""
    return str(value).lower()
