"""The fixed operators: those of cosmic-ray that change a decision, and three of our own beside them. None changes a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword, PythonNode
from parso.tree import NodeOrLeaf

Position = tuple[tuple[int, int], tuple[int, int]]

# Calls that tell people or a log of what is done; what they say is a text.
_TOLD = ("emit", "log", "_log", "LOG")


class NegateMembership(Operator):
    """`x in y` becomes `x not in y`, and the other way round."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        for child in self._operators(node):
            yield child.start_pos, child.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        child = list(self._operators(node))[index]
        text = " in" if child.get_code().split() == ["not", "in"] else " not in"
        node.children[node.children.index(child)] = parso.parse(text)
        return node

    @staticmethod
    def _operators(node: Any) -> list[Any]:
        if node.type != "comparison":
            return []
        return [child for child in node.children[1::2] if child.get_code().split() in (["in"], ["not", "in"])]

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("x in y", "x not in y"), Example("x not in y", "x in y"))


class ReturnNothing(Operator):
    """`return x` becomes `return None`; not `return False`, which would mean the same and has an operator of its own."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        if node.type == "return_stmt" and node.children[1].get_code().strip() not in ("None", "False"):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children[1:] = [Keyword("None", node.children[1].start_pos, prefix=" ")]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("def f():\n    return x\n", "def f():\n    return None\n"),)


class RemoveCall(Operator):
    """A call whose value nobody takes becomes `pass`; not one that only tells of something."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        if node.type == "simple_stmt" and self._is_call(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        call = node.children[0]
        node.children[0] = Keyword("pass", call.start_pos, prefix=call.get_first_leaf().prefix)
        return node

    @staticmethod
    def _is_call(node: Any) -> bool:
        parts = node.children if isinstance(node, PythonNode) and node.type in ("atom_expr", "power") else []
        if not parts or not parts[-1].get_code().startswith("("):
            return False
        named = parts[1] if parts[0].get_code().strip() == "await" else parts[0]
        return named.get_code().strip() not in _TOLD

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("f(x)\n", "pass\n"), Example("await a.f(x)\n", "pass\n"))


def _core(name: str) -> Operator:
    operator: Operator = get_operator(f"core/{name}")()
    return operator


def _comparison(was: str, becomes: str) -> Operator:
    return _core(f"ReplaceComparisonOperator_{was}_{becomes}")


# What each is called in reports and excuses. The bounds are moved by one, everything else is turned round.
OPERATORS: dict[str, Operator] = {
    "comparison == to !=": _comparison("Eq", "NotEq"),
    "comparison != to ==": _comparison("NotEq", "Eq"),
    "comparison < to <=": _comparison("Lt", "LtE"),
    "comparison <= to <": _comparison("LtE", "Lt"),
    "comparison > to >=": _comparison("Gt", "GtE"),
    "comparison >= to >": _comparison("GtE", "Gt"),
    "comparison < to >": _comparison("Lt", "Gt"),
    "comparison <= to >=": _comparison("LtE", "GtE"),
    "comparison > to <": _comparison("Gt", "Lt"),
    "comparison >= to <=": _comparison("GtE", "LtE"),
    "comparison is to is not": _comparison("Is", "IsNot"),
    "comparison is not to is": _comparison("IsNot", "Is"),
    "comparison in to not in": NegateMembership(),
    "boolean and to or": _core("ReplaceAndWithOr"),
    "boolean or to and": _core("ReplaceOrWithAnd"),
    "boolean condition negated": _core("AddNot"),
    "boolean not removed": _core("ReplaceUnaryOperator_Delete_Not"),
    "constant True to False": _core("ReplaceTrueWithFalse"),
    "constant False to True": _core("ReplaceFalseWithTrue"),
    "constant number moved": _core("NumberReplacer"),
    "return of nothing": ReturnNothing(),
    "call removed": RemoveCall(),
}


def check() -> None:
    """Holds each operator to its own examples. AssertionError where one does not do what it says."""
    for name, operator in OPERATORS.items():
        for example in operator.examples():
            made = mutate_code(example.pre_mutation_code, operator, example.occurrence)
            assert made == example.post_mutation_code, f"{name}: {example.pre_mutation_code!r} becomes {made!r}"
