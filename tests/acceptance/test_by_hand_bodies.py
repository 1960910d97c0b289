"""What `by-hand/` sends makes the thing: a body whose texts are filled in comes back from the target as in the source."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from tests.acceptance.world import World

from amlmigrate.core.documents import differences

AT = {"location": "eastus2"}
NAME = re.compile(r"\$\{([A-Z0-9_]+)\}")
SECRETS = {"PAT": "tok en", "KEY": 'a"b\\c'}
# What the service writes into each by itself.
OWN = re.compile(
    r"provisioningState|scoringUri|swaggerUri|createdOn|modifiedOn|systemData|allocationState|NodeCount|nodeState"
    r"|azureml\.onlineendpointid|AzureAsyncOperationUri|BatchEndpointCreation|isEnabled|createdByWorkspaceArmId|status"
)


def _seed(world: World) -> None:
    ws, group = world.documents["source"]["id"], world.group
    model, environment = f"{ws}/models/m/versions/1", f"{ws}/environments/py/versions/1"
    subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    scale = {"maxNodeCount": 2, "minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": "PT5M"}
    typed = {
        "vmSize": "Standard_DS3_v2",
        "vmPriority": "LowPriority",
        "subnet": {"id": subnet},
        "scaleSettings": scale,
    }
    compute = {"computeType": "AmlCompute", "description": 'the "big" one\\', "properties": typed}
    world.put(
        "computes/cluster",
        AT | {"tags": {"cost": "7\n8"}, "identity": {"type": "SystemAssigned"}, "properties": compute},
    )
    # Its own members bear names that the service has for others elsewhere.
    online = {
        "authMode": "Key",
        "description": "scores $PATH `x`",
        "properties": {"group": "g", "createdBy": "us"},
    }
    world.put(f"onlineEndpoints/e{group}", AT | {"identity": {"type": "SystemAssigned"}, "properties": online})
    blue = {
        "endpointComputeType": "Managed", "instanceType": "Standard_DS3_v2", "model": model, "environmentId": environment,
        "environmentVariables": {"KEY": "a\"b\\c", "N": "7"}, "appInsightsEnabled": True,
        "scaleSettings": {"scaleType": "Default"}, "requestSettings": {"requestTimeout": "PT5S"},
    }  # fmt: skip
    sku = {"name": "Default", "capacity": 2}
    world.put(f"onlineEndpoints/e{group}/deployments/blue", AT | {"sku": sku, "properties": blue})
    world.put(f"batchEndpoints/b{group}", AT | {"properties": {"authMode": "AADToken", "description": "at night"}})
    one = {
        "model": {"referenceType": "Id", "assetId": model}, "environmentId": environment, "compute": f"{ws}/computes/cluster",
        "miniBatchSize": 5, "retrySettings": {"maxRetries": 2, "timeout": "PT30S"}, "environmentVariables": {"A": "b"},
        "resources": {"instanceCount": 1},
    }  # fmt: skip
    world.put(f"batchEndpoints/b{group}/deployments/one", AT | {"properties": one})
    git = {
        "category": "Git",
        "target": "https://git.example.com/r",
        "authType": "PAT",
        "metadata": {"note": "x=1"},
    }
    # One that may be taken for a datastore, and a monitor of a deployment.
    secret = {"credentials": {"pat": SECRETS["PAT"]}}
    world.put("connections/workspaceworkingdirectory", {"properties": git | secret})
    job = {
        "jobType": "Command", "command": 'python train.py --password "a b"', "environmentId": environment,
        "environmentVariables": {"A": "secret"}, "experimentName": "nightly",
        "inputs": {"d": {"jobInputType": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/d"},
                   "n": {"jobInputType": "literal", "value": "5"}},
        "services": {"ssh": {"jobServiceType": "SSH", "properties": {"sshPublicKeys": "ssh-rsa AAAA me"}}},
    }  # fmt: skip
    daily = {"hours": [3], "minutes": [15]}
    trigger = {"triggerType": "Recurrence", "frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00"}
    schedule = {"displayName": "Night ly", "isEnabled": True, "description": "d", "tags": {"t": "x"}}
    schedule |= {"trigger": trigger | {"timeZone": "UTC", "schedule": daily}}
    world.put(
        "schedules/off", {"properties": schedule | {"action": {"actionType": "CreateJob", "jobDefinition": job}}}
    )
    watched = {"taskType": "Classification", "deploymentId": f"{ws}/onlineEndpoints/e{group}/deployments/blue"}
    spark = {"computeType": "ServerlessSpark", "instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}
    spark |= {"computeIdentity": {"computeIdentityType": "AmlToken"}}
    inputs = {"inputDataType": "Fixed", "jobInputType": "mltable", "uri": f"{ws}/data/d/versions/1"}
    rolling = {**inputs, "inputDataType": "Rolling", "windowOffset": "P0D", "windowSize": "P1D"}
    limits = [{"dataType": "Numerical", "metric": "JensenShannonDistance", "threshold": {"value": 0.01}}]
    drift = {
        "signalType": "DataDrift",
        "referenceData": inputs,
        "productionData": rolling,
        "metricThresholds": limits,
    }
    monitor = {"computeConfiguration": spark, "monitoringTarget": watched, "signals": {"drift": drift}}
    action = {"actionType": "CreateMonitor", "monitorDefinition": monitor}
    world.put("schedules/watch", {"properties": schedule | {"action": action}})


def _at(document: Any, place: str) -> Any:
    for part in place.split("/")[1:]:
        document = document[int(part)] if isinstance(document, list) else (document or {}).get(part)
    return document


def _asked(line: str) -> tuple[str, str]:
    """Path and api-version of a command."""
    [url] = re.findall(r"--url ['\"]?(/[^'\" ]+)", line)
    path, _, version = url.partition("?api-version=")
    return path, version


class _Hand:
    """A person who follows the files, one after the other."""

    def __init__(self, world: World) -> None:
        self.world, self.new = world, {"cluster": "cluster-cmk", f"e{world.group}": f"ea{world.group}"}
        self.new[f"b{world.group}"] = f"ba{world.group}"

    def make(self, file: Path) -> tuple[str, Any, Any]:
        """Sends a body with its texts filled in: address, the source's document, and what the target has then."""
        told = yaml.safe_load(file.read_text())
        source = self._get(*_asked(told["see_all_texts"]))
        asked = re.findall(r"read -rs (\w+)", "\n".join(told["commands"]))
        values = {name: self._value(told, name, source) for name in asked}
        path, version = _asked(told["commands"][-1])
        path = NAME.sub(lambda match: values[match[1]], path)
        quoted = {name: json.dumps(value)[1:-1] for name, value in values.items()}
        body = NAME.sub(lambda match: quoted[match[1]], file.with_suffix(".json").read_text())
        self.world.arm("PUT", path, version, json.loads(body))
        return told["address"], source, self._get(path, version)

    def _value(self, told: Any, name: str, source: Any) -> str:
        place = told["fill_in"][name]
        if not place.startswith("/"):
            named = re.search(r" onlineEndpoints/(\w+)", place)
            return self.new[named[1] if named else told["address"].split("/")[1]]
        return str(found) if (found := _at(source, place)) is not None else SECRETS[name]

    def _get(self, path: str, version: str) -> Any:
        return self.world.arm("GET", path, version)

    def as_it_is_to_be(self, document: Any) -> Any:
        """What the source has, by the names of the target."""
        text = json.dumps(document).replace(f"/{self.world.source}/", f"/{self.world.target}/")
        for old, new in self.new.items():
            text = re.sub(rf"(?<=s/){old}\b", new, text)
        return json.loads(text)


def test_each_body_makes_its_thing_in_the_target(small_world: World) -> None:
    world = small_world
    _seed(world)
    world.ok("plan", *world.names)
    world.migrate("run")
    folder, hand = world.folder / "plans" / world.source / "by-hand", _Hand(world)
    # What others name comes first.
    files = [file.with_suffix(".yaml") for file in folder.rglob("*.json")]
    files.sort(key=lambda file: ("schedules" in file.parts, "deployments" in file.parts, str(file)))
    made = set()
    for file in files:
        address, source, target = hand.make(file)
        wanted = hand.as_it_is_to_be(source)
        found = [
            one
            for name in ("properties", "tags", "sku")
            for one in differences(wanted.get(name), target.get(name))
            if not OWN.search(one[0])
        ]
        assert found == [], address
        made.add(address.replace(world.group, ""))
    assert made == {
        "connections/workspaceworkingdirectory", "schedules/watch",
        "onlineEndpoints/e", "onlineEndpoints/e/deployments/blue", "batchEndpoints/b", "batchEndpoints/b/deployments/one",
    }  # fmt: skip
    # They run on one side alone.
    for name in ("off", "watch"):
        assert world.get(f"schedules/{name}")["properties"]["isEnabled"] is False
