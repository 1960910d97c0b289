"""The installed command, killed at a request by the local Azure or at a commit of the ledger by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

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


# Before a call is served, after that, and after its answer.
MOMENTS = ("before", "after", "answered")
# A call that only reads is the same at each moment: nothing comes of it. So it is met at the first one alone.
CHANGING = ("PUT", "PATCH", "POST", "DELETE")


def killing(nth: int, when: str) -> dict[str, Any]:
    """The rule that kills at a moment of the n-th call; at the later ones, of the n-th that may change something."""
    return fault("" if when == "before" else "|".join(CHANGING), nth=nth, kill=when)


def at_request(world: World, nth: int, when: str, *arguments: str) -> Result:
    """Runs the command, killed at a moment of its n-th call."""
    return at_rule(world, killing(nth, when), *arguments)


def at_rule(world: World, rule: dict[str, Any], *arguments: str) -> Result:
    """Runs the command, killed where a rule of the local Azure says."""
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


def count_of_commits(world: World, code: int, *arguments: str) -> int:
    """Runs the command undisturbed, which ends with this code, and returns how often it changed the ledger."""
    done = at_commit(world, 0, "never", *arguments)
    assert done.code == code, done.out[-2000:] + done.err[-2000:]
    return int(done.err.splitlines()[-1])


KILLED = -signal.SIGKILL
HERE = Path(__file__).parent
