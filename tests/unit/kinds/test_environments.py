"""Environments: which are the service's own."""

from __future__ import annotations

import asyncio

from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.kinds import all_kinds

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
    stays = {address for address, asset in found.items() if KIND.not_moved(asset)}
    assert stays == {"environments/AzureML-theirs", "environments/AzureML-theirs/0", "environments/mixed/0"}
    assert KIND.digest(found["environments/AzureML-ours"]) == KIND.digest(
        type(found["environments/AzureML-ours"])(
            found["environments/AzureML-ours"].address, documents["environments/AzureML-ours"]
        )
    )
