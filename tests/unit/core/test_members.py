"""The strings of a document: an address is taken whole, of a command word by word, and a text for people stays."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import MAPPING, OLD, OLD_BLOBS, OLD_ID, SOURCE
from tests.unit.core.test_leading import PATHS
from tests.unit.core.test_rewriting import FROM, KEPT, PAIRS

from amlmigrate.core.json_strings import (
    document_references,
    members,
    naming_source,
    naming_workspace,
    rewritten,
    told_of_source,
)

STORE = f"azureml://{FROM}/datastores/workspaceblobstore/paths"
URL = f"https://acct.blob.core.windows.net/{OLD_BLOBS}"


def _after(document: Any) -> dict[str, str]:
    return {member.where: rewritten(member, MAPPING)[0] for member in members(document)}


def _paths(document: Any) -> list[str]:
    places = (MAPPING.locate(found) for found in document_references(document))
    return sorted(place.path for place in places if place)


MEMBERS = [
    ("referencedUris", lambda text: {"referencedUris": [text]}),
    ("default", lambda text: {"componentSpec": {"inputs": {"raw": {"default": text}}}}),
    ("value", lambda text: {"componentSpec": {"jobs": {"a": {"inputs": {"x": text}}}}}),
    ("variable", lambda text: {"environment_variables": {"DATA": text}}),
    ("dataUri", lambda text: {"dataUri": text}),
    ("free", lambda text: {"properties": {"from": text}}),
    # An input may have any name, that of a text for people included.
    *(
        (f"input {name}", lambda text, name=name: {"inputs": {name: {"default": text}}, "jobs": {"j": {"inputs": {name: text}}}})
        for name in ("description", "tags", "display_name", "$schema", "inputs")
    ),
]  # fmt: skip
each_member = pytest.mark.parametrize("document", [made for _, made in MEMBERS], ids=[name for name, _ in MEMBERS])


@each_member
@pytest.mark.parametrize(
    "path", ["raw data/2023.csv", "a%20b/c.csv", "ünï/日本.csv", "a,b;c (1)/[x]'.csv", "q?m#h/x"]
)
def test_an_address_in_any_member_is_taken_to_its_end(document: Any, path: str) -> None:
    assert set(_after(document(f"{STORE}/{path}")).values()) == {rewritten_store(path)}
    assert set(_paths(document(f"{STORE}/{path}"))) == {path}


def rewritten_store(path: str) -> str:
    """The address of a path in the target's default datastore."""
    return MAPPING.rewrite_whole(f"{STORE}/{path}")


@given(PATHS, st.sampled_from([made for _, made in MEMBERS]))
def test_so_is_one_of_any_path(path: str, document: Any) -> None:
    assert set(_after(document(f"{STORE}/{path}")).values()) == {rewritten_store(path)}
    assert set(_paths(document(f"{STORE}/{path}"))) == {path}


@each_member
@pytest.mark.parametrize("text", [f"see {STORE}/raw data/x.csv", f"{URL}/a\nand more", f"x={STORE}/a"])
def test_nothing_is_cut_out_of_a_text(document: Any, text: str) -> None:
    value = document(text)
    assert set(_after(value).values()) == {text}
    assert _paths(value) == []
    # What names the source in it is told, one way or the other.
    assert naming_source(value, MAPPING) or told_of_source(value, MAPPING)


@pytest.mark.parametrize("name", ["description", "display_name", "displayName", "comment", "tags"])
@pytest.mark.parametrize(
    ("text", "told"), [(f"{STORE}/a", True), (f"made of {URL}/a, once", True), ("plain", False)]
)
def test_a_text_for_people_stays_and_is_told(name: str, text: str, told: bool) -> None:
    value = {name: {"of": text}} if name == "tags" else {name: text}
    for document in (value, {"componentSpec": {**value, "inputs": {"x": {"description": text}}}}):
        assert set(_after(document).values()) == {text}
        assert _paths(document) == []
        assert naming_source(document, MAPPING) == ""
        assert bool(told_of_source(document, MAPPING)) is told


@pytest.mark.parametrize("name", ["command", "args", "program_arguments"])
@pytest.mark.parametrize("path", ["a/b.csv", "raw data/2023.csv", "a,b/(1).csv", "ü&x/;y.csv"])
@pytest.mark.parametrize(
    "frame", ["python x.py --in {} && echo done", "DATA={} ./run", "x --in={} | tee y", "'a b' {}"]
)
def test_a_word_of_a_command_is_taken_whole(name: str, path: str, frame: str) -> None:
    command = frame.format(shlex.quote(f"{STORE}/{path}"))
    after = frame.format(shlex.quote(rewritten_store(path)))
    assert _after({"componentSpec": {name: command}}) == {f"/componentSpec/{name}": after}
    assert _paths({name: command}) == [path]
    assert naming_source({name: after}, MAPPING) == ""


@pytest.mark.parametrize("name", ["args", "arguments"])
def test_an_argument_that_is_an_address_is_taken_whole(name: str) -> None:
    """In a list no shell parts it: its spaces are its own."""
    path = "raw data/2023 q1.csv"
    value = {name: ["--in", f"{STORE}/{path}", "--n", "3"]}
    assert list(_after(value).values()) == ["--in", rewritten_store(path), "--n", "3"]
    assert _paths(value) == [path]


