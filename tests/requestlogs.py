"""What the local Azure's request log holds, once all that was answered is in it."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azsandbox import requestlog
from azsandbox.state import StateFolder

# Where no sandbox is: what is asked of it ends a part of the log.
_LAST = ".end-of-log.invalid:443"


def rows(env: Mapping[str, str], since: str = "") -> list[dict[str, Any]]:
    """The rows from a time on, with all that was answered so far."""
    settle(env)
    found = requestlog.read(_file(env), {}, since=since)
    return [row for row in found if not row["host"].endswith(_LAST)]


def settle(env: Mapping[str, str]) -> None:
    """Waits for the rows of what was answered: each is written only when its answer is out.

    What the proxy refuses is written down after them, and no rule for faults is about it.
    """
    file, name = _file(env), f"{uuid.uuid4()}{_LAST}"
    begin, proxy = file.stat().st_size, urlsplit(env["HTTPS_PROXY"])
    with socket.create_connection((proxy.hostname, proxy.port)) as connection, file.open("rb") as log:
        connection.sendall(f"CONNECT {name} HTTP/1.1\r\n\r\n".encode())
        log.seek(begin)
        written = b""
        while name.encode() not in written:
            time.sleep(0.002)
            written += log.read()


def _file(env: Mapping[str, str]) -> Path:
    return StateFolder(Path(env["AZSANDBOX_STATE"])).log
