"""YAML that is changed at some scalars: whatever wrote it, all else stays, and it means what was asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.bytes.yamltext import NotYamlError, TextEdit, applied, changes, load

OLD = "azureml://old/paths/"
NEW = "azureml://other-and-longer/paths/"
# What needs quotes, folds or escapes in one style or another.
SIGNS = st.sampled_from(
    [*"ab /.*[]{}'\"\\:#%,&!|>?@`-~\n\t", "ü", "é", "\x85", "\u2028", "\u00a0", "😀", "\x07", "  ", "x" * 30]
)
TEXTS = st.lists(SIGNS, max_size=12).map("".join)
ADDRESSES = TEXTS.map(lambda tail: OLD + tail)
SCALARS = st.one_of(ADDRESSES, TEXTS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.one_of(ADDRESSES, TEXTS), inner, max_size=4),
    max_leaves=12,
)
STYLES = st.fixed_dictionaries(
    {
        "default_style": st.sampled_from([None, '"', "'", "|", ">"]),
        "default_flow_style": st.sampled_from([True, False, None]),
        "width": st.sampled_from([10, 80, 10000]),
        "indent": st.sampled_from([1, 2, 4, 9]),
        "allow_unicode": st.booleans(),
        "explicit_start": st.booleans(),
        "line_break": st.sampled_from(["\n", "\r\n", "\r"]),
    }
)
MARKS = st.sampled_from(["", "\ufeff"])


def _moved(value: Any) -> Any:
    if isinstance(value, str):
        return NEW + value.removeprefix(OLD) if value.startswith(OLD) else value
    if isinstance(value, list):
        return [_moved(one) for one in value]
    if isinstance(value, dict):
        return {_moved(key): _moved(one) for key, one in value.items()}
    return value


def _changed(text: str) -> tuple[str, list[TextEdit]]:
    found = load(text)
    made = changes(found, {one.start: _moved(one.value) for one in found.scalars if one.value.startswith(OLD)})
    return applied(text, made), made


@given(VALUES, STYLES, MARKS)
def test_whatever_writes_it_the_addresses_are_others_and_all_else_is_the_same(
    value: Any, style: dict[str, Any], mark: str
) -> None:
    text = mark + yaml.safe_dump(value, **style)
    # What it means is what can be read of it: some styles cannot hold some texts.
    means = yaml.safe_load(text.removeprefix("\ufeff"))
    after, made = _changed(text)
    assert yaml.safe_load(after.removeprefix("\ufeff")) == _moved(means)
    at = 0
    for change in made:
        # Between the changes nothing differs.
        assert change.start >= at
        at = change.end
    assert after.startswith(mark)


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_json_stays_json(value: Any, indent: int | None, escaped: bool) -> None:
    text = json.dumps({"paths": value}, indent=indent, ensure_ascii=escaped).replace(
        "/", "\\/" if escaped else "/"
    )
    try:
        load(text)
    except NotYamlError:
        # Pairs of surrogates and some control characters are no YAML: that is told, and nothing is written.
        return
    if yaml.safe_load(text) != json.loads(text):
        return
    assert json.loads(_changed(text)[0]) == _moved({"paths": value})


@given(st.text(max_size=40) | TEXTS)
def test_any_text_is_read_or_refused_and_kept(text: str) -> None:
    try:
        found = load(text)
    except NotYamlError:
        return
    assert applied(text, changes(found, {})) == text
    for scalar in found.scalars:
        assert 0 <= scalar.start < scalar.end <= len(text)


COMMENTED = f"""\ufeff%YAML 1.1
--- # first
paths: # {OLD}a
- file: {OLD}plain # kept
- file: &one !!str '{OLD}it''s'   # kept
- folder: *one
- pattern: >-  # kept
    {OLD}raw
    data/*.csv

# between
- {{file: "{OLD}esc\\xFCped", other: !mine [1, {OLD}x]}}
- file: |+
    {OLD}kept


? {OLD}key
: {OLD}value
...
---
second: {OLD}z
"""


def test_comments_anchors_tags_styles_and_documents_stay() -> None:
    after, _ = _changed(COMMENTED)
    # Only the comment keeps its address.
    assert after == COMMENTED.replace(OLD, NEW).replace(f"# {NEW}a", f"# {OLD}a")


def test_what_is_escaped_or_folded_within_is_written_anew_and_its_comment_stays() -> None:
    text = 'a: "azureml:\\/\\/\\x6Fld/paths/x"\nb: >- # why\n  azureml://old/paths/y\n\nc: >+ # why not\n  azureml://old\n  /paths\n# end\n'
    found = load(text)
    wanted = {one.start: "azureml://new/paths/w x" for one in found.scalars if one.value.startswith("azureml")}
    after = applied(text, changes(found, wanted))
    assert yaml.safe_load(after) == dict.fromkeys("abc", "azureml://new/paths/w x")
    assert "# why not\n" in after and after.endswith("# end\n")


def test_a_mark_at_the_start_moves_nothing() -> None:
    text = '\ufeffa: "\\x61zureml:x"\nb: c\n'
    found = load(text)
    assert [text[one.start : one.end] for one in found.scalars] == ["a", '"\\x61zureml:x"', "b", "c"]
    [at] = [one.start for one in found.scalars if one.value == "azureml:x"]
    assert applied(text, changes(found, {at: "new"})) == '\ufeffa: "new"\nb: c\n'


def test_keys_that_are_there_twice_are_both_changed() -> None:
    after, _ = _changed(f"paths: {OLD}a\npaths: {OLD}b\n")
    assert after == f"paths: {NEW}a\npaths: {NEW}b\n"


@pytest.mark.parametrize(
    "text",
    [
        "paths: [",
        "a: b: c",
        "\tpaths: x",
        "a: *nowhere",
        "a: 'x",
        "%TAG",
        "a: \x00",
        "\ud800",
        "[" * 2000 + "]" * 2000,
    ],
)
def test_what_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(NotYamlError):
        load(text)


def test_what_is_wrong_is_said_without_the_text() -> None:
    with pytest.raises(NotYamlError) as raised:
        load("a: 1\nb: 'sig=c2VjcmV0\n")
    assert "c2VjcmV0" not in str(raised.value)


def test_an_alias_that_grows_without_end_is_walked_once() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    assert len(load("\n".join(lines)).scalars) == 62


def test_a_text_that_cannot_be_had_is_refused() -> None:
    found = load("a: b\n")
    with pytest.raises(NotYamlError):
        changes(found, {0: "", 3: "\ud800"})
