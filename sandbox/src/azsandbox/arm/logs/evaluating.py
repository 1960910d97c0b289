"""Evaluates a query that was read over the rows of tables; every expression has a type, as the answer names it.

A table of which there never was a row does not exist (AZ-LOG-6).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from azsandbox.arm.logs.parsing import TEXT_TESTS, BadQuery, Node

Row = dict[str, Any]
Value = Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with their types, in order, and rows."""

    columns: Mapping[str, str]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class _Typed:
    type: str
    of: Value


def _semantic(message: str) -> BadQuery:
    return BadQuery("SemanticError", message)


class _NoTable(BadQuery):
    """A table that does not exist."""


class Evaluation:
    """One query over the tables of a workspace at a time, in seconds since 1970.

    `left_out`: legs of a fuzzy union that could not be resolved (AZ-LOG-6).
    """

    def __init__(self, tables: Mapping[str, Table], now: float) -> None:
        self._tables, self._now = tables, now
        self.left_out: list[str] = []

    def run(self, query: Node) -> Table:
        """The rows of a query. Raises BadQuery."""
        first, *steps = query.parts
        found = self._union(first) if first.kind == "union" else self._source(first)
        for step in steps:
            found = getattr(self, f"_{step.kind}")(found, step)
        return found

    def _source(self, node: Node) -> Table:
        if node.kind == "datatable":
            return Table(dict(node.value), [])
        if node.value not in self._tables:
            text = f"'where' operator: Failed to resolve table or column expression named '{node.value}'"
            raise _NoTable("SemanticError", text)
        return self._tables[node.value]

    def _union(self, node: Node) -> Table:
        legs = []
        for leg in node.parts:
            try:
                legs.append(self.run(leg))
            except _NoTable as missing:
                if not node.value:
                    raise
                self.left_out.append(missing.message)
        if not legs:
            raise _semantic(self.left_out[0])
        return _joined(legs)

    def _where(self, table: Table, step: Node) -> Table:
        test = self._typed(table, step.parts[0])
        if test.type != "bool":
            raise _semantic("'where' operator: the predicate is not a boolean")
        return Table(table.columns, [row for row in table.rows if test.of(row)])

    def _extend(self, table: Table, step: Node) -> Table:
        made = self._assigned(table, step.parts)
        columns = {**table.columns, **{name: one.type for name, one in made.items()}}
        rows = [{**row, **{name: one.of(row) for name, one in made.items()}} for row in table.rows]
        return Table(columns, rows)

    def _project(self, table: Table, step: Node) -> Table:
        made = self._assigned(table, step.parts)
        rows = [{name: one.of(row) for name, one in made.items()} for row in table.rows]
        return Table({name: one.type for name, one in made.items()}, rows)

    def _take(self, table: Table, step: Node) -> Table:
        return Table(table.columns, table.rows[: step.value])

    def _summarize(self, table: Table, step: Node) -> Table:
        sums, keys = step.parts[: step.value], self._assigned(table, step.parts[step.value :])
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in table.rows:
            groups.setdefault(tuple(one.of(row) for one in keys.values()), []).append(row)
        made = {str(one.value): self._summed(table, one.parts[0]) for one in sums}
        columns = {name: one.type for name, one in keys.items()} | {
            name: type_ for name, (type_, _) in made.items()
        }
        rows = [
            dict(zip(keys, key, strict=True)) | {name: sum_(rows) for name, (_, sum_) in made.items()}
            for key, rows in groups.items()
        ]
        return Table(columns, rows)

    def _summed(self, table: Table, node: Node) -> tuple[str, Callable[[list[Row]], Any]]:
        if node.kind == "call" and node.value == "count" and not node.parts:
            return "long", len
        if node.kind == "call" and node.value in ("countif", "min", "max") and len(node.parts) == 1:
            one = self._typed(table, node.parts[0])
            if node.value == "countif":
                return "long", lambda rows: sum(1 for row in rows if one.of(row))
            pick = min if node.value == "min" else max
            return one.type, lambda rows: pick((v for row in rows if (v := one.of(row)) is not None), default=None)
        raise _semantic(f"The sandbox does not understand the aggregate '{node.value}'")

    def _assigned(self, table: Table, nodes: tuple[Node, ...]) -> dict[str, _Typed]:
        return {str(one.value): self._typed(table, one.parts[0]) for one in nodes}

    # Expressions

    def _typed(self, table: Table, node: Node) -> _Typed:
        value = node.value
        if node.kind in ("text", "number", "span"):
            type_ = {"text": "string", "span": "timespan"}.get(
                node.kind, "long" if isinstance(value, int) else "real"
            )
            return _Typed(type_, lambda _: value)
        if node.kind == "name":
            return self._column(table, str(value))
        if node.kind == "path":
            return self._dynamic(table, value)
        if node.kind == "call":
            return self._called(table, node)
        parts = [self._typed(table, part) for part in node.parts]
        return _Typed("bool", _test(node.kind, parts))

    @staticmethod
    def _column(table: Table, name: str) -> _Typed:
        if name not in table.columns:
            raise _semantic(f"Failed to resolve scalar expression named '{name}'")
        # A text is never null.
        usual = "" if table.columns[name] == "string" else None
        return _Typed(table.columns[name], lambda row: usual if row.get(name) is None else row[name])

    def _dynamic(self, table: Table, way: tuple[str, ...]) -> _Typed:
        first = self._column(table, way[0])
        if first.type != "dynamic":
            raise _semantic(f"Path expression: '{way[0]}' is not dynamic")

        def of(row: Row) -> Any:
            found = first.of(row)
            for part in way[1:]:
                found = found.get(part) if isinstance(found, dict) else None
            return found

        return _Typed("dynamic", of)

    def _called(self, table: Table, node: Node) -> _Typed:
        if node.value == "column_ifexists" and len(node.parts) == 2 and node.parts[0].kind == "text":
            name = str(node.parts[0].value)
            exists = name in table.columns
            return self._column(table, name) if exists else self._typed(table, node.parts[1])
        given = [self._typed(table, part) for part in node.parts]
        types, known = tuple(one.type for one in given), _FUNCTIONS.get(str(node.value))
        type_ = known.type_of(types) if known else ""
        if not known or not type_:
            raise _semantic(f"The sandbox does not understand the function '{node.value}' of these arguments")
        return _Typed(type_, lambda row: known.of(self._now, *(one.of(row) for one in given)))


