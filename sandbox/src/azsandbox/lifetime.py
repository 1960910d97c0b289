"""Starts and stops a sandbox that runs in another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from azsandbox.settings import Options
from azsandbox.state import NotRunning, StateFolder

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class CannotStart(Exception):
    """The sandbox does not start; the message says why."""


def detach(state: StateFolder, options: Options, *, tied: bool = False) -> subprocess.Popen[bytes]:
    """Starts a sandbox in the background; returns once it listens. Raises AlreadyRunning, CannotStart.

    One that is `tied` ends when its standard input does, which is with this process at the latest.
    """
    state.take().close()
    names = {
        "arm_limits": "--arm-limits",
        "latency_ms": "--latency",
        "port": "--port",
        "location": "--location",
        "role_delay": "--role-delay",
    }
    given = [part for name, option in names.items() for part in (option, str(getattr(options, name)))]
    given += ["--capture"] if options.capture else []
    given += ["--until-input-ends"] if tied else []
    with state.server_output.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
            [sys.executable, "-m", "azsandbox", "up", "--state", state.root, *given],
            stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
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
    end(process)
    raise CannotStart(f"the sandbox does not start: {_last_word(state)}see {state.server_output}")


def _last_word(state: StateFolder) -> str:
    """Why it ended, as it said last."""
    lines = state.server_output.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [line.removeprefix("azsandbox: ") for line in lines if line.startswith("azsandbox: ")]
    return f"{told[-1]}; " if told else ""


def end(process: subprocess.Popen[bytes]) -> None:
    """Has a sandbox that is `tied` to this process stop, and waits for its end; no error where it has ended."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


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
