"""What `migrate provision` sends, against Microsoft's descriptions of the resources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from bicep_types import Types

from amlmigrate.posture import profiles
from amlmigrate.provisioning import reading
from amlmigrate.provisioning.assemble import parts
from amlmigrate.provisioning.build import wanted_of
from amlmigrate.provisioning.known import KnownValues
from amlmigrate.provisioning.members import GROUP_ROLE
from amlmigrate.provisioning.parts import keys, storage, vaults

EXAMPLE = Path(__file__).parents[2] / "docs" / "how-to" / "provision-example.yaml"
FILES = {
    "Microsoft.KeyVault/vaults": "microsoft.keyvault-2026-02-01",
    "Microsoft.KeyVault/vaults/keys": "microsoft.keyvault-2026-02-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "microsoft.managedidentity-2024-11-30",
    "Microsoft.Storage/storageAccounts": "microsoft.storage-2026-04-01",
    "Microsoft.ContainerRegistry/registries": "microsoft.containerregistry-2025-11-01",
    "Microsoft.MachineLearningServices/workspaces": "ml-2025-12-01",
    "Microsoft.Authorization/roleAssignments": "microsoft.authorization-2022-04-01",
}
# Sent with the api-version that has it, of which there is no description.
NOT_THERE = {"Microsoft.MachineLearningServices/workspaces": [f"properties.{GROUP_ROLE.name}: unknown"]}
KNOWN = KnownValues("p", "c", "5b1c7e90-2f4d-4a86-b3c9-8d06e2f7a154", "https://kv.vault.azure.net/keys/k/1")


def _bodies(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """ARM type and body of everything that is made from nothing."""
    found = []
    wanted = wanted_of({"subscription": "s", **document}, profiles.shipped())
    for part in parts(wanted, lambda _: "https://kv.vault.azure.net"):
        empty = {
            "VaultPart": vaults.FoundVault(None),
            "KeyPart": keys.FoundKey(None),
            "StoragePart": storage.FoundStorage(None),
            "RoleGrant": [],
            "VaultGrant": [],
        }
        change = part.decide(empty.get(type(part).__name__), KNOWN).change
        if change and change.body and change.method == "PUT":
            namespace, *rest = change.path.rpartition("/providers/")[2].split("/")
            found.append((f"{namespace}/{'/'.join(rest[::2])}", change.body))
    return found


OBJECT_ID = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("encryption", ["service-side", "classic"])
def test_bodies_are_as_described(shared: Path, encryption: str) -> None:
    document = yaml.safe_load(EXAMPLE.read_text())
    if encryption == "classic":
        document["workspace"]["encryption"] = {"mode": "classic", "cosmosDbPrincipalId": OBJECT_ID}
    checked = set()
    for type_, body in _bodies(document):
        if type_ in FILES:
            types = Types(shared / "specs" / "bicep-types" / f"{FILES[type_]}.types.json")
            assert types.problems_of_request(type_, body) == NOT_THERE.get(type_, []), type_
            checked.add(type_)
    assert checked == set(FILES)


def test_what_strengthens_is_as_described(shared: Path) -> None:
    document = yaml.safe_load(EXAMPLE.read_text())
    wanted = wanted_of({"subscription": "s", **document}, profiles.shipped())
    found = {part.what: part for part in parts(wanted, lambda _: "https://kv.vault.azure.net")}
    account = {"location": "eastus2", "kind": "StorageV2", "properties": {"encryption": {}}}
    change = found["storage account"].decide(storage.FoundStorage(account), KNOWN).change
    assert change and change.method == "PATCH"
    types = Types(shared / "specs" / "bicep-types" / f"{FILES['Microsoft.Storage/storageAccounts']}.types.json")
    whole = {"location": "eastus2", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, **(change.body or {})}
    assert types.problems_of_request("Microsoft.Storage/storageAccounts", whole) == []


def test_the_schema_takes_every_shipped_profile() -> None:
    from jsonschema import Draft202012Validator

    schema = {**reading.schema(), "required": []}
    assert list(Draft202012Validator(schema).iter_errors({"profiles": dict(profiles.shipped())})) == []
