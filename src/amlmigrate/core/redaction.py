"""Texts without secrets: what URLs carry (a query's values, a name and a password before a host), and other forms.

Whatever is kept or shown goes through here: plans, findings, ledger, evidence, messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath

from amlmigrate.core.secretforms import spans

MASK = "<secret>"
# Inside a longer text a URL ends at one of these; a mask that stands there already ends it too.
_URL = re.compile(r"\b(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>[^\s'\"<>\\]+)", re.IGNORECASE)
_ONE_SLASH = re.compile(r"^[a-z][a-z0-9+.-]+:/(?!/)", re.IGNORECASE)
_USER = re.compile(r"^(?P<user>[^/?#]+)@")
_PAIR = re.compile(r"[^&;#]+")
# `container@account`, and paths that are no URLs.
_NO_USER = frozenset({"wasb", "wasbs", "abfs", "abfss"})
_NO_QUERY = frozenset({"azureml", "runs", "file", "dbfs"})
# What stands in the query of ARM's own addresses, which commands that are shown to people repeat, and what
# names one version of a blob.
_HARMLESS = frozenset({"api-version", "forcetopurge", "versionid", "snapshot"})
# Texts that were looked through and have no secret, so many and so long at most; none with one is kept.
_HARMLESS_TEXTS: set[str] = set()
_MOST, _LONGEST = 4_096, 4_096
_SIGNED = re.compile(r"[?&](?:sig|x-amz-signature|signature)=", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with each such secret masked; the same again for a masked one."""
    # A document is compared several times, and few of its texts have anything to mask.
    if text in _HARMLESS_TEXTS:
        return text
    found = replaced(text, lambda _: MASK)
    if found == text and len(text) <= _LONGEST:
        if len(_HARMLESS_TEXTS) >= _MOST:
            _HARMLESS_TEXTS.clear()
        _HARMLESS_TEXTS.add(text)
    return found


def replaced(text: str, change: Callable[[str], str]) -> str:
    """The text with `change(secret)` in the place of each."""
    parts, end = [], 0
    for start, stop in _spans(text):
        parts += [text[end:start], change(text[start:stop])]
        end = stop
    return "".join((*parts, text[end:])) if parts else text


def path_text(path: PurePath) -> str:
    """A path, also one that somebody made of a signed URL: a path takes one of its two slashes away."""
    return masked(_ONE_SLASH.sub(r"\g<0>/", str(path), count=1))


def secrets(text: str) -> list[str]:
    """What `masked` takes out, in its order."""
    return [text[start:stop] for start, stop in _spans(text)]


def restored(text: str, taken: Sequence[str]) -> str:
    """A masked text with its secrets put back. Raises ValueError where there are more or fewer."""
    parts = text.split(MASK)
    if len(parts) != len(taken) + 1:
        raise ValueError(f"masked secrets: {len(parts) - 1}, known ones: {len(taken)}")
    return parts[0] + "".join(secret + part for secret, part in zip(taken, parts[1:], strict=True))


def signed(address: str) -> bool:
    """Whether an address holds a signature."""
    return "://" in address and _SIGNED.search(address) is not None


def _spans(text: str) -> list[tuple[int, int]]:
    """Where its secrets begin and end, in order; two that touch are one."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted((*_in_urls(text), *spans(text))):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def _in_urls(text: str) -> Iterator[tuple[int, int]]:
    if "://" not in text or not ("?" in text or "@" in text):
        return
    for match in _URL.finditer(text):
        scheme, rest, start = match["scheme"].lower(), match["rest"], match.start("rest")
        user = None if scheme in _NO_USER else _USER.match(rest)
        if user:
            yield start, start + user.end("user")
        after = user.end() if user else 0
        query = -1 if scheme in _NO_QUERY else rest.find("?", after)
        if query >= 0:
            yield from _in_query(rest, query + 1, start)


def _in_query(rest: str, begin: int, offset: int) -> Iterator[tuple[int, int]]:
    """The values of a query's members; one without a name may be a token itself."""
    for pair in _PAIR.finditer(rest, begin):
        name, sign, value = pair[0].partition("=")
        if not sign:
            yield offset + pair.start(), offset + pair.end()
        elif value and name.lower() not in _HARMLESS:
            yield offset + pair.end() - len(value), offset + pair.end()
