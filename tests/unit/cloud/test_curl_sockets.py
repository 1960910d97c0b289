"""What libcurl waits for is what is watched for it, and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from selectors import EVENT_READ, EVENT_WRITE

import pycurl
import pytest

from amlmigrate.cloud.curl import Curl

BOTH = EVENT_READ | EVENT_WRITE


@pytest.fixture
def curl() -> Iterator[Curl]:
    made = Curl()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with (pair := socket.socketpair())[0], pair[1]:
        yield pair


def _watched(curl: Curl) -> dict[int, int]:
    return {key.fd: key.events for key in curl._sockets.get_map().values()}


def test_a_socket_is_watched_for_what_was_said_last(curl: Curl, pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = (end.fileno() for end in pair)
    curl._on_socket(pycurl.POLL_IN, other)
    for what, events in (
        (pycurl.POLL_OUT, EVENT_WRITE),
        (pycurl.POLL_IN, EVENT_READ),
        (pycurl.POLL_INOUT, BOTH),
        (pycurl.POLL_IN, EVENT_READ),
    ):
        curl._on_socket(what, one)
        assert _watched(curl) == {one: events, other: EVENT_READ}
    for gone in (pycurl.POLL_REMOVE, pycurl.POLL_REMOVE):
        curl._on_socket(gone, one)
        assert _watched(curl) == {other: EVENT_READ}
    curl._on_socket(pycurl.POLL_OUT, one)
    assert _watched(curl) == {one: EVENT_WRITE, other: EVENT_READ}


def test_libcurl_is_told_which_can_be_read_and_which_written(
    curl: Curl, pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[int, int] = {}
    monkeypatch.setattr(curl, "_act", told.__setitem__)
    one, other = pair
    curl._on_socket(pycurl.POLL_IN, one.fileno())
    curl._on_socket(pycurl.POLL_INOUT, other.fileno())
    curl._on_ready()
    assert told == {other.fileno(): pycurl.CSELECT_OUT}
    one.send(b"x")
    other.send(b"x")
    told.clear()
    curl._on_ready()
    assert told == {one.fileno(): pycurl.CSELECT_IN, other.fileno(): pycurl.CSELECT_IN | pycurl.CSELECT_OUT}
    curl._on_socket(pycurl.POLL_REMOVE, one.fileno())
    told.clear()
    curl._on_ready()
    assert one.fileno() not in told
