"""Every kind's digest, archived form and ARM path."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from tests.builders.world import CONTEXT, archiving
from tests.contract.kinds.examples import ASSETS, changed, every_asset, every_kind, filled, kind_of
from tests.contract.kinds.service import COUNTED

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import source_digest
from amlmigrate.kinds import Kind

# AZ-LIST-9: recomputed with every request or with every new version of the name.
RECOMPUTED = {
    "latestVersion": "7",
    "nextVersion": "2026-03-27-04-08-37-9797176",
    "provisioningState": "Updating",
}
# What else says nothing of what an asset is.
SERVED = {"modifiedOn", "provisioningErrors", *RECOMPUTED}


def _digest(asset: Asset, **document: Any) -> str:
    return kind_of(asset).digest(Asset(asset.address, asset.document | document))


def _changes(value: Any) -> Iterator[Any]:
    """Copies of a value, each with one thing in it changed, removed or added."""
    if isinstance(value, dict):
        yield value | {"new": "x"}
        for key, child in value.items():
            yield {name: kept for name, kept in value.items() if name != key}
            yield from (value | {key: other} for other in _changes(child))
    elif isinstance(value, list):
        yield [*value, "x"]
        for index, child in enumerate(value):
            yield from ([*value[:index], other, *value[index + 1 :]] for other in _changes(child))
    else:
        yield not value if isinstance(value, bool) else f"{value}x"


@every_asset
def test_the_digest_is_of_the_document_without_what_changes_by_itself(asset: Asset) -> None:
    digest = kind_of(asset).digest(asset)
    if kind_of(asset).passing:
        # No change of it is one of the source.
        assert digest == ""
        return
    assert len(digest) == 64
    assert digest == kind_of(asset).digest(copy.deepcopy(asset))
    assert digest == _digest(
        asset, systemData={"lastModifiedAt": "now"}, etag="x", id="/other", type="t", name="n"
    )
    assert digest == _digest(asset, properties=dict(reversed(asset.properties.items())))
    known = {key: value for key, value in RECOMPUTED.items() if key in asset.properties}
    assert digest == kind_of(asset).digest(changed(asset, known))


@every_kind
def test_the_digest_is_stable_when_another_version_is_made(kind: Kind) -> None:
    if not kind.versioned:
        return
    address = Address.of(kind.name, "n")
    container = {"name": "n", "properties": {"description": "d", "latestVersion": None, "nextVersion": "1"}}
    later = {"name": "n", "properties": {"description": "d"} | RECOMPUTED}
    assert kind.digest(Asset(address, container)) == kind.digest(Asset(address, later))


@every_asset
def test_the_digest_changes_with_everything_else(asset: Asset) -> None:
    digest = kind_of(asset).digest(asset)
    if kind_of(asset).passing:
        return
    others = [found for found in _changes(asset.properties) if _plain(found) != _plain(asset.properties)]
    assert len(others) > len(asset.properties)
    for properties in others:
        assert _digest(asset, properties=properties) != digest


def _plain(properties: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in properties.items() if key not in SERVED}
    kept_out = {"azureml.labels", *COUNTED}
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {key: value for key, value in kept["properties"].items() if key not in kept_out}
    return kept


def test_labels_of_an_environment_move_without_changing_its_digest() -> None:
    [training] = [asset for asset in ASSETS if str(asset.address) == "environments/training/3"]
    older = changed(training, {"properties": {"azureml.labels": ""}})
    gone = changed(training, {"properties": {}})
    assert len({kind_of(asset).digest(asset) for asset in (training, older, gone)}) == 1
    named = changed(training, {"properties": {"azureml.labels": "latest", "mine": "1"}})
    assert kind_of(named).digest(named) != kind_of(training).digest(training)


@every_asset
def test_archiving_sends_all_that_was_sent_but_the_stage(asset: Asset) -> None:
    staged = changed(asset, {"stage": "Production"})
    before = copy.deepcopy(staged.document)
    body = kind_of(asset).desired(staged, CONTEXT).first.body
    archived = archiving(staged)
    assert staged.document == before
    if archived is None:
        assert not kind_of(asset).versioned
        return
    kept = {key: value for key, value in body["properties"].items() if key != "stage"}
    assert archived == {"properties": kept | {"isArchived": True}}
    assert "stage" in body["properties"]


@every_asset
def test_an_address_is_the_arm_path_without_versions(asset: Asset) -> None:
    path = kind_of(asset).path(asset.address)
    if kind_of(asset).collection.startswith("providers/"):
        place = "".join(f"{one}/" for one in asset.address.path[1:])
        assert path == f"{place}{kind_of(asset).collection}/{asset.address.name}"
        return
    collection, name, *version = path.split("/")
    assert collection == kind_of(asset).collection
    assert version[:1] in ([], ["versions"])
    back = Address.parse("/".join([asset.address.kind, name, *version[1:]]))
    assert back == asset.address
    assert kind_of(asset).path(back) == path


@every_kind
def test_a_step_for_archiving_has_the_path_of_what_it_archives(kind: Kind) -> None:
    for address in (kind.example().address, kind.example().address.container):
        assert kind.path(address.archived()) == kind.path(address)


def test_paths_differ_as_addresses_do() -> None:
    paths = {kind_of(asset).path(asset.address) for asset in ASSETS}
    assert len(paths) == len({asset.address for asset in ASSETS})


@every_kind
def test_the_digest_is_the_contracts(kind: Kind) -> None:
    """Over RFC 8785 JSON of the document without systemData, etag, provisioningState and ids."""
    asset = filled(kind.example())
    if kind.passing:
        return
    assert kind.digest(asset) == source_digest(asset.document, kind.volatile)
    document = copy.deepcopy(asset.document)
    for name in ("systemData", "etag", "id", "name", "type"):
        document.pop(name, None)
    document["properties"].pop("provisioningState", None)
    assert kind.digest(Asset(asset.address, document)) == kind.digest(asset)
