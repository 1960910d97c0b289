"""The life of a sandbox: start, environment, signals, restart, crash; and what it refuses without falling over."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from live import bearer, connection

from azsandbox import Sandbox

SANDBOX = [sys.executable, "-m", "azsandbox"]


def _run(*arguments: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    command = [*SANDBOX, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, **more)  # type: ignore[call-overload]  # whatever is given goes on


def _children(process: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[1]) == process:
                found.add(int(status.parent.name))
        except OSError:
            continue
    return found


def _alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_exec_gives_the_environment_and_the_exit_code(tmp_path: Path) -> None:
    program = "import os,sys; print(os.environ['AZURE_CLIENT_ID']); sys.exit(7)"
    done = _run("exec", "--state", tmp_path / "s", "--", sys.executable, "-c", program)
    assert done.returncode == 7
    assert len(done.stdout.strip()) == 36
    assert _run("exec", "--", "/no/such/program").returncode == 127


def test_state_survives_down_and_up(tmp_path: Path) -> None:
    state = tmp_path / "s"
    assert _run("up", "--state", state, "--detach").returncode == 0
    try:
        assert _run("up", "--state", state, "--detach").returncode == 1
        assert _run("seed", "demo", "--state", state).returncode == 0
    finally:
        assert _run("down", "--state", state).returncode == 0
    assert _run("down", "--state", state).returncode == 1
    program = """
import os
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient
names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
credential = ClientSecretCredential(*(os.environ[name] for name in names))
with credential, BlobServiceClient("https://demolake.blob.core.windows.net", credential=credential) as service:
    print(len(service.get_blob_client("macro", "macro/2024/07.csv").download_blob().readall()))
"""
    done = _run("exec", "--state", state, "--", sys.executable, "-c", program)
    assert done.stdout.strip() == "20480", done.stderr
    modes = {
        path.name: path.stat().st_mode & 0o077 for path in state.iterdir() if path.suffix in {".key", ".secret"}
    }
    assert len(modes) >= 3
    assert set(modes.values()) == {0}


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_child_outlives_the_sandbox(tmp_path: Path, number: int) -> None:
    state = tmp_path / "s"
    assert _run("up", "--state", state, "--detach").returncode == 0
    process = json.loads((state / "running.json").read_text())["pid"]
    children = _children(process)
    assert children
    os.kill(process, number)
    deadline = time.monotonic() + 20
    while any(_alive(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [child for child in children if _alive(child)]
    assert _run("env", "--state", state).returncode == 1


def test_exec_passes_sigterm_on(tmp_path: Path) -> None:
    program = "import signal,sys,time; signal.signal(15, lambda *_: sys.exit(9)); "
    program += "print('up', flush=True); time.sleep(60)"
    command = [*SANDBOX, "exec", "--state", str(tmp_path / "s"), "--", sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.terminate()
        assert process.wait(30) == 9


def test_a_new_principal_gets_its_own_tokens(azure_env: Sandbox) -> None:
    from azure.identity import ClientSecretCredential

    done = _run("principal", "--state", azure_env.state, "add", "reader")
    words = done.stdout.split()
    client, secret = words[2], words[words.index("secret") + 1]
    with ClientSecretCredential(azure_env.env["AZURE_TENANT_ID"], client, secret) as credential:
        assert credential.get_token("https://management.azure.com/.default").token
    assert secret not in (azure_env.state / "principals.json").read_text()
    assert _run("principal", "--state", azure_env.state, "add", "reader").returncode == 2


def test_a_principal_with_one_role_needs_to_be_told_where(azure_env: Sandbox, tmp_path: Path) -> None:
    role = tmp_path / "role.json"
    role.write_text('{"Name": "Mover", "Actions": ["*/read"]}')
    add = ("principal", "--state", azure_env.state, "add", "mover")
    assert "--role and --at need each other" in _run(*add, "--role", role).stderr
    assert _run(*add, "--at", "rg").returncode == 2
    role.write_text("{}")
    assert "is not a role definition" in _run(*add, "--role", role, "--at", "rg").stderr


def _asked(raw: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Status and body."""
    raw.request(method, path, body, headers)
    answer = raw.getresponse()
    return answer.status, answer.read()


def test_broken_requests_get_answers_and_the_connection_goes_on(sandbox: Sandbox) -> None:
    token, raw = bearer(sandbox.env), connection(sandbox.env, "management.azure.com")
    group = f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/broken"
    version = f"{group}?api-version=2022-09-01"
    json_type = {"Authorization": token, "Content-Type": "application/json"}
    cases = [
        (_asked(raw, "GET", group, Authorization=token), 400, b"MissingApiVersionParameter"),
        (_asked(raw, "PUT", version, b'{"location":', **json_type), 400, b"InvalidRequestContent"),
        (_asked(raw, "PUT", version, b"[]", **json_type), 400, b"InvalidRequestContent"),
        (_asked(raw, "PUT", version, b"x" * (4 * 2**20 + 1), **json_type), 413, b"RequestEntityTooLarge"),
        (_asked(raw, "GET", "/%zz%00/..//?&&=&api-version=x", Authorization=token), None, b"error"),
        (_asked(raw, "GET", version, Authorization="Bearer not.a.token"), 401, b"InvalidAuthenticationToken"),
        (_asked(raw, "GET", version, Host="example.com", Authorization=token), 400, b"InvalidHostHeader"),
        (_asked(raw, "GET", version, Authorization=token), 404, b"ResourceGroupNotFound"),
    ]
    raw.close()
    for (status, body), wanted, code in cases:
        assert wanted in {None, status} and code in body, body
        assert status < 500
        assert b"Traceback" not in body


@pytest.mark.parametrize("host", ["example.com", "core.windows.net", "blob.core.windows.net.example.com"])
def test_other_hosts_are_refused_and_logged(sandbox: Sandbox, host: str) -> None:
    with pytest.raises(OSError, match="403"):
        connection(sandbox.env, host).request("GET", "/")
    refused = _run("log", "--state", sandbox.state, "--status", "403", "--host", f"^{host}:443$")
    assert json.loads(refused.stdout.splitlines()[-1])["method"] == "CONNECT"


def test_what_is_not_a_connect_request(sandbox: Sandbox) -> None:
    proxy = urlsplit(sandbox.env["HTTPS_PROXY"])
    for sent, status in (
        (b"GET http://management.azure.com/ HTTP/1.1\r\n\r\n", b"403"),
        (b"\x16\x03\x01\r\n\r\n", b"400"),
        (b"A" * 20000, b"400"),
        (b"CONNECT management.azure.com:80 HTTP/1.1\r\n\r\n", b"403"),
    ):
        with socket.create_connection((str(proxy.hostname), proxy.port), timeout=10) as plain:
            plain.sendall(sent)
            assert plain.recv(100).split()[1] == status
    for sent in (b"", b"CONNECT management.azure.com:443 HTTP/1.1\r\n\r\n"):  # half closed, before TLS and after
        with socket.create_connection((str(proxy.hostname), proxy.port), timeout=10) as plain:
            plain.sendall(sent)
            plain.shutdown(socket.SHUT_WR)
            while plain.recv(1000):
                pass
    assert bearer(sandbox.env)
