"""Somebody else's words: shown so that nothing acts, told apart, read back, in JSON, CSV and Markdown."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core import csvtext, markdown
from amlmigrate.core.escapes import Plain, as_json, escaped, meant, shown, visible

# Each sort that does something to a terminal, to the order of what is read, or hides: with the name of its standard.
ACTING = [
    *(chr(n) for n in range(0x20)),
    *(chr(n) for n in range(0x7F, 0xA0)),
    *"\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    *"\u200b\u200c\u200d\u2060\u2061\u2064\ufeff\u00ad\u180e\u00a0\u3000\u2007",
    *"\ud800\udbff\udc00\udfff\ufff9\ufffb\uffff\ue000",
    *"\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\ufe0f\uffa0",
    *"\U000e0001\U000e0041\U000e007f\U000e0100\U000f0000\U0010ffff",
]
# Any characters, those that act far more often than among all of Unicode; lone surrogates too.
ANY = st.text(st.one_of(st.sampled_from(ACTING), st.sampled_from("\\uU00e2\"'=+-@ ,a"), st.characters(codec=None)))


@pytest.mark.parametrize("sign", ACTING, ids=lambda sign: f"{ord(sign):04x}")
def test_what_acts_is_an_escape(sign: str) -> None:
    found = shown(f"a{sign}b")
    assert (
        re.fullmatch(r"a\\(u[0-9a-f]{4}|U[0-9a-f]{8})b", found) and visible(found) and meant(found) == f"a{sign}b"
    )


def test_what_people_read_stays_as_it_is() -> None:
    text = "Kreditrisiko_ä/模型 (v1.0) — 5 % €, [red]x[/] :smile: C:\\temp \\ud \U0001f600"
    assert shown(text) == escaped(text) == meant(text) == text


@given(ANY)
def test_what_is_shown_is_visible_and_one_to_one(text: str) -> None:
    assert visible(shown(text)) and meant(shown(text)) == text
    assert escaped(escaped(text)) == escaped(text)
    shown(text).encode()


def test_what_only_looks_like_an_escape_is_told_apart() -> None:
    assert shown("a\\u202eb") == "a\\u005cu202eb" != shown("a\u202eb")
    assert shown(Plain("\\u202e")) == "\\u202e"
    assert meant("\\Uffffffff") == "\\Uffffffff"


@given(st.recursive(ANY, lambda inner: st.lists(inner) | st.dictionaries(ANY, inner), max_leaves=5))
def test_json_says_the_same_and_holds_nothing_that_acts(value: object) -> None:
    for indent in (None, 2):
        text = as_json(value, indent=indent)
        assert json.loads(text) == value and all(visible(line) for line in text.split("\n"))
    assert "\n" not in as_json(value)


@given(st.lists(st.tuples(ANY, ANY), max_size=4))
def test_a_cell_is_no_formula_and_is_read_as_what_it_was(rows: list[tuple[str, str]]) -> None:
    text = csvtext.written(("a", "b"), rows)
    [_, *found] = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert [tuple(map(csvtext.plain, row)) for row in found] == rows
    for cell in (cell for row in found for cell in row):
        assert visible(cell) and not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))


@pytest.mark.parametrize(
    "cell", ["=1", "  =1", "'=1", "''=1", "' =1", "-1", "+1", "@A1", "\t=1", "\r=1", "\uff1d1"]
)
def test_nothing_before_a_formula_hides_it(cell: str) -> None:
    assert not csvtext.cell(cell).lstrip().startswith(("=", "+", "-", "@", "\uff1d"))
    assert csvtext.plain(csvtext.cell(cell)) == cell


def test_a_cell_that_somebody_typed_says_what_it_says() -> None:
    assert csvtext.plain("models/m/1") == "models/m/1" and csvtext.plain("'twas so") == "'twas so"
    assert csvtext.plain("=1") == "=1" and csvtext.plain("blobs/c/a\\u202eb") == "blobs/c/a\u202eb"


MARKS = [
    "<script>alert(1)</script>", "[a](http://evil)", "![a](x)", "**b**", "_e_", "`c`", "# h", "- [x] done", "1. one", "1) one", "+ x", "=== ", "--- ",
    "~~s~~", "| a | b |", "&lt;", "http://evil.example", "see http://evil.example/a_b_*c* (now)", "www.evil.example", "me@evil.example", "$x$", "\\[", "> quote", "a\n\n# b",
]  # fmt: skip


@pytest.mark.parametrize("words", MARKS)
def test_nothing_acts_in_markdown(words: str) -> None:
    found = markdown.text(words)
    assert "\n" not in found
    # Every sign that CommonMark or GitHub acts on stands behind a backslash of its own.
    bare = re.sub(r"\\[!-/:-@\[-`{-~]|(?<!\\)`[^`]+`", "", found)
    assert not re.search(r"[`*\[\]<>|~$@&\\]|://|www\.|(?<!\w)_|_(?!\w)", bare)
    assert not re.match(r"\s*(#|[-+=]|\d+[.)])", found)
    read = re.sub(r"\\([!-/:-@\[-`{-~])|`", r"\1", found).replace("`", "")
    assert read == shown(words).replace("`", "").lstrip() or "\\u" in found


@pytest.mark.parametrize("words", ["a", "a`b", "``", "`", " a ", "a``b`c", "x\ny", "\u202e"])
def test_a_code_span_ends_where_it_ends(words: str) -> None:
    found = markdown.code(words)
    match = re.fullmatch(r"(`+)(?!`)(.*?)(?<!`)\1", found)
    assert match and "\n" not in found
    inner = match[2]
    inner = inner[1:-1] if inner[:1] == inner[-1:] == " " and inner.strip() else inner
    assert inner == shown(words)


def test_the_sets_hold_all_that_unicode_calls_a_control_or_a_format() -> None:
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    for number in range(0x110000):
        if unicodedata.category(chr(number)) in hidden:
            assert not visible(chr(number)), hex(number)
