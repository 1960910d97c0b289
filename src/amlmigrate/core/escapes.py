"""Somebody else's words as text that nothing acts on: what is no visible character is written as its escape.

Names, tags, descriptions and messages of a service may hold any character. A terminal obeys control characters,
marks for writing from right to left change the order of what is read, and what has no width hides a difference.
The sets are those of Unicode: `str.isprintable`, and the visible classes' members that are drawn as nothing
(Default_Ignorable_Code_Point of DerivedCoreProperties.txt, and the empty Braille pattern).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_IS_BLANK = re.compile(f"[{_BLANK}]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")


class Plain(str):
    """A text that holds no such character any more, as JSON with escapes of its own: it is shown as it is."""

    __slots__ = ()


def escaped(text: str) -> str:
    """The text on one line, with an escape (`\\u202e`, `\\U000e0001`) for each character that is not visible.

    The same again for one that is escaped.
    """
    return text if visible(text) else "".join(map(_escape, text))


def shown(text: str) -> str:
    """The same for a text that is shown: what only looks like an escape is one too, so no two look the same."""
    if isinstance(text, Plain):
        return escaped(text)
    return escaped(_ESCAPE.sub(lambda found: f"\\u005c{found[0][1:]}", text))


def meant(text: str) -> str:
    """The text that is shown as this one. Numbers that are no character stay as they are."""
    return _ESCAPE.sub(_character, text)


def visible(text: str) -> bool:
    """Whether the text has no character that would be escaped."""
    return text.isprintable() and not _IS_BLANK.search(text)


def as_json(
    value: Any,
    *,
    indent: int | None = None,
    ordered: bool = False,
    default: Callable[[Any], Any] | None = None,
) -> Plain:
    """JSON in which each such character is one of JSON's own escapes; with `indent`, on several lines.

    `ordered` puts members in the order of their names; `default` turns what JSON does not know into what it does.
    """
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(
        value, ensure_ascii=False, indent=indent, separators=separators, default=default, sort_keys=ordered
    )
    return Plain("\n".join(line if visible(line) else "".join(map(_json, line)) for line in text.split("\n")))


def _escape(sign: str) -> str:
    if visible(sign):
        return sign
    number = ord(sign)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _json(sign: str) -> str:
    return sign if visible(sign) else json.dumps(sign)[1:-1]


def _character(found: re.Match[str]) -> str:
    number = int(found[1] or found[2], 16)
    return chr(number) if number <= 0x10FFFF else found[0]