def written(seconds: float) -> str:
    """A time as rows have it; those of one form are in order as texts are."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le, "<": operator.lt, ">": operator.gt,
}  # fmt: skip


def _test(kind: str, parts: list[_Typed]) -> Value:
    """A test of two or more; what is null is in no order with anything."""
    first, *others = parts
    if kind in ("and", "or") and all(one.type == "bool" for one in parts):
        both = kind == "and"
        return lambda row: (all if both else any)(bool(one.of(row)) for one in parts)
    if kind in ("in", "!in", "in~", "!in~"):
        return _among(kind, first, others)
    [second] = others
    _check_types(kind, first.type, second.type)
    if kind in TEXT_TESTS:
        return _text_test(kind, first, second)
    if kind in ("=~", "!~"):
        same = kind == "=~"
        return lambda row: (_text(first.of(row)).lower() == _text(second.of(row)).lower()) is same
    return lambda row: _compare(kind, first.of(row), second.of(row))


def _among(kind: str, first: _Typed, others: list[_Typed]) -> Value:
    """`in` and its like; what is null is in no list (AZ-MONITOR-57)."""
    for other in others:
        _check_types(kind, first.type, other.type)
    fold = str.lower if kind.endswith("~") else str
    if first.type == "string":
        return lambda row: (
            (fold(first.of(row)) in [fold(one.of(row)) for one in others]) is not kind.startswith("!")
        )
    return lambda row: (first.of(row) in [one.of(row) for one in others]) is not kind.startswith("!")


def _text_test(kind: str, first: _Typed, second: _Typed) -> Value:
    """`contains` and its like, without case; `has` is for a whole term."""
    wanted, test = not kind.startswith("!"), _TEXT_TESTS[kind.removeprefix("!")]
    return lambda row: test(_text(first.of(row)).lower(), _text(second.of(row)).lower()) is wanted


def _has(text: str, term: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(term)}(?![a-z0-9])", text) is not None


_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "has": _has,
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def _check_types(kind: str, one: str, other: str) -> None:
    numbers = {"int", "long", "real"}
    if one != other and not {one, other} <= numbers:
        raise _semantic(f"Cannot compare values of types {one} and {other} with '{kind}'")
    if (kind in ("=~", "!~", "in~", "!in~") or kind in TEXT_TESTS) and one != "string":
        raise _semantic(f"'{kind}' is for texts")


def _compare(kind: str, one: Any, other: Any) -> bool:
    """What is null differs from what is not, and is in no order with it (AZ-MONITOR-57)."""
    if one is None or other is None:
        return kind == "!=" and one is not other
    return _ORDERED[kind](one, other)


def _joined(legs: Sequence[Table]) -> Table:
    """One below the other; a column of two types is one for each, with the type in its name."""
    types: dict[str, list[str]] = {}
    for leg in legs:
        for name, type_ in leg.columns.items():
            if type_ not in types.setdefault(name, []):
                types[name].append(type_)
    named = {
        (name, type_): name if len(each) == 1 else f"{name}_{type_}"
        for name, each in types.items()
        for type_ in each
    }
    columns = {name: type_ for (_, type_), name in named.items()}
    rows = [
        {named[name, type_]: row.get(name) for name, type_ in leg.columns.items()}
        for leg in legs
        for row in leg.rows
    ]
    return Table(columns, rows)


@dataclass(frozen=True, slots=True)
class _Function:
    """A function: its type by those of its arguments, empty for others than it takes; and what it makes of them.

    It is told the time before its arguments.
    """

    type_of: Callable[[tuple[str, ...]], str]
    of: Callable[..., Any]


def _taking(*wanted: str, gives: str) -> Callable[[tuple[str, ...]], str]:
    return lambda types: gives if types == wanted else ""


_FUNCTIONS = {
    "ago": _Function(_taking("timespan", gives="datetime"), lambda now, span: written(now - span)),
    "tolower": _Function(_taking("string", gives="string"), lambda _, text: str(text or "").lower()),
    "tostring": _Function(lambda types: "string" if len(types) == 1 else "", lambda _, value: _text(value)),
    "toint": _Function(
        lambda types: "int" if types and set(types) <= {"int", "long", "real"} and len(types) == 1 else "",
        lambda _, value: None if value is None else int(value),
    ),
    "isempty": _Function(_taking("string", gives="bool"), lambda _, text: not text),
    "isnotempty": _Function(_taking("string", gives="bool"), lambda _, text: bool(text)),
    "not": _Function(_taking("bool", gives="bool"), lambda _, test: not test),
    "coalesce": _Function(
        lambda types: "string" if set(types) == {"string"} else "",
        lambda _, *texts: next((text for text in texts if text), ""),
    ),
    "iff": _Function(
        lambda types: types[1] if len(types) == 3 and types[0] == "bool" and types[1] == types[2] else "",
        lambda _, test, one, other: one if test else other,
    ),
}
