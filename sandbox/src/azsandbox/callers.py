"""Which process on this machine holds the other end of a connection (Linux)."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def _inode(port: int, peer: int) -> str | None:
    ends = (f":{port:04X}", f":{peer:04X}")
    for table in _TABLES:
        with suppress(OSError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if (fields[1][-5:], fields[2][-5:]) == ends and fields[9] != "0":
                    return fields[9]
    return None


def process_of(port: int, peer: int) -> int | None:
    """The id of the process whose socket has this local port and is connected to port `peer`; None if unknown.

    Both ends are asked for: connections to different servers may have the same local port at the same time.
    """
    inode = _inode(port, peer)
    if inode is None:
        return None
    link = f"socket:[{inode}]"
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):
            for descriptor in (folder / "fd").iterdir():
                with suppress(OSError):
                    if str(descriptor.readlink()) == link:
                        return int(folder.name)
    return None


def kill(process: int | None) -> int | None:
    """Sends SIGKILL to a process, if there is one; returns its id."""
    if process is not None:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return process
