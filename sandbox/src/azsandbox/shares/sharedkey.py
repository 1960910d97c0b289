"""Shared Key: is a request signed with one of the account's keys?"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable

from azsandbox.calls import HttpCall

# In this order (learn.microsoft.com, "Authorize with Shared Key").
_SIGNED = (
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-MD5",
    "Content-Type",
    "Date",
    "If-Modified-Since",
    "If-Match",
    "If-None-Match",
    "If-Unmodified-Since",
    "Range",
)


def sign(key: str, text: str) -> str:
    """The signature of a text under a base64 key."""
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)).decode()


def is_signed(call: HttpCall, account: str, keys: Iterable[str]) -> bool:
    """Whether the Authorization header holds."""
    scheme, _, credentials = call.headers["Authorization"].partition(" ")
    name, _, signature = credentials.partition(":")
    if scheme != "SharedKey" or name != account:
        return False
    texts = {_text(call, account, order) for order in (_plain, _without_hyphens)}
    return any(hmac.compare_digest(sign(key, text), signature) for key in keys for text in texts)


def _text(call: HttpCall, account: str, order: Callable[[str], tuple[str, ...]]) -> str:
    headers = {name.lower(): value.strip() for name, value in call.headers.items()}
    values = headers | ({"content-length": ""} if call.length == 0 else {})
    names = sorted((name for name in headers if name.startswith("x-ms-")), key=order)
    lines = [call.method, *(values.get(name.lower(), "") for name in _SIGNED)]
    lines += [f"{name}:{headers[name]}" for name in names]
    query = {name.lower(): value for name, value in call.query.items()}
    resource = [f"/{account}{call.raw_path}", *(f"{name}:{query[name]}" for name in sorted(query))]
    return "\n".join([*lines, *resource])


# Clients put names with hyphens into one of two orders, and the service takes both.
def _plain(name: str) -> tuple[str, ...]:
    return (name,)


def _without_hyphens(name: str) -> tuple[str, ...]:
    return (name.replace("-", ""), name)
