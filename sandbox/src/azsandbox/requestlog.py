"""The request log: one JSON line for each request a client made, no secrets in it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TIME = slice(len('{"time": "'), len('{"time": "2026-01-01T00:00:00.000Z'))
_SIGNATURE = re.compile(r"(?i)(\bsig=)[^&]*")


def redact(text: str) -> str:
    """A query or URL with the signatures of shared access signatures taken out."""
    return _SIGNATURE.sub(r"\1REDACTED", text)


class RequestLog:
    """Appends to `log.jsonl`; lines are written at once, so that a reader sees what has happened."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        path.chmod(0o600)

    def write(self, **fields: Any) -> None:
        """One line: `time` first, then the fields as given, without those that are None."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": now, **{name: value for name, value in fields.items() if value is not None}}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def matches(entry: dict[str, Any], filters: dict[str, str]) -> bool:
    """Whether each filter, a regular expression without case, is found in the entry's field of its name."""
    return all(re.search(pattern, str(entry.get(name, "")), re.IGNORECASE) for name, pattern in filters.items())


def read(
    path: Path, filters: dict[str, str], *, since: str = "", follow: bool = False
) -> Iterator[dict[str, Any]]:
    """The entries that match, oldest first, from a time on; with `follow` it waits for more and never ends."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        partial = ""
        while True:
            line = file.readline()
            if line.endswith("\n"):
                whole, partial = partial + line, ""
                # The time comes first in a line, so that the many before need not be parsed.
                if whole[_TIME] < since:
                    continue
                entry = json.loads(whole)
                if matches(entry, filters):
                    yield entry
            elif follow:
                partial += line
                time.sleep(0.1)
            else:
                return
