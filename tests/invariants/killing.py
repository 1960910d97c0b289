"""The installed command, killed at a request by the local Azure or at a commit of the ledger by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.acceptance.world import Result, World
from tests.builders import fault

# The command with blobs of more than fifty bytes copied in blocks of forty.
_IN_BLOCKS = """
from amlmigrate.cloud import blobs
blobs.LARGEST_SINGLE, blobs.BLOCK = 50, 40
from amlmigrate.cli.main import main
main()
"""
# The command as its console script runs it, but for what it does at its n-th commit.
_AT_COMMIT = """
import os, sqlite3, sys
from contextlib import contextmanager
from amlmigrate.ledger import Ledger
number, when, count = int(sys.argv.pop(1)), sys.argv.pop(1), 0
plain = Ledger._scope

@contextmanager
def counted(self, begin, commit, undo):
    global count
    with plain(self, begin, commit, undo) as db:
        yield db
        count += commit == "COMMIT"
        if commit == "COMMIT" and count == number and when == "before":
            os.kill(os.getpid(), 9)
    if commit == "COMMIT" and count == number and when == "after":
        os.kill(os.getpid(), 9)

Ledger._scope = counted
from amlmigrate.cli.main import main
try:
    main()
finally:
    print(count, file=sys.stderr)
"""


def at_request(world: World, nth: int, when: str, *arguments: str) -> Result:
    """Runs the command, killed at its n-th request: before it is served, after, or after the answer."""
    rule = fault(nth=nth, kill=when)
    since = world.now()
    done = world.with_faults([rule], *arguments)
    # One that came to its moment and found nobody to kill has shown nothing.
    assert [row for row in world.log(since) if "killed" in row and not row["killed"]] == []
    return done


def in_blocks(world: World, *arguments: str) -> Result:
    """Runs the command with all but the smallest blobs copied in blocks."""
    return _program(world, _IN_BLOCKS, *arguments)


def at_commit(world: World, nth: int, when: str, *arguments: str) -> Result:
    """Runs the command, killed at its n-th change of the ledger: before it is committed, or after."""
    return _program(world, _AT_COMMIT, str(nth), when, *arguments)


def _program(world: World, program: str, *arguments: str) -> Result:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=world.folder,
        env={**os.environ, **world.env, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def counting(world: World, *arguments: str) -> int:
    """Runs the command undisturbed, and returns how often it changed the ledger."""
    done = at_commit(world, 0, "never", *arguments)
    assert done.code == 0, done.out[-2000:] + done.err[-2000:]
    return int(done.err.splitlines()[-1])


KILLED = -signal.SIGKILL
HERE = Path(__file__).parent
