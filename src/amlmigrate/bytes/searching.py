"""Searches bytes, as they go by, for addresses that lead to a place of the source: how many there are.

Only what is text is searched, in UTF-8 or any other code that has ASCII as it is, in UTF-16 and UTF-32. An address
counts however it is escaped: as JSON, YAML, Python (`\\/`, `\\u002f`, `\\x2f`) or a URL (`%2F`) write it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import Location

# So much is searched at a time, and so much of it again with what follows: an address across the border is found
# once. What tells an address is no longer than that, each of its signs escaped and in UTF-16.
_BLOCK = 256 * 2**10
_AGAIN = 4 * 2**10
# A text may hold a few control signs, as colours in a log; of what is none they are a good part.
_CONTROLS = bytes(sorted({*range(32), 127} - {*b"\t\n\r\f\b\x1b"}))
_FEW = 0.02
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_ESCAPES = re.compile(rb"\\+(?:u00|x)([2-7][0-9a-f])")
# What an address has beside letters and digits, as URLs write it.
_PERCENT = tuple((f"%{ord(sign):x}".encode(), sign.encode()) for sign in "/:@-._$")


class Places:
    """The places of a source, as they stand in text."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        source, target = mapping.source, mapping.target
        accounts = {source.storage_account.lower(), *(root.account.lower() for root, _ in mapping.roots())} - {""}
        # An account of both is not the source's alone, nor is what names nothing but the account.
        self._whole = accounts - {target.storage_account.lower()}
        self._jobs = {job.lower() for job, _ in source.job_outputs}
        self._pattern = re.compile(_forms(mapping, accounts))
        # Many addresses of one file begin alike, and the pattern takes no more of them than that.
        self._leads = lru_cache(4096)(self._is_ours)
        tokens = [*accounts, f"workspaces/{source.ref.name}", source.workspace_id]
        self._tokens = [token.lower().encode() for token in tokens if token]
        self._tokens += [b"azureml://jobs/"] if self._jobs else []

    def count(self, data: bytes) -> int:
        """How many addresses in a piece of text lead to a place of the source. One that its end cuts is none."""
        text = _plain(data)
        if not any(token in text for token in self._tokens):
            return 0
        return sum(map(self._leads, (match[0] for match in self._pattern.finditer(text))))

    def _is_ours(self, address: bytes) -> bool:
        match = self._pattern.match(address + b"\n")
        assert match
        found = {name: value.decode("ascii") for name, value in match.groupdict().items() if value is not None}
        if job := found.get("job"):
            return job in self._jobs
        account = next((found[name] for name in ("host", "at", "id") if name in found), None)
        if account is None:
            return True
        container = next((found[name] for name in ("path", "before", "below") if found.get(name)), "")
        return self._is_own(account, container) if container else account in self._whole

    def _is_own(self, account: str, container: str) -> bool:
        place = Location(account, container)
        goal = self._mapping.place(place)
        moved = goal is not None and (goal.account.lower(), goal.container) != (account, container)
        source = self._mapping.source
        # One that has no place in the target is the source's all the same.
        return moved or (goal is None and account == source.storage_account.lower() and source.names(container))


