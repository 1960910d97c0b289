"""Versions of definitions and initiatives: which of those that there are an assignment or an initiative names.

Source: learn.microsoft.com, "Azure Policy assignment structure": `1.*.*` takes minor changes, `1.1.*` patches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

EXACT = re.compile(r"\d+\.\d+\.\d+(-[a-z]+)?")
_PATTERN = re.compile(r"(\d+)\.(\d+|\*)\.\*(-[a-z]+)?")
FIRST = "1.0.0"


def own(document: Mapping[str, Any]) -> str:
    """The version of a definition, which is the newest of it."""
    return str(document["properties"].get("version") or FIRST)


def every(document: Mapping[str, Any]) -> list[str]:
    """The versions that there are, the newest first."""
    return [str(each) for each in document["properties"].get("versions") or [own(document)]]


def is_pattern(text: str) -> bool:
    """Whether `definitionVersion` may be this."""
    return _PATTERN.fullmatch(text) is not None


def newest(pattern: str, among: Iterable[str]) -> str | None:
    """The newest version that a pattern takes; none: it takes none."""
    match = _PATTERN.fullmatch(pattern)
    assert match is not None
    start = match[1] + "." + ("" if match[2] == "*" else f"{match[2]}.")
    ending = match[3] or ""
    fit = [each for each in among if each.startswith(start) and ("-" in each) == bool(ending)]
    return max((each for each in fit if each.endswith(ending)), key=order, default=None)


def order(version: str) -> tuple[int, ...]:
    """What versions are compared by."""
    return tuple(int(each) for each in version.partition("-")[0].split("."))
