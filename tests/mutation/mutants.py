"""Every mutant of a module by a name that outlives a change of lines, and a seeded sample of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutation.listed import path_of
from tests.mutation.operators import OPERATORS

_TEXTS = ("fstring", "string", "strings", "test", "arith_expr", "atom")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module: `at` is the line that it changes, `again` which of its like in the function it is."""

    module: str
    function: str
    operator: str
    text: str
    again: int
    occurrence: int
    line: int

    @property
    def name(self) -> str:
        return f"{self.module}:{self.function}:{self.operator}:{self.text}:{self.again}"

    @property
    def path(self) -> Path:
        return path_of(self.module)

    def source(self) -> str:
        """The module's text with the change made."""
        changed = mutate_code(self.path.read_text(), OPERATORS[self.operator], self.occurrence)
        assert isinstance(changed, str), self.name
        return changed


def mutants(module: str) -> Iterator[Mutant]:
    """All mutants of a module that may change what it decides."""
    seen: Counter[tuple[str, ...]] = Counter()
    tree = get_ast(path_of(module).read_text())
    nodes = list(ast_nodes(tree))
    for operator, change in OPERATORS.items():
        places = ((node, place) for node in nodes for place in change.mutation_positions(node))
        for occurrence, (node, place) in enumerate(places):
            if _decides_nothing(node):
                continue
            like = _function(node), operator, _text(node)
            yield Mutant(module, *like, again=seen[like], occurrence=occurrence, line=place[0][0])
            seen[like] += 1


def sample(all_: Iterable[Mutant], size: int, seed: int) -> list[Mutant]:
    """As many mutants by their names' digests: a change of one function leaves the draw of all others as it is."""
    return sorted(all_, key=lambda one: hashlib.sha256(f"{seed}:{one.name}".encode()).digest())[:size]


def _function(node: Any) -> str:
    """The dotted name of the function that holds a node, `<module>` where none does."""
    names = []
    while node := node.parent:
        if node.type in ("funcdef", "classdef"):
            names.append(node.name.value)
    return ".".join(reversed(names)) or "<module>"


def _text(node: Any) -> str:
    """The expression that is changed; of a number or a word the one around it, by which a reader knows it."""
    while node.type in ("number", "keyword", "operator", "name"):
        node = node.parent
    first = node.get_code(include_prefix=False).split(":\n")[0]
    return " ".join(first.split())[:100]


def _decides_nothing(node: Any) -> bool:
    """Whether it is in a text, an annotation or a decorator, chooses a text, or is the condition of imports."""
    child = None
    while node is not None:
        if node.type in ("fstring_expr", "decorator"):
            return True
        if node.type == "annassign" and child is node.children[1]:
            return True
        condition = {"if_stmt": 1, "test": 2}.get(node.type)
        if condition and child in (None, node.children[condition]) and _is_idle(node):
            return True
        if node.type == "argument" and node.children[0].get_code().strip() == "strict":
            return True
        node, child = node.parent, node
    return False


def _is_idle(choice: Any) -> bool:
    """Whether all that an `if` or a conditional expression decides is a text, or what the type checker imports."""
    return _is_sentence(choice) or choice.children[1].get_code().strip() == "TYPE_CHECKING"


def _is_sentence(node: Any) -> bool:
    """Whether an expression is a text for people: an f-string, or a string with a space, or a choice among such."""
    if node.type in ("fstring", "string", "strings"):
        return node.type != "string" or " " in node.value
    if node.type == "test":
        either = node.children[0], node.children[4]
        return any(map(_is_sentence, either)) and all(one.type in _TEXTS for one in either)
    if node.type in ("arith_expr", "atom"):
        return any(_is_sentence(child) for child in node.children)
    return False
