"""The sandbox's deny assignments: a file in the state folder, which `azsandbox deny set FILE` writes.

Azure makes them itself, for deployment stacks and managed applications (learn.microsoft.com:
role-based-access-control/deny-assignments). That people make them through ARM from 2024-07-01-preview on
(powershell/module/az.resources/new-azdenyassignment) is not here.
"""

from __future__ import annotations

import json
from pathlib import Path

from azsandbox.arm.access.denials import Denial, parsed
from azsandbox.state import StateFolder, write_secret


def parse(text: str) -> tuple[Denial, ...]:
    """The deny assignments of a JSON list. Raises ValueError."""
    rows = json.loads(text)
    if not isinstance(rows, list):
        raise ValueError("expected a JSON list of deny assignments")  # noqa: TRY004 - wrong input, as all else
    return tuple(parsed(row) for row in rows)


def set_denials(state: StateFolder, text: str) -> int:
    """Puts these in the place of all there were; a running sandbox obeys at once. Raises ValueError."""
    count = len(parse(text))
    write_secret(state.denials, text)
    return count


class Denials:
    """Those in force: the file's, read anew whenever it changes."""

    def __init__(self, path: Path) -> None:
        self._path, self._stamp = path, -1
        self._known: tuple[Denial, ...] = ()

    def __call__(self) -> tuple[Denial, ...]:
        """The deny assignments; the same object as long as nothing changed."""
        try:
            stamp = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            stamp = -1
        if stamp != self._stamp:
            self._known = parse(self._path.read_text(encoding="utf-8")) if stamp != -1 else ()
            self._stamp = stamp
        return self._known
