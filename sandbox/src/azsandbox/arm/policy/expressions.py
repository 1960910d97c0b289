"""The template language of policy rules: `[parameters('effect')]` and the few functions that rules use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*)|([().,\[\]]))")


class Unsupported(Exception):
    """Something of the policy language that the sandbox does not have; the message says what."""


class Expressions:
    """Evaluates expressions with these functions, by name in lower case."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._functions = {**_FUNCTIONS, **functions}

    def with_functions(self, **functions: Callable[..., Any]) -> Expressions:
        """The same with these functions too, by name in lower case."""
        return Expressions({**self._functions, **functions})

    def value(self, text: Any) -> Any:
        """What a value of a rule stands for; anything but `[…]` stands for itself. Raises Unsupported."""
        if not isinstance(text, str) or not text.startswith("[") or text.startswith("[["):
            return text[1:] if isinstance(text, str) and text.startswith("[[") else text
        tokens = _tokens(text[1:-1])
        found, rest = self._term(tokens)
        if rest:
            raise Unsupported(f"the expression {text!r}")
        return found

    def _term(self, tokens: list[str]) -> tuple[Any, list[str]]:
        if not tokens:
            raise Unsupported("an expression that ends early")
        first, rest = tokens[0], tokens[1:]
        if first.startswith("'"):
            return first[1:-1].replace("''", "'"), rest
        if re.fullmatch(r"-?\d+(\.\d+)?", first):
            return (float(first) if "." in first else int(first)), rest
        if not rest or rest[0] != "(":
            raise Unsupported(f"the word {first!r} in an expression")
        arguments, rest = self._arguments(rest[1:])
        function = self._functions.get(first.lower())
        if function is None:
            raise Unsupported(f"the function {first!r}")
        found = function(*arguments)
        while len(rest) > 1 and rest[0] == ".":
            found = found.get(rest[1]) if isinstance(found, Mapping) else None
            rest = rest[2:]
        return found, rest

    def _arguments(self, tokens: list[str]) -> tuple[list[Any], list[str]]:
        found: list[Any] = []
        while tokens and tokens[0] != ")":
            if tokens[0] == ",":
                tokens = tokens[1:]
            argument, tokens = self._term(tokens)
            found.append(argument)
        if not tokens:
            raise Unsupported("an expression without its last parenthesis")
        return found, tokens[1:]


def _tokens(text: str) -> list[str]:
    found, index = [], 0
    while index < len(text.rstrip()):
        match = _TOKEN.match(text, index)
        if match is None:
            raise Unsupported(f"the expression {text!r}")
        found.append(next(part for part in match.groups() if part is not None))
        index = match.end()
    return found


def _add_days(moment: Any, days: Any) -> str:
    start = datetime.fromisoformat(str(moment).replace("Z", "+00:00"))
    return (start + timedelta(days=int(days))).strftime("%Y-%m-%dT%H:%M:%SZ")


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "adddays": _add_days,
    "concat": lambda *parts: "".join(str(part) for part in parts),
    "empty": _empty,
    "if": lambda condition, yes, no: yes if condition else no,
    "not": lambda value: not value,
    "tolower": lambda text: str(text).lower(),
    "toupper": lambda text: str(text).upper(),
    "length": lambda value: len(value or ()),
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "split": lambda text, by: str(text).split(str(by)),
    "contains": lambda held, one: str(one).lower() in str(held).lower() if isinstance(held, str) else one in held,
    "equals": lambda one, other: str(one).lower() == str(other).lower(),
    "padleft": lambda text, width, character=" ": str(text).rjust(int(width), str(character)),
}
