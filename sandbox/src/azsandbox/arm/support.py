"""Which operations of which types ARM answers here, who describes them, and which beliefs they rest on."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.described import described_by, shapes
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import kind_classes

_ITEM = {"get": "GET", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}
_COLLECTION = {"list": "GET", "post": "POST"}
_BELIEF = re.compile(r"\bAZ-[A-Z]+-\d+\b")


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb of one type. `shapes` are how descriptions may spell it, `METHOD shape`; `cited` has the ids of the
    beliefs that what answers names, `beside` of those that the rest of its kind names."""

    type: str
    verb: str
    shapes: tuple[str, ...]
    cited: frozenset[str]
    beside: frozenset[str]

    @property
    def described_by(self) -> tuple[str, ...]:
        """Who describes it; none: nobody that was read."""
        return described_by(self.shapes)


def operations() -> list[Operation]:
    """All of them, by type and verb."""
    found = [one for kind in kind_classes() for one in _of(kind)]
    return sorted(found, key=lambda one: (one.type.lower(), one.verb))


def _of(kind: type[Kind]) -> Iterator[Operation]:
    for name, verb in (*_ITEM.items(), *_COLLECTION.items()):
        if not _refuses(getattr(kind, name)) and not (name == "delete" and not kind.deletes()):
            told = f"{verb} list" if name == "list" else verb
            yield _operation(kind, name, told, shapes(kind, verb, item=name in _ITEM))
    for (verb, path), name in kind.actions.items():
        yield _operation(kind, name, f"{verb} {path}", shapes(kind, verb, below=f"/{path}"))


def _operation(kind: type[Kind], name: str, verb: str, spelled: tuple[str, ...]) -> Operation:
    own = _beliefs(_source(getattr(kind, name)))
    methods = {*_ITEM, *_COLLECTION, *kind.actions.values()}
    others = [
        _source(member)
        for class_ in kind.__mro__
        if class_.__module__.startswith(kind.__module__.rpartition(".")[0])
        for each, member in vars(class_).items()
        if inspect.isfunction(member) and each not in methods
    ]
    beside = _beliefs((kind.__doc__ or "") + "".join(others)) - own
    return Operation(kind.type, verb, spelled, own, beside)


def _source(member: Callable[..., Any]) -> str:
    return textwrap.dedent(inspect.getsource(member))


def _beliefs(text: str) -> frozenset[str]:
    return frozenset(_BELIEF.findall(text))


def _refuses(member: Callable[..., Any]) -> bool:
    """Whether all that a method does is to raise."""
    [function] = ast.parse(_source(member)).body
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    told = isinstance(function.body[0], ast.Expr)  # the docstring
    work = function.body[1:] if told else function.body
    return len(work) == 1 and isinstance(work[0], ast.Raise)
