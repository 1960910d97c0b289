"""Texts without the secrets that URLs carry: signatures in a query, a name and a password before a host.

Whatever is kept or shown goes through here: plans, findings, ledger, evidence, messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath

MASK = "<secret>"
# Inside a longer text a URL ends at one of these; a mask that stands there already ends it too.
_URL = re.compile(r"\b(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>[^\s'\"<>\\]+)", re.IGNORECASE)
_ONE_SLASH = re.compile(r"^[a-z][a-z0-9+.-]+:/(?!/)", re.IGNORECASE)
_USER = re.compile(r"^(?P<user>[^/?#]+)@")
_PAIR = re.compile(r"[^&;#]+")
# `container@account`, and paths that are no URLs.
_NO_USER = frozenset({"wasb", "wasbs", "abfs", "abfss"})
_NO_QUERY = frozenset({"azureml", "runs", "file", "dbfs"})
# What stands in the query of ARM's own addresses, which commands that are shown to people repeat.
_HARMLESS = frozenset({"api-version", "forcetopurge"})
_SIGNED = re.compile(r"[?&](?:sig|x-amz-signature|signature)=", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with each such secret masked; the same again for a masked one."""
    return _changed(text, lambda _: MASK)


def path_text(path: PurePath) -> str:
    """A path, also one that somebody made of a signed URL: a path takes one of its two slashes away."""
    return masked(_ONE_SLASH.sub(r"\g<0>/", str(path), count=1))


def secrets(text: str) -> list[str]:
    """What `masked` takes out, in its order."""
    found: list[str] = []

    def take(secret: str) -> str:
        found.append(secret)
        return secret

    _changed(text, take)
    return found


def restored(text: str, taken: Sequence[str]) -> str:
    """A masked text with its secrets put back. Raises ValueError where there are more or fewer."""
    parts = text.split(MASK)
    if len(parts) != len(taken) + 1:
        raise ValueError(f"{len(parts) - 1} secrets are masked, {len(taken)} are known")
    return parts[0] + "".join(secret + part for secret, part in zip(taken, parts[1:], strict=True))


def signed_urls(text: str) -> Iterator[str]:
    """The URLs in a text that hold a signature."""
    if "://" in text:
        yield from (match[0] for match in _URL.finditer(text) if _SIGNED.search(match[0]))


def _changed(text: str, change: Callable[[str], str]) -> str:
    if "://" not in text or not ("?" in text or "@" in text):
        return text

    def one(match: re.Match[str]) -> str:
        scheme, rest = match["scheme"].lower(), match["rest"]
        if scheme not in _NO_USER:
            rest = _USER.sub(lambda found: f"{change(found['user'])}@", rest)
        if scheme not in _NO_QUERY:
            path, mark, query = rest.partition("?")
            rest = path + mark + _PAIR.sub(lambda found: _pair(found[0], change), query)
        return f"{match['scheme']}://{rest}"

    return _URL.sub(one, text)


def _pair(text: str, change: Callable[[str], str]) -> str:
    """One member of a query; one without a name may be a token itself."""
    name, sign, value = text.partition("=")
    if not sign:
        return change(text)
    if name.lower() in _HARMLESS:
        return text
    return f"{name}={change(value)}" if value else text
