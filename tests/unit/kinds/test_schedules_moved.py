"""Schedules: what they submit is whole, their rhythm is kept, and who cannot be enabled by this tool is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.builders.world import CONTEXT, NEW, OLD
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.pointers import at
from amlmigrate.kinds.schedules import KIND

DAILY = {"triggerType": "Recurrence", "frequency": "Day", "interval": 2, "startTime": "2026-01-01T00:00:00"}
JOB = "/properties/action/jobDefinition"


def _document(definition: Any, trigger: Document = DAILY, **more: Any) -> Document:
    action = {"actionType": "CreateJob", "jobDefinition": definition}
    properties = {"isEnabled": True, "trigger": trigger, "action": action, **more}
    told = {"createdAt": "2026-02-03T04:05:06.7+00:00", "createdBy": "Ann"}
    return {"name": "s", "properties": properties, "systemData": told}


async def _read(document: Document, **others: Document) -> Asset:
    port = InMemory({"schedules/s": document, **{path.replace("_", "/", 1): one for path, one in others.items()}})
    [found] = await KIND.scan(port)
    return found


def _made(asset: Asset) -> Document:
    return KIND.desired(asset, CONTEXT).first.body


PIPELINE = {
    "jobType": "Pipeline",
    "status": "Completed",
    "displayName": "night",
    "experimentName": "e",
    "computeId": f"{OLD.id}/computes/cpu",
    "properties": {"azureml.runsource": "x"},
    "tags": {"run": "1"},
    "services": {"Studio": {"endpoint": "https://ml.azure.com/runs/j"}},
    "inputs": {"a": {"jobInputType": "literal", "value": "1"}, "b": {"jobInputType": "literal", "value": "2"}},
    "settings": {"default_compute": f"{OLD.id}/computes/cpu", "continue_on_step_failure": False},
    "jobs": {
        "one": {"type": "command", "componentId": f"{OLD.id}/components/c/versions/1", "outputs": {"o": None}}
    },
}


async def test_what_it_submits_again_is_whole_in_the_target_with_what_the_schedule_says() -> None:
    own = {
        "jobType": "Pipeline",
        "sourceJobId": f"{OLD.id}/jobs/j",
        "inputs": {"b": {"jobInputType": "literal", "value": "3"}},
        "settings": {"continue_on_step_failure": True},
        "tags": {"schedule": "s"},
        "displayName": None,
    }
    found = await _read(_document(own), jobs_j={"name": "j", "properties": PIPELINE})
    assert not found.reason
    made = at(_made(found), JOB)
    assert made == {
        "jobType": "Pipeline",
        "displayName": "night",
        "experimentName": "e",
        "computeId": f"{NEW.id}/computes/cpu",
        "tags": {"schedule": "s"},
        "inputs": {"a": {"jobInputType": "literal", "value": "1"}, "b": {"jobInputType": "literal", "value": "3"}},
        "settings": {"default_compute": f"{NEW.id}/computes/cpu", "continue_on_step_failure": True},
        "jobs": {
            "one": {"type": "command", "componentId": f"{NEW.id}/components/c/versions/1", "outputs": {"o": None}}
        },
    }
    # What it needs there is what the job needs.
    assert "components" in {one.kind for one in KIND.references(found)}


async def test_a_secret_in_what_it_submits_again_is_filled_in_from_there() -> None:
    secret = "https://x.example.com/a?sig=abc%2Fdef"
    job = {**PIPELINE, "inputs": {"u": {"jobInputType": "uri_file", "uri": secret}}}
    documents = {
        "schedules/s": _document({"jobType": "Pipeline", "sourceJobId": f"{OLD.id}/jobs/j"}),
        "jobs/j": {"name": "j", "properties": job},
    }
    port = InMemory(documents)
    [found] = await KIND.scan(port)
    body = _made(found)
    assert "abc%2Fdef" not in json.dumps(body)
    filled = await KIND.secrets(port, InMemory(), found.address, body)
    assert at(filled, f"{JOB}/inputs/u/uri") == secret


ELSEWHERE = OLD.id.replace("/ws1", "/other")
STAYS: dict[str, tuple[Any, dict[str, Document], str]] = {
    "no definition": (None, {}, "no definition of the job that it submits"),
    "an empty one": ({}, {}, "no definition of the job that it submits"),
    "a job that is gone": ({"sourceJobId": f"{OLD.id}/jobs/j"}, {}, "cannot be read"),
    "a job of another workspace": (
        {"sourceJobId": f"{ELSEWHERE}/jobs/j"},
        {"jobs_j": {"properties": {}}},
        "cannot be read",
    ),
    "a job by SDK v1": (
        {"sourceJobId": f"{OLD.id}/jobs/j"},
        {"jobs_j": {"name": "j", "properties": {"jobType": "Pipeline", "jobs": None}}},
        "as of one by SDK v1",
    ),
}


@pytest.mark.parametrize("what", STAYS)
async def test_what_cannot_be_made_says_why_and_what_to_do(what: str) -> None:
    definition, others, words = STAYS[what]
    found = await _read(_document(definition), **others)
    assert words in found.reason and found.remedy.endswith(".")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (
            {"actionType": "CreateMonitor", "monitorDefinition": {"monitoringTarget": {"deploymentId": "d"}}},
            "monitors",
        ),
        ({"actionType": "CreateMonitor", "monitorDefinition": {"monitoringTarget": {"taskType": "x"}}}, ""),
        ({"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": {}}, "batch endpoint"),
        ({"actionType": "ImportData", "dataImportDefinition": {}}, "'ImportData'"),
        ({}, "'None'"),
    ],
)
async def test_only_actions_that_move_as_a_whole_move(action: Document, words: str) -> None:
    document = _document({})
    document["properties"]["action"] = action
    found = await _read(document)
    assert words in found.reason and bool(found.reason) is bool(words)


COMMAND = {"jobType": "Command", "command": "x"}


@pytest.mark.parametrize(
    ("trigger", "start", "told"),
    [
        (DAILY, "2026-01-01T00:00:00", False),
        ({**DAILY, "startTime": None}, "2026-02-03T04:05:06", True),
        ({"triggerType": "Cron", "expression": "0 3 * * 1", "timeZone": "UTC"}, None, False),
    ],
)
async def test_intervals_count_from_when_they_did(trigger: Document, start: str | None, told: bool) -> None:
    found = await _read(_document(COMMAND, trigger))
    desired = KIND.desired(found, CONTEXT)
    assert desired.first.body["properties"]["trigger"].get("startTime") == start
    assert ["schedule-start" in one.address for one in desired.findings] == [True] * told


async def test_a_start_that_is_filled_in_is_utc_and_says_so_where_the_time_zone_is_another() -> None:
    for zone, told in (("UTC", False), (None, False), ("Pacific Standard Time", True)):
        found = await _read(_document(COMMAND, {**DAILY, "startTime": None, "timeZone": zone}))
        [finding] = KIND.desired(found, CONTEXT).findings
        assert ("taken for one of 'Pacific Standard Time'" in finding.summary) is told


async def test_where_the_run_kept_its_logs_is_no_output_of_the_next_ones() -> None:
    logs = {
        "jobOutputType": "uri_folder",
        "uri": "azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.j",
    }
    own = {"jobOutputType": "uri_folder", "uri": "azureml://datastores/lake/paths/out"}
    job = {**PIPELINE, "outputs": {"default": logs, "mine": own, "none": None}}
    by_job = {"jobType": "Pipeline", "sourceJobId": f"{OLD.id}/jobs/j"}
    made = at(_made(await _read(_document(by_job), jobs_j={"name": "j", "properties": job})), JOB)
    assert made["outputs"] == {"mine": own, "none": None}


USER = {"identityType": "UserIdentity"}
NODES = {**PIPELINE, "jobs": {"one": {"jobs": {"two": {"identity": {"type": "user_identity"}}}}}}


@pytest.mark.parametrize(
    ("definition", "by_owner"),
    [
        (COMMAND, False),
        ({**COMMAND, "identity": {"identityType": "AMLToken"}}, False),
        ({**COMMAND, "identity": USER}, True),
        (NODES, True),
    ],
)
async def test_one_whose_jobs_run_as_a_user_is_left_to_its_owner(definition: Document, by_owner: bool) -> None:
    found = await _read(_document(definition))
    off, on = KIND.desired(found, CONTEXT).writes
    assert (off.body["properties"]["isEnabled"], on.body["properties"]["isEnabled"]) == (False, True)
    assert (off.stage, on.stage, on.phase) == ("run", "cutover", "enable")
    assert bool(on.by_hand) is by_owner and ("Its owner: Ann." in on.by_hand) is by_owner


async def test_one_that_is_disabled_has_nothing_for_the_cutover() -> None:
    found = await _read(_document(COMMAND, isEnabled=False))
    [only] = KIND.desired(found, CONTEXT).writes
    assert only.body["properties"]["isEnabled"] is False and KIND.quiet(found) == {}


def test_real_bodies_are_read_for_what_they_are(shared: Path) -> None:
    path = shared / "real" / "rest-of-workspace-examples.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    schedules = [one for one in rows if one["kind"] == "schedules"]
    assert len(schedules) > 4
    for row in schedules:
        document = {"id": f"{OLD.id}/schedules/x", "name": row["name"], "properties": row["properties"]}
        asset = Asset(Address.of("schedules", row["name"]), document)
        if not KIND._unmoved(asset):
            body = _made(asset)
            assert body["properties"]["isEnabled"] is False
            assert KIND.differences(asset.address, body, body) == []
