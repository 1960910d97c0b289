"""Environments: which are the service's own."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.address import Address
from amlmigrate.kinds import all_kinds
from amlmigrate.kinds.environments import _conda

KIND = all_kinds()["environments"]


def test_a_container_is_curated_when_all_its_versions_are() -> None:
    said = {"properties": {"description": "says something", "tags": {}}}
    documents = {}
    for name, types in (
        ("AzureML-theirs", ("Curated",)),
        ("AzureML-ours", ("UserCreated",)),
        ("mixed", ("Curated", "UserCreated")),
    ):
        documents[f"environments/{name}"] = {"name": name, **said}
        for number, type_ in enumerate(types):
            version = {"name": str(number), "properties": {"environmentType": type_, "image": "x"}}
            documents[f"environments/{name}/versions/{number}"] = version
    found = {str(asset.address): asset for asset in asyncio.run(KIND.scan(InMemory(documents)))}
    stays = {address for address, asset in found.items() if KIND.stays(asset)}
    assert stays == {"environments/AzureML-theirs", "environments/AzureML-theirs/0", "environments/mixed/0"}
    assert KIND.digest(found["environments/AzureML-ours"]) == KIND.digest(
        type(found["environments/AzureML-ours"])(
            found["environments/AzureML-ours"].address, documents["environments/AzureML-ours"]
        )
    )


def _compared(text: str) -> list[str]:
    left, right = ({"properties": {"condaFile": one}} for one in (text, f"{text} "))
    KIND.state(left)
    return [one.field for one in KIND.differences(Address.of("environments", "e", "1"), left, right)]


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ("{a: ", "}"), ("- ", ""), ('{"a": [', "]}")])
@pytest.mark.parametrize("depth", [400, 20_000, 100_000])
def test_a_conda_file_however_deep_ends_no_process(before: str, after: str, depth: int) -> None:
    """libyaml would run out of its stack, and take all that is under way with it."""
    assert _compared(f"{before * depth}x{after * depth}") == ["/properties/condaFile"]


@pytest.mark.parametrize(
    "tag", ["!!int", "!!float", "!!timestamp", "!!bool", "!!null", "!!python/object:a.b", "!x"]
)
def test_what_a_conda_file_calls_its_values_stops_nobody(tag: str) -> None:
    assert _compared(f"python: {tag} x") == []


def test_aliases_of_aliases_are_not_followed_to_their_end() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    assert _compared("\n".join(lines)) == ["/properties/condaFile"]
    assert _compared("a: &a [*a]") == ["/properties/condaFile"]


def test_a_conda_file_is_compared_by_what_it_says() -> None:
    left, right = '{"python": "3.10", "b": ["x"]}', "python: 3.10\nb:\n- x\n"
    found = [{"properties": {"condaFile": one}} for one in (left, right, "python: 3.1\nb: [x]\n")]
    address = Address.of("environments", "e", "1")
    assert KIND.differences(address, found[0], found[1]) == []
    assert [one.field for one in KIND.differences(address, found[0], found[2])] == ["/properties/condaFile/python"]


def test_a_text_that_gives_a_member_twice_is_equal_to_none_that_lacks_one_of_them() -> None:
    twice = "channels: [a]\ndependencies: [python]\nchannels: [b]\n"
    once = "channels: [b]\ndependencies: [python]\n"
    assert _conda(twice) == twice
    assert _conda(once) == _conda('{"dependencies": ["python"], "channels": ["b"]}')
    assert _conda("a: [{b: 1, b: 2}]") == "a: [{b: 1, b: 2}]"
