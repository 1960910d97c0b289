"""YAML that a person wrote for this tool, JSON included: what could mean two things is refused, with its line.

What the usual loaders do without a word is a fault here: of a member given twice they keep the last, `NO` becomes
false and a date no text, an alias or `<<` brings in what stands elsewhere, and a tag names a type. So a member is
given once; names are texts as they are written; only what YAML 1.2 calls so is a number, `true`, `false` or `null`
(yaml.org/spec/1.2.2, section 10.3.2), and everything else is a text.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from amlmigrate.core.nesting import tokens

# How files that are read as YAML end.
YAML = (".yaml", ".yml")
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
# More digits than any member takes would only cost time. `010` is eight to some readers and ten to others: a text.
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]{0,17})\.[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,3})?")
_REFUSED = {
    yaml.AliasToken: "an alias (`*`): write out what it stands for",
    yaml.AnchorToken: "an anchor (`&`): write out what it stands for where it is needed",
    yaml.TagToken: "a tag (`!`): leave it out, and put quotes around what is a text",
    yaml.DirectiveToken: "a directive (`%`): leave it out",
}


class NotStrictError(ValueError):
    """A text that is no YAML, or could mean two things: what is wrong, with the line."""


def load(text: str) -> Any:
    """What it says: maps with texts as names, lists, texts, numbers, booleans, None. Raises NotStrictError."""
    node = compose(text)
    return None if node is None else _value(node)


def compose(text: str) -> yaml.Node | None:
    """The one document of a text as nodes, which know their lines; None if it is empty. Raises NotStrictError."""
    try:
        _look(text)
        node: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, UnicodeError) as error:
        raise NotStrictError(_told(error)) from error
    if node is not None:
        _check(node)
    return node


def line(node: yaml.Node) -> int:
    """The line on which a node begins, from 1."""
    found: int = node.start_mark.line + 1
    return found


def _look(text: str) -> None:
    for token in tokens(text):
        if why := _REFUSED.get(type(token)):
            raise NotStrictError(f"line {token.start_mark.line + 1} has {why}")


def _check(node: yaml.Node) -> None:
    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            _check(one)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, at = _name(key), line(key)
            if name in seen:
                raise NotStrictError(f"'{name}' is given twice, in line {seen[name]} and in line {at}")
            seen[name] = at
            _check(value)


def _name(key: yaml.Node) -> str:
    if not isinstance(key, yaml.ScalarNode):
        raise NotStrictError(f"line {line(key)} has a list or a map where a name belongs")
    if key.value == "<<" and not key.style:
        raise NotStrictError(f"line {line(key)} has a merge (`<<`): write out what it brings in")
    name: str = key.value
    return name


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(one) for one in node.value]
    quoted = isinstance(node, yaml.ScalarNode) and node.style
    return node.value if quoted else _plain(node.value)


def _plain(text: str) -> Any:
    """A scalar without quotes."""
    if text.lower() in _WORDS and text in (text.lower(), text.upper(), text.title()):
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else text


def _told(error: Exception) -> str:
    """What the parser says, with its line; the excerpt of the text it leaves out, as it may be a secret."""
    mark = getattr(error, "problem_mark", None)
    why = getattr(error, "problem", None) or ("unreadable" if mark else str(error))
    return f"it is not valid YAML: {' '.join(str(why).split())}" + (f", in line {mark.line + 1}" if mark else "")
