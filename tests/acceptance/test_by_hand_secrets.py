"""What is left by hand has secrets in its texts: none is in any file of the plan, nor in what is printed."""

from __future__ import annotations

import re

from tests.acceptance.world import World

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CANARY = re.compile(rb"Zq7cny\d+kX")


def _planted(world: World) -> None:
    name = f"e{world.group}"
    at = {"location": "eastus2"}
    world.put(f"onlineEndpoints/{name}", at | {"properties": {"authMode": "Key", "description": "Zq7cny01kX"}})
    deployment = {
        "endpointComputeType": "Managed",
        "instanceType": "Standard_DS3_v2",
        "model": f"{world.documents['source']['id']}/models/m/versions/1",
        "environmentId": f"{world.documents['source']['id']}/environments/py/versions/1",
        "environmentVariables": {"KEY": "Zq7cny02kX", "URL": "https://u:Zq7cny03kX@h/p?sig=Zq7cny04kX"},
    }
    sku = {"name": "Default", "capacity": 1}
    world.put(f"onlineEndpoints/{name}/deployments/blue", at | {"sku": sku, "properties": deployment})
    connection = {"category": "Git", "target": "https://git.example.com/r?sig=Zq7cny05kX", "authType": "PAT"}
    connection |= {"credentials": {"pat": "Zq7cny06kX"}, "metadata": {"note": "Zq7cny07kX"}}
    world.put("connections/workspaceworkingdirectory", {"properties": connection})
    job = {
        "jobType": "Command",
        "command": "x.py --password Zq7cny08kX",
        "environmentVariables": {"A": "Zq7cny09kX"},
    }
    # Nobody can read the job that it submits again: it was there when the schedule was made.
    gone = f"{world.documents['source']['id']}/jobs/gone"
    job |= {"environmentId": deployment["environmentId"], "sourceJobId": gone}
    schedule = {"displayName": "Zq7cny10kX", "isEnabled": False, "description": "AccountKey=Zq7cny11kX"}
    schedule |= {"trigger": {"triggerType": "Cron", "expression": "0 0 * * *"}, "tags": {"t": "Zq7cny12kX"}}
    world.put(
        "jobs/gone", {"properties": {"jobType": "Command", "command": "x", "environmentId": job["environmentId"]}}
    )
    world.put(
        "schedules/off", {"properties": schedule | {"action": {"actionType": "CreateJob", "jobDefinition": job}}}
    )
    world.arm("DELETE", gone)


def test_no_secret_is_in_a_file_of_the_plan_or_in_what_is_printed(small_world: World) -> None:
    world = small_world
    _planted(world)
    planned = world.ok("plan", *world.names, "--verbose")
    ran = world.migrate("run", "--json", "--verbose")
    left = [line["address"] for line in world.plan_lines() if line.get("action") == "manual"]
    kinds = {address.partition("/")[0] for address in left}
    assert {"onlineEndpoints", "connections", "schedules"} <= kinds
    planted = [one for one in left if one.split("/")[0] in ("connections", "schedules")]
    outs = [planned, *(world.ok("show", one) for one in planted), world.ok("show", planted[0], "--json")]
    outs.append(world.ok("show", "--all"))
    outs.append(world.ok("waive", planted[0], "--reason", "the old AccountKey=Zq7cny13kX is gone"))
    verified = world.migrate("verify", "--json", "--verbose")
    assert (ran.code, verified.code) == (3, 3), (ran.err[-800:], verified.err[-800:])
    outs += [ran, verified, world.ok("status", "--json")]
    for result in outs:
        assert not CANARY.findall((result.out + result.err).encode())
    folder = world.folder / "plans" / world.source
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len([path for path in files if path.is_relative_to(folder / "by-hand")]) >= 8
    assert {str(path): found for path in files if (found := CANARY.findall(path.read_bytes()))} == {}
    # Who made it is told by the name that the directory has.
    told = (folder / "by-hand/schedules/off.yaml").read_text()
    owner = next(line for line in told.splitlines() if line.startswith("owner: "))
    assert world.env["AZURE_CLIENT_ID"] not in owner and not GUID.search(owner), owner
