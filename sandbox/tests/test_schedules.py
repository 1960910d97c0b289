"""Schedules: what is refused, what fires, and what becomes of it; by requests and by MLClient's own models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from arm_harness import WORKSPACE, ArmClient, client, principal

PATH = f"{WORKSPACE}/schedules/nightly"
ENVIRONMENT = f"{WORKSPACE}/environments/py/versions/1"
COMPUTE = f"{WORKSPACE}/computes/cluster"
CRON = {"triggerType": "Cron", "expression": "15 3 * * 1-5", "timeZone": "Pacific Standard Time"}
EVERY = {
    "triggerType": "Recurrence",
    "frequency": "Day",
    "interval": 1,
    "schedule": {"hours": [4], "minutes": [0, 30]},
}
PREVIEW = "2024-01-01-preview"


def job(**more: Any) -> dict[str, Any]:
    made = {"jobType": "Command", "command": "echo ${{name}}", "environmentId": ENVIRONMENT, "computeId": COMPUTE}
    return {"actionType": "CreateJob", "jobDefinition": {**made, **more}}


def body(**properties: Any) -> dict[str, Any]:
    return {"properties": {"displayName": "n", "isEnabled": True, "trigger": CRON, "action": job(), **properties}}


@pytest.fixture
async def arm(tmp_path: Path) -> AsyncIterator[ArmClient]:
    made = client(tmp_path)
    await made.workspace()
    await made.ok("PUT", ENVIRONMENT, {"properties": {"image": "python:3"}})
    inner = {"vmSize": "Standard_DS3_v2", "scaleSettings": {"maxNodeCount": 1}}
    cluster = {"location": "eastus2", "properties": {"computeType": "AmlCompute", "properties": inner}}
    await made.done("PUT", COMPUTE, cluster)
    yield made
    await made.arm.close()


@pytest.mark.parametrize(
    "expression",
    ["0 * * * *", "*/5 0-6,22 1 * *", "0 0 1-31/2 jan-mar mon-fri", "59 23 31 12 6", "0 12 * * Sunday"],
)
async def test_cron_expressions(arm: ArmClient, expression: str) -> None:
    await arm.done("PUT", PATH, body(trigger={**CRON, "expression": expression}))
    assert (await arm.ok("GET", PATH))["properties"]["trigger"]["expression"] == expression


@pytest.mark.parametrize(
    "expression",
    ["", "0", "0 * * *", "0 0 0 * * *", "60 * * * *", "0 24 * * *", "0 0 0 * *", "0 0 32 * *", "0 0 * 13 *",
     "0 0 * * 7", "0 0 * * frei", "5-1 * * * *", "*/0 * * * *", "a * * * *", "1, * * * *", "-1 * * * *", "@daily"],
)  # fmt: skip
async def test_what_is_no_cron_expression(arm: ArmClient, expression: str) -> None:
    await arm.error(400, "PUT", PATH, body(trigger={**CRON, "expression": expression}), code="UserError")
    await arm.error(404, "GET", PATH)


@pytest.mark.parametrize(
    ("trigger", "says"),
    [
        ({**CRON, "timeZone": "Europe/Zurich"}, "'Europe/Zurich' is no time zone"),
        ({**CRON, "startTime": "2026-01-01T00:00:00Z"}, "without an offset"),
        ({**CRON, "startTime": "2026-01-01T00:00:00+02:00"}, "without an offset"),
        ({**CRON, "startTime": "2026-02-30T00:00:00"}, "is no time"),
        (
            {**CRON, "startTime": "2026-02-02T00:00:00", "endTime": "2026-02-01T00:00:00"},
            "endTime has to be later",
        ),
        ({**EVERY, "interval": 0}, "interval '0'"),
        ({**EVERY, "schedule": {"hours": [24], "minutes": [0]}}, "'24' is no value for hours"),
        ({**EVERY, "schedule": {"hours": [1], "minutes": [60]}}, "'60' is no value for minutes"),
        ({**EVERY, "schedule": {"hours": [1], "minutes": [0], "monthDays": [0]}}, "'0' is no value for monthDays"),
    ],
)
async def test_other_triggers_that_are_none(arm: ArmClient, trigger: Any, says: str) -> None:
    await arm.error(400, "PUT", PATH, body(trigger=trigger), says=says)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (job(environmentId=f"{WORKSPACE}/environments/py/versions/2"), "No environment exists for name: py, version: 2"),
        (job(computeId=f"{WORKSPACE}/computes/other"), "Unknown compute target 'other'"),
        (job(codeId=f"{WORKSPACE}/codes/c/versions/1"), "No code exists for name: c, version: 1"),
        (
            job(jobType="Pipeline", jobs={"a": {"componentId": f"{WORKSPACE}/components/c/versions/1"}}),
            "No component exists for name: c",
        ),
        (
            job(jobType="Pipeline", settings={"default_compute": f"{WORKSPACE}/computes/gone"}),
            "Unknown compute target 'gone'",
        ),
        (job(jobType="Pipeline", sourceJobId=f"{WORKSPACE}/jobs/gone"), "Unknown job 'gone'"),
        (
            {"actionType": "CreateMonitor", "monitorDefinition": {
                "computeConfiguration": {"computeType": "ServerlessSpark", "instanceType": "Standard_E4s_v3",
                    "runtimeVersion": "3.4", "computeIdentity": {"computeIdentityType": "AmlToken"}},
                "monitoringTarget": {"taskType": "Classification", "deploymentId": f"{WORKSPACE}/onlineEndpoints/e/deployments/d"},
                "signals": {}}},
            "Unknown endpoint or deployment",
        ),
    ],
)  # fmt: skip
async def test_what_an_action_refers_to_has_to_be_there(arm: ArmClient, action: Any, says: str) -> None:
    await arm.error(400, "PUT", PATH, body(action=action), says=says)


async def test_jobs_of_its_own_beside_a_source_job(arm: ArmClient) -> None:
    await arm.ok("PUT", f"{WORKSPACE}/jobs/First", {"properties": job()["jobDefinition"]})
    both = job(jobType="Pipeline", sourceJobId=f"{WORKSPACE}/jobs/First", jobs={"a": {"type": "command"}})
    await arm.error(
        400, "PUT", PATH, body(action=both), says="Invalid jobs override for pipeline job since source job"
    )


async def test_a_schedule_fires_as_whoever_wrote_it(arm: ArmClient) -> None:
    await arm.done("PUT", PATH, body(action=job(identity={"identityType": "UserIdentity"})))
    writer, arm.who = arm.who, principal("somebody else")
    assert writer
    asked = {"scheduleTime": "2026-03-01T03:15:00+00:00"}
    fired = await arm.ok("POST", f"{PATH}/trigger", asked, version=PREVIEW)
    assert fired == {"scheduleActionType": "CreateJob", "submissionId": "nightly-20260301T031500Z"}
    made = await arm.ok("GET", f"{WORKSPACE}/jobs/{fired['submissionId']}")
    assert made["systemData"]["createdBy"] == writer.object_id
    properties = made["properties"]
    assert (properties["displayName"], properties["command"]) == (fired["submissionId"], "echo nightly")
    assert properties["identity"] == {"identityType": "UserIdentity"} and properties["computeId"] == COMPUTE
    await arm.done("PUT", PATH, body())
    again = await arm.ok("POST", f"{PATH}/trigger", {}, version=PREVIEW)
    now = await arm.ok("GET", f"{WORKSPACE}/jobs/{again['submissionId']}")
    assert now["systemData"]["createdBy"] == arm.who.object_id
    assert await arm.names(f"{WORKSPACE}/jobs") == [again["submissionId"], fired["submissionId"]]


async def test_a_schedule_of_a_source_job_runs_what_that_job_ran(arm: ArmClient) -> None:
    await arm.ok(
        "PUT", f"{WORKSPACE}/jobs/First", {"properties": {**job()["jobDefinition"], "experimentName": "e"}}
    )
    action = {"actionType": "CreateJob", "jobDefinition": {
        "jobType": "Command", "command": "true", "environmentId": ENVIRONMENT, "sourceJobId": f"{WORKSPACE}/jobs/First"}}  # fmt: skip
    await arm.done("PUT", PATH, body(action=action))
    fired = await arm.ok("POST", f"{PATH}/trigger", {}, version=PREVIEW)
    made = (await arm.ok("GET", f"{WORKSPACE}/jobs/{fired['submissionId']}"))["properties"]
    assert (made["experimentName"], made["command"], made["computeId"]) == ("e", "true", COMPUTE)


async def test_only_an_enabled_schedule_fires_and_only_a_disabled_one_goes(arm: ArmClient) -> None:
    await arm.done("PUT", PATH, body())
    await arm.error(400, "DELETE", PATH, says="Disable it before")
    await arm.done("PUT", PATH, body(isEnabled=False))
    await arm.error(400, "POST", f"{PATH}/trigger", {}, version=PREVIEW, says="disabled")
    gone = await arm.send("DELETE", PATH)
    assert (await arm.ok("GET", PATH))["properties"]["provisioningState"] == "Deleting"
    await arm.finish(gone)
    await arm.error(404, "GET", PATH)
    await arm.error(404, "POST", f"{PATH}/trigger", {}, version=PREVIEW)
    assert await arm.every(f"{WORKSPACE}/jobs") == []


async def test_a_monitor_keeps_its_definition(arm: ArmClient) -> None:
    signal = {
        "signalType": "Custom",
        "componentId": "c:1",
        "metricThresholds": [{"metric": "m", "threshold": {"value": 1}}],
    }
    definition = {
        "computeConfiguration": {"computeType": "ServerlessSpark", "instanceType": "Standard_E4s_v3",
                                 "runtimeVersion": "3.4", "computeIdentity": {"computeIdentityType": "AmlToken"}},
        "signals": {"s": signal},
    }  # fmt: skip
    action = {"actionType": "CreateMonitor", "monitorDefinition": definition}
    await arm.done("PUT", PATH, body(action=action))
    await arm.done("PUT", PATH, body(action=action, isEnabled=False, trigger=EVERY))
    other = {**action, "monitorDefinition": {**definition, "signals": {"s": {**signal, "componentId": "c:2"}}}}
    await arm.error(400, "PUT", PATH, body(action=other), says="cannot be changed")
    found = (await arm.ok("GET", PATH))["properties"]
    assert (found["isEnabled"], found["trigger"]["triggerType"]) == (False, "Recurrence")
    assert found["action"]["monitorDefinition"]["signals"]["s"]["componentId"] == "c:1"


async def test_an_import_of_data_is_a_previews(arm: ArmClient) -> None:
    action = {"actionType": "ImportData", "dataImportDefinition": {"dataType": "mltable", "assetName": "d"}}
    await arm.error(400, "PUT", PATH, body(action=action))
    await arm.done("PUT", PATH, body(action=action), version="2023-06-01-preview")
    assert (await arm.ok("GET", PATH, version="2023-06-01-preview"))["properties"]["action"] == action
    assert (await arm.ok("GET", PATH))["properties"]["action"] == {"actionType": "ImportData"}
