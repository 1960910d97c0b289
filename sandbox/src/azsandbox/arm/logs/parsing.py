"""Reads a query in the part of the Kusto Query Language that is understood here; all else is refused.

Understood: a table, an empty `datatable`, a `union` of such queries; the operators `where`, `extend`, `project`,
`summarize ... by`, `take`; comparisons, `in` and the like, `and`, `or`; paths into a dynamic column; functions
(`evaluating.py` has which).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from azsandbox.codedrefusal import CodedRefusal

T = TypeVar("T")
_TOKEN = re.compile(
    r"\s*(?:(?P<span>\d+(?:\.\d+)?(?:d|h|m|s)\b)|(?P<number>\d+(?:\.\d+)?)|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<sign>!?in~|!(?:in|has|contains|startswith|endswith)\b|==|!=|=~|!~|>=|<=|[|()\[\],.<>=:])"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*))"
)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LITERALS: Mapping[str, Callable[[str], Any]] = {
    "text": lambda text: re.sub(r"\\(.)", r"\1", text[1:-1]),
    "number": lambda text: float(text) if "." in text else int(text),
    "span": lambda text: float(text[:-1]) * _SECONDS[text[-1]],
}
COMPARISONS = ("==", "!=", "=~", "!~", ">=", "<=", "<", ">")
_LISTED = ("in", "!in", "in~", "!in~")
_TEXTS = ("has", "contains", "startswith", "endswith")
TEXT_TESTS = (*_TEXTS, *(f"!{one}" for one in _TEXTS))


class BadQuery(CodedRefusal):
    """A query that is refused: `code` of the inner error, and words."""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a query: what it is (`call`, `name`, `path`, `text`, `number`, `span`, an operator), of what."""

    kind: str
    value: Any = None
    parts: tuple[Node, ...] = ()


def parsed(text: str) -> Node:
    """A whole query. Raises BadQuery."""
    reader = _Reader(_tokens(text))
    found = reader.tabular()
    if reader.at < len(reader.tokens):
        raise _syntax(f"Query could not be parsed at '{reader.tokens[reader.at][1]}'")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _syntax(f"Query could not be parsed at '{text[at : at + 10].strip()}'")
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        at = match.end()
    return found


def _syntax(message: str) -> BadQuery:
    return BadQuery("SyntaxError", message)


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at = tokens, 0

    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise _syntax("Query could not be parsed at its end")
        self.at += 1
        return self.tokens[self.at - 1]

    def _sees(self, *texts: str) -> bool:
        return (
            self.at < len(self.tokens) and self.tokens[self.at][0] != "text" and self.tokens[self.at][1] in texts
        )

    def _takes(self, text: str) -> bool:
        seen = self._sees(text)
        self.at += seen
        return seen

    def _needs(self, text: str) -> None:
        if not self._takes(text):
            told = self.tokens[self.at][1] if self.at < len(self.tokens) else "its end"
            raise _syntax(f"Query could not be parsed at '{told}': expected '{text}'")

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise _syntax(f"Query could not be parsed at '{text}': expected a name")
        return text

    def _listed(self, read: Callable[[], T]) -> list[T]:
        found = [read()]
        while self._takes(","):
            found.append(read())
        return found

    def tabular(self) -> Node:
        """A source and its operators."""
        steps = [self._source()]
        while self._takes("|"):
            steps.append(self._operator())
        return Node("tabular", None, tuple(steps))

    def _source(self) -> Node:
        name = self._name()
        if name == "datatable":
            self._needs("(")
            columns = self._listed(self._column)
            for sign in (")", "[", "]"):
                self._needs(sign)
            return Node("datatable", columns)
        return self._union() if name == "union" else Node("table", name)

    def _union(self) -> Node:
        fuzzy = False
        if self._takes("isfuzzy"):
            self._needs("=")
            fuzzy = self._name() == "true"
        return Node("union", fuzzy, tuple(self._listed(self._leg)))

    def _leg(self) -> Node:
        if not self._takes("("):
            return Node("tabular", None, (Node("table", self._name()),))
        found = self.tabular()
        self._needs(")")
        return found

    def _column(self) -> tuple[str, str]:
        name = self._name()
        self._needs(":")
        return name, self._name()

    def _operator(self) -> Node:
        name = self._name()
        if name == "where":
            return Node("where", None, (self._either(),))
        if name in ("extend", "project"):
            return Node(name, None, tuple(self._listed(self._assigned)))
        if name == "take":
            return Node("take", int(self._next()[1]))
        if name == "summarize":
            sums = self._listed(self._assigned)
            keys = self._listed(self._assigned) if self._takes("by") else []
            return Node("summarize", len(sums), (*sums, *keys))
        raise _syntax(f"The sandbox does not understand the operator '{name}'")

    def _assigned(self) -> Node:
        """`Name = expression`, or an expression that is a column."""
        ahead = self.tokens[self.at + 1 : self.at + 2]
        if ahead == [("sign", "=")]:
            name = self._name()
            self._needs("=")
            return Node("assigned", name, (self._either(),))
        found = self._either()
        if found.kind != "name":
            raise _syntax("The sandbox wants a name for every expression")
        return Node("assigned", found.value, (found,))

    def _either(self) -> Node:
        found = self._both()
        while self._takes("or"):
            found = Node("or", None, (found, self._both()))
        return found

    def _both(self) -> Node:
        found = self._compared()
        while self._takes("and"):
            found = Node("and", None, (found, self._compared()))
        return found

    def _compared(self) -> Node:
        left = self._single()
        if self._sees(*COMPARISONS, *TEXT_TESTS):
            return Node(self._next()[1], None, (left, self._single()))
        if self._sees(*_LISTED):
            operator = self._next()[1]
            self._needs("(")
            among = self._listed(self._single)
            self._needs(")")
            every = (one for each in among for one in (each.parts if each.kind == "list" else (each,)))
            return Node(operator, None, (left, *every))
        return left

    def _single(self) -> Node:
        if self._takes("("):
            found = self._either()
            self._needs(")")
            return found
        kind, text = self._next()
        if kind in _LITERALS:
            return Node(kind, _LITERALS[kind](text))
        if kind != "name":
            raise _syntax(f"Query could not be parsed at '{text}'")
        if text == "dynamic":
            return self._list()
        if self._takes("("):
            given = [] if self._sees(")") else self._listed(self._either)
            self._needs(")")
            return Node("call", text, tuple(given))
        return self._path(text)

    def _list(self) -> Node:
        """`dynamic([…])`, of which only lists are known."""
        for sign in ("(", "["):
            self._needs(sign)
        found = self._listed(self._single)
        for sign in ("]", ")"):
            self._needs(sign)
        return Node("list", None, tuple(found))

    def _path(self, name: str) -> Node:
        way = []
        while self._sees(".", "["):
            if self._takes("."):
                way.append(self._name())
            else:
                self._needs("[")
                kind, text = self._next()
                if kind != "text":
                    raise _syntax(f"The sandbox does not understand the index '{text}'")
                way.append(text[1:-1])
                self._needs("]")
        return Node("path", (name, *way)) if way else Node("name", name)
