"""Alarms as their users make them: asked for in a guardrail's file, applied once, tested, checked, and put right."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from tests.acceptance.guarded import Guarded
from tests.acceptance.world import World

from azsandbox import Sandbox
from azsandbox.client import Client

MAIL = "keys@contoso.com"


def _estate(sandbox: Sandbox, folder: Path) -> tuple[Guarded, dict[str, Any]]:
    """A subscription with a vault and a place for logs, and the alarms that are asked for there."""
    subscription = str(uuid.uuid4())
    world = World({**sandbox.env, "AZURE_SUBSCRIPTION_ID": subscription}, folder, "keys", "", "")
    group = f"/subscriptions/{subscription}/resourceGroups/keys"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv{uuid.uuid4().hex[:12]}"
    logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/logs"
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": sandbox.env["AZURE_TENANT_ID"], "sku": sku, "enableRbacAuthorization": True}
    world.arm("PUT", group, "2021-04-01", {"location": "eastus2"})
    world.arm("PUT", vault, "2023-07-01", {"location": "eastus2", "properties": properties})
    world.arm("PUT", logs, "2023-09-01", {"location": "eastus2", "properties": {}})
    caller = [{"id": "aaaaaaaa-0000-4000-8000-000000000001", "what": "the workspace"}]
    return Guarded(world, subscription), {"vaults": [vault], "logs": logs, "callers": caller, "emails": [MAIL]}


def _use_a_key(world: World, vault: str) -> None:
    """Makes a key in the vault and wraps with it."""
    key = f"https://{vault.rpartition('/')[2]}.vault.azure.net/keys/k"

    async def work(client: Client) -> None:
        async def call(url: str, body: Any) -> Any:
            _, _, text = await client.send("POST", f"{url}?api-version=7.5", "https://vault.azure.net", json=body)
            return json.loads(text)

        made = await call(f"{key}/create", {"kty": "RSA"})
        await call(f"{made['key']['kid']}/wrapkey", {"alg": "RSA-OAEP", "value": "AAAA"})

    world.azure(work)


def test_somebody_is_told_from_nothing_to_a_check_that_finds_all_there(sandbox: Sandbox, tmp_path: Path) -> None:
    guarded, alarms = _estate(sandbox, tmp_path)
    applied = guarded.guard("apply", alarms=alarms)
    assert applied.code == 0, applied.out
    made = [one["id"] for one in applied.events if one["event"] == "guard.done"]
    assert len(made) == applied.event("guard.end")["changed"]
    # Everything is read back as it was sent: a second one changes nothing. Somebody uses a key whom nobody named.
    assert guarded.guard("apply", alarms=alarms).event("guard.end")["changed"] == 0
    _use_a_key(guarded.world, alarms["vaults"][0])
    seen = guarded.guard("callers", alarms=alarms)
    used = {one["what"]: (one["operations"], one["open"]) for one in seen.event("guard.callers")["callers"]}
    assert (seen.code, used) == (3, {"": ({"KeyWrap": 1}, True), "the workspace": ({}, False)})

    # Nobody knows yet whether anybody gets it.
    untested = guarded.guard("check", alarms=alarms)
    assert (untested.code, [one["code"] for one in untested.event("guard.check")["gaps"]]) == (3, ["untested"])
    tested = guarded.guard("test", alarms=alarms)
    [sent] = tested.event("guard.test")["tests"]
    assert (tested.code, [(one["name"], one["sent"]) for one in sent["receivers"]]) == (0, [(MAIL, True)])

    # Somebody switches one off, takes one away, and has all of them silenced.
    off, gone, *_ = (id_ for id_ in made if "/metricAlerts/" in id_)
    body = guarded.arm("GET", off, version="2018-03-01")
    body["properties"]["enabled"] = False
    guarded.arm("PUT", off, body, "2018-03-01")
    guarded.arm("DELETE", gone, version="2018-03-01")
    quiet = f"{gone.partition('/providers/')[0]}/providers/Microsoft.AlertsManagement/actionRules/quiet"
    silencing = {"scopes": alarms["vaults"], "actions": [{"actionType": "RemoveAllActionGroups"}]}
    guarded.arm("PUT", quiet, {"location": "Global", "properties": silencing}, "2021-08-08")
    broken = guarded.guard("check", alarms=alarms)
    gaps = {one["id"]: one["code"] for one in broken.event("guard.check")["gaps"]}
    assert (broken.code, gaps) == (3, {off: "off", gone: "missing", quiet: "silenced"})
    guarded.arm("DELETE", quiet, version="2021-08-08")
    assert guarded.guard("apply", alarms=alarms).event("guard.end")["changed"] == 2
    whole = guarded.guard("check", alarms=alarms)
    assert whole.code == 0, whole.out
    # That an alarm fired, as this one did, is no gap.
    assert "somebody who is not expected" in " ".join(whole.event("guard.check")["notes"])
