"""Searches bytes, as they go by, for addresses that lead to a place of the source: how many there are.

Only what is text is searched, in UTF-8 or any other code that has ASCII as it is, in UTF-16 and UTF-32.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass

from amlmigrate.core.places import Places

# So much is searched at a time, and so much of it again with what follows: an address across the border is found
# once. What tells an address is no longer than that, each of its signs escaped and in UTF-16.
_BLOCK = 256 * 2**10
_AGAIN = 4 * 2**10
# A text may hold a few control signs, as colours in a log; of what is none they are a good part.
_CONTROLS = bytes(sorted({*range(32), 127} - {*b"\t\n\r\f\b\x1b"}))
_FEW = 0.02
_Decode = Callable[[bytes, str, bool], tuple[str, int]]
_WIDE: tuple[_Decode, ...] = (
    codecs.utf_16_le_decode,
    codecs.utf_16_be_decode,
    codecs.utf_32_le_decode,
    codecs.utf_32_be_decode,
)
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


def is_text(beginning: bytes) -> bool:
    """Whether what begins like that is text, of one byte a sign, of two or of four."""
    if beginning.startswith(_MARKS) or b"\0" not in beginning:
        return True
    if any(_is_wide(beginning, decode) for decode in _WIDE):
        return True
    controls = len(beginning) - len(beginning.translate(None, _CONTROLS))
    return controls <= _FEW * len(beginning)


def _is_wide(beginning: bytes, decode: _Decode) -> bool:
    """Whether it is text in that code: nothing it does not have, no control signs."""
    try:
        # The last sign may be cut off.
        text, _ = decode(beginning, "strict", False)
    except UnicodeDecodeError:
        return False
    return bool(text) and not any(
        (ord(sign) < 32 and sign not in "\t\n\r\f") or sign in "\x7f\ufffe" for sign in text
    )


@dataclass(frozen=True, slots=True)
class SearchResult:
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

    def end(self) -> SearchResult:
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

    def end(self) -> SearchResult:
        return SearchResult(self._search(ended=True), self._total)

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
