"""Addresses: read, written, and the parts that the engines ask for."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amlmigrate.core.address import PHASES, Address, blob_address
from amlmigrate.core.errors import BadInputError, ExitCode

_ASSET_NAMES = st.from_regex(r"\A[a-zA-Z0-9][a-zA-Z0-9_-]{0,40}\Z")
_CONTAINERS = st.from_regex(r"\A[a-z0-9][a-z0-9-]{2,20}\Z")
# A blob may have nearly any name; `prefix_of` takes slashes from both ends of a prefix.
_PREFIXES = st.text(st.characters(codec="utf-8", exclude_characters="*?["), min_size=1).filter(
    lambda text: text.strip("/") == text and text != ""
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("models/credit-risk/3", ("models", ("credit-risk", "3"), "")),
        ("models/credit-risk", ("models", ("credit-risk",), "")),
        ("datastores/lake", ("datastores", ("lake",), "")),
        ("jobs", ("jobs", (), "")),
        ("blobs/azureml", ("blobs", ("azureml",), "")),
        ("blobs/azureml/ExperimentRun/dcid.a/b c", ("blobs", ("azureml", "ExperimentRun/dcid.a/b c"), "")),
        ("onlineEndpoints/e/deployments/blue", ("onlineEndpoints/deployments", ("e", "blue"), "")),
        ("onlineEndpoints/e#traffic", ("onlineEndpoints", ("e",), "traffic")),
        ("featuresets/fs/versions/1", ("featuresets/versions", ("fs", "1"), "")),
        ("a/1/b/2/c/3", ("a/b/c", ("1", "2", "3"), "")),
        ("a/1/b/2/v", ("a/b", ("1", "2", "v"), "")),
        ("locks/keep/onlineEndpoints/e", ("locks", ("keep", "onlineEndpoints/e"), "")),
        ("locks/keep#prod", ("locks", ("keep#prod",), "")),
        ("models/credit-risk/3#archive", ("models", ("credit-risk", "3"), "archive")),
        ("models/credit-risk#archive", ("models", ("credit-risk",), "archive")),
    ],
)
def test_an_address_is_a_kind_names_and_a_phase(text: str, parts: tuple[object, ...]) -> None:
    address = Address.parse(text)
    assert (address.kind, address.path, address.phase) == parts
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "name", "version", "container", "parent"),
    [
        ("models/m/3", "m", "3", "models/m", None),
        ("models/m", "m", None, "models/m", None),
        (
            "onlineEndpoints/e/deployments/blue",
            "blue",
            None,
            "onlineEndpoints/e/deployments/blue",
            "onlineEndpoints/e",
        ),
        ("blobs/c/a/b", "c", None, "blobs/c", None),
        ("locks/l/computes/c", "l", None, "locks/l", None),
        ("jobs", "", None, "jobs", None),
        ("a/1/b/2/v", "2", "v", "a/1/b/2", "a/1"),
    ],
)
def test_nothing_is_a_version_but_a_version(
    text: str, name: str, version: str | None, container: str, parent: str | None
) -> None:
    address = Address.parse(text)
    assert (address.name, address.version, str(address.container)) == (name, version, container)
    assert (str(address.parent) if address.parent else None) == parent


def test_what_is_above_an_item_comes_nearest_first() -> None:
    assert [str(one) for one in Address.parse("a/1/b/2/v#archive").above()] == ["a/1/b/2", "a/1"]
    assert not list(Address.parse("models/m#archive").above())


def test_one_thing_has_one_address_however_it_was_come_by() -> None:
    assert Address.of("datastores", "Lake") == Address.parse("datastores/lake")
    assert hash(Address.of("datastores", "Lake")) == hash(Address.parse("datastores/lake"))
    assert Address.of("models", "Lake") != Address.parse("models/lake")
    assert Address("locks", ("l", "computes/c")) == Address.parse("locks/l/computes/c")


@pytest.mark.parametrize(
    "text", ["", "/", "/models/m", "models*/m", "mod?ls/m", "[models]", "#archive", "m#archive"]
)
def test_what_names_no_item_is_bad_input(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Address.parse(text)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    assert caught.value.remedy


@given(
    st.lists(st.tuples(_ASSET_NAMES, _ASSET_NAMES), min_size=1, max_size=3),
    st.none() | _ASSET_NAMES,
    st.sampled_from(["", *sorted(PHASES)]),
)
def test_the_address_of_an_asset_reads_as_it_was_written(
    names: list[tuple[str, str]], version: str | None, phase: str
) -> None:
    kinds, path = zip(*names, strict=True)
    address = Address.of("/".join(kinds), *path, version, phase=phase)
    found = Address.parse(str(address))
    assert (found.kind, found.path, found.phase) == (address.kind, address.path, address.phase)


@given(_CONTAINERS, st.just("") | _PREFIXES)
@example("azureml", "folder/notes#archive")
@example("azureml", "a//b")
@example("azureml", " ")
def test_the_address_of_bytes_reads_as_it_was_written(container: str, prefix: str) -> None:
    address = blob_address(container, prefix)
    assert Address.parse(str(address)) == address


def test_the_item_of_an_archiving_step_is_what_it_archives() -> None:
    address = Address.parse("models/m/3")
    assert address.archived() == Address.of("models", "m", "3", phase="archive")
    assert address.archived().item == address
    assert address.archived() != address


def test_the_container_of_a_version_has_its_name_alone() -> None:
    assert Address.parse("models/m/3#archive").container == Address.parse("models/m")


def test_addresses_differ_by_the_case_of_a_name() -> None:
    assert Address.parse("models/M/1") != Address.parse("models/m/1")
