"""Somebody else's words in Markdown, as text: no heading, link, picture, HTML or line of its own comes of them.

CommonMark lets a backslash stand before any ASCII punctuation (spec 0.31, 2.4). What GitHub would make a link of
becomes a code span, out of which it can be copied.
"""

from __future__ import annotations

import re

from amlmigrate.core.escapes import shown

# Signs that act anywhere; an underscore does nothing inside a word, and is left there so that names can be copied.
_ACTS = re.compile(r"[\\`*\[\]<>&|~$@]|(?<![^\W_])_|_(?![^\W_])|!(?=\[)")
# Without a vertical bar: in a table it ends a cell inside a code span too (GitHub Flavored Markdown, 4.10).
_LINK = re.compile(r"((?:[a-z][a-z0-9+.-]*://|www\.)[^\s'\"<>()|]+)", re.IGNORECASE)
# Signs that act at the beginning of a line: headings, lists, rules.
_BEGINS = re.compile(r"^(\s*)(\d*)([#+.)=-])")


def text(words: str) -> str:
    """The words on one line."""
    parts = _LINK.split(shown(words))
    acting = "".join(_span(one) if at % 2 else _ACTS.sub(r"\\\g<0>", one) for at, one in enumerate(parts))
    return _BEGINS.sub(lambda found: f"{found[1].strip()}{found[2]}\\{found[3]}", acting)


def code(words: str) -> str:
    """The words on one line as a code span, in which nothing acts; no row of backticks is as long as its fence."""
    return _span(shown(words))


def _span(found: str) -> str:
    fence = "`" * (max(map(len, re.findall("`+", found)), default=0) + 1)
    # One space at both ends is taken away; without it a backtick at an end would belong to the fence.
    room = " " if found[:1] in ("`", " ") or found[-1:] in ("`", " ") else ""
    return f"{fence}{room}{found}{room}{fence}"
