"""JSON that is written anew: what changes is what was meant to, and nothing else, whatever is around it."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlmigrate.core.jsontext import NotJsonError, RewrittenText, anew

OLD, NEW = "azureml://old/paths/", "azureml://the-new-one/paths/"


def _meant(text: str) -> str:
    return NEW + text.removeprefix(OLD) if text.startswith(OLD) else text


def _anew(data: bytes | str, *, by_line: bool = False) -> RewrittenText:
    return anew(data.encode() if isinstance(data, str) else data, _meant, by_line=by_line, shown=5)


@pytest.mark.parametrize("by_line", [True, False])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": "azureml://old/paths/x y.jpg"}', '{"a": "azureml://the-new-one/paths/x y.jpg"}'),
        # Line ends, none at the end, blanks, and an empty line.
        ('{"a":"azureml://old/paths/1"}\r\n\r\n [ "azureml://old/paths/2" ]\t',
         '{"a":"azureml://the-new-one/paths/1"}\r\n\r\n [ "azureml://the-new-one/paths/2" ]\t'),
        # Escaped slashes stay escaped, and whatever else is escaped stays as it was.
        (r'{"a": "azureml:\/\/old\/paths\/\u00E9\u00e9\ud83D\uDE00\"\n"}',
         r'{"a": "azureml:\/\/the-new-one\/paths\/\u00E9\u00e9\ud83D\uDE00\"\n"}'),
        (r'{"a": "\u0061zureml:\u002F\u002fold/paths/z"}', r'{"a": "\u0061zureml:\u002F\u002fthe-new-one/paths/z"}'),
        # A lone surrogate, a sign beyond the first plane, a sign that ends lines elsewhere.
        (r'["azureml://old/paths/\udc80"]', r'["azureml://the-new-one/paths/\udc80"]'),
        ('["azureml://old/paths/😀\u2028\x85"]', '["azureml://the-new-one/paths/😀\u2028\x85"]'),
        # Names are strings too; names that come twice stay, numbers stay as they are written.
        ('{"azureml://old/paths/a": 1, "b": 1.0e400, "b": 100000000000000000000000000000000001}',
         '{"azureml://the-new-one/paths/a": 1, "b": 1.0e400, "b": 100000000000000000000000000000000001}'),
        (f'[{"9" * 5000}, NaN, -0, 1E+2, "azureml://old/paths/a"]',
         f'[{"9" * 5000}, NaN, -0, 1E+2, "azureml://the-new-one/paths/a"]'),
        # A bare string, and one as often as it comes.
        ('"azureml://old/paths/a"', '"azureml://the-new-one/paths/a"'),
        ('["azureml://old/paths/a", "azureml://old/paths/a"]',
         '["azureml://the-new-one/paths/a", "azureml://the-new-one/paths/a"]'),
        # No part of a longer text, and no text that only looks like a string.
        ('["see azureml://old/paths/a", "\\"azureml://old/paths/b\\""]',
         '["see azureml://old/paths/a", "\\"azureml://old/paths/b\\""]'),
    ],
)  # fmt: skip
def test_only_what_is_meant_changes(before: str, after: str, by_line: bool) -> None:
    assert _anew(before, by_line=by_line).data.decode() == after


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_its_code_and_its_mark_stay(code: str, mark: str) -> None:
    text = f'{mark}{{"ä": "{OLD}ß"}}\n'
    assert _anew(text.encode(code)).data == text.replace(OLD, NEW).encode(code)


def test_bytes_that_are_no_utf_8_stay() -> None:
    data = b'{"a": "caf\xe9 \xff", "b": "azureml://old/paths/caf\xe9"}'
    assert _anew(data).data == data.replace(b"old", b"the-new-one")


@pytest.mark.parametrize("by_line", [True, False])
def test_lines_that_are_no_json_stay_and_the_others_change(by_line: bool) -> None:
    lines = [f'{{"a": "{OLD}1"}}', f'{{"a": "{OLD}2"', "", f'# "{OLD}3"', 'an odd " quote', f'{{"a": "{OLD}4"}}']
    found = _anew("\n".join(lines), by_line=by_line)
    wanted = [lines[0].replace(OLD, NEW), *lines[1:5], lines[5].replace(OLD, NEW)]
    assert found.data.decode().split("\n") == wanted
    assert (found.count, [line.number for line in found.lines]) == (2, [1, 6])


@pytest.mark.parametrize("by_line", [True, False])
@pytest.mark.parametrize(
    "text", [f'{{"a": "{OLD}', f'{{a: "{OLD}1"}}', f'x = "{OLD}1"', "[" * 100_000 + f'"{OLD}"']
)
def test_what_is_no_json_is_not_touched(text: str, by_line: bool) -> None:
    try:
        assert _anew(text, by_line=by_line).data == text.encode()
    except NotJsonError as error:
        assert OLD not in str(error)


@pytest.mark.parametrize("data", [b"", b"\n", b"{", b'"', b"no json at all: \xff", b"{}", b"\xef\xbb\xbf"])
def test_where_nothing_is_to_change_nothing_is_asked(data: bytes) -> None:
    assert _anew(data) == RewrittenText(data)


def test_a_value_over_many_lines_is_read_under_either_name() -> None:
    text = json.dumps({"a": [f"{OLD}{n}" for n in range(9)]}, indent=2)
    for by_line in (True, False):
        found = _anew(text, by_line=by_line)
        assert json.loads(found.data) == {"a": [f"{NEW}{n}" for n in range(9)]}
        assert (found.lines[0].number, found.lines[0].after) == (3, f'    "{NEW}0",')
        assert (found.count, len(found.lines)) == (9, 5)


def test_a_long_line_is_shown_by_its_first_string() -> None:
    found = _anew(json.dumps(["x" * 600, f"{OLD}1", f"{OLD}2"]) + f'\n["{OLD}3"]', by_line=True)
    assert [(line.number, line.before, line.after) for line in found.lines] == [
        (1, f'"{OLD}1"', f'"{NEW}1"'),
        (2, f'["{OLD}3"]', f'["{NEW}3"]'),
    ]


_strings = st.text(st.characters(exclude_categories=()), max_size=8)
_addresses = _strings.map(lambda text: OLD + text)
_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _strings | _addresses,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_strings | _addresses, inner, max_size=4),
    max_leaves=12,
)


def _changed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_meant(name): _changed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_changed(item) for item in value]
    return _meant(value) if isinstance(value, str) else value


@settings(max_examples=60, deadline=None)
@given(_values, st.booleans(), st.booleans(), st.sampled_from([None, 1]), st.booleans())
def test_whatever_the_value_it_comes_to_what_was_meant(
    value: Any, ascii_only: bool, slashes: bool, indent: int | None, by_line: bool
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    text = text.replace("/", r"\/") if slashes else text
    data = text.encode("utf-8", "surrogatepass")
    found = _anew(data, by_line=by_line)
    # What a UTF-8 decoder refuses is kept byte for byte as well.
    after = found.data.decode("utf-8", "surrogatepass")
    assert repr(json.loads(after)) == repr(_changed(json.loads(text)))
    assert (found.count == 0) == (found.data == data)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*'{}[]":,\\/ \nu0a1e-', f'"{OLD}a"', OLD]), max_size=30).map("".join), st.booleans()
)
def test_whatever_the_text_nothing_but_addresses_in_json_changes(text: str, by_line: bool) -> None:
    try:
        found = _anew(text, by_line=by_line)
    except NotJsonError:
        return
    after = found.data.decode()
    assert after.replace(NEW, OLD) == text
    assert after.count(NEW) == found.count


@pytest.mark.parametrize("form", ["lines", "array", "one long line"])
def test_a_large_file_takes_its_time_and_some_memory_but_no_more(form: str) -> None:
    rows = [json.dumps({"image_url": f"{OLD}{n:06}.jpg", "label": "can", "n": n}) for n in range(6_000)]
    between = ", " if form == "one long line" else ",\n"
    text = "\n".join(rows) if form == "lines" else f"[{between.join(rows)}]"
    data = text.encode()
    began = time.monotonic()
    found = _anew(data, by_line=form == "lines")
    assert (found.count, len(found.data)) == (6_000, len(data) + 6_000 * (len(NEW) - len(OLD)))
    assert time.monotonic() - began < 20, "it takes a second or so; what grows with the square takes minutes"
    tracemalloc.start()
    try:
        _anew(data, by_line=form == "lines")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30 * len(data)