def _forms(mapping: Mapping, accounts: Iterable[str]) -> bytes:
    """The forms of addresses in lower case. What ends them has to be there, or they may go on."""
    source = mapping.source
    group = re.escape(f"/subscriptions/{source.ref.subscription}/resourcegroups/{source.ref.group}".lower())
    name, number = re.escape(source.ref.name.lower()), re.escape(source.workspace_id.lower()) or r"\b\B"
    account = "|".join(re.escape(one) for one in sorted(accounts)) or r"\b\B"
    storage = re.escape(source.storage_account_id.lower().rpartition("/")[0]) or r"\b\B"
    suffix = r"core\.[a-z.]++(?::[0-9]++)?+"
    forms = (
        rf"{group}/(?:providers/microsoft\.machinelearningservices/)?workspaces/{name}(?=[^a-z0-9_-])",
        rf"azureml://locations/[^/\s\"']++/workspaces/{number}(?=[^0-9a-f-])",
        rf"//{number}\.workspace\.",
        rf"https?://(?P<host>{account})\.(?:blob|dfs)\.{suffix}(?:/(?P<path>[$a-z0-9-]*+))?+(?=[\s\S])",
        rf"(?:wasbs?|abfss?)://(?P<before>[$a-z0-9-]++)@(?P<at>{account})\.(?:blob|dfs)\.",
        rf"{storage}/(?P<id>{account})(?:/blobservices/default/containers/(?P<below>[$a-z0-9-]++))?+(?=[^a-z0-9])",
        r"azureml://jobs/(?P<job>[^/\s\"'<>{}$]++)/outputs/",
    )
    return "|".join(forms).encode()


def _plain(data: bytes) -> bytes:
    """In lower case and without escapes."""
    text = data.lower()
    if b"\\" in text:
        while b"\\/" in text:
            text = text.replace(b"\\/", b"/")
        if b"\\u00" in text or b"\\x" in text:
            text = _ESCAPES.sub(lambda match: bytes((int(match[1], 16),)), text).lower()
    if b"%" in text:
        for escaped, sign in _PERCENT:
            text = text.replace(escaped, sign)
    return text


def is_text(beginning: bytes) -> bool:
    """Whether what begins like that is text, of one byte a sign, of two or of four."""
    if beginning.startswith(_MARKS) or b"\0" not in beginning:
        return True
    if any(_is_wide(beginning, code) for code in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")):
        return True
    controls = len(beginning) - len(beginning.translate(None, _CONTROLS))
    return controls <= _FEW * len(beginning)


def _is_wide(beginning: bytes, code: str) -> bool:
    """Whether it is text in that code: nothing it does not have, no control signs."""
    try:
        text = codecs.getincrementaldecoder(code)().decode(beginning)
    except UnicodeDecodeError:
        return False
    return bool(text) and not any(
        (ord(sign) < 32 and sign not in "\t\n\r\f") or sign in "\x7f\ufffe" for sign in text
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What searching a file came to: whether it is text, and how many addresses of the source are in it."""

    text: bool
    count: int = 0


class Search:
    """The search through one file, which may have to be read from its beginning again."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._attempt = _Attempt(places)

    def begin(self) -> Callable[[bytes], object]:
        """Begins anew; what it gives takes the pieces in their order."""
        self._attempt = _Attempt(self._places)
        return self._attempt.feed

    def end(self) -> Found:
        """No piece follows: what the last attempt saw."""
        return self._attempt.end()


class _Attempt:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._waiting: list[bytes] = []
        self._length = 0
        self._again = b""
        self._text: bool | None = None
        self._total = 0

    def feed(self, piece: bytes) -> None:
        for start in range(0, len(piece), _BLOCK):
            if self._text is False:
                return
            part = piece[start : start + _BLOCK]
            self._waiting.append(part)
            self._length += len(part)
            if self._length >= _BLOCK:
                self._search(ended=False)

    def end(self) -> Found:
        return Found(self._search(ended=True), self._total)

    def _search(self, *, ended: bool) -> bool:
        block = b"".join(self._waiting)
        self._waiting, self._length = [], 0
        if self._text is None:
            self._text = is_text(block)
        if self._text:
            # What a file ends with is ended by that.
            whole = self._again + block + (b"\n" if ended else b"")
            # An address that was counted before lies whole within what is looked at again, and is taken off.
            self._total += self._count(whole) - self._count(self._again)
            self._again = whole[-_AGAIN:]
        return self._text

    def _count(self, data: bytes) -> int:
        # Without its noughts, text of two bytes a sign is that of one, as far as it is ASCII.
        return self._places.count(data.replace(b"\0", b""))
