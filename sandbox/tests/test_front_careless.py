"""What a careless client sends over the wire: an answer in the shape of the service, no traceback, and on it goes."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from live import bearer

from azsandbox import Sandbox, front

ARM, BLOBS, VAULT, LOGIN = (
    "management.azure.com",
    "careless.blob.core.windows.net",
    "careless.vault.azure.net",
    "login.microsoftonline.com",
)
HOSTS = (ARM, BLOBS, VAULT, LOGIN)
LIMIT = 4 * 1024 * 1024
SUBSCRIPTION = "/subscriptions/5b1c7e90-2f4d-4a86-b3c9-8d06e2f7a154/resourceGroups/careless"
VERSIONED = f"{SUBSCRIPTION}?api-version=2022-09-01"


@contextmanager
def _connected(sandbox: Sandbox, host: str) -> Iterator[ssl.SSLSocket]:
    proxy = urlsplit(sandbox.env["HTTPS_PROXY"])
    with socket.create_connection((str(proxy.hostname), proxy.port), timeout=15) as plain:
        plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        while b"\r\n\r\n" not in plain.recv(4096, socket.MSG_PEEK):
            pass
        plain.recv(4096)
        context = ssl.create_default_context(cafile=sandbox.env["SSL_CERT_FILE"])
        with context.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=True) as secure:
            yield secure


def _answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; status 0 where the connection ended without an answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return 0, {}, data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return int(first.split()[1]), headers, body


def _code(host: str, headers: dict[str, str], body: bytes) -> str:
    """The code of an error in the shape of its service."""
    assert b"Traceback" not in body and b"aiohttp" not in body
    if host == BLOBS:
        assert headers["content-type"] == "application/xml"
        root = ElementTree.fromstring(body)
        assert root.tag == "Error" and root.findtext("Message")
        return str(root.findtext("Code"))
    assert headers["content-type"].startswith("application/json")
    document = json.loads(body)
    if isinstance(document["error"], str):
        # Entra's own shape.
        assert document["error_description"] and document["correlation_id"]
        return str(document["error"])
    assert document["error"]["message"]
    return str(document["error"]["code"])


def _sent(sandbox: Sandbox, host: str, data: bytes) -> tuple[int, str]:
    with _connected(sandbox, host) as connection:
        connection.sendall(data)
        status, headers, body = _answer(connection)
        return status, _code(host, headers, body)


def _request(host: str, line: str, body: bytes = b"", **headers: str) -> bytes:
    given = {
        "Host": host,
        "Content-Length": str(len(body)),
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    fields = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{line} HTTP/1.1\r\n{fields}\r\n".encode() + body


WRONG_HOST = {
    ARM: "InvalidHostHeader",
    BLOBS: "InvalidHeaderValue",
    VAULT: "InvalidHostHeader",
    LOGIN: "InvalidHostHeader",
}
NO_HTTP = {ARM: "BadRequest", BLOBS: "InvalidInput", VAULT: "BadRequest", LOGIN: "BadRequest"}


@pytest.mark.parametrize("host", HOSTS)
def test_another_host(sandbox: Sandbox, host: str) -> None:
    asked = _request("example.com", "GET /x?api-version=2022-09-01")
    assert _sent(sandbox, host, asked) == (400, WRONG_HOST[host])


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nno colon here\r\n\r\n"]
)
@pytest.mark.parametrize("host", HOSTS)
def test_what_is_no_http(sandbox: Sandbox, host: str, data: bytes) -> None:
    assert _sent(sandbox, host, data) == (400, NO_HTTP[host])


@pytest.mark.parametrize("host", HOSTS)
def test_a_broken_chunk(sandbox: Sandbox, host: str, token: str) -> None:
    head = f"PUT {VERSIONED} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n"
    authorization = f"Authorization: {token}\r\n" if host == ARM else ""
    with _connected(sandbox, host) as connection:
        connection.sendall(f"{head}{authorization}\r\nnot a length\r\n".encode())
        status, headers, body = _answer(connection)
    assert status in (400, 401, 404, 405, 411), body
    assert _code(host, headers, body)


@pytest.mark.parametrize("host", HOSTS)
def test_half_closed_inside_a_body(sandbox: Sandbox, host: str, token: str) -> None:
    """TLS knows no half-closed connection: it ends, nothing is done, and the next is served."""
    short = _request(host, f"PUT {VERSIONED}", b'{"location":', Authorization=token).replace(
        b"Content-Length: 12", b"Content-Length: 120"
    )
    with _connected(sandbox, host) as connection:
        connection.sendall(short)
        connection.shutdown(socket.SHUT_WR)
        status, headers, body = _answer(connection)
        assert status == 0 or (status >= 400 and _code(host, headers, body))
    with _connected(sandbox, host) as connection:
        connection.sendall(_request("example.com", "GET /"))
        assert _answer(connection)[0] == 400


@pytest.fixture(scope="module")
def token(sandbox: Sandbox) -> str:
    return bearer(sandbox.env)


def test_a_form_that_is_none_and_blobs_without_a_length(sandbox: Sandbox) -> None:
    line = f"POST /{sandbox.env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    assert _sent(sandbox, LOGIN, _request(LOGIN, line, b"\xff{")) == (400, "invalid_request")
    no_length = f"PUT /c/b HTTP/1.1\r\nHost: {BLOBS}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode()
    assert _sent(sandbox, BLOBS, no_length) == (411, "MissingContentLengthHeader")


@pytest.mark.parametrize("host", ["example.com", "elsewhere.core.windows.net"])
def test_a_host_that_is_not_here(sandbox: Sandbox, host: str) -> None:
    proxy = urlsplit(sandbox.env["HTTPS_PROXY"])
    with socket.create_connection((str(proxy.hostname), proxy.port), timeout=15) as connection:
        connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())
        status, headers, body = _answer(connection)
    assert status == 403
    shape = BLOBS if host.endswith(".core.windows.net") else ARM
    assert _code(shape, headers, body) == "HostNotAvailable"


def test_a_request_of_a_client_that_went_away_is_read_without_its_ports() -> None:
    def asked(_: str) -> None:
        raise AttributeError("'NoneType' object has no attribute '_get_extra_info'")

    transport = SimpleNamespace(is_closing=lambda: True, get_extra_info=asked)
    request: Any = SimpleNamespace(
        method="GET", raw_path="/a?b=c", headers={}, content=None, content_length=0, transport=transport
    )
    assert front._decode(ARM, request).ports == (0, 0)


def test_the_servers_log_has_no_traceback(sandbox: Sandbox) -> None:
    """Comes last in this file: of all that was sent, nothing made the sandbox fail."""
    logs = [path.read_text(errors="replace") for path in sandbox.state.glob("*.log")]
    # aiohttp asks for the TLS of a client that went away right after it had sent its request, and gets none.
    gone = "AttributeError: 'NoneType' object has no attribute '_get_extra_info'"
    told = [part.partition(gone) for text in logs for part in text.split("Traceback")[1:]]
    assert logs and [(frames, end) for frames, end, _ in told if not end or "azsandbox" in frames] == []
