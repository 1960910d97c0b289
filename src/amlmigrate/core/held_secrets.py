"""Secrets that this process has read to pass them on: no message repeats them, whatever form it has them in.

They have no form by which `core.redaction` could know them, and the service may repeat what it was sent.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from amlmigrate.core.redaction import MASK, masked

# What is shorter is no secret that a text could be searched for: each text would have it. Nor is what is left of
# one inside a longer Base64.
_SHORTEST, _SHORTEST_INSIDE = 4, 6
_MORE, _NUMBER = re.compile(r"[&'+<>`]"), re.compile(r"\\u[0-9a-f]{4}")
_BASE64 = r"[A-Za-z0-9+/_-]"
# Each of their forms, and the pattern that finds it: logs ask for every line.
_held: dict[str, str] = {}


def hold(value: Any) -> None:
    """Remembers each text in a value, for as long as the process lives, and nowhere else."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for child in value:
            hold(child)
    elif isinstance(value, str) and len(value) >= _SHORTEST:
        _held.update({form: re.escape(form) for form in _forms(value)} | dict(_inside(value)))


def without_held(text: str) -> str:
    """A text without any of them; the same again for such a text."""
    if not _held:
        return text
    # The longest first: one may be part of another, or of the mask.
    forms = sorted((*_held.items(), (MASK, re.escape(MASK))), key=lambda one: len(one[0]), reverse=True)
    return re.sub("|".join(pattern for _, pattern in forms), lambda _: MASK, text)


def without_secrets(text: str) -> str:
    """A text without any of them, and without what its form shows to be a secret: for messages and logs."""
    return masked(without_held(text))


def _forms(secret: str) -> Iterator[str]:
    """As it is, and as JSON, JSON inside a text of JSON, Python, HTML, URLs and Base64 have it."""
    yield secret
    for ascii_only in (True, False):
        text = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield text
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        # .NET has numbers for more signs than JSON asks for, the + of keys among them, or a \ before each /.
        numbers = _MORE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text.replace('\\"', "\\u0022"))
        yield numbers
        yield _NUMBER.sub(lambda number: number[0].upper().replace("U", "u", 1), numbers)
        yield text.replace("/", "\\/")
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    yield html.escape(secret, quote=False)
    data = _bytes(secret)
    for url in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield url
        yield re.sub("%..", lambda sign: sign[0].lower(), url)
    yield base64.b64encode(data).decode()
    yield base64.urlsafe_b64encode(data).decode()


def _bytes(secret: str) -> bytes:
    # A variable of the environment may hold what is no text, and JSON half a sign.
    return secret.encode(errors="surrogatepass")


def _inside(secret: str) -> Iterator[tuple[str, str]]:
    """The part that Base64 has of it wherever in a longer text it stands, as `name:password` has its password.

    Each with its pattern, which takes the sign before and after it too where that holds a few bits of it.
    """
    data = _bytes(secret)
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode()
        whole, rest = divmod((before + len(data)) * 8, 6)
        # Of what goes before, one byte reaches into the second sign, two into the third.
        part = text[before + 1 if before else 0 : whole]
        if len(part) < _SHORTEST_INSIDE:
            continue
        around = (f"{_BASE64}?" if before else "", f"{_BASE64}?=*" if rest else "")
        for form in (part, part.replace("+", "-").replace("/", "_")):
            yield form, f"{around[0]}{re.escape(form)}{around[1]}"
