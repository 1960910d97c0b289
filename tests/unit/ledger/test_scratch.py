"""A file for the time of a command: a disk that is full is told, whenever it shows."""

from __future__ import annotations

import subprocess
import sys
import tempfile

import pytest

from amlmigrate.ledger.files import Scratch

# No file grows beyond that: the first write that does is refused as by a full disk.
_LIMITED = """
import resource, signal, sys
from amlmigrate.ledger.files import FileError, Scratch
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2**17 + 1000, resource.RLIM_INFINITY))
scratch, count = Scratch(), int(sys.argv[1])
try:
    for _ in range(count):
        scratch.write(b"x" * 1000)
    found = sum(map(len, scratch.pieces()))
except FileError as error:
    found = f"told of {error.address}"
print(found)
"""


@pytest.mark.parametrize("count", [140, 1000], ids=["when it is read", "when it is written"])
def test_a_full_disk_is_told(count: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(count)], capture_output=True, text=True, check=True
    )
    assert (ended.stdout, ended.stderr) == (f"told of {tempfile.gettempdir()}\n", "")


def test_it_holds_what_was_written() -> None:
    scratch = Scratch()
    for _ in range(300):
        scratch.write(b"x" * 1000)
    assert b"".join(scratch.pieces()) == b"x" * 300_000
