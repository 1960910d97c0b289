"""Reads over libcurl, driven by asyncio's loop: the calls that are made for every byte of both sides.

Around a read of some kilobytes azure-core over aiohttp takes about three quarters of a millisecond of processor
time, libcurl a fifth of that, and a quarter for each byte of a long one. Nothing is redirected or decoded.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
import selectors
import ssl
from collections.abc import Callable, Sequence
from functools import cache, cached_property

import pycurl
from multidict import CIMultiDict
from yarl import URL

from amlmigrate.cloud import retrying as retry
from amlmigrate.cloud.errors import OutOfReachError, request_id, without_query
from amlmigrate.cloud.transport import proxy_login, proxy_of

# Given to libcurl's own buffer: more of a long answer for each wakeup.
_BUFFER = 512 * 2**10
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_WANTED = {pycurl.POLL_IN: _READ, pycurl.POLL_OUT: _WRITE, pycurl.POLL_INOUT: _READ | _WRITE}
_log = logging.getLogger(__name__)


class Head:
    """What an answer says before its bytes come: the lines of its head, of which most are never looked at."""

    def __init__(self, lines: bytes) -> None:
        """`lines` may begin with those of a proxy's answer to CONNECT, up to an empty one."""
        # As aiohttp reads what is no ASCII.
        text = lines.decode("utf-8", "surrogateescape")
        # Of an answer without a byte what follows its chunks may stand behind it.
        own = text[text.rfind("\r\n\r\nHTTP/") + 1 :].lstrip().partition("\r\n\r\n")[0]
        first, _, self._lines = own.partition("\r\n")
        _, code, *reason = first.split(" ", 2)
        self.status = int(code)
        self.reason = "".join(reason)

    @cached_property
    def headers(self) -> CIMultiDict[str]:
        """Its headers by name, in any case."""
        pairs = (line.split(":", 1) for line in self._lines.split("\r\n") if ":" in line)
        return CIMultiDict((name, value.strip()) for name, value in pairs)

    def get(self, name: str) -> str:
        """One header; empty where there is none."""
        found = _header(name).search(self._lines)
        return found[1].strip() if found else ""


@cache
def _header(name: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(name)}:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


# Takes the pieces of an answer, in their order. What it raises ends the transfer.
Sink = Callable[[bytes], object]
# Is shown the head of an answer, and gives whom to hand its bytes to. What it raises ends the transfer.
Begin = Callable[[Head], Sink]


