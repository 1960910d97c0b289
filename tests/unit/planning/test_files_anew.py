"""What a plan says and writes of the files that name other places."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.world import MAPPING, NEW_BLOBS
from tests.unit.core.test_rewriting import FROM, TO
from tests.unit.planning.planned import OLD_BLOBS, Planned, asset, blob, containers, plan

from amlmigrate.bytes.contents import as_written, files, rewritten, written_anew
from amlmigrate.bytes.tables import entries, reference
from amlmigrate.core.asset import Asset, Content
from amlmigrate.core.plan import Action
from amlmigrate.core.workspace import Location

STORE = f"azureml://{FROM}/datastores/workspaceblobstore/paths"
NEW = f"azureml://{TO}/datastores/workspaceblobstore/paths"
SHORT = "azureml://datastores/workspaceblobstore/paths"


def _table(text: str, name: str = "t", version: str = "1") -> Asset:
    at = Location("acct", OLD_BLOBS, f"{name}/MLTable")
    named = tuple(found for entry in entries(text) if (found := reference(entry, at)))
    table = asset(f"data/{name}/{version}", dataType="mltable", dataUri=f"{SHORT}/{name}")
    return replace(table, contents=(Content(at, text, named),))


def _plan(*tables: Asset, more: tuple[str, ...] = ()) -> Planned:
    paths = [content.place.path for table in tables for content in table.contents]
    return plan(*tables, listed=containers(source={OLD_BLOBS: [blob(path) for path in (*paths, *more)]}))


def _told(found: Planned) -> list[tuple[str, str]]:
    return [(one.severity, one.address) for one in found.findings]


def test_values_over_several_lines_are_one_rewrite_that_the_run_finds_again() -> None:
    text = (
        "# top\r\npaths:\r\n- file: \"azureml:\\/\\/" + STORE.removeprefix("azureml://").replace("ws1", "ws\\\r\n    \\x31") + "/a\"\r\n"
        f"- {{file: '{STORE}/b', folder: {STORE}/c}} # two\r\n- file: kept\r\n"
    )  # fmt: skip
    found = _plan(_table(text), more=("a", "b", "c/x"))
    step = found[f"blobs/{OLD_BLOBS}/t"]
    assert [one.where for one in step.rewrites] == ["t/MLTable:3", "t/MLTable:5"]
    assert step.rewrites[0].after == f'- file: "{NEW}/a"\r\n'
    after = rewritten(text, files(step.rewrites)["t/MLTable"])
    assert after.encode() == written_anew("t/MLTable", text.encode(), MAPPING)
    assert f"- {{file: '{NEW}/b', folder: {NEW}/c}} # two\r\n- file: kept\r\n" in after
    assert {f"blobs/{OLD_BLOBS}/{path}" for path in "abc"} < set(found.moving())
    assert found.findings == []


def test_what_is_in_the_target_rewritten_already_is_adopted() -> None:
    text = f"paths:\n- file: {STORE}/a\n"
    data = text.replace(STORE, NEW).encode()
    own, there = blob("t/MLTable", len(text)), as_written(blob("t/MLTable"), data)
    listed = containers(source={OLD_BLOBS: [own, blob("a")]}, target={NEW_BLOBS: [there, blob("a")]})
    assert plan(_table(text), listed=listed)[f"blobs/{OLD_BLOBS}/t"].action is Action.ADOPT


@pytest.mark.parametrize("value", [f"{STORE}/a,{STORE}/b", f"see {STORE}/a", f"x={STORE}"])
def test_a_value_that_would_still_lead_to_the_source_is_an_error(value: str) -> None:
    found = _plan(_table(f"paths:\n- file: '{value}'\n"))
    assert ("error", "data/t/1!file-keeps-source") in _told(found)


def test_comments_and_literals_are_a_warning_that_names_some() -> None:
    comments = "".join(f"# {STORE}/{number}\n" for number in range(9))
    found = _plan(_table(f"{comments}paths:\n- file: a\n", "t"), more=("t/a",))
    assert _told(found) == [("warning", "data/t/1!file-text-names-source")]
    assert f"{STORE}/0, {STORE}/1, {STORE}/2 and 6 more" in found.findings[0].summary


def test_tables_that_read_each_other_move_both() -> None:
    left, right = (_table(f"paths:\n- file: azureml:{other}:1\n", name) for name, other in ("ab", "ba"))
    found = _plan(left, right)
    assert {"data/a/1", "data/b/1"} < set(found.moving())
    assert found.findings == []


def test_a_table_moves_the_asset_that_it_reads_and_tells_of_one_that_is_not_there() -> None:
    table = _table("paths:\n- file: azureml:other:1\n- file: azureml:gone:1\n")
    other = asset("data/other/1", dataType="uri_folder", dataUri=f"{SHORT}/o")
    listed = containers(source={OLD_BLOBS: [blob("t/MLTable"), blob("o/1")]})
    found = plan(table, other, listed=listed, select=("data/t/*",))
    assert {"data/t/1", "data/other/1", f"blobs/{OLD_BLOBS}/o"} < set(found.moving())
    assert _told(found) == [("warning", "data/t/1!reference-missing")]


def test_one_version_of_a_blob_is_told_of_a_table_too() -> None:
    url = f"https://acct.blob.core.windows.net/{OLD_BLOBS}/a.csv?versionid=2026-01-01T00:00:00Z"
    found = _plan(_table(f"paths:\n- file: {url}\n"), more=("a.csv",))
    assert ("blocks", "data/t/1!one-version") in _told(found)
    [rewrite] = found[f"blobs/{OLD_BLOBS}/t"].rewrites
    assert (
        rewrite.after
        == f"- file: https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/a.csv?versionid=2026-01-01T00:00:00Z\n"
    )


def test_what_it_reads_comes_before_it() -> None:
    found = _plan(
        _table(f"paths:\n- folder: ../u\n- pattern: {STORE}/p/**/*.csv\n"), more=("u/1", "p/q/1.csv", "x/1")
    )
    assert found.after("data/t/1") == [f"blobs/{OLD_BLOBS}/{path}" for path in ("p", "t", "u")]
    assert f"blobs/{OLD_BLOBS}/x" not in found.moving()
