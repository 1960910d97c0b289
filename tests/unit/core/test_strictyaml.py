"""YAML of people: what could mean two things is refused with its line, and nothing is read as what it is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core import strictyaml
from amlmigrate.core.strictyaml import NotStrictError, load


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\n'a': 3\n", "'a' is given twice, in line 1 and in line 3"),
        ("x:\n - a: 1\n   b: 2\n   a: 3\n", "'a' is given twice, in line 2 and in line 4"),
        ('{"a": 1,\n "a": 2}', "'a' is given twice, in line 1 and in line 2"),
        ('{"a": 1, "\\u0061": 2}', "'a' is given twice"),
        ("1: a\n'1': b\n", "'1' is given twice"),
        ("? a\n: 1\n? a\n: 2\n", "'a' is given twice, in line 1 and in line 3"),
        ("a: 1\nb: &x 2\n", "line 2 has an anchor"),
        ("a: *x\n", "line 1 has an alias"),
        ("a: 1\n<<: {b: 2}\n", "line 2 has a merge"),
        ("a: !!python/object/apply:os.system [id]\n", "line 1 has a tag"),
        ("a: !!binary aGk=\n", "line 1 has a tag"),
        ("%YAML 1.1\n---\na: 1\n", "line 1 has a directive"),
        ("a: 1\n---\na: 2\n", "not valid YAML: but found another document, in line 2"),
        ("? [a]\n: b\n", "line 1 has a list or a map where a name belongs"),
        ("a: [1\nb: 2\n", "not valid YAML"),
        ("[" * 5_000, "deeper than 100 levels"),
        ("a: \x00", "not valid YAML"),
        ("a: \ud800", "not valid YAML"),
    ],
)
def test_what_could_mean_two_things_is_refused(text: str, told: str) -> None:
    with pytest.raises(NotStrictError) as caught:
        load(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01 00:00:00", "2026-01-01 00:00:00"),
        ("12:30:00", "12:30:00"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("=", "="),
        ("9" * 5_000, "9" * 5_000),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("'null'", "null"),
        ("'1'", "1"),
        ("17", 17),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", "1e3"),
    ],
)
def test_only_what_is_a_number_or_a_word_of_yaml_1_2_is_no_text(written: str, meant: Any) -> None:
    found = load(f"a: {written}\n")["a"]
    assert (found, type(found)) == (meant, type(meant))


def test_names_are_texts_as_they_are_written() -> None:
    assert load("on: 1\nNO: 2\n1.0: 3\n2026-01-01: 4\n~: 5\n") == {
        "on": 1, "NO": 2, "1.0": 3, "2026-01-01": 4, "~": 5,
    }  # fmt: skip


_PLAIN: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("ab0: #~", max_size=3), below, max_size=3),
    max_leaves=12,
)


@given(_PLAIN)
def test_what_is_written_as_yaml_or_json_is_read_back(value: Any) -> None:
    assert load(yaml.safe_dump(value, sort_keys=False, allow_unicode=True)) == value
    assert load(json.dumps(value, ensure_ascii=False)) == value


def test_an_empty_text_says_nothing() -> None:
    assert load("") is None
    assert strictyaml.compose("# only a comment\n") is None
