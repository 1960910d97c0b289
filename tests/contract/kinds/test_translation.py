"""Every kind translates purely: what is sent is the source's asset, and names nothing of the source."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.builders.world import CONTEXT, OLD_BLOBS, OLD_ID, TARGET, workspace
from tests.contract.kinds.examples import ASSETS, KINDS, MAPPING, OLD, every_asset, every_kind, filled, kind_of
from tests.contract.kinds.service import COUNTED, READ_ONLY, answered

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, mapped, strings
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.kinds import Context, Kind

# The properties in which the new asset tells where it came from.
PROVENANCE = "migratedFrom."
ACCOUNT = re.compile(r"\bacct\b")


def _without_provenance(body: Document) -> Document:
    properties = body["properties"]
    bag = properties.get("properties") or {}
    kept = {key: value for key, value in bag.items() if not key.startswith(PROVENANCE)}
    return {"properties": properties | {"properties": kept}}


def _followed(document: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


@every_kind
def test_an_example_is_an_asset_of_its_kind_with_the_places_of_any_workspace(kind: Kind) -> None:
    example = kind.example()
    assert example.address.kind == kind.name
    assert example.document["name"] == (example.address.version or example.address.name)
    assert example.created_at
    json.dumps(example.document)
    assert not kind.stays(example)
    assert not kind.only_if_referred(example)
    assert example.document == kind.example().document
    assert not [text for _, text in strings(filled(example).document) if re.search(r"\{[a-z_]+\}", text)]


@every_asset
def test_translating_changes_neither_the_asset_nor_the_mapping_and_is_the_same_again(asset: Asset) -> None:
    before = copy.deepcopy((asset, MAPPING))
    first = kind_of(asset).desired(asset, CONTEXT)
    kept = copy.deepcopy(first)
    first.first.body["properties"].clear()
    assert (asset, MAPPING) == before
    assert kind_of(asset).desired(asset, CONTEXT) == kept


@every_asset
def test_a_body_names_nothing_of_the_source(asset: Asset) -> None:
    body = _without_provenance(kind_of(asset).desired(asset, CONTEXT).first.body)
    text = json.dumps(body).lower()
    for name in (OLD.subscription, OLD.group, f"workspaces/{OLD.name}", OLD_ID, OLD_ID[:10] + "-", OLD_BLOBS):
        assert name.lower() not in text
    assert not ACCOUNT.search(text)


@every_asset
def test_every_string_that_changes_is_a_rewrite_and_every_rewrite_a_change(asset: Asset) -> None:
    translation = kind_of(asset).desired(asset, CONTEXT)
    before = {f"/properties{where}": text for where, text in strings(asset.properties)}
    after = {f"/properties{where}": text for where, text in strings(translation.first.body["properties"])}
    changed = {where for where in before.keys() & after.keys() if before[where] != after[where]}
    assert {rewrite.where for rewrite in translation.rewrites} == changed
    for rewrite in translation.rewrites:
        assert (rewrite.before, rewrite.after) == (before[rewrite.where], after[rewrite.where])


@every_asset
def test_everything_that_a_client_may_send_is_sent(asset: Asset) -> None:
    body = kind_of(asset).desired(asset, CONTEXT).writes[-1].body["properties"]
    inner, bag = body.get("properties") or {}, asset.properties.get("properties") or {}
    kept = {key for key, value in bag.items() if value is not None} - {"azureml.labels", *COUNTED}
    assert {key: inner.get(key) for key in kept} == {key: bag[key] for key in kept}
    for member, value in asset.properties.items():
        if member in ("properties", "isAnonymous", "credentials"):
            # The first has provenance too, the last is a marker; the other the service stores of some kinds only.
            continue
        # A job stays behind, an empty text is no conda file, and a stage that nobody set is none.
        unsent = member in READ_ONLY | {"jobName"} or value is None or (member == "condaFile" and not value)
        unset = member == "stage" and value in ("Development", "Archived")
        assert (member in body) is not (unsent or unset), member


def _nulls(value: Any, where: str = "") -> set[str]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return {found for key, child in pairs for found in _nulls(child, f"{where}/{key}")}
    return {where} if value is None else set()


@every_asset
def test_of_nulls_only_those_are_sent_that_are_the_customers(asset: Asset) -> None:
    free = tuple(f"/{member}/" for member in kind_of(asset).fields.customer_maps)
    theirs = {where for where in _nulls(asset.properties) if where.startswith(free)}
    assert _nulls(kind_of(asset).desired(asset, CONTEXT).first.body["properties"]) == theirs
    assert theirs or not str(asset.address).count("/nulls/")


@every_asset
def test_what_is_made_is_not_yet_archived(asset: Asset) -> None:
    assert not kind_of(asset).desired(asset, CONTEXT).first.body["properties"].get("isArchived")


@every_asset
def test_a_body_tells_where_it_came_from(asset: Asset) -> None:
    if not kind_of(asset).fields.provenance:
        return
    told = kind_of(asset).desired(asset, CONTEXT).first.body["properties"]["properties"]
    expected = {f"{PROVENANCE}id": asset.document["id"]}
    expected |= {f"{PROVENANCE}{name}": value for name, value in asset.document["systemData"].items()}
    if job := asset.properties.get("jobName"):
        expected[f"{PROVENANCE}jobName"] = job
    assert {key: value for key, value in told.items() if key.startswith(PROVENANCE)} == expected


@every_asset
def test_what_was_moved_before_keeps_what_was_told_of_it(asset: Asset) -> None:
    kind = kind_of(asset)
    if not kind.fields.provenance:
        return
    once = answered(TARGET.id, asset.address, kind.desired(asset, CONTEXT).first.body)
    back = Mapping(TARGET, MAPPING.source)
    twice = kind.desired(Asset(asset.address, once), Context(back)).first.body["properties"]["properties"]
    assert twice[f"{PROVENANCE}id"] == once["id"]
    assert twice[f"{PROVENANCE}{PROVENANCE}id"] == asset.document["id"]


@every_asset
def test_secrets_are_markers(asset: Asset) -> None:
    body = kind_of(asset).desired(asset, CONTEXT).first.body
    secrets = (body["properties"].get("credentials") or {}).get("secrets") or {}
    assert all(value == {"$secret": key} for key, value in secrets.items() if key != "secretsType")
    if kind_of(asset).compares_secrets(asset.document):
        member = kind_of(asset).hidden_field.rpartition("/")[2]
        assert body["properties"][member] == {"$secret": member}
        return
    told = asset.properties.get("credentials") or {}
    assert bool(secrets) is (told.get("credentialsType", "None") != "None")


def test_there_is_an_asset_of_every_kind() -> None:
    assert {asset.address.kind for asset in ASSETS} == {kind.name for kind in KINDS}


@pytest.mark.parametrize("name", ["component-versions", "datastores", "model-versions"])
def test_recorded_answers_of_the_service_translate(shared: Path, name: str) -> None:
    [path] = (shared / "real" / "recorded").glob(f"{name}-list-*.json")
    for document in json.loads(path.read_text())["value"]:
        ref = WorkspaceRef.parse(document["id"].split("/workspaces/")[0] + "/workspaces/mlworkspace-test2")
        tail = document["id"].split("/workspaces/mlworkspace-test2/")[1].replace("/versions/", "/")
        asset = Asset(Address.parse(tail), document)
        mapping = Mapping(workspace(ref, OLD_ID, "acct", "eastus"), TARGET)
        body = kind_of(asset).desired(asset, Context(mapping)).first.body
        assert ref.name not in json.dumps(_without_provenance(body))
        assert kind_of(asset).differences(asset.address, body, answered(TARGET.id, asset.address, body)) == []


def test_real_definitions_translate(shared: Path) -> None:
    path = shared / "real" / "azureml-examples" / "resources.jsonl"
    places = {
        "{workspace}": OLD.id,
        "{workspace_path}": OLD.id.strip("/").replace("/providers/Microsoft.MachineLearningServices", ""),
        "{account}.blob.core.windows.net/azureml-blobstore/": f"acct.blob.core.windows.net/{OLD_BLOBS}/",
    }

    def placed(_: str, text: str) -> str:
        for name, value in places.items():
            text = text.replace(name, value)
        return text

    for line in path.read_text().splitlines():
        row = mapped(json.loads(line), placed)
        address = Address.of(row["kind"], row["name"], row["version"])
        asset = Asset(address, answered(OLD.id, address, row))
        body = kind_of(asset).desired(asset, CONTEXT).first.body
        text = json.dumps(_without_provenance(body)).lower()
        assert OLD.subscription not in text
        assert not ACCOUNT.search(text)
        assert kind_of(asset).differences(address, body, answered(TARGET.id, address, body)) == [], address
