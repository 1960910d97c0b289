"""Secrets that tests plant, and the search for them: in files, in what processes print, and in `/proc`.

A secret is looked for as it is, as JSON and URLs escape it, in Base64 wherever it stands in a longer one, in
compressed data at any depth, and in the rows of databases beside their bytes.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import shutil
import sqlite3
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

# Signs that JSON, URLs and Base64 each write otherwise; some services take none of them.
_SIGNS = '"+/é% '
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_DEEPEST, _LARGEST = 3, 64 * 2**20
_DATABASE = b"SQLite format 3\x00"


@dataclass(frozen=True, order=True)
class Sighting:
    """A secret where it must not be: what it is of, in which form, and where it was seen."""

    what: str
    form: str
    where: str


@dataclass
class Canaries:
    """The secrets of a test, each by what it is of."""

    texts: dict[str, str] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict, repr=False)
    _told: dict[bytes, tuple[str, str]] = field(default_factory=dict, repr=False)

    def plain(self, what: str) -> str:
        """A new one of letters and digits."""
        return self.known(what, f"Zq7{secrets.token_hex(12)}kX")

    def odd(self, what: str) -> str:
        """A new one with signs that are escaped."""
        return self.known(what, f"Zq7{secrets.token_hex(6)}{_SIGNS}{secrets.token_hex(6)}kX")

    def key(self, what: str) -> str:
        """A new one that is Base64 itself, as the key of an account."""
        return self.known(what, base64.b64encode(secrets.token_bytes(64)).decode())

    def known(self, what: str, text: str) -> str:
        """One that somebody else made."""
        assert len(text) >= 8, "each text would have it"
        self.texts[what] = text
        return text

    def seen(self, data: bytes, where: str) -> list[Sighting]:
        """Where any of them is in some bytes."""
        return sorted(set(self._seen(data, where, 0)))

    def in_files(self, *folders: Path, but: Iterable[Path] = ()) -> list[Sighting]:
        """Where any of them is in the files below folders, without those below `but`."""
        left, found = list(but), list[Sighting]()
        for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
            if path.is_file() and not path.is_symlink() and not any(path.is_relative_to(one) for one in left):
                # One that is gone by now is nowhere.
                with suppress(FileNotFoundError):
                    data = path.read_bytes()
                    found += self.seen(data, str(path))
                    found += self.seen(str(path).encode(), f"the name of {path}")
                    if data.startswith(_DATABASE):
                        found += self.seen(_rows(path), f"a row of {path}")
        return found

    def in_processes(self, given: Iterable[str] = (), known: set[bytes] | None = None) -> list[Sighting]:
        """Where any of them is in the words or variables of a process; `given` are variables that are theirs.

        What is in `known` was looked at before, and what is looked at is added.
        """
        names, found = {name.encode() for name in given}, list[Sighting]()
        known = set() if known is None else known
        for process in Path("/proc").glob("[0-9]*"):
            for name, what in (("cmdline", "words"), ("environ", "variables")):
                with suppress(OSError):
                    entries = (process / name).read_bytes().split(b"\0")
                    held = b"\0".join(one for one in entries if one.partition(b"=")[0] not in names)
                    if held not in known:
                        known.add(held)
                        found += self.seen(held, f"the {what} of process {process.name}")
        return found

    @contextmanager
    def watched(self, given: Iterable[str] = (), *, every: float = 0.02) -> Iterator[list[Sighting]]:
        """Looks at all processes every so many seconds while it lasts; what it yields has what was seen by its end."""
        found, over, names = set[Sighting](), threading.Event(), list(given)
        told, known = list[Sighting](), set[bytes]()

        def look() -> None:
            while not over.is_set():
                found.update(self.in_processes(names, known))
                over.wait(every)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield told
        finally:
            over.set()
            thread.join()
            told += sorted(found)

    def _seen(self, data: bytes, where: str, depth: int) -> Iterator[Sighting]:
        # Base64 may be broken into lines.
        joined = data.replace(b"\r", b"").replace(b"\n", b"")
        for form, (what, name) in self._forms().items():
            if form in data or form in joined:
                yield Sighting(what, name, where)
        if depth < _DEEPEST:
            for at, inside in _decompressed(data):
                yield from self._seen(inside, f"{where}, compressed at {at}", depth + 1)

    def _forms(self) -> dict[bytes, tuple[str, str]]:
        if self._known != self.texts:
            self._told = {form: (what, name) for what, text in self.texts.items() for name, form in _forms(text)}
            self._known = dict(self.texts)
        return self._told


def _forms(text: str) -> Iterator[tuple[str, bytes]]:
    """Each form of a secret, with its name; of two that are the same the last one's counts."""
    data = text.encode()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data)
        part = encoded[before + 1 if before else 0 : (before + len(data)) * 8 // 6]
        yield "Base64", part
        yield "Base64 of URLs", part.translate(bytes.maketrans(b"+/", b"-_"))
        yield "Base64 in a URL", quote(part, safe="").encode()
    yield "as URLs have it", quote(text, safe="").encode()
    yield "as URLs have it", quote(text, safe="/").encode()
    yield "as forms have it", quote_plus(text).encode()
    yield "in hexadecimal", data.hex().encode()
    yield "in UTF-16", text.encode("utf-16-le")
    inner = json.dumps(text)[1:-1]
    yield "as JSON has it", inner.encode()
    yield "as JSON has it", json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield "as JSON in JSON has it", json.dumps(inner)[1:-1].encode()
    yield "as it is", data


def _decompressed(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Whatever of some bytes is compressed by gzip or zlib, and where each begins; also where its end is missing."""
    for match in _COMPRESSED.finditer(data):
        wanted = 31 if match[0].startswith(b"\x1f") else 15
        opened = zlib.decompressobj(wanted)
        inside = b""
        with suppress(zlib.error):
            inside = opened.decompress(data[match.start() :], _LARGEST)
        if inside:
            yield match.start(), inside


def _rows(path: Path) -> bytes:
    """All values of a database, one after the other: on disk a long one is in pieces."""
    found: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in (path.name, f"{path.name}-wal"):
            if (path.parent / name).exists():
                shutil.copy(path.parent / name, Path(folder) / name)
        with closing(sqlite3.connect(Path(folder) / path.name)) as db:
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in db.execute(f'SELECT * FROM "{table}"'):
                    found += [one if isinstance(one, bytes) else str(one).encode() for one in row]
    return b"\n".join(found)
