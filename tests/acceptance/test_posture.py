"""The posture of a target in the local Azure: each thing that is spoilt is told, alone, and what is not stays proven."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.removing import removal
from tests.acceptance.world import VERSION, World, make_world, seed_small

from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.session import Side
from amlmigrate.core.claim import Claim
from amlmigrate.core.workspace import Workspace, WorkspaceRef
from amlmigrate.posture import BytePlaces, prove
from amlmigrate.posture.catalogue import CATALOGUE
from azsandbox import Sandbox, provision
from azsandbox.client import Client
from azsandbox.messages import TENANT_ID

_VAULT = "https://vault.azure.net"
_VAULTS, _STORAGE = "2023-07-01", "2023-05-01"


class Target:
    """One target, its document as it was read while all was well: with its key gone it answers no more."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.document = world.documents["target"]
        key = self.document["properties"]["encryption"]["keyVaultProperties"]
        self.vault_id, self.key_url = key["keyVaultArmId"], key["keyIdentifier"]
        self.identity = next(iter(self.document["identity"]["userAssignedIdentities"].values()))["principalId"]

    def claims(self) -> dict[str, Claim]:
        """Every claim by name, of several the one that makes a finding."""
        found = self.every()
        return {claim.name: claim for claim in sorted(found, key=lambda claim: claim.finding is not None)}

    def every(self) -> list[Claim]:
        """Every claim; there may be several of a name."""
        return asyncio.run(self._prove(Workspace(WorkspaceRef.parse(self.document["id"]), self.document)))

    async def _prove(self, workspace: Workspace) -> list[Claim]:
        side = Side(Login())
        try:
            return await prove(side, workspace, await BytePlaces.of_target(side, workspace, sensitive=False))
        finally:
            await side.close()

    def unproven(self) -> dict[str, tuple[bool | None, str]]:
        """What does not hold and makes a finding, but for what the owner may do."""
        found = self.claims()
        return {
            name: (claim.holds, claim.severity)
            for name, claim in found.items()
            # Who made it may do everything; and the version that it names ends, which is always told.
            if claim.finding
            and not name.startswith("duties.")
            and (name, claim.severity) != ("key.pinned", "warning")
        }

    def vault(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the vault's data plane; `path` may be a whole URL."""
        url = (
            path
            if path.startswith("https://")
            else f"https://{self.vault_id.rpartition('/')[2]}.vault.azure.net{path}"
        )

        async def work(client: Client) -> Any:
            _, _, text = await client.send(method, f"{url}?api-version=7.4", _VAULT, json=body)
            return json.loads(text)

        return self.world.azure(work)


@pytest.fixture(scope="module")
def world(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(sandbox, tmp_path_factory.mktemp("posture"))


@pytest.fixture
def target(world: World, azure_env: Sandbox) -> Target:
    return Target(world)


def test_the_local_target_is_exemplary(target: Target) -> None:
    assert target.unproven() == {}
    claims = target.claims()
    assert set(claims) == {entry.name for entry in CATALOGUE}
    assert claims["key.wraps"].holds is True
    # Whoever made all this may do everything, and is told so.
    for name in ("duties.separate", "duties.approval"):
        assert (claims[name].holds, claims[name].severity) == (False, "warning")
        assert "Owner" in json.dumps(claims[name].evidence)


NOBODY = {"id": "eeeeeeee-0000-4000-8000-00000000000e", "type": "ServicePrincipal"}
TOP = "/providers/Microsoft.Management/managementGroups/" + TENANT_ID


def test_a_right_that_a_deny_assignment_at_the_management_group_takes_is_an_error(target: Target) -> None:
    told = {
        "denyAssignmentName": "no more wrapping",
        "permissions": [{"dataActions": ["Microsoft.KeyVault/vaults/keys/*/action"]}],
        "principals": [{"id": target.identity, "type": "ServicePrincipal"}],
    }
    path = target.world.folder / "deny.json"
    # The one that counts is the last of more than a page holds.
    others = [
        {"scope": TOP, "name": f"other-{n}", "properties": {**told, "principals": [NOBODY]}} for n in range(1001)
    ]
    path.write_text(json.dumps([*others, {"scope": TOP, "properties": told}]))
    target.world.sandbox("deny", "set", str(path))
    try:
        found = target.claims()["identity.rights"]
    finally:
        target.world.sandbox("deny", "clear")
    assert (found.holds, found.severity) == (False, "error") and "no more wrapping" in found.summary
    assert target.claims()["identity.rights"].holds is True


def test_a_right_for_an_hour_is_an_error_with_its_end(target: Target) -> None:
    service = provision.KEY_VAULT_CRYPTO_SERVICE_ENCRYPTION_USER

    async def for_an_hour(client: Client) -> str:
        lasting = await provision.assign(client, target.vault_id, service, target.identity)
        await client.arm("DELETE", lasting, "2022-04-01")
        name = str(uuid.uuid4())
        path = f"{target.vault_id}/providers/Microsoft.Authorization/roleAssignmentScheduleRequests/{name}"
        definition = f"{client.subscription}/providers/Microsoft.Authorization/roleDefinitions/{service}"
        body = {
            "principalId": target.identity,
            "roleDefinitionId": definition,
            "requestType": "AdminAssign",
            "scheduleInfo": {"expiration": {"type": "AfterDuration", "duration": "PT1H"}},
        }
        await client.arm("PUT", path, "2020-10-01", {"properties": body})
        of_vault = f"{target.vault_id}/providers/Microsoft.Authorization/roleAssignments"
        query = f"?$filter=atScope() and assignedTo('{target.identity}')"
        found = await client.arm("GET", of_vault + query, "2022-04-01")
        return str(found["value"][-1]["id"])

    made = target.world.azure(for_an_hour)
    try:
        claims = target.claims()
    finally:
        target.world.arm("DELETE", made, "2022-04-01")
        target.world.azure(provision.assign, target.vault_id, service, target.identity)
    found = claims["identity.rights"]
    assert (found.holds, found.severity) == (False, "error")
    assert found.evidence["until"] in found.summary and "for a time" in found.summary
    assert claims["key.wraps"].holds is True


def test_the_claims_are_kept_as_evidence_and_a_disabled_key_closes_every_door(
    sandbox: Sandbox, tmp_path: Path, azure_env: Sandbox
) -> None:
    world = seed_small(make_world(sandbox, tmp_path))
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    [path] = (world.folder / "plans" / world.source / "evidence").glob("*-verify.json")
    claims = {claim["name"]: claim for claim in json.loads(path.read_text())["claims"]}
    assert claims["encryption.status"]["holds"] and claims["key.wraps"]["holds"]
    assert claims["vault.purgeProtection"]["address"] == Target(world).vault_id

    target = Target(world)
    target.vault("PATCH", target.key_url, {"attributes": {"enabled": False}})
    assert world.migrate("verify").code == 6, "the workspace cannot even be read"
    refused = world.migrate(*removal(world))
    assert refused.code == 6 and world.status("source") == 200


def test_a_firewall_in_the_way_leaves_the_key_readable_through_arm(target: Target) -> None:
    def network(action: str) -> None:
        acls = {"networkAcls": {"bypass": "AzureServices", "defaultAction": action, "ipRules": []}}
        target.world.arm("PATCH", target.vault_id, _VAULTS, {"properties": acls})

    network("Deny")
    try:
        claims = target.claims()
    finally:
        network("Allow")
    for name in ("key.type", "key.size", "key.enabled", "key.expiry", "key.rotation"):
        assert claims[name].holds, claims[name]
    assert claims["key.wraps"].holds is None


def test_the_key_of_the_account_that_the_default_datastore_leads_to_is_judged_wherever_it_lies(
    target: Target,
) -> None:
    """In another group and vault, where no datastore says: the account and the vault are found by their names."""
    world = target.world
    name = f"far{world.target}"

    async def make(client: Client) -> tuple[Any, ...]:
        group = await provision.group(client, f"{world.group}-far", location="westeurope")
        vault, user = (
            await provision.vault(client, group, f"{name}kv"),
            await provision.identity(client, group, name),
        )
        roles = (
            (vault, provision.KEY_VAULT_CRYPTO_OFFICER, provision.OWNER_OBJECT_ID),
            (vault, provision.KEY_VAULT_CRYPTO_SERVICE_ENCRYPTION_USER, user.principal_id),
        )
        for scope, role, who in roles:
            await provision.assign(client, scope, role, who)
        key = await provision.key(client, vault, "own", days=365, rotates=True)
        account = await provision.storage_account(client, group, name, key=key, identity=user)
        path = f"{account}/blobServices/default/containers/bytes"
        await client.arm("PUT", path, _STORAGE, {"properties": {}})
        store = f"{target.document['id']}/datastores/workspaceblobstore"
        before = await client.arm("GET", store, VERSION)
        place = {"accountName": name, "containerName": "bytes", "credentials": {"credentialsType": "None"}}
        unknown = {"subscriptionId": None, "resourceGroup": None}
        body = {"properties": {**before["properties"], **place, **unknown}}
        await client.arm("PUT", f"{store}?skipValidation=true", VERSION, body)
        return key, account, store, before

    key, account, store, before = world.azure(make)
    try:
        assert target.unproven() == {}
        found = [claim for claim in target.every() if claim.key == key.url]
        assert {
            "storage.encryption",
            "storage.container",
            "vault.purgeProtection",
            "key.enabled",
            "key.wraps",
        } <= {claim.name for claim in found}
        assert {claim.address for claim in found if claim.name == "storage.encryption"} == {account}
        target.vault("PATCH", key.url, {"attributes": {"enabled": False}})
        fallen = {claim.name: claim for claim in target.every() if claim.finding and claim.key == key.url}
        assert fallen["key.enabled"].holds is False and f"'{name}'" in fallen["key.enabled"].summary
        assert fallen["key.wraps"].holds is False
    finally:
        secrets = {"secretsType": "AccountKey", "key": ""}
        body = {"properties": before["properties"]}
        body["properties"]["credentials"] = {"credentialsType": "AccountKey", "secrets": secrets}
        world.arm("PUT", f"{store}?skipValidation=true", VERSION, body)
