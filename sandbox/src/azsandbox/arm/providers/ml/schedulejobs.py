"""The jobs of schedules: what a definition refers to, and the job that is made when a schedule fires."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.providers.ml.jobs import job_document
from azsandbox.arm.providers.ml.references import found, read
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of

_WORKSPACE = (
    r"(?:azureml:)?(?P<id>(?P<in>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.machinelearningservices/workspaces/[^/]+)/"
)
_THING = re.compile(rf"{_WORKSPACE}(?P<kind>computes|jobs|connections)/(?P<name>[^/]+))$", re.IGNORECASE)
_ENDPOINT = re.compile(rf"{_WORKSPACE}(?:online|batch)endpoints/[^/]+(?:/deployments/[^/]+)?)$", re.IGNORECASE)
# azure-ai-ml spells serverless compute as a compute of this name (AZ-COMPUTE-11).
_SERVERLESS = "serverless"
# Members that name an asset, and its kind; those that name something else by its ARM id.
_ASSETS = {"environmentId": "environments", "componentId": "components", "codeId": "codes"}
_THINGS = ("computeId", "default_compute", "sourceJobId", "deploymentId", "connection")


def missing(context: Context, workspace: Record, action: Mapping[str, Any]) -> Iterator[str]:
    """What an action refers to by a whole ARM id and is not there.

    `Unknown compute target` is recorded for jobs (Azure/AML-Kubernetes#118). Inferred (AZ-SCHED-2): that a
    schedule is refused for it, and all other words. Short names, which azure-ai-ml never sends, are not looked at.
    """
    for name, text in _named(action):
        if name in _ASSETS:
            reference = read(text, _ASSETS[name], workspace) if text.count("/") > 2 else None
            if reference is not None and found(context, reference) is None:
                kind = _ASSETS[name][:-1]
                shown = f"version: {reference.version}, label: {reference.label}"
                yield f"No {kind} exists for name: {reference.name}, {shown}"
        elif match := _THING.match(text):
            if match["name"].lower() != _SERVERLESS and context.store.get(_key(match)) is None:
                what = "compute target" if match["kind"].lower() == "computes" else match["kind"].lower()[:-1]
                yield f"Unknown {what} '{match['name']}'."
        elif (match := _ENDPOINT.match(text)) and context.store.get(match["id"].lower()) is None:
            yield f"Unknown endpoint or deployment '{match['id']}'."


def _key(match: re.Match[str]) -> str:
    """Under which a thing is kept: the names of jobs keep their letter case."""
    kind, name = match["kind"].lower(), match["name"]
    return f"{match['in'].lower()}/{kind}/{name if kind == 'jobs' else name.lower()}"


def _named(value: Any) -> Iterator[tuple[str, str]]:
    """Every member that may be a reference, at any depth."""
    if isinstance(value, list):
        for each in value:
            yield from _named(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, str) and name in (*_ASSETS, *_THINGS):
                yield name, each
            else:
                yield from _named(each)


def overridden(action: Mapping[str, Any]) -> str:
    """What the service says to a definition that has jobs of its own beside a source job; else nothing.

    Its words: Azure/azure-sdk-for-python#40288.
    """
    job = object_of(dict(action), "jobDefinition")
    if not job.get("sourceJobId") or not job.get("jobs"):
        return ""
    return f"Invalid jobs override for pipeline job since source job {job['sourceJobId']} is specified"


def run_of(context: Context, schedule: Record, workspace: Record, when: datetime, now: str) -> Record:
    """The job that a schedule makes when it fires, stored as new.

    learn `how-to-schedule-pipeline-job`: display names are the schedule's with the time, and `${{creation_context
    .trigger_time}}` and `${{name}}` stand for values. Inferred (AZ-SCHED-3): the job's name is its display name.
    Inferred (AZ-SCHED-4): its author is who wrote the schedule last.
    """
    name = f"{schedule.name}-{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    action = schedule.properties["action"]
    definition = _definition(context, object_of(action, "jobDefinition"))
    sent = {
        "jobType": "Pipeline",
        **{key: value for key, value in definition.items() if value is not None and key != "status"},
        "displayName": name,
    }
    last = schedule.document["systemData"]
    system = {"createdAt": now, "createdBy": last["lastModifiedBy"], "createdByType": last["lastModifiedByType"]}
    document = job_document(name, _put_in(sent, {"name": schedule.name, "time": when.isoformat()}), system)
    type_ = f"{NAMESPACE}/workspaces/jobs"
    id_ = f"{workspace.id}/jobs/{name}"
    key = f"{workspace.key}/jobs/{name}"
    head = {"id": id_, "name": name, "type": type_}
    record = Record(key, type_.lower(), workspace.key, id_, name, {**head, **document})
    context.store.put(record)
    return record


def _definition(context: Context, job: dict[str, Any]) -> dict[str, Any]:
    """A definition by a source job is that job's, with what the schedule sets in its place."""
    match = _THING.match(str(job.get("sourceJobId") or ""))
    if match is None:
        return job
    source = context.store.get(_key(match))
    before = source.properties if source else {}
    mine = {name: value for name, value in job.items() if value not in (None, {}) and name != "sourceJobId"}
    outputs = {name: value for name, value in object_of(before, "outputs").items() if name != "default"}
    return {**before, "outputs": outputs, **mine}


def _put_in(value: Any, given: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _put_in(each, given) for name, each in value.items()}
    if isinstance(value, list):
        return [_put_in(each, given) for each in value]
    if not isinstance(value, str):
        return value
    put = value.replace("${{name}}", f"{given['name']}")
    return put.replace("${{creation_context.trigger_time}}", given["time"])
