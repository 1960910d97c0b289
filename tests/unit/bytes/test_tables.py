"""Tables: what they read, what they are in the target, and what in them stays and is told."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import MAPPING, NEW_BLOBS, OLD, OLD_BLOBS, OLD_ID
from tests.builders.world import NEW as NEW_REF
from tests.unit.core.test_rewriting import FROM, TO

from amlmigrate.bytes.contents import written_anew
from amlmigrate.bytes.tables import (
    TableEntry,
    TableFindings,
    entries,
    in_target,
    is_table,
    leaves_container,
    readings,
    reference,
    table_findings,
)
from amlmigrate.bytes.yamltext import NotYamlError
from amlmigrate.core.workspace import Location

STORE = f"azureml://{FROM}/datastores/workspaceblobstore/paths/"
NEW = f"azureml://{TO}/datastores/workspaceblobstore/paths/"
TABLE = Location("acct", OLD_BLOBS, "t/deep/MLTable")


def _place(text: str, how: str = "file", table: Location = TABLE) -> str | None:
    found = reference(TableEntry(how, text), table)
    return found.location.path if found and found.location else None


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("./a.csv", "t/deep/a.csv"),
        ("a b.csv", "t/deep/a b.csv"),
        (".", "t/deep"),
        ("./", "t/deep"),
        ("../x.csv", "t/x.csv"),
        ("../../x/./y//z.csv", "x/y/z.csv"),
        ("../..", ""),
        ("**/*.csv", "t/deep/**/*.csv"),
        # A name with an at-sign is no asset's label.
        ("part@2023", "t/deep/part@2023"),
        ("a..b/..c", "t/deep/a..b/..c"),
        ("a%20b.csv", "t/deep/a%20b.csv"),
    ],
)
def test_a_path_is_below_the_folder_that_the_table_lies_in(path: str, place: str) -> None:
    assert _place(path) == place


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("a/../b/c", "b/c"),
        ("./a/./b", "a/b"),
        ("../a", "a"),
        ("a/b/..", "a/"),
        ("a//b/../c", "a//c"),
        ("a../b", "a../b"),
    ],
)
def test_an_address_is_resolved_as_any_url(path: str, resolved: str) -> None:
    assert _place(f"wasbs://{OLD_BLOBS}@acct.blob.core.windows.net/{path}") == resolved
    found = reference(TableEntry("file", f"{STORE}{path}"), TABLE)
    assert found and found.path == resolved


def test_a_path_may_be_encoded_and_an_address_is() -> None:
    assert [one.text for one in readings(TableEntry("file", "../a%20b.csv"))] == ["../a%20b.csv", "../a b.csv"]
    for alone in ("a b.csv", "100%.csv", "https://example.org/a%20b", "/mnt/a%20b"):
        assert readings(TableEntry("file", alone)) == (TableEntry("file", alone),)


@pytest.mark.parametrize("path", ["../../../x", "../../..", "a/../../../../b"])
def test_a_path_out_of_the_container_is_nowhere(path: str) -> None:
    assert reference(TableEntry("file", path), TABLE) is None
    assert leaves_container(TableEntry("file", path), TABLE)


@pytest.mark.parametrize(
    "text",
    ["/mnt/x.csv", "file:///home/me/x.csv", "C:\\x.csv", "https://example.org/x.csv", "adl://x.y/z", "s3://a/b",
     "azureml://registries/r/data/d/versions/1"],
)  # fmt: skip
def test_what_is_no_storage_is_nowhere_and_leaves_no_container(text: str) -> None:
    assert reference(TableEntry("file", text), TABLE) is None
    assert not leaves_container(TableEntry("file", text), TABLE)


def test_an_asset_is_named_by_its_short_form_alone() -> None:
    found = reference(TableEntry("file", "azureml:titanic:2"), TABLE)
    assert found is not None
    assert (found.kind, found.names, found.version, found.location) == ("data", ("titanic",), "2", None)


SHAPES = [
    "paths:\n- file: a\n- folder: b\n- pattern: c*\n",
    "paths: [{file: a, folder: b}, {pattern: 'c*'}]",
    '$schema: x\npaths:\n  - &x {file: a}\n  - *x\n  - folder: >-\n      b\n  - pattern: "c\\x2A"\n',
    "x: &all\n- file: a\n- folder: b\n- pattern: c*\npaths: *all\n",
    "m: &m {file: a}\npaths:\n- <<: *m\n  folder: b\n- pattern: c*\n",
    "paths:\n- file: a\npaths:\n- folder: b\n- pattern: c*\n",
    "paths:\n- file: a\n---\npaths:\n- folder: b\n- pattern: c*\n",
    json.dumps({"paths": [{"file": "a"}, {"folder": "b"}, {"pattern": "c*"}]}),
    "\ufeffpaths:\r\n- file: a\r\n- folder: b\r\n- pattern: c*\r\ntransformations:\r\n- read_delimited\r\n",
]


@pytest.mark.parametrize("text", SHAPES)
def test_what_it_reads_is_found_in_any_shape(text: str) -> None:
    found = {(entry.how, entry.text) for entry in entries(text)}
    assert found == {("file", "a"), ("folder", "b"), ("pattern", "c*")}


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "type: mltable\n", "paths:\n", "- a\n", "a string", "paths: {}", "3"]
)
def test_one_that_reads_nothing_reads_nothing(text: str) -> None:
    assert entries(text) == []
    assert in_target(text, MAPPING) == text


def _query(**more: str) -> str:
    """A table of the rows that a query of a datastore gives."""
    arguments = {
        "datastore_name": "warehouse",
        "subscription": OLD.subscription,
        "resource_group": OLD.group,
        "workspace_name": OLD.name,
        **more,
    }
    query = {"handler": "AmlDatastore", "handler_arguments": arguments, "query": "select 1"}
    return yaml.safe_dump({"type": "mltable", "query_source": query})


def test_a_query_goes_to_the_targets_datastore() -> None:
    """It names the workspace by a member each, in no address that a search would find."""
    for text in (_query(), _query(workspace_name=OLD.name.upper()), json.dumps(yaml.safe_load(_query()))):
        arguments = yaml.safe_load(in_target(text, MAPPING))["query_source"]["handler_arguments"]
        assert arguments == {
            "datastore_name": "warehouse",
            "subscription": NEW_REF.subscription,
            "resource_group": NEW_REF.group,
            "workspace_name": NEW_REF.name,
        }
        [entry] = entries(text)
        found = reference(entry, TABLE)
        assert found and found.datastore == "warehouse" and MAPPING.in_source(found.scope)


@pytest.mark.parametrize("member", ["subscription", "resource_group", "workspace_name"])
def test_a_query_of_another_workspaces_datastore_stays(member: str) -> None:
    text = _query(**{member: "another"})
    assert in_target(text, MAPPING) == text


@pytest.mark.parametrize("source", ["3", "{}", "{handler_arguments: [a]}", "{handler_arguments: {query: {a: b}}}"])
def test_a_query_that_names_nothing_reads_nothing(source: str) -> None:
    text = f"type: mltable\nquery_source: {source}\n"
    assert entries(text) == [] and in_target(text, MAPPING) == text


def test_only_files_of_that_very_name_are_tables() -> None:
    assert is_table("MLTable") and is_table("a/b/MLTable")
    assert not any(
        is_table(path) for path in ("a/mltable", "a/MLTable/b", "a/MLTable.yaml", "a/xMLTable", "MLTable/")
    )


# What the library's own `save` writes: sorted, folded at 80 signs, escaped.
SAVED = yaml.safe_dump(
    {
        "type": "mltable",
        "paths": [
            {"file": f"{STORE}raw data/an example of a name with blanks/\u00fc \u00e9.csv"},
            {"pattern": f"https://acct.blob.core.windows.net/{OLD_BLOBS}/raw%20data/**/*.csv"},
            {"folder": f"wasbs://{OLD_BLOBS}@acct.blob.core.windows.net/par(1), [0]/it's"},
        ],
        "transformations": [{"read_delimited": {"delimiter": ",", "header": "all_files_same_headers"}}],
    }
)


def test_what_the_library_saves_is_rewritten_whole() -> None:
    assert "\\\n" in SAVED and "\\xFC" in SAVED, "it is folded, and escaped"
    after = yaml.safe_load(in_target(SAVED, MAPPING))
    assert after["paths"] == [
        {"file": f"{NEW}raw data/an example of a name with blanks/\u00fc \u00e9.csv"},
        {"pattern": f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/raw%20data/**/*.csv"},
        {"folder": f"wasbs://{NEW_BLOBS}@cmkacct.blob.core.windows.net/par(1), [0]/it's"},
    ]
    assert table_findings(in_target(SAVED, MAPPING), MAPPING) == TableFindings()


PATHS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co"), exclude_characters="\ufeff?#"),
    min_size=1,
)


@given(
    PATHS, st.integers(20, 200), st.sampled_from([None, '"', "'"]), st.booleans(), st.sampled_from(["\n", "\r\n"])
)
def test_any_path_is_kept_however_it_is_written(
    path: str, width: int, style: str | None, unicode: bool, line_break: str
) -> None:
    path = path.strip() or "x"
    text = yaml.safe_dump(
        {"paths": [{"file": STORE + path}], "z": path},
        width=width, default_style=style, allow_unicode=unicode, line_break=line_break,
    )  # fmt: skip
    assert yaml.safe_load(in_target(text, MAPPING)) == {"paths": [{"file": NEW + path}], "z": path}


def test_comments_and_literals_that_name_the_source_stay_and_are_told() -> None:
    text = f"""# was {STORE}old
