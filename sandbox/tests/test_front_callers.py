"""The process that called is told apart from every other, whatever ports the others use."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from azsandbox.callers import process_of

pytestmark = pytest.mark.skipif(
    not Path("/proc/net/tcp").exists(), reason="finds callers by /proc, which is Linux's"
)

# Connects from a local port (0: any) to a server's, says its own, and stays.
CALLER = """
import socket, sys
calling = socket.socket()
calling.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
calling.bind(("127.0.0.1", int(sys.argv[1])))
calling.connect(("127.0.0.1", int(sys.argv[2])))
print(calling.getsockname()[1], flush=True)
sys.stdin.read()
"""


def _caller(port: int, server: socket.socket) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-c", CALLER, str(port), str(server.getsockname()[1])]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def test_two_callers_of_two_servers_from_one_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        one, port = _caller(0, first)
        with one:
            other, same = _caller(port, second)
            with other:
                assert same == port
                found = [process_of(port, server.getsockname()[1]) for server in (first, second)]
                other.communicate()
            one.communicate()
    assert found == [one.pid, other.pid]


def test_a_port_that_nobody_else_has() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        own = server.getsockname()[1]
        assert process_of(own, own) is None
        # What this very process calls is never told: the sandbox must not kill itself.
        with socket.create_connection(("127.0.0.1", own)) as calling:
            assert process_of(calling.getsockname()[1], own) is None
