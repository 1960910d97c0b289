"""The state folder: where each file of a sandbox lies, who may read it, and whether a sandbox runs on it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any

DEFAULT_FOLDER = ".azsandbox"
_ENDING_SECONDS = 20.0


class AlreadyRunning(Exception):
    """A sandbox runs on this state folder already."""


class NotRunning(Exception):
    """No sandbox runs on this state folder."""


def default_folder() -> Path:
    """`$AZSANDBOX_STATE`, else `./.azsandbox`."""
    return Path(os.environ.get("AZSANDBOX_STATE") or DEFAULT_FOLDER)


def write_secret(path: Path, text: str) -> None:
    """Replaces a file as a whole, readable by its owner alone."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


class StateFolder:
    """Paths below one state folder, which is made (mode 0700) unless only looked at."""

    def __init__(self, root: Path, *, make: bool = True) -> None:
        self.root = root.resolve()
        if make:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.ca_certificate = self.root / "ca.pem"
        self.ca_key = self.root / "ca.key"
        self.token_key = self.root / "tokens.key"
        self.principals = self.root / "principals.json"
        self.owner_secret = self.root / "owner.secret"
        self.accounts = self.root / "accounts.json"
        self.log = self.root / "log.jsonl"
        self.capture = self.root / "capture.jsonl"
        self.role_delay = self.root / "role-delay"
        self.clock_ahead = self.root / "clock-ahead"
        self.denials = self.root / "denials.json"
        self.faults = self.root / "faults.json"
        self.made_up = self.root / "made-up.json"
        self.running = self.root / "running.json"
        self.server_output = self.root / "server.log"
        self.blobs = self.root / "blobs"
        self.shares = self.root / "shares"
        self.arm = self.root / "arm"

    def take(self) -> IO[bytes]:
        """Claims the folder for as long as the returned file is open. Raises AlreadyRunning.

        What is left of a sandbox that was killed is given some seconds to save and end.
        """
        deadline = time.monotonic() + _ENDING_SECONDS
        while (file := self._try()) is None:
            if self._owner_lives() or time.monotonic() > deadline:
                raise AlreadyRunning(f"a sandbox already runs with its state in {self.root}")
            time.sleep(0.1)
        return file

    def _try(self) -> IO[bytes] | None:
        file = (self.root / "lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def _owner_lives(self) -> bool:
        try:
            os.kill(int(json.loads(self.running.read_text(encoding="utf-8"))["pid"]), 0)
        except ProcessLookupError:
            return False
        except (FileNotFoundError, ValueError):
            return True  # it is just starting
        return True

    def is_taken(self) -> bool:
        """Whether a sandbox, or its last saving child, holds the folder."""
        if not self.root.is_dir():
            return False
        file = self._try()
        if file is not None:
            file.close()
        return file is None

    def announce(self, document: dict[str, Any]) -> None:
        """Tells other commands how to reach the sandbox that runs here."""
        write_secret(self.running, json.dumps(document))

    def withdraw(self) -> None:
        """Takes the announcement back."""
        self.running.unlink(missing_ok=True)

    def announced(self) -> dict[str, Any]:
        """What the running sandbox announced: `pid` and `port`. Raises NotRunning."""
        try:
            document: dict[str, Any] = json.loads(self.running.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            document = {}
        if not document or not self.is_taken():
            raise NotRunning(f"no sandbox runs with its state in {self.root}; start one with: azsandbox up")
        return document
