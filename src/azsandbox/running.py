"""The life of a sandbox's process: in the foreground, detached, around a command, and its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from pathlib import Path

from azsandbox.azurite import AzuriteFailed, AzuriteMissing
from azsandbox.sandbox import Options, Sandbox
from azsandbox.state import AlreadyRunning, NotRunning, StateFolder

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_ENDED_BY_SIGNAL = 128


class CannotStart(Exception):
    """The sandbox does not start; the message says why."""


def _log_to(state: StateFolder) -> None:
    handler = logging.FileHandler(state.server_output, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.WARNING)


@asynccontextmanager
async def _running(state: StateFolder, options: Options) -> AsyncIterator[Sandbox]:
    _log_to(state)
    sandbox = Sandbox(state, options)
    try:
        await sandbox.start()
        yield sandbox
    except (AzuriteMissing, AzuriteFailed, OSError) as error:
        raise CannotStart(str(error)) from error
    finally:
        await sandbox.stop()


async def serve(state: StateFolder, options: Options, *, ready: Callable[[str], None]) -> int:
    """Runs a sandbox until SIGTERM, SIGINT or SIGHUP."""
    stop = asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _running(state, options) as sandbox:
        ready(f"azsandbox listens on http://127.0.0.1:{sandbox.port}, state in {state.root}; Ctrl-C stops it")
        await stop.wait()
    return 0


def detach(state: StateFolder, options: Options) -> subprocess.Popen[bytes]:
    """Starts a sandbox in the background; returns once it listens. Raises AlreadyRunning, CannotStart."""
    if state.is_taken():
        raise AlreadyRunning(f"a sandbox runs on {state.root} already")
    names = {
        "arm_limits": "--arm-limits",
        "latency_ms": "--latency",
        "port": "--port",
        "location": "--location",
    }
    given = [part for one in fields(options) for part in (names[one.name], str(getattr(options, one.name)))]
    with state.server_output.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
            [sys.executable, "-m", "azsandbox", "up", "--state", state.root, *given],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(NotRunning):
            if state.announced()["pid"] == process.pid:
                return process
        time.sleep(0.05)
    else:
        process.kill()
    raise CannotStart(f"the sandbox does not start; see {state.server_output}")


def stop(state: StateFolder) -> None:
    """Stops the sandbox that runs on this folder and waits for its end. Raises NotRunning."""
    process = int(state.announced()["pid"])
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while state.is_taken():
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            return
        time.sleep(0.05)


def execute(folder: Path | None, options: Options, command: Sequence[str]) -> int:
    """Runs a command with a sandbox around it; state in a temporary folder unless one is named."""
    if folder is not None:
        return asyncio.run(_execute(StateFolder(folder), options, command))
    with tempfile.TemporaryDirectory(prefix="azsandbox-state-") as temporary:
        return asyncio.run(_execute(StateFolder(Path(temporary)), options, command))


def _sent_by_terminal(number: int) -> bool:
    """Whether the command, in our process group, got this signal from the terminal as we did."""
    if number != signal.SIGINT:
        return False
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


async def _execute(state: StateFolder, options: Options, command: Sequence[str]) -> int:
    loop = asyncio.get_running_loop()
    pending: list[int] = []
    for number in _SIGNALS:
        loop.add_signal_handler(number, pending.append, number)
    async with _running(state, options) as sandbox:
        if pending:
            return _ENDED_BY_SIGNAL + pending[0]
        environment = {**os.environ, **sandbox.environment()}
        try:
            process = await asyncio.create_subprocess_exec(*command, env=environment)
        except OSError as error:
            sys.stderr.write(f"azsandbox: cannot run {command[0]}: {error.strerror}\n")
            return 127
        for number in _SIGNALS:
            loop.add_signal_handler(number, _forward, process, number)
        code = await process.wait()
        return code if code >= 0 else _ENDED_BY_SIGNAL - code


def _forward(process: asyncio.subprocess.Process, number: int) -> None:
    if not _sent_by_terminal(number):
        with suppress(ProcessLookupError):
            process.send_signal(number)
