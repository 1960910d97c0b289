"""Files that name places, as an `MLTable` does: their text at its new place, and the blob that it then is.

Everything else is copied as it is; these few are written anew, or they would read the old workspace.
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate

from amlmigrate.bytes.tables import TableFindings, is_table, table_changes, table_findings
from amlmigrate.bytes.yamltext import TextEdit, applied
from amlmigrate.core.asset import Blob
from amlmigrate.core.mapping import Mapping, Rewrite

LARGEST = 16 * 2**20


def encoded(label: str) -> bool:
    """Whether a `Content-Encoding` says that what is stored is not the text itself."""
    return label.strip().lower() not in ("", "identity")


def anew(path: str, text: str, mapping: Mapping) -> list[TextEdit]:
    """What changes in a file when it moves, by what files of its name are. Raises NotYamlError."""
    return table_changes(text, mapping) if is_table(path) else []


def left_in(path: str, text: str, mapping: Mapping) -> TableFindings:
    """What names the source in a file as it is in the target. Raises NotYamlError."""
    return table_findings(text, mapping) if is_table(path) else TableFindings()


def written_anew(path: str, data: bytes, mapping: Mapping) -> bytes:
    """A file as it has to be in the target. Raises ValueError where it is no text, or not what its name says."""
    text = data.decode()
    return applied(text, anew(path, text, mapping)).encode()


def line_rewrites(path: str, text: str, made: Iterable[TextEdit]) -> tuple[Rewrite, ...]:
    """The lines of a file that change, each named `path:line`; a value over several lines is one with them all."""
    lines = text.splitlines(keepends=True)
    starts = [0, *accumulate(len(line) for line in lines)]
    found: list[Rewrite] = []
    for first, last, changes in _by_lines(made, starts):
        begin = starts[first]
        before = "".join(lines[first : last + 1])
        shifted = [TextEdit(one.start - begin, one.end - begin, one.after) for one in changes]
        found.append(Rewrite(f"{path}:{first + 1}", before, applied(before, shifted)))
    return tuple(found)


def _by_lines(made: Iterable[TextEdit], starts: list[int]) -> list[tuple[int, int, list[TextEdit]]]:
    """The first and last line of each run of lines that changes, from 0, with its changes."""
    runs: list[tuple[int, int, list[TextEdit]]] = []
    for change in made:
        first = bisect_right(starts, change.start) - 1
        last = bisect_right(starts, max(change.start, change.end - 1)) - 1
        if runs and first <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]), [*runs[-1][2], change])
        else:
            runs.append((first, last, [change]))
    return runs


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
    # From the end, since what changes may be more or fewer lines than before.
    for number, rewrite in sorted(by_line.items(), reverse=True):
        end = number - 1 + len(rewrite.before.splitlines())
        if "".join(lines[number - 1 : end]) != rewrite.before:
            raise ValueError(f"line {number} is not what was planned")
        lines[number - 1 : end] = [rewrite.after]
    return "".join(lines)


def as_written(blob: Blob, data: bytes) -> Blob:
    """The blob that `data` in the place of a blob's bytes is: another length and MD5, all else the same."""
    md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    return replace(blob, length=len(data), md5=md5)
