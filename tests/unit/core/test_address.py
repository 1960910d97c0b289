"""Addresses: read, written, and the parts that the engines ask for."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amlmigrate.core.address import Address, blob_address
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
        ("models/credit-risk/3", ("models", "credit-risk", "3", False)),
        ("models/credit-risk", ("models", "credit-risk", None, False)),
        ("datastores/lake", ("datastores", "lake", None, False)),
        ("jobs", ("jobs", "", None, False)),
        ("blobs/azureml", ("blobs", "azureml", None, False)),
        ("blobs/azureml/ExperimentRun/dcid.a/b c", ("blobs", "azureml", "ExperimentRun/dcid.a/b c", False)),
        ("onlineEndpoints/e/deployments/blue", ("onlineEndpoints", "e", "deployments/blue", False)),
        ("models/credit-risk/3#archive", ("models", "credit-risk", "3", True)),
        ("models/credit-risk#archive", ("models", "credit-risk", None, True)),
    ],
)
def test_an_address_is_kind_name_and_version(text: str, parts: tuple[object, ...]) -> None:
    address = Address.parse(text)
    assert (address.kind, address.name, address.version, address.archive) == parts
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "/", "/models/m", "models*/m", "mod?ls/m", "[models]", "#archive", "m#archive"]
)
def test_what_names_no_item_is_bad_input(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Address.parse(text)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    assert caught.value.remedy


@given(_ASSET_NAMES, _ASSET_NAMES, st.none() | _ASSET_NAMES, st.booleans())
def test_the_address_of_an_asset_reads_as_it_was_written(
    kind: str, name: str, version: str | None, archive: bool
) -> None:
    address = Address(kind, name, version, archive)
    assert Address.parse(str(address)) == address


@given(_CONTAINERS, st.just("") | _PREFIXES)
@example("azureml", "folder/notes#archive")
@example("azureml", "a//b")
@example("azureml", " ")
def test_the_address_of_bytes_reads_as_it_was_written(container: str, prefix: str) -> None:
    address = blob_address(container, prefix)
    assert Address.parse(str(address)) == address


def test_the_item_of_an_archiving_step_is_what_it_archives() -> None:
    address = Address.parse("models/m/3")
    assert address.archived() == Address("models", "m", "3", archive=True)
    assert address.archived().item == address
    assert address.archived() != address


def test_the_container_of_a_version_has_its_name_alone() -> None:
    assert Address.parse("models/m/3#archive").container == Address.parse("models/m")


def test_addresses_differ_by_the_case_of_a_name() -> None:
    assert Address.parse("models/M/1") != Address.parse("models/m/1")
