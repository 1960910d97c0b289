"""A file of `migrate provision` with names of its own, and what a test asks of the outcome."""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tests.acceptance.world import Result, World

_numbers = itertools.count(os.getpid() % 10_000 * 100)
VAULTS, VAULT_API = "Microsoft.KeyVault/vaults", "2023-07-01"
# Whose it is, and whom to call: on all that is created.
OWNED = {"owner": "ml-platform", "contact": "ml-platform@contoso.com"}
WRITES = {"PUT", "PATCH", "POST", "DELETE"}


@dataclass
class Place:
    """One file, and the sandbox it is provisioned in."""

    world: World
    number: int
    file: dict[str, Any] = field(default_factory=dict)
    adopted: list[str] = field(default_factory=list)

    @property
    def group(self) -> str:
        """The ARM id of the resource group."""
        return f"{self.subscription}/resourceGroups/{self.file['resourceGroup']}"

    @property
    def subscription(self) -> str:
        """The ARM id of the subscription."""
        return f"/subscriptions/{self.world.env['AZURE_SUBSCRIPTION_ID']}"

    def id(self, type_: str, name: str) -> str:
        """The ARM id of something in the group."""
        return f"{self.group}/providers/{type_}/{name}"

    @property
    def workspace(self) -> str:
        """The ARM id of the workspace."""
        return self.id("Microsoft.MachineLearningServices/workspaces", self.file["workspace"]["name"])

    @property
    def owner(self) -> str:
        """The workspace as the tag of what is made for it names it."""
        return (
            f"{self.subscription.rsplit('/', 1)[-1]}/{self.file['resourceGroup']}/{self.file['workspace']['name']}"
        )

    @property
    def path(self) -> Path:
        """Where the file is written."""
        return self.world.folder / "workspace.yaml"

    def run(self, *options: str) -> Result:
        """Runs the installed command on the file."""
        # By JSON, so that what is there twice is written out twice: anchors are refused.
        self.path.write_text(yaml.safe_dump(json.loads(json.dumps(self.file))))
        adopted = [word for name in self.adopted for word in ("--adopt", name)]
        return self.world.migrate("provision", str(self.path), "--json", "--yes", *adopted, *options)

    def adopt(self, name: str, *allowed: str) -> None:
        """Adopts something that is others', with what may be changed of it."""
        self.adopted.append(name)
        self.file.setdefault("adopted", {})[name] = {"allow": list(allowed)}

    def ok(self, *options: str) -> Result:
        """Runs it and expects 0."""
        result = self.run(*options)
        assert result.code == 0, f"{result.code}\n{result.out[-3000:]}\n{result.err[-3000:]}"
        return result

    def refused(self, *options: str, code: int = 4) -> dict[str, Any]:
        """Runs it and expects that exit code; the error."""
        result = self.run(*options)
        assert result.code == code, f"{result.code}\n{result.out[-3000:]}\n{result.err[-3000:]}"
        return result.event("error")

    def put(self, id_: str, version: str, body: dict[str, Any]) -> Any:
        """PUTs something beforehand."""
        return self.world.arm("PUT", id_, version, body)

    def get(self, id_: str, version: str) -> Any:
        """GETs a document."""
        return self.world.arm("GET", id_, version)

    def vault(self, name: str, group: str = "", location: str = "eastus2", **changed: Any) -> str:
        """A vault that is there beforehand, in this resource group or another; its ARM id."""
        group_id = f"{self.subscription}/resourceGroups/{group or self.file['resourceGroup']}"
        self.put(group_id, "2022-09-01", {"location": "eastus2"})
        id_ = f"{group_id}/providers/{VAULTS}/{name}"
        tenant = self.world.env["AZURE_TENANT_ID"]
        told = {"tenantId": tenant, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
        self.put(id_, VAULT_API, {"location": location, "properties": {**told, **changed}})
        return id_

    def account(self, name: str, group: str = "") -> str:
        """A storage account under Microsoft's key that is there beforehand, in this group or another; its ARM id."""
        group_id = f"{self.subscription}/resourceGroups/{group or self.file['resourceGroup']}"
        if self.world.arm("GET", group_id, "2022-09-01", accept=(404,)) is None:
            self.put(group_id, "2022-09-01", {"location": "eastus2"})
        id_ = f"{group_id}/providers/Microsoft.Storage/storageAccounts/{name}"
        plain = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
        self.put(id_, "2023-05-01", plain)
        return id_

    def now(self) -> str:
        """The time of the last request."""
        return str(self.world.now()) + "~"

    def writes(self, since: str) -> list[str]:
        """Every changing request of ARM since then; in groups, of this file's only.

        A call that another test had delayed is logged when it ends, which may be now.
        """
        return [
            f"{row['method']} {row['path']}"
            for row in self.world.log(since)
            if row["method"] in WRITES
            and not row["path"].lower().endswith(("/checknameavailability", "/checkpolicyrestrictions"))
            and row["host"] == "management.azure.com"
            and ("/resourcegroups/" not in row["path"].lower() or str(self.number) in row["path"])
        ]

    def grants(self) -> dict[str, list[str]]:
        """Scope to the roles that the file's identity has there, by their GUIDs."""
        identity = self.get(
            self.id("Microsoft.ManagedIdentity/userAssignedIdentities", self.file["identity"]["name"]),
            "2023-01-31",
        )
        query = f"$filter=principalId eq '{identity['properties']['principalId']}'"
        path = f"{self.subscription}/providers/Microsoft.Authorization/roleAssignments?{query}"
        found: dict[str, list[str]] = {}
        for each in self.get(path, "2022-04-01")["value"]:
            told = each["properties"]
            found.setdefault(told["scope"].rsplit("/", 1)[-1], []).append(told["roleDefinitionId"][-36:])
        return {scope: sorted(roles) for scope, roles in found.items()}


def make_place(sandbox: Any, folder: Path) -> Place:
    """The least file, with names that nothing else in this sandbox has."""
    number = next(_numbers)
    world = World(sandbox.env, folder, f"pg{number}", "", f"pw{number}")
    place = Place(world, number)
    place.file = {
        "location": "eastus2",
        "resourceGroup": f"pg{number}",
        "tags": dict(OWNED),
        "keyVault": {"name": f"kv-p{number}"},
        "key": {"name": "cmk", "size": 2048},
        "identity": {"name": f"id-p{number}"},
        "storage": {"name": f"stp{number}"},
        "workspace": {"name": f"pw{number}", "keyVault": {"name": f"kv-s{number}"}},
    }
    return place


def steps(result: Result) -> dict[str, str]:
    """What became of each resource: its kind to the action."""
    return {step["what"]: step["action"] for step in result.event("provision.plan")["steps"]}