class Curl:
    """Connections that are kept and used again, as many as there are reads under way."""

    def __init__(self) -> None:
        self._multi: pycurl.CurlMulti | None = None
        self._idle: list[_Transfer] = []
        self._under_way: dict[pycurl.Curl, _Transfer] = {}
        # What libcurl waits for, under one handle that the loop waits for: the loop takes several times as long to
        # be told of a socket, which is to be done before and after each read.
        self._sockets = selectors.DefaultSelector()
        self._watched: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf

    async def get(self, url: str, headers: Sequence[str], begin: Begin, *, method: str = "GET") -> None:
        """One GET or HEAD; `headers` are whole lines. Raises OutOfReachError where no whole answer came."""
        self._multi = multi = self._multi or self._new()
        transfer = self._idle.pop() if self._idle else _Transfer()
        self._under_way[transfer.curl] = transfer
        ended = transfer.start(url, headers, begin, method)
        multi.add_handle(transfer.curl)
        try:
            await ended
        finally:
            multi.remove_handle(transfer.curl)
            self._under_way.pop(transfer.curl, None)
            head, failure = transfer.finish()
            self._idle.append(transfer)
        if _log.isEnabledFor(logging.INFO):
            given = {"request_id": request_id(head.headers) if head else ""}
            _log.info("%s %s was answered %s", method, without_query(url), head and head.status, extra=given)
        if failure:
            raise failure

    def close(self) -> None:
        """Ends the connections; nothing may be under way."""
        self._stop_timer()
        for transfer in self._idle:
            transfer.curl.close()
        self._idle.clear()
        if self._multi:
            self._multi.close()
            self._multi = None
            self._loop.remove_reader(self._sockets.fileno())
        self._sockets.close()

    def _new(self) -> pycurl.CurlMulti:
        self._loop = asyncio.get_running_loop()
        multi = pycurl.CurlMulti()
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._loop.add_reader(self._sockets.fileno(), self._on_ready)
        return multi

    def _on_socket(self, what: int, socket: int, *_: object) -> None:
        """libcurl wants to be told when that socket can be read or written; POLL_REMOVE is neither."""
        wanted, watched = _WANTED.get(what, 0), socket in self._watched
        if wanted and watched:
            self._sockets.modify(socket, wanted)
        elif wanted:
            self._watched.add(socket)
            self._sockets.register(socket, wanted)
        elif watched:
            self._watched.remove(socket)
            self._sockets.unregister(socket)

    def _on_ready(self) -> None:
        """Some of the sockets can be read or written."""
        for key, events in self._sockets.select(0):
            self._act(key.fd, (events & _READ and pycurl.CSELECT_IN) | (events & _WRITE and pycurl.CSELECT_OUT))

    def _on_timer(self, milliseconds: int) -> None:
        """libcurl wants to be called after so long; not at all where it is negative.

        A call that comes too early does no harm, so that one that waits is moved only where it comes too late.
        """
        self._due = self._loop.time() + milliseconds / 1000 if milliseconds >= 0 else math.inf
        if self._timer is None or self._due < self._timer.when():
            self._stop_timer()
            self._wait()

    def _wait(self) -> None:
        if self._due < math.inf:
            self._timer = self._loop.call_at(self._due, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        if self._due > self._loop.time():
            self._wait()
        else:
            self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _act(self, socket: int, events: int) -> None:
        """Lets libcurl do what can be done, and tells who waits for it what has ended."""
        if self._multi is None:
            return
        _, alive = self._multi.socket_action(socket, events)
        more = alive < len(self._under_way)
        while more:
            left, good, bad = self._multi.info_read()
            for curl in good:
                self._under_way.pop(curl).end(None)
            for curl, _, reason in bad:
                self._under_way.pop(curl).end(reason)
            more = bool(left)


class _Transfer:
    """One of libcurl's handles, with the answer that comes through it."""

    def __init__(self) -> None:
        self.curl = curl = _handle()
        self._lines: list[bytes] = []
        curl.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        curl.setopt(pycurl.WRITEFUNCTION, self._piece)
        self._host, self._method = "", "GET"
        self._clear()

    def _clear(self) -> None:
        """Holds nobody's bytes while it is idle."""
        self._lines.clear()
        self._head: Head | None = None
        self._sink: Sink | None = None
        self._failure: Exception | None = None
        self._begin: Begin | None = None
        self._ended: asyncio.Future[None] | None = None

    def start(self, url: str, headers: Sequence[str], begin: Begin, method: str) -> asyncio.Future[None]:
        """Readies the handle; done when the answer has come, or none."""
        self._url, self._begin = url, begin
        if method != self._method:
            self._method = method
            self.curl.setopt(pycurl.NOBODY if method == "HEAD" else pycurl.HTTPGET, 1)
        self._reach(url.split("/", 3)[2])
        self.curl.setopt(pycurl.URL, url)
        self.curl.setopt(pycurl.HTTPHEADER, headers)
        self._ended = asyncio.get_running_loop().create_future()
        return self._ended

    def _reach(self, host: str) -> None:
        if host != self._host:
            self._host = host
            proxy, name, password = _way(host)
            self.curl.setopt(pycurl.PROXY, proxy)
            self.curl.setopt(pycurl.PROXYUSERNAME, name)
            self.curl.setopt(pycurl.PROXYPASSWORD, password)

    def end(self, trouble: str | None) -> None:
        """It came whole, or what libcurl says of it."""
        if trouble is not None and self._failure is None:
            self._failure = OutOfReachError(trouble, method=self._method, url=without_query(self._url))
        if self._ended and not self._ended.done():
            self._ended.set_result(None)

    def finish(self) -> tuple[Head | None, Exception | None]:
        """The head, if one came, and what went wrong; the handle is as new."""
        if self._failure is None and self._head is None and self._lines:
            # No byte came after it.
            self._piece(b"")
        head, failure = self._head, self._failure
        self._clear()
        return head, failure

    def _piece(self, piece: bytes) -> int:
        """What is raised here would be printed by libcurl's binding, and forgotten."""
        try:
            if self._sink is None:
                assert self._begin is not None
                self._head = Head(b"".join(self._lines))
                self._sink = self._begin(self._head)
            self._sink(piece)
        except Exception as error:  # noqa: BLE001 - raised where the answer is waited for
            self._failure = error
            # Less than was given: libcurl ends the transfer.
            return -1
        return len(piece)


@cache
def _way(host: str) -> tuple[str, bytes, bytes]:
    """The proxy of a host, and who signs in there; each empty where there is none.

    The login is taken out as aiohttp takes it: libcurl refuses a URL with a blank or an `@` in a password, which
    that takes, and tells the whole of it.
    """
    proxy = proxy_of("https", host) or ""
    url = URL(proxy.strip())
    own = (url.user or "", url.password or "") if url.raw_user or url.raw_password else proxy_login(proxy)
    name, password = (one.encode("latin-1", "replace") for one in own or ("", ""))
    return str(url.with_user(None)) if proxy else "", name, password


def _handle() -> pycurl.Curl:
    curl = pycurl.Curl()
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
    curl.setopt(pycurl.USERAGENT, "aml-cmk-migrate")
    curl.setopt(pycurl.CONNECTTIMEOUT, int(retry.CONNECT_SECONDS))
    curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)
    curl.setopt(pycurl.LOW_SPEED_TIME, int(retry.READ_SECONDS))
    curl.setopt(pycurl.BUFFERSIZE, _BUFFER)
    # Which hosts go past a proxy is asked of `proxy_of` alone.
    curl.setopt(pycurl.NOPROXY, "")
    _trust(curl)
    return curl


def _trust(curl: pycurl.Curl) -> None:
    """The authorities that Python trusts too, `SSL_CERT_FILE` and `SSL_CERT_DIR` among them."""
    paths = ssl.get_default_verify_paths()
    for option, path in ((pycurl.CAINFO, paths.cafile), (pycurl.CAPATH, paths.capath)):
        if path:
            curl.setopt(option, path)
            curl.setopt(pycurl.PROXY_CAINFO if option == pycurl.CAINFO else pycurl.PROXY_CAPATH, path)
