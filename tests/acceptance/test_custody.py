"""Who changes a key has to ask: by the requests that `guard emit` writes, from everybody's right to an approved one.

It takes the caller's own rights away at the end, so the local Azure is this module's own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.acceptance import alone
from tests.acceptance.world import World, make_world
from tests.builders import fault

from azsandbox import Sandbox, provision
from azsandbox.arm.access.definitions import OWNER

sandbox = alone.sandbox
AUTHORIZATION = "providers/Microsoft.Authorization"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
PIM, ROLES = "2020-10-01", "2022-04-01"
APPROVERS = "cccccccc-0000-4000-8000-000000000003"


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> World:
    return make_world(sandbox, tmp_path)


def _claim(world: World, **env: str) -> dict[str, Any]:
    """The claim about approval, as the doctor tells it of the target."""
    found = world.migrate("doctor", "--target", f"{world.group}/{world.target}", "--json", **env)
    [claim] = [one for one in found.event("doctor.end")["claims"] if one["name"] == "duties.approval"]
    return dict(claim)


def _emitted(world: World, vault: str, custodian: str) -> list[dict[str, Any]]:
    """The requests for one custodian, read from the files."""
    file = world.folder / "guard.yaml"
    approvers = [{"id": APPROVERS, "type": "Group"}]
    file.write_text(
        yaml.safe_dump({"custodians": {"vaults": [vault], "eligible": [custodian], "approvers": approvers}})
    )
    world.ok("guard", "emit", str(file), "--out", "policies")
    paths = sorted((world.folder / "policies" / "pim").rglob("*.json"), reverse=True)
    return [json.loads(path.read_text()) for path in paths]


def _send(world: World, request: dict[str, Any]) -> None:
    """As the how-to says: the address of the rules is looked up first."""
    url, _, version = str(request["url"]).partition("?api-version=")
    if found := request.get("policyId"):
        listed = world.arm("GET", found["list"].partition("?")[0], version)["value"]
        wanted = found["where"]["roleDefinitionId"].lower()
        [policy] = [one["properties"] for one in listed if one["properties"]["roleDefinitionId"].lower() == wanted]
        url = policy[found["take"]]
    world.arm(request["method"], url, version, request["body"])


def test_a_key_is_changed_by_nobody_who_did_not_ask(world: World) -> None:
    target = world.documents["target"]["properties"]["encryption"]["keyVaultProperties"]
    vault, since = target["keyVaultArmId"], world.now()
    custodian, _ = world.principal("custodian")
    auditor, env = world.principal("auditor")
    subscription = f"/subscriptions/{world.env['AZURE_SUBSCRIPTION_ID']}"
    world.assign(subscription, READER, auditor.object_id)

    before = _claim(world, **env)
    assert before["holds"] is False and "at any time" in before["summary"]
    rules, *eligible = _emitted(world, vault, custodian.object_id)
    assert (rules["method"], [one["method"] for one in eligible]) == ("PATCH", ["PUT"])
    assert not [one for one in world.log(since) if "roleManagement" in one["path"] and one["method"] != "GET"]
    for request in (rules, *eligible):
        _send(world, request)

    # The rights that are there at any time go, the caller's own at last: nobody could send anything after that.
    standing = world.arm("GET", f"{vault}/{AUTHORIZATION}/roleAssignments", ROLES)["value"]
    theirs = [one for one in standing if one["properties"]["principalId"] in before["evidence"]["standing"]]
    for one in sorted(theirs, key=lambda one: one["properties"]["roleDefinitionId"].endswith(OWNER)):
        world.arm("DELETE", one["id"], ROLES)

    after = _claim(world, **env)
    assert after["holds"] is True, after
    assert after["evidence"]["approvers"] == [APPROVERS]
    assert list(after["evidence"]["eligible"]) == [custodian.object_id]
    for status, code in ((403, "AuthorizationFailed"), (400, "AadPremiumLicenseRequired")):
        refused = {"error": {"code": code, "message": "no"}}
        with world.faults(fault("GET", "roleManagementPolicyAssignments", times=0, status=status, body=refused)):
            lost = _claim(world, **env)
        assert lost["holds"] is None
        assert ("licence" if status == 400 else "roleManagementPolicyAssignments/read") in lost["remedy"]
    assert provision.KEY_VAULT_CRYPTO_OFFICER in json.dumps(rules)
