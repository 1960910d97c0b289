"""Every body that `migrate` would send is one that Microsoft's own description of the API allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bicep_types import Types
from tests.builders.world import CONTEXT, archiving
from tests.contract.kinds.examples import ASSETS, every_asset, kind_of

from amlmigrate.core.asset import Asset
from amlmigrate.kinds.connections import _CREDENTIALS

ML = "Microsoft.MachineLearningServices/workspaces"


@pytest.fixture(scope="session")
def types(shared: Path) -> Types:
    return Types(shared / "specs" / "bicep-types" / "ml-2025-12-01.types.json")


def _filled(value: Any) -> Any:
    """With secrets where the plan has only their names."""
    if isinstance(value, dict) and value.get("credentials") == {"$secret": "credentials"}:
        told = dict.fromkeys(_CREDENTIALS[value["authType"]], "secret")
        secret = {"keys": {"a": "secret"}} if "keys" in told else told
        return {**_filled({key: one for key, one in value.items() if key != "credentials"}), "credentials": secret}
    if isinstance(value, dict):
        return "secret" if "$secret" in value else {key: _filled(one) for key, one in value.items()}
    return [_filled(one) for one in value] if isinstance(value, list) else value


@every_asset
def test_bodies_are_what_the_description_allows(types: Types, asset: Asset) -> None:
    kind = kind_of(asset)
    if kind.in_vault or kind.collection.startswith("providers/"):
        return  # it is nothing that is sent to Azure ML
    type_ = f"{ML}/{kind.collection}{'/versions' if asset.address.version else ''}"
    body = kind.desired(asset, CONTEXT).first.body
    assert types.problems_of_request(type_, _filled(body)) == []
    if archived := archiving(asset):
        assert types.problems_of_request(type_, _filled(archived)) == []


def test_there_is_an_example_of_each_form_of_a_datastore_and_of_its_credentials(types: Types) -> None:
    stores = [asset.properties for asset in ASSETS if asset.address.kind == "datastores"]
    assert {one["datastoreType"] for one in stores} == set(types.choices(f"{ML}/datastores", "datastoreType"))
    sorts = {(one.get("credentials") or {}).get("credentialsType") for one in stores} - {None}
    assert sorts == set(types.choices(f"{ML}/datastores", "credentials", "credentialsType"))
