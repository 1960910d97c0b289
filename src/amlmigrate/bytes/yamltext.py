"""YAML as text: each scalar with where it stands, and a text in which some of them are others and nothing else is.

JSON is YAML, so that it is read here too. Nothing is ever written by a YAML emitter but the scalars that change:
comments, quotes, line ends and the order of all else stay byte for byte.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from amlmigrate.core.jsontext import shared
from amlmigrate.core.nesting import tokens

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARK = "\ufeff"
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*(?P<comment>[ \t]+#[^\r\n]*)?")


class NotYamlError(ValueError):
    """A text is no YAML that this reads; its message says where."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value or a key as it is meant, and the part of the text that stands for it, its quotes included."""

    node: yaml.ScalarNode
    start: int
    end: int

    @property
    def value(self) -> str:
        """What it means: unquoted, unfolded, escapes resolved."""
        return str(self.node.value)


@dataclass(frozen=True, slots=True)
class Yaml:
    """A text with its documents, and its scalars in the order in which they stand there."""

    text: str
    documents: tuple[yaml.Node, ...]
    scalars: tuple[Scalar, ...]

    def beside(self) -> str:
        """The text with a blank in the place of each sign of a scalar: what is left are comments and structure."""
        kept, at = [], 0
        for scalar in self.scalars:
            kept += [self.text[at : scalar.start], " " * (scalar.end - scalar.start)]
            at = scalar.end
        return "".join([*kept, self.text[at:]])


@dataclass(frozen=True, slots=True)
class TextEdit:
    """A part of a text, and what is to stand there instead."""

    start: int
    end: int
    after: str


def load(text: str) -> Yaml:
    """Reads all documents of a text. Raises NotYamlError; an empty text has no documents."""
    skipped = len(_MARK) if text.startswith(_MARK) else 0
    try:
        spans = dict(_spans(text[skipped:], skipped))
        documents = tuple(yaml.compose_all(text[skipped:], Loader=_LOADER))
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise NotYamlError(_told(error)) from error
    found: dict[int, Scalar] = {}
    for node in walk(documents):
        end = node.end_mark.index + skipped
        if isinstance(node, yaml.ScalarNode) and end in spans and node.value:
            found[spans[end]] = Scalar(node, spans[end], end)
    return Yaml(text, documents, tuple(found[start] for start in sorted(found)))


def walk(nodes: Iterable[yaml.Node]) -> Iterator[yaml.Node]:
    """All nodes below some in their order, each once, however often it is referred to."""
    seen: set[int] = set()
    queue = list(nodes)[::-1]
    while queue:
        node = queue.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            queue += reversed(children(node))


def children(node: yaml.Node) -> list[yaml.Node]:
    """The nodes right below one: the items of a list, or the keys and values of a map, in their order."""
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def changes(found: Yaml, wanted: Mapping[int, str]) -> list[TextEdit]:
    """What makes a text one in which the scalars that start at some places mean other things, and all else stays.

    A scalar keeps its quotes, folds and escapes where only that is put in which differs; else it is written anew
    in double quotes. Either way the text is read again and compared: raises NotYamlError if it is not that.
    """
    scalars = {scalar.start: scalar for scalar in found.scalars}
    for write in (_within, _anew):
        made = [write(found.text, scalars[start], value) for start, value in sorted(wanted.items())]
        if _comes_to(found, applied(found.text, made), wanted):
            return made
    raise NotYamlError("its values could not be replaced without changing others")


def applied(text: str, made: Iterable[TextEdit]) -> str:
    """The text with the changes, which do not overlap and come in their order."""
    parts, at = [], 0
    for change in made:
        parts += [text[at : change.start], change.after]
        at = change.end
    return "".join([*parts, text[at:]])


def _spans(text: str, skipped: int) -> Iterator[tuple[int, int]]:
    """Where each scalar that is written out ends, and where it starts behind its anchor and tag."""
    for token in tokens(text):
        if isinstance(token, yaml.ScalarToken):
            yield token.end_mark.index + skipped, token.start_mark.index + skipped


def _within(text: str, scalar: Scalar, value: str) -> TextEdit:
    """The differing part alone, where it stands in the text as it is meant, and once; else all anew."""
    raw, old = text[scalar.start : scalar.end], scalar.value
    first, last = shared(old, value)
    while not (part := old[first : len(old) - last]) or raw.count(part) != 1:
        if not first:
            return _anew(text, scalar, value)
        first -= 1
    start = scalar.start + raw.index(part)
    return TextEdit(start, start + len(part), value[first : len(value) - last])


def _anew(text: str, scalar: Scalar, value: str) -> TextEdit:
    """In double quotes on one line; the comment behind a block's sign, and the blanks after it, stay."""
    raw = text[scalar.start : scalar.end]
    written: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=sys.maxsize).rstrip("\n")
    block = _BLOCK_HEADER.match(raw) if scalar.node.style in ("|", ">") else None
    comment = (block["comment"] or "") if block else ""
    tail = raw[len(raw.rstrip()) :] if block else ""
    return TextEdit(scalar.start, scalar.end, f"{written}{comment}{tail}")


def _comes_to(before: Yaml, text: str, wanted: Mapping[int, str]) -> bool:
    """Whether a text means the same as another but for the scalars that are to mean something else."""
    try:
        after = load(text)
    except NotYamlError:
        return False
    values = {id(scalar.node): wanted[scalar.start] for scalar in before.scalars if scalar.start in wanted}
    twins: dict[int, yaml.Node] = {}
    queue: list[tuple[yaml.Node, yaml.Node]] = list(zip(before.documents, after.documents, strict=False))
    if len(before.documents) != len(after.documents):
        return False
    while queue:
        left, right = queue.pop()
        if id(left) in twins:
            # An alias names the same node in both.
            if twins[id(left)] is not right:
                return False
            continue
        twins[id(left)] = right
        if not _alike(left, right, values.get(id(left))):
            return False
        queue += zip(children(left), children(right), strict=True)
    return True


def _alike(left: yaml.Node, right: yaml.Node, value: str | None) -> bool:
    if type(left) is not type(right) or left.tag != right.tag:
        return False
    if isinstance(left, yaml.ScalarNode):
        return bool(right.value == (left.value if value is None else value))
    return len(left.value) == len(right.value)


def _told(error: Exception) -> str:
    """What is wrong and where, without the text itself, which may hold secrets."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error) or type(error).__name__
    return f"{what} (line {mark.line + 1})" if mark else str(what)
