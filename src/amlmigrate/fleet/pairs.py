"""The files of a fleet that people write: source to target, and source to wave; CSV or YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import yaml

from amlmigrate.core import csvtable, strictyaml, unread
from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.strictyaml import YAML
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.core.workspacename import WorkspaceName

_SHOWN = "docs/how-to/fleet.md shows what it holds."
# Of thousands of digits Python makes no number at all.
_WAVE = re.compile(r"0*[1-9][0-9]{0,5}")
# Its number, the source, and what the source has.
_Line = tuple[int, str, str]
# Which workspace a name means. Raises BadInputError.
Resolve = Callable[[WorkspaceName], WorkspaceRef]
_ANY = "00000000-0000-0000-0000-000000000000"


def targets(
    path: Path,
    subscription: str | None = None,
    source: Resolve = WorkspaceRef.of,
    target: Resolve = WorkspaceRef.of,
) -> dict[WorkspaceRef, WorkspaceRef]:
    """Each source with its target. Raises BadInputError, also where two sources have one target.

    `source` and `target` tell which workspaces of either side are meant.
    """
    found: dict[WorkspaceRef, WorkspaceRef] = {}
    sources: dict[str, WorkspaceRef] = {}
    for _, one, value in _entries(path, "target", subscription, source):
        goal = _ref(path, value, subscription, target)
        if (other := sources.setdefault(key_of(goal.id), one)) != one:
            raise _bad(
                path,
                f"'{goal.short}' is the target of '{other.short}' and of '{one.short}'",
                "Give each source a target of its own: what has one name in both would be lost in a shared one.",
            )
        found[one] = goal
    return found


def by_name(path: Path, column: str) -> bool:
    """Whether any subscription in the file is told by its name. Raises BadInputError."""
    # What is no workspace is refused by whoever reads the file for what it says.
    for line in _read(path, column):
        for text in line[1:]:
            with suppress(BadInputError):
                if WorkspaceName.parse(text, _ANY).by_name:
                    return True
    return False


def waves(
    path: Path, subscription: str | None, known: Collection[str], source: Resolve = WorkspaceRef.of
) -> dict[WorkspaceRef, int]:
    """Each source with the number of its wave, from 1 on.

    Raises BadInputError, also for a source whose id, in lower case, is not `known`: it would be in no wave at all.
    """
    found = {}
    for line, one, value in _entries(path, "wave", subscription, source):
        if not _WAVE.fullmatch(value):
            raise _bad(path, f"'{value[:40]}' in line {line} is not a wave", "Waves are numbers from 1 to 999999.")
        if key_of(one.id) not in known:
            raise _bad(
                path,
                f"line {line} names '{one.short}', which neither the scan nor the targets have",
                "Correct the name, or leave the line out.",
            )
        found[one] = int(value)
    return found


def _entries(
    path: Path, column: str, subscription: str | None, resolve: Resolve
) -> Iterator[tuple[int, WorkspaceRef, str]]:
    seen: set[str] = set()
    for line, source, value in _read(path, column):
        if not source or not value:
            raise _bad(path, f"line {line} has no source or no {column}")
        ref = _ref(path, source, subscription, resolve)
        if key_of(ref.id) in seen:
            raise _bad(path, f"'{ref.short}' stands in it twice", "Leave one of the lines out.")
        seen.add(key_of(ref.id))
        yield line, ref, value


def _read(path: Path, column: str) -> Iterable[_Line]:
    """Lines of CSV with `source` and the column, or a YAML mapping from one to the other."""
    try:
        # Spreadsheets write a mark of the byte order in front.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path, unread.why(error)) from error
    if path.suffix.lower() in YAML:
        return _of_yaml(path, text, column)
    return _of_csv(path, text, column)


def _of_csv(path: Path, text: str, column: str) -> list[_Line]:
    """Lines by the head; other columns are their users' own."""
    found = csvtable.lines(path, text, ("source", column), remedy=_SHOWN)
    return [(number, cells["source"], cells[column]) for number, cells in found]


def _of_yaml(path: Path, text: str, column: str) -> list[_Line]:
    try:
        # Nodes, not values: they know their lines.
        root = strictyaml.compose(text)
    except strictyaml.NotStrictError as error:
        raise _bad(path, str(error)) from error
    if not isinstance(root, yaml.MappingNode):
        raise _bad(path, f"it is not a mapping from source to {column}")
    if not all(isinstance(node, yaml.ScalarNode) for pair in root.value for node in pair):
        raise _bad(path, f"it is not a mapping from source to {column}")
    return [(strictyaml.line(key), key.value, value.value) for key, value in root.value]


def _ref(path: Path, text: str, subscription: str | None, resolve: Resolve) -> WorkspaceRef:
    try:
        return resolve(WorkspaceName.parse(text, subscription))
    except BadInputError as error:
        raise _bad(path, error.summary.rstrip("."), error.remedy) from error


def _bad(path: Path, why: str, remedy: str = _SHOWN) -> BadInputError:
    return csvtable.refused(path, why, remedy)
