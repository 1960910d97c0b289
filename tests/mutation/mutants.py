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
    """Whether it is in a text, an annotation, a decorator or the condition of imports for the type checker."""
    below = None
    while node is not None:
        if node.type in ("fstring_expr", "decorator", "tfpdef", "annassign_type"):
            return True
        if node.type == "annassign" and below is node.children[1]:
            return True
        if (
            node.type == "if_stmt"
            and node.children[1].get_code().strip() == "TYPE_CHECKING"
            and below
            in (
                None,
                node.children[1],
            )
        ):
            return True
        if node.type == "argument" and node.children[0].get_code().strip() == "strict":
            return True
        node, below = node.parent, node
    return False