paths:
- file: {STORE}a.csv  # from {STORE}b.csv
transformations:
- filter: 'col("Path") == "{STORE}c"'
- extract_columns_from_partition_format: {{partition_format: '{STORE}{{year}}/x'}}
description: see {STORE}d, please
"""
    after = in_target(text, MAPPING)
    left = table_findings(after, MAPPING)
    assert left.values == ()
    assert [one.removeprefix(STORE) for one in left.text] == ["old", "b.csv", "c", "d"]
    # A literal that is one address and nothing else is an address.
    assert f"'{NEW}{{year}}/x'" in after


@pytest.mark.parametrize(
    "value",
    [f"{STORE}a;{STORE}b", f"see {STORE}a", f"[{STORE}a]", f"azureml:{STORE}a", f"dir/{STORE}a"],
)
def test_a_value_that_still_leads_there_is_told_as_one(value: str) -> None:
    text = yaml.safe_dump({"paths": [{"file": value}]})
    left = table_findings(in_target(text, MAPPING), MAPPING)
    assert left.values and not left.text


def test_a_job_that_is_not_known_to_be_elsewhere_is_followed_to_where_it_wrote() -> None:
    text = "paths:\n- folder: azureml://jobs/j_1/outputs/trained/paths/m n\n"
    assert in_target(text, MAPPING) == f"paths:\n- folder: {NEW}azureml/j_1/trained/m n\n"


def test_blanks_around_an_address_stay() -> None:
    text = f'paths:\n- file: " {STORE}a.csv "\n- file: |\n    {STORE}b.csv\n'
    assert yaml.safe_load(in_target(text, MAPPING)) == {
        "paths": [{"file": f" {NEW}a.csv "}, {"file": f"{NEW}b.csv\n"}]
    }


def test_a_file_is_written_anew_byte_for_byte() -> None:
    data = f"\ufeff# \u00fc\r\npaths:\r\n- file: {STORE}a.csv\r\n".encode()
    assert written_anew("t/MLTable", data, MAPPING) == data.replace(STORE.encode(), NEW.encode())
    assert written_anew("t/notes.yaml", data, MAPPING) == data


@pytest.mark.parametrize("data", [b"paths: [", f"paths:\n- file: {STORE}a".encode("utf-16"), b"\xff\xfe\xfa"])
def test_what_cannot_be_written_anew_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        written_anew("t/MLTable", data, MAPPING)


def test_very_many_paths_are_all_rewritten() -> None:
    text = "paths:\n" + "".join(f"- file: {STORE}{number} x.csv\n" for number in range(3000))
    assert in_target(text, MAPPING) == text.replace(STORE, NEW)


def test_invalid_yaml_has_its_line_told() -> None:
    with pytest.raises(NotYamlError, match="line 3"):
        entries("paths:\n- file: a\n- file: b: c\n")


SEEN_ONLY = [
    f"abfss://{OLD_BLOBS}@acct.dfs.core.windows.net:443/a",
    f"https://acct.blob.core.windows.net//{OLD_BLOBS}/a",
    f"https://acct.privatelink.blob.core.windows.net/{OLD_BLOBS}/a",
    f"https://acct.file.core.windows.net/azureml-filestore-{OLD_ID}/a",
    STORE.replace("/", "%2F") + "a",
]


@pytest.mark.parametrize("value", SEEN_ONLY)
def test_a_value_of_a_form_that_is_not_written_anew_is_told(value: str) -> None:
    text = yaml.safe_dump({"paths": [{"file": value}]}) + f"# {value}\n"
    after = in_target(text, MAPPING)
    left = table_findings(after, MAPPING)
    assert (len(left.values), len(left.text)) == (1, 1)


def test_the_copy_in_the_second_region_is_the_same_bytes() -> None:
    found = reference(TableEntry("file", f"https://acct-secondary.blob.core.windows.net/{OLD_BLOBS}/a%20b"), TABLE)
    assert found
    assert found.location == Location("acct", OLD_BLOBS, "a b")
    text = f"paths:\n- file: wasbs://{OLD_BLOBS}@acct-secondary.blob.core.windows.net/a\n"
    assert in_target(text, MAPPING) == f"paths:\n- file: wasbs://{NEW_BLOBS}@cmkacct.blob.core.windows.net/a\n"


def test_what_a_merge_brings_is_read() -> None:
    assert entries("x: &x\n  paths:\n  - file: ../a.csv\n<<: *x\n") == [TableEntry("file", "../a.csv")]


def test_a_member_given_twice_is_read_and_rewritten_both_ways() -> None:
    """Files of others are moved as they are; whichever of the two a reader takes, it leads to the target."""
    text = f"paths:\n- file: {STORE}a.csv\npaths:\n- file: ../b.csv\n- file: {STORE}c.csv\n  file: {STORE}d.csv\n"
    assert {entry.text for entry in entries(text)} == {f"{STORE}{n}.csv" for n in "acd"} | {"../b.csv"}
    assert in_target(text, MAPPING) == text.replace(STORE, NEW)
    for first, last in ((OLD.name, "another"), ("another", OLD.name)):
        query = _query().replace(
            f"workspace_name: {OLD.name}", f"workspace_name: {first}\n    workspace_name: {last}"
        )
        named = {found.scope.workspace for entry in entries(query) if (found := reference(entry, TABLE))}
        assert named == {OLD.name, "another"}
        assert OLD.name not in in_target(query, MAPPING), "neither reading leads to the old workspace"
