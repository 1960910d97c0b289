"""The search for planted secrets finds each form of each, wherever it was put."""

from __future__ import annotations

import base64
import gzip
import json
import os
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from tests.builders.canaries import Canaries

FORMS: dict[str, Callable[[str], bytes]] = {
    "raw": lambda text: f"before {text} after".encode(),
    "JSON": lambda text: json.dumps({"a": text}).encode(),
    "JSON of all characters": lambda text: json.dumps({"a": text}, ensure_ascii=False).encode(),
    "JSON in JSON": lambda text: json.dumps({"a": json.dumps({"b": text})}).encode(),
    "a URL": lambda text: f"https://h/{quote(text)}".encode(),
    "a whole URL": lambda text: f"https://h/{quote(text, safe='')}".encode(),
    "a form": lambda text: f"a={quote_plus(text)}&b".encode(),
    "Base64": lambda text: base64.b64encode(text.encode()),
    "Base64 after one": lambda text: base64.b64encode(f"x{text}y".encode()),
    "Base64 after two": lambda text: base64.b64encode(f"xy{text}yz".encode()),
    "Base64 of a sign-in": lambda text: base64.urlsafe_b64encode(f"somebody:{text}".encode()),
    "Base64 in lines": lambda text: base64.encodebytes(f"{'long before ' * 9}{text}".encode()),
    "Base64 in a URL": lambda text: quote(base64.b64encode(f"u:{text}".encode()).decode(), safe="").encode(),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "gzip": lambda text: b"junk" + gzip.compress(f"a {text}".encode()) + b"more",
    "gzip that was cut off": lambda text: gzip.compress(f"a {text}".encode() + os.urandom(4096))[:-64],
    "zlib": lambda text: b"junk" + zlib.compress(text.encode()) + b"more",
    "gzip of Base64 in gzip": lambda text: gzip.compress(gzip.compress(base64.b64encode(b"x" + text.encode()))),
}


@pytest.mark.parametrize("make", ["plain", "odd", "key"])
@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_seen_in_bytes_and_nothing_in_what_has_none(form: str, make: str) -> None:
    canaries = Canaries()
    text, other = getattr(canaries, make)("it"), Canaries().odd("it")
    assert {one.what for one in canaries.seen(FORMS[form](text), "there")} == {"it"}
    assert canaries.seen(FORMS[form](other), "there") == []


def test_files_their_names_and_databases_are_searched(tmp_path: Path) -> None:
    canaries = Canaries()
    texts = {name: canaries.plain(name) for name in ("file", "name", "row", "log", "left")}
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.json").write_text(json.dumps({"a": texts["file"]}))
    (tmp_path / f"{texts['name']}.txt").write_text("nothing")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a").write_text(texts["left"])
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE steps (body)")
        # A page cuts it in two.
        db.execute("INSERT INTO steps VALUES (?)", (f"{'x' * 4000}{texts['row']}{'y' * 4000}",))
        db.commit()
        db.execute("INSERT INTO steps VALUES (?)", (texts["log"],))
        db.commit()
        assert (tmp_path / "ledger.db-wal").stat().st_size
        seen = {one.what for one in canaries.in_files(tmp_path, but=[tmp_path / "own"])}
    assert seen == {"file", "name", "row", "log"}


@pytest.mark.parametrize("where", ["words", "variables"])
def test_processes_are_looked_at_but_for_what_they_were_given(where: str) -> None:
    canaries = Canaries()
    text = canaries.plain("it")
    more, env = (["-c", "input()", text], {}) if where == "words" else (["-c", "input()"], {"OF_ITS_OWN": text})
    with canaries.watched() as during:
        process = subprocess.Popen([sys.executable, *more], env={**os.environ, **env}, stdin=subprocess.PIPE)
        try:
            while not (seen := canaries.in_processes()):
                assert process.poll() is None
            given = canaries.in_processes(["OF_ITS_OWN"])
            while not canaries.in_processes(known=set()):
                assert process.poll() is None
        finally:
            process.communicate(b"\n")
    assert {(one.what, one.where) for one in seen} == {("it", f"the {where} of process {process.pid}")}
    assert given == ([] if where == "variables" else seen)
    assert all(one in seen for one in during)
