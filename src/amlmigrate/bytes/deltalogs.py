"""Version logs of Delta tables: what they name that does not lie in the table's own folder.

A log is JSON, an action a line. The `path` of an action about a file is a URI, relative to the table's root or
absolute; so is that of a deletion vector of storage type `p` (delta-io/delta, PROTOCOL.md: Add File and Remove
File, Add CDC File, Deletion Vectors). A shallow clone names all its files so. What a checkpoint in Parquet says
is not read here: once the first logs are cleaned up, it alone knows of the files that they named (Checkpoints,
Metadata Cleanup). Commits of a catalog's table may lie in a folder below the log's (Staged Commit).
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

_LOG = "_delta_log"
_FILE = re.compile(rf"(?:^|/){_LOG}/(?:_(?:staged_)?commits/)?[^/]+\.json\Z")
# The log of the first version, or one that was put together of the first and others (Log Compaction Files).
_FIRST = re.compile(rf"(?:^|/){_LOG}/(?:_(?:staged_)?commits/)?0+(?:\.\d+\.compacted|\.[0-9a-f-]{{36}})?\.json\Z")
_INSIDE = re.compile(rf"^(?P<root>.*?)(?:^|/){_LOG}(?:/|\Z)")
_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|/)")
_ACTIONS = ("add", "remove", "cdc")
# A deletion vector whose place is written out; the others lie below the table's root, or in the log itself.
_BY_PATH = "p"
READER = "read_delta_lake"


def is_log(path: str) -> bool:
    """Whether a blob is a log of one version, or of several."""
    return _FILE.search(path) is not None


def without_beginning(paths: Iterable[str]) -> list[str]:
    """Of the paths of blobs, one of the log of each table whose first version is in none that can be read."""
    known: dict[str, str] = {}
    whole: set[str] = set()
    for path in paths:
        # The log's folder is a blob of its own in an account with a hierarchical namespace.
        if (root := table_root(path)) is not None and not path.endswith(_LOG):
            known.setdefault(root, path)
            whole |= {root} if _FIRST.search(path) else set()
    return [path for root, path in sorted(known.items()) if root not in whole]


def table_root(path: str) -> str | None:
    """The folder of the table whose log a path leads into; None for any other path."""
    found = _INSIDE.match(path)
    return found["root"] if found else None


def outside(text: str) -> list[str]:
    """What a log names by absolute address, or by a path that leaves its table's root, decoded where relative.

    Raises ValueError where it is no such log.
    """
    found: dict[str, None] = {}
    # All other signs that end a line elsewhere may stand in a string of JSON.
    for line in text.split("\n"):
        if line.strip():
            action = _parsed(line)
            if not isinstance(action, dict):
                raise ValueError("it holds what is not an action")
            found |= dict.fromkeys(_paths(action))
    decoded = (path if _ABSOLUTE.match(path) else unquote(path) for path in found)
    return [path for path in decoded if _ABSOLUTE.match(path) or posixpath.normpath(path).startswith("..")]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError("it is too deep") from error


def _paths(action: dict[str, Any]) -> list[str]:
    files = [one for name in _ACTIONS if isinstance(one := action.get(name), dict)]
    vectors = [one for file in files if isinstance(one := file.get("deletionVector"), dict)]
    by_path = [vector.get("pathOrInlineDv") for vector in vectors if vector.get("storageType") == _BY_PATH]
    return [str(path) for path in (*(file.get("path") for file in files), *by_path) if path]
