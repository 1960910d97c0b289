"""JSON and YAML that somebody else wrote: how deep it may be, so that walking it ends nobody's process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import yaml

# What people write nests a dozen deep; far more than this would only exhaust the stack, libyaml's own too.
DEEPEST = 100
_SCANNER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPENING = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)


def tokens(text: str) -> Iterator[yaml.Token]:
    """The tokens of a YAML text. Raises YAMLError where it is none, and where it is too deep to be loaded."""
    depth = 0
    for token in yaml.scan(text, Loader=_SCANNER):
        yield token
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > DEEPEST:
            raise yaml.YAMLError(f"it nests deeper than {DEEPEST} levels")


def repeats(node: yaml.Node) -> bool:
    """Whether a map in a tree of nodes without aliases gives a member twice."""
    if isinstance(node, yaml.SequenceNode):
        return any(map(repeats, node.value))
    if not isinstance(node, yaml.MappingNode):
        return False
    names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    return len(set(names)) < len(names) or any(map(repeats, (one for pair in node.value for one in pair)))


def is_shallow(value: Any) -> bool:
    """Whether a JSON value is not too deep to be walked level by level of Python's stack."""
    level = [value]
    for _ in range(DEEPEST):
        level = [child for one in level for child in _children(one)]
        if not level:
            return True
    return False


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
