"""Runs `migrate` in a copy of a process that has imported it: its own code in a process of its own, but at once.

Most of what a short command costs is the import of its libraries, and the tests make thousands of runs. A program that
has imported all of it waits for orders; for each it forks a process that has the arguments, the folder, the
environment and the files for output that the installed command would have, and that ends as it ends. What is about the
installed command itself, and measurements, start it as a user does.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import random
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MIGRATE = Path(sys.executable).with_name("migrate")
PROGRAM = Path(__file__)
_ORDER = 1 << 20


def run(
    arguments: tuple[str, ...], folder: Path, env: dict[str, str], timeout: float, program: Path = PROGRAM
) -> tuple[int, str, str]:
    """The exit code (negative: the signal that ended it), the output and the errors of a run.

    `program` is what waits for orders, by `serve`: this one, or one that changes something before.

    Raises TimeoutError after `timeout` seconds, when it is killed.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process, ended = start(arguments, folder, env, (out.fileno(), err.fileno()), program)
        with ended:
            ended.settimeout(timeout)
            try:
                code = int(ended.recv(20))
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise TimeoutError(f"{arguments} took more than {timeout} seconds") from None
        return code, _text(out), _text(err)


def start(
    arguments: tuple[str, ...], folder: Path, env: dict[str, str], files: tuple[int, int], program: Path = PROGRAM
) -> tuple[int, socket.socket]:
    """Begins a run that writes to these two files; its process, and what its exit code can be received from."""
    control = _waiting(program)
    order = json.dumps([arguments, str(folder), env]).encode()
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        socket.send_fds(control, [order], [theirs.fileno(), *files])
    return int(mine.recv(20)), mine


def _text(file: Any) -> str:
    file.seek(0)
    text: str = file.read().decode()
    return text


@functools.cache
def _waiting(program: Path) -> socket.socket:
    """One for all the sandboxes of this process. It ends when this process does."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", str(program), str(theirs.fileno())],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    atexit.register(_end, mine, process)
    return mine


def _end(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    control.close()
    process.wait()


def serve(control: socket.socket) -> None:
    """Attends to orders until nobody can give any more."""
    import amlmigrate

    for module in pkgutil.walk_packages(amlmigrate.__path__, "amlmigrate."):
        importlib.import_module(module.name)
    gc.freeze()
    # Nobody asks how those ended that waited for a command.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        order, files, _, _ = socket.recv_fds(control, _ORDER, 3)
        if not order:
            return
        if os.fork() == 0:
            control.close()
            _attend(order, *files)
        for file in files:
            os.close(file)


def _attend(order: bytes, answer: int, out: int, err: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(answer)
        _become(order, out, err)
    os.close(out)
    os.close(err)
    with socket.socket(fileno=answer) as there:
        there.send(b"%d" % child)
        _, status = os.waitpid(child, 0)
        there.send(b"%d" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(order: bytes, out: int, err: int) -> None:
    from amlmigrate.cli.main import main

    arguments, folder, env = json.loads(order)
    for source, number in ((out, 1), (err, 2)):
        os.dup2(source, number)
        os.close(source)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    random.seed()
    if certificates := env.get("SSL_CERT_FILE"):
        import aiohttp.connector

        # It reads the variable when it is imported, which was before there was this sandbox.
        aiohttp.connector._SSL_CONTEXT_VERIFIED.load_verify_locations(certificates)
    sys.argv = [str(MIGRATE), *arguments]
    main()
    sys.exit()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
