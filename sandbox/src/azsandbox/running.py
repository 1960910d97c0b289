"""Runs a sandbox in this process: until a signal comes, or around a command."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from azsandbox.arm.registry import BadProvider
from azsandbox.azurite import AzuriteFailed
from azsandbox.lifetime import CannotStart
from azsandbox.nodepackages import AzuriteMissing
from azsandbox.server import Server
from azsandbox.settings import Options
from azsandbox.state import StateFolder

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_ENDED_BY_SIGNAL = 128


def _log_to(state: StateFolder) -> None:
    handler = logging.FileHandler(state.server_output, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.WARNING)


@asynccontextmanager
async def _running(state: StateFolder, options: Options) -> AsyncIterator[Server]:
    _log_to(state)
    sandbox = Server(state, options)
    try:
        await sandbox.start()
        yield sandbox
    except (AzuriteMissing, AzuriteFailed, BadProvider, OSError) as error:
        raise CannotStart(str(error)) from error
    finally:
        await sandbox.stop()


async def serve(state: StateFolder, options: Options, *, ready: Callable[[str], None], tied: bool = False) -> int:
    """Runs a sandbox until SIGTERM, SIGINT or SIGHUP; one that is `tied` also until its standard input ends."""
    stop = asyncio.Event()
    if tied:
        asyncio.get_running_loop().add_reader(0, _set_at_the_end, stop)
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _running(state, options) as sandbox:
        ready(f"azsandbox listens on http://127.0.0.1:{sandbox.port}, state in {state.root}; Ctrl-C stops it")
        await stop.wait()
    return 0


def _set_at_the_end(stop: asyncio.Event) -> None:
    if not os.read(0, 1024):
        asyncio.get_running_loop().remove_reader(0)
        stop.set()


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
