"""Every kind's calls: it finds all there is, changes a workspace by one call, and stores no secret."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.builders.world import CONTEXT, archiving
from tests.contract.kinds.examples import ASSETS, changed, every_asset, every_kind, filled, kind_of
from tests.contract.kinds.workspace_of import InMemory, names

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.lists import ListError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.seal import UNLISTED
from amlmigrate.core.writes import Write
from amlmigrate.kinds import Kind


def _holding(*assets: Asset) -> InMemory:
    """A workspace that holds the assets, and a container for each version as the service makes it."""
    made = InMemory()
    for asset in assets:
        kind, address = kind_of(asset), asset.address
        if address.version is not None:
            bare = {"description": "", "tags": {}, "properties": {}, "isArchived": False, "latestVersion": "1"}
            made.documents.setdefault(kind.path(address.container), {"name": address.name, "properties": bare})
        made.documents[kind.path(address)] = asset.document
    return made


async def _found(kind: Kind, port: InMemory) -> dict[Address, Asset]:
    return {asset.address: asset for asset in await kind.scan(port)}


@every_kind
async def test_an_empty_workspace_has_none(kind: Kind) -> None:
    assert await kind.scan(InMemory()) == []


@every_kind
async def test_scanning_finds_every_asset_as_it_is(kind: Kind) -> None:
    assets = [asset for asset in ASSETS if asset.address.kind == kind.name]
    found = await _found(kind, _holding(*assets))
    every = {asset.address for asset in assets}
    assert names(found) == names(every | ({address.container for address in every} if kind.versioned else set()))
    for asset in assets:
        assert found[asset.address].document == asset.document


@every_kind
async def test_scanning_finds_what_is_archived(kind: Kind) -> None:
    archived = changed(filled(kind.example()), {"isArchived": True})
    port = _holding(archived)
    if kind.versioned:
        port.documents[kind.path(archived.address.container)]["properties"]["isArchived"] = True
    assert {archived.address, archived.address.container} <= set(await _found(kind, port))


@every_kind
async def test_scanning_changes_nothing(kind: Kind) -> None:
    port = _holding(*(asset for asset in ASSETS if asset.address.kind == kind.name))
    before = copy.deepcopy(port.documents)
    await kind.scan(port)
    assert port.documents == before
    assert {method for method, _ in port.calls} == {"GET"}


@every_kind
async def test_a_name_is_an_item_whatever_is_said_of_it(kind: Kind) -> None:
    if not kind.versioned:
        return
    example = filled(kind.example())
    name = example.address.container
    plain = ({}, {"description": None}, {"tags": None, "properties": None}, {"latestVersion": "2"})
    spoken = ({"description": "d"}, {"tags": {"a": "b"}}, {"properties": {"a": "b"}}, {"isArchived": True})
    digests = []
    for said in (*plain, *spoken):
        port = _holding(example)
        port.documents[kind.path(name)]["properties"] |= said
        found = await _found(kind, port)
        assert names(found) == names([name, example.address])
        assert await kind.containers(port) == {name: found[name].document}
        assert kind.is_placeholder(name, found[name].document) is (said in plain)
        digests.append(kind.digest(found[name]))
    # However the service says that there is nothing, it is one state; anything said is another.
    assert len(set(digests[: len(plain)])) == 1
    assert len(set(digests)) == 1 + len(spoken)


@every_kind
async def test_all_versions_of_a_name_are_listed_archived_ones_too(kind: Kind) -> None:
    if not kind.versioned:
        assert await kind.versions(InMemory(), kind.example().address) == {}
        return
    archived = changed(filled(kind.example()), {"isArchived": True})
    name = archived.address.container
    assert await kind.versions(_holding(archived), name) == {archived.address: archived.document}
    assert await kind.versions(InMemory(), name) == {}


@every_kind
async def test_a_container_without_versions_is_an_item(kind: Kind) -> None:
    if not kind.versioned:
        return
    port = _holding(filled(kind.example()))
    del port.documents[kind.path(kind.example().address)]
    assert names(await _found(kind, port)) == [str(kind.example().address.container)]


@every_kind
async def test_a_list_of_versions_without_the_latest_is_read_again_and_then_an_error(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kind.versioned:
        return
    monkeypatch.setattr("amlmigrate.kinds._versioned._BEHIND_SECONDS", (0.0, 0.0))

    class Hiding(InMemory):
        """Leaves a version out of `behind` lists that it gives when it is asked for."""

        behind = 0

        async def pages(self, path: str, *query: Any, **more: Any) -> AsyncIterator[Any]:
            hidden, self.behind = self.behind > 0, self.behind - path.endswith("/versions")
            async for item in super().pages(path, *query, **more):
                if item["name"] != "77" or not hidden:
                    yield item

    address = Address.of(kind.name, kind.example().address.name, "77")
    example = filled(kind.example())
    port = Hiding(_holding(example).documents)
    container = port.documents[kind.path(address.container)]["properties"]
    container["latestVersion"] = "77"
    # A counter outlives what it counts.
    assert example.address in await _found(kind, port)
    port.documents[kind.path(address)] = {**example.document, "name": "77"}
    port.behind = 99
    with pytest.raises(ListError, match="'77', which is the latest"):
        await kind.scan(port)
    port.behind = 1
    assert address in await _found(kind, port)
    port.behind = 99
    container["latestVersion"] = None
    assert example.address in await _found(kind, port)


@every_kind
async def test_anonymous_containers_are_asked_for_even_when_no_list_has_them(kind: Kind) -> None:
    for name in getattr(kind, "anonymous_names", ()):
        version = Address.of(kind.name, name, "0a1b")
        port = _holding(Asset(version, {"name": "0a1b", "properties": {"isAnonymous": True}}))
        del port.documents[kind.path(version.container)]
        [asset] = await kind.scan(port)
        assert asset.address == version
        assert kind.only_if_referred(asset)


@every_kind
async def test_a_collection_that_cannot_be_read_is_an_error_not_an_empty_one(kind: Kind) -> None:
    for status in (403, 500):
        if kind.in_vault and status == 403:
            # An item of its own, as other providers' are.
            assert [one.document for one in await kind.scan(InMemory(refusing=status))] == [UNLISTED]
            continue
        with pytest.raises(ServiceError):
            await kind.scan(InMemory(refusing=status))


@every_asset
async def test_an_asset_is_made_by_one_changing_call_at_its_path(asset: Asset) -> None:
    kind, port = kind_of(asset), InMemory()
    body = kind.desired(asset, CONTEXT).first.body
    answer = await kind.apply(port, asset.address, Write(body))
    assert port.calls == [("PUT", kind.path(asset.address))]
    assert port.bodies == [body]
    assert answer.document["id"]
    assert not answer.existed


@every_asset
async def test_reading_and_waiting_change_nothing(asset: Asset) -> None:
    kind, port = kind_of(asset), _holding(asset)
    for seen in (kind.read, kind.settle):
        assert await seen(port, asset.address) == asset.document
        assert await seen(InMemory(), asset.address) is None
    assert port.changing() == []


@every_asset
async def test_an_asset_is_archived_by_one_changing_call_at_its_own_path(asset: Asset) -> None:
    kind, port = kind_of(asset), InMemory()
    archived = archiving(asset)
    if archived is not None:
        await kind.apply(port, asset.address.archived(), Write(archived, "archive"))
        assert port.calls == [("PUT", kind.path(asset.address))]


@every_asset
async def test_secrets_are_read_for_the_moment_and_stored_nowhere(asset: Asset) -> None:
    kind, source, target = kind_of(asset), InMemory(), InMemory()
    body = kind.desired(asset, CONTEXT).first.body
    secrets = (body["properties"].get("credentials") or {}).get("secrets") or {}
    wanted = {name: f"TOP SECRET {name}" for name in secrets if name != "secretsType"}
    if kind.compares_secrets(asset.document):
        return  # these are compared too: `test_connections_moved`
    source.secrets[f"{kind.path(asset.address)}/listSecrets"] = {
        **wanted,
        "secretsType": secrets.get("secretsType"),
    }
    before = copy.deepcopy(body)
    filled_body = await kind.secrets(source, target, asset.address, body)
    assert body == before
    assert "$secret" not in json.dumps(filled_body)
    assert "TOP SECRET" not in json.dumps(body)
    if not wanted:
        assert filled_body == body
        assert source.calls == target.calls == []
        return
    assert filled_body["properties"]["credentials"]["secrets"] == wanted | {"secretsType": secrets["secretsType"]}
    assert source.calls == [("POST", f"{kind.path(asset.address)}/listSecrets")]
    assert target.calls == []
    assert kind.differences(asset.address, body, filled_body) == []


@every_asset
async def test_retiring_an_asset_touches_nothing_that_goes_with_the_workspace(asset: Asset) -> None:
    port = _holding(asset)
    await kind_of(asset).retire(port, asset)
    assert port.changing() in ([], [("DELETE", kind_of(asset).path(asset.address))])
