"""Starts the watcher: a process of its own, which no signal to the command and no end of it reaches."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from amlmigrate.core.errors import RefusedError
from amlmigrate.drilling.watching import WatcherTask

# It has to sign in, to read the version and to tag it.
_READY_SECONDS = 180.0
_ENDS_WITHIN = 10.0
_MODULE = "amlmigrate.cli.drillwatch"
READY, FAILED = "ready", "failed"


@dataclass(frozen=True, slots=True)
class WatcherProcess:
    """The process, and the file that it writes to.

    None of asyncio's own: those are killed with the loop that began them, and this one has to go on.
    """

    process: subprocess.Popen[bytes]
    log: Path

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def unheard(self) -> None:
        """Closes this end of what it is told, and says, by pipes: it says nothing more that way."""
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    async def stop(self) -> None:
        """Ends it."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.to_thread(self.process.wait, _ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
        # No sooner: a pipe is not closed as long as somebody waits for a line from it.
        self.unheard()


async def start(task: WatcherTask, log: Path) -> WatcherProcess:
    """Starts it and waits until it has tagged the version. Raises RefusedError where it is not able to.

    Its command line names a module of this program and nothing else; its environment is this one's, by which it
    signs in as this one did. What it is told comes on its standard input.
    """
    try:
        process = _begun(log)
    except OSError as error:
        raise _unable(log, f"it cannot be started: {error.strerror or error}") from error
    made = WatcherProcess(process, log)
    try:
        await _ready(made, task)
    except BaseException:
        # Before it is ready nothing is disabled, and nobody needs it.
        await made.stop()
        raise
    made.unheard()
    return made


def _begun(log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as told:
        return subprocess.Popen(  # noqa: S603 - this very program, and nothing that anybody typed
            # -P: nothing in the folder that it is started in is taken for a module.
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            start_new_session=True,
        )


async def _ready(made: WatcherProcess, task: WatcherTask) -> None:
    """Raises RefusedError for one that ends, or says nothing in time, or says that it is not able."""
    process = made.process
    assert process.stdin and process.stdout
    try:
        process.stdin.write(task.text.encode())
        process.stdin.close()
    except OSError:
        raise _unable(made.log, "it ended before it was ready") from None
    reading = asyncio.create_task(asyncio.to_thread(process.stdout.readline))
    done, _ = await asyncio.wait({reading}, timeout=_READY_SECONDS)
    if not done:
        raise _unable(made.log, "it did not become ready in time")
    try:
        told = json.loads(reading.result())
    except ValueError:
        raise _unable(made.log, "it ended before it was ready") from None
    if told.get("state") != READY:
        why, remedy = str(told.get("why") or "it gave no reason"), str(told.get("remedy") or "")
        raise _unable(made.log, why.rstrip("."), remedy)


def _unable(log: Path, why: str, remedy: str = "") -> RefusedError:
    return RefusedError(
        f"The watcher that would enable the version again is not able to: {why}. Nothing was disabled.",
        address=str(log),
        remedy=remedy or "See its log, settle what stands in its way, then run the same command again.",
    )
