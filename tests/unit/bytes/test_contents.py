"""Files that name places: the lines that change, and the file and blob that it then is."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import MAPPING, NEW, OLD, blob

from amlmigrate.bytes.contents import anew, as_written, files, line_rewrites, rewritten
from amlmigrate.bytes.yamltext import TextEdit
from amlmigrate.core.mapping import Rewrite

FROM = f"azureml://subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/{OLD.name}"
TO = f"azureml://subscriptions/{NEW.subscription}/resourcegroups/{NEW.group}/workspaces/{NEW.name}"
TABLE = f"""type: mltable
paths:
  - file: {FROM}/datastores/workspaceblobstore/paths/a b.csv
  - folder: ./beside
  - pattern: {FROM}/datastores/lake/paths/*.csv
transformations:\r
  - read_delimited
"""
LINES = st.text(st.sampled_from(f"ab \n\r\x0b\x85\u2028{'x' * 3}"), max_size=30)


def test_only_the_lines_that_name_the_source_change() -> None:
    found = line_rewrites("t/MLTable", TABLE, anew("t/MLTable", TABLE, MAPPING))
    assert [one.where for one in found] == ["t/MLTable:3", "t/MLTable:5"]
    assert found[0].before == f"  - file: {FROM}/datastores/workspaceblobstore/paths/a b.csv\n"
    assert found[0].after == f"  - file: {TO}/datastores/workspaceblobstore/paths/a b.csv\n"


def test_the_file_is_rewritten_as_planned_and_no_more() -> None:
    found = line_rewrites("t/MLTable", TABLE, anew("t/MLTable", TABLE, MAPPING))
    assert rewritten(TABLE, files(found)["t/MLTable"]) == TABLE.replace(FROM, TO)
    assert anew("t/MLTable", TABLE.replace(FROM, TO), MAPPING) == []
    assert anew("t/other", TABLE, MAPPING) == []


@given(LINES, st.sampled_from(["yy", "", "y\nz", "\r\n"]), st.sampled_from(["a", "a\n", "b ", "\r"]))
def test_any_text_is_kept_but_for_what_changes(text: str, after: str, what: str) -> None:
    made = [TextEdit(at, at + len(what), after) for at in range(len(text)) if text.startswith(what, at)]
    found = line_rewrites("f", text, made)
    assert rewritten(text, files(found).get("f", {})) == text.replace(what, after)


@pytest.mark.parametrize("text", [TABLE.replace("a b.csv", "c.csv"), "type: mltable\n", ""])
def test_a_line_that_is_not_the_planned_one_is_refused(text: str) -> None:
    planned = files(line_rewrites("f", TABLE, anew("f/MLTable", TABLE, MAPPING)))["f"]
    with pytest.raises(ValueError, match="is not what was planned"):
        rewritten(text, planned)


def test_rewrites_belong_to_their_file_whatever_its_name() -> None:
    rewrites = [Rewrite("a:b/c:12", "x", "y"), Rewrite("a:b/c:3", "x", "y"), Rewrite("d:1", "x", "y")]
    assert files(rewrites) == {"a:b/c": {12: rewrites[0], 3: rewrites[1]}, "d": {1: rewrites[2]}}


def test_a_rewritten_blob_has_another_length_and_md5_and_all_else_the_same() -> None:
    before = blob("t/MLTable", 3, '"1"', md5="old", metadata=(("k", "v"),), tier="Cool")
    after = as_written(before, b"new bytes")
    assert after.length == 9
    assert after.md5 == base64.b64encode(hashlib.md5(b"new bytes").digest()).decode()
    assert (after.path, after.etag, after.metadata, after.tier) == ("t/MLTable", '"1"', before.metadata, "Cool")