@given(st.lists(st.sampled_from([*PAIRS, *((text, text) for text in KEPT)]), max_size=5), st.booleans())
def test_each_word_of_a_command_is_seen_to(pairs: list[tuple[str, str]], quoted: bool) -> None:
    def line(texts: list[str]) -> str:
        return " ".join(["run", *(f'"{text}"' if quoted or " " in text else text for text in texts)])

    [after] = _after({"command": line([before for before, _ in pairs])}).values()
    assert after == line([after for _, after in pairs])


def test_what_a_shell_would_take_away_is_left_and_told() -> None:
    command = f"cat {STORE}/raw\\ data/x.csv"
    assert _after({"command": command}) == {"/command": command}
    assert naming_source({"command": command}, MAPPING)


CONDA = {
    "channels": ["conda-forge", f"{URL}/channel"],
    "dependencies": [{"pip": [f"--find-links {URL}/my wheels", f"x @ {URL}/x.whl"]}],
}


@pytest.mark.parametrize("indent", [None, 2])
def test_json_in_a_text_is_parsed(indent: int | None) -> None:
    text = json.dumps(CONDA, indent=indent).replace("/", "\\/")
    [after] = _after({"condaFile": text}).values()
    assert json.loads(after) == json.loads(json.dumps(CONDA).replace(URL, MAPPING.rewrite_whole(URL)))
    assert _paths({"condaFile": text}) == ["channel", "my", "x.whl"]
    assert naming_source({"condaFile": text}, MAPPING)
    assert naming_source({"condaFile": after}, MAPPING) == ""


def test_json_that_has_nothing_of_the_source_stays_as_it_was_written() -> None:
    text = '{ "a":\t"b\\/c", "n": 1.0 }'
    assert _after({"condaFile": text}) == {"/condaFile": text}


@pytest.mark.parametrize("before", ["file:", "folder:"])
def test_what_stands_before_an_address_stays(before: str) -> None:
    assert _after({"uri": f"{before}{STORE}/a b"}) == {"/uri": f"{before}{rewritten_store('a b')}"}
    assert _paths({"uri": f"{before}{STORE}/a b"}) == ["a b"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_a_document_that_names_nothing_stays(document: Any) -> None:
    assert all(rewritten(member, MAPPING) == (member.text, []) for member in members(document))
    assert naming_source({"x": document}, MAPPING) == ""


@pytest.mark.parametrize(
    "text",
    [
        "https://acct.blob.core.windows.net",
        f"https://acct.blob.core.windows.net//{OLD_BLOBS}/a",
        SOURCE.storage_account_id,
        f"https://ml.azure.com/runs/a?wsid={OLD.id.replace('/', '%2F')}",
        f"https://{OLD_ID}.workspace.westeurope.api.azureml.ms",
        f"https://acct.file.core.windows.net/azureml-filestore-{OLD_ID}/a",
    ],
)
def test_what_is_not_rewritten_and_breaks_with_the_source_is_told(text: str) -> None:
    for document in ({"environment_variables": {"A": text}}, {"default": f"x {text}"}, {"a": json.dumps([text])}):
        assert naming_source(document, MAPPING)
    assert told_of_source({"description": text}, MAPPING) == ["/description"]


def test_of_json_in_a_text_nothing_else_changes() -> None:
    text = '{ "a":1.10,"b":1e400,  "n":12345678901234567890.0, "a":null,\n"x": ["%s"],"t":"\\u00fc" }'
    document = {"value": text % f"{URL}/a"}
    assert _after(document) == {"/value": text % MAPPING.rewrite_whole(f"{URL}/a")}


def test_json_in_a_text_that_says_one_thing_as_address_and_as_prose_is_left_and_told() -> None:
    text = json.dumps({"path": f"{STORE}/a", "description": f"{STORE}/a"})
    assert _after({"value": text}) == {"/value": text}
    assert naming_source({"value": text}, MAPPING)


def test_json_too_deep_to_be_parsed_is_a_text_like_any_other() -> None:
    assert _after({"value": "[" * 100_000}) == {"/value": "[" * 100_000}


def test_json_whose_slashes_are_all_escaped_is_parsed() -> None:
    text = json.dumps([f"{STORE}/a"]).replace("/", "\\u002f")
    [after] = _after({"condaFile": text}).values()
    assert json.loads(after) == [rewritten_store("a")]
    assert naming_source({"x": text}, MAPPING)


def test_what_goes_with_the_workspace_is_told_from_what_its_storage_keeps() -> None:
    assert naming_workspace({"url": f"{URL}/a", "target": f"{STORE}/raw data/a"}, MAPPING).startswith(STORE)
    assert naming_workspace({"text": f"python x.py --in {STORE}/a"}, MAPPING)
    for document in ({"url": f"{URL}/a"}, {"properties": {"from": f"{STORE}/a"}}, {"description": f"{STORE}/a"}):
        assert naming_workspace(document, MAPPING) == ""


@pytest.mark.parametrize("depth", [90, 500, 990, 20_000])
@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a": ', "}")])
def test_json_however_deep_stops_nobody(depth: int, before: str, after: str) -> None:
    """Whoever may write a description writes it: one of all assets must not end the plan."""
    text = f'{before * depth}"{STORE}/a"{after * depth}'
    for document in ({"description": text}, {"condaFile": text}, {"description": "[/" + "[" * depth}):
        assert set(_after(document)) == {f"/{name}" for name in document}
        assert _paths({"description": text}) == []
    assert told_of_source({"description": text}, MAPPING) == ["/description"]
    assert naming_source({"condaFile": text}, MAPPING)


def test_json_that_is_not_deep_is_followed() -> None:
    assert _paths({"condaFile": f'{"[" * 90}"{STORE}/a"{"]" * 90}'}) == ["a"]
