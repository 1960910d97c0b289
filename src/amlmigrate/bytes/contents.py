"""Files that name places, as an `MLTable` does: their text at its new place, and the blob that it then is.

Everything else is copied as it is; these few are written anew, or they would read the old workspace.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from amlmigrate.core.asset import Blob
from amlmigrate.core.mapping import Rewrite

LARGEST = 16 * 2**20


def encoded(label: str) -> bool:
    """Whether a `Content-Encoding` says that what is stored is not the text itself."""
    return label.strip().lower() not in ("", "identity")


def line_rewrites(path: str, text: str, rewrite: Callable[[str], str]) -> tuple[Rewrite, ...]:
    """The lines of a file that change, each named `path:line`."""
    lines = text.splitlines(keepends=True)
    return tuple(
        Rewrite(f"{path}:{number}", line, after)
        for number, line in enumerate(lines, 1)
        if (after := rewrite(line)) != line
    )


def files(rewrites: Iterable[Rewrite]) -> dict[str, dict[int, Rewrite]]:
    """Path to the rewrites of its lines by number."""
    found: dict[str, dict[int, Rewrite]] = {}
    for rewrite in rewrites:
        path, _, number = rewrite.where.rpartition(":")
        found.setdefault(path, {})[int(number)] = rewrite
    return found


def rewritten(text: str, by_line: dict[int, Rewrite]) -> str:
    """The text with the planned lines replaced. Raises ValueError where a line is not the planned one."""
    lines = text.splitlines(keepends=True)
    for number, rewrite in by_line.items():
        if number > len(lines) or lines[number - 1] != rewrite.before:
            raise ValueError(f"line {number} is not what was planned")
        lines[number - 1] = rewrite.after
    return "".join(lines)


def as_written(blob: Blob, data: bytes) -> Blob:
    """The blob that `data` in the place of a blob's bytes is: another length and MD5, all else the same."""
    md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    return replace(blob, length=len(data), md5=md5)
