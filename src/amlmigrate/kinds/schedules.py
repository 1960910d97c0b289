"""Schedules: jobs that are submitted at set times, or signals that are monitored; enabled at the cutover."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of, without_nulls
from amlmigrate.core.finding import Finding
from amlmigrate.core.pointers import EACH, member, without
from amlmigrate.core.reference import Reference
from amlmigrate.core.switched import laid
from amlmigrate.core.translation import Difference
from amlmigrate.core.writes import Desired, PlanContext, Write
from amlmigrate.kinds._base import Kind, WorkspacePort
from amlmigrate.kinds._fields import COMMON
from amlmigrate.kinds._listed import CREATED, EVERY_STATE, WORKSPACE
from amlmigrate.kinds._secrets import filled, has_markers

_ENABLED = "/properties/isEnabled"
_JOB = ("action", "jobDefinition")
_REMEDY = "Create the schedule in the target."
# What each action does, by its type.
_DEFINITIONS = {
    "CreateJob": "jobDefinition",
    "CreateMonitor": "monitorDefinition",
    "InvokeBatchEndpoint": "endpointInvocationDefinition",
}
# What only the service writes below `properties`, by the way to it.
_WRITTEN = (
    (_JOB, frozenset({"status", "parameters"})),
    ((*_JOB, "services", EACH), frozenset({"status", "errorMessage"})),
)
# What a job says that is the run's own, and not of what was run.
_OF_RUN = frozenset({"status", "services", "properties", "tags", "isArchived", "sourceJobId"})
# What a schedule adds to what its source job has; all else that it says takes the place of that.
_ADDED = frozenset({"inputs", "outputs", "settings"})
# The name, and the display name, of a job that it submits: its own, and when (AZ-SCHED-3).
_FIRED = re.compile(r"(.+)-\d{8}T\d{6}Z")
_NOTHING: tuple[Any, ...] = ("", [], {})


class Schedules(Kind):
    """It is created disabled, whatever it was; the cutover disables the source's, and then enables it."""

    name = "schedules"
    counted = 9
    blocks_deletion = True
    # MLClient reads one by itself.
    sdk_operations = "schedules"
    after = (
        *("components", "data", "models", "environments", "codes", "datastores"),
        *("computes", "onlineEndpoints/deployments", "batchEndpoints/deployments"),
    )
    query = EVERY_STATE
    fields = COMMON.but(
        mutable={
            "isEnabled": "it is enabled and disabled",
            "trigger": "when it fires",
            "action": "what it does, but for the definition of a monitor (AZ-LIVE-19)",
        },
    )

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        return [await self._read(source, one) for one in await super().scan(source, parents)]

    async def _read(self, source: WorkspacePort, found: Asset) -> Asset:
        """One with its id, which no list shows (AZ-LIVE-11), the job that it submits again, and why it stays."""
        found = replace(found, document={"id": f"{source.id}/{self.path(found.address)}", **found.document})
        if job := _source_job(found.properties):
            path = _path_in(job, source.id)
            found = replace(found, beside={job: (await source.get(path) if path else None) or {}})
        why = self._unmoved(found)
        return replace(found, reason=why, remedy=_REMEDY) if why else found

    def _unmoved(self, asset: Asset) -> str:
        """Why a person has to make it; '' where it moves."""
        action = asset.properties.get("action") or {}
        match str(action.get("actionType")):
            case "CreateJob":
                return _job_unmoved(asset)
            case "CreateMonitor":
                watched = member(action, ("monitorDefinition", "monitoringTarget", "deploymentId"))
                return "it monitors a deployment, which this version does not move" if watched else ""
            case "InvokeBatchEndpoint":
                return "it calls a batch endpoint, which this version does not move"
            case other:
                return f"its action is '{other}', which this version does not know"

    def live(self, asset: Asset) -> str:
        # The service takes one that does not say so for enabled.
        enabled = asset.properties.get("isEnabled") is not False
        return f"{asset.address} is an enabled schedule." if enabled else ""

    def quiet(self, asset: Asset) -> Mapping[str, Any]:
        return {_ENABLED: False} if self.live(asset) else {}

    def unstopped(self, asset: Asset) -> str:
        action = asset.properties.get("action") or {}
        if not self.live(asset) or action.get(_DEFINITIONS.get(str(action.get("actionType")), "")):
            return ""
        # A PUT replaces the whole: what is not shown would be gone, in the source (AZ-LIVE-19).
        return f"{asset.address} is enabled, and the service does not show all of it: disable it where it is from."

    async def runs(
        self, workspace: WorkspacePort, assets: Sequence[Asset]
    ) -> Mapping[Address, Sequence[Document]]:
        found: dict[Address, list[Document]] = {asset.address: [] for asset in assets}
        async for job in workspace.pages("jobs", dict(EVERY_STATE)):
            names = (job.get("name"), properties_of(job).get("displayName"))
            fired = {match[1] for name in names if (match := _FIRED.fullmatch(str(name)))}
            for address in (Address.of(self.name, name) for name in fired):
                if address in found:
                    system = job.get("systemData") or {}
                    told = {key: system.get(key) for key in ("createdAt", "createdBy")}
                    found[address].append({"name": job.get("name"), **told})
        return {address: sorted(jobs, key=lambda job: str(job["createdAt"])) for address, jobs in found.items()}

    def anew(self, properties: Document) -> Document:
        # Nothing runs on both sides; and one that says nothing of it is enabled (AZ-LIVE-5).
        return {**self.writable(properties), "isEnabled": False}

    def references(self, asset: Asset) -> tuple[Reference, ...]:
        return super().references(_whole(asset))

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        found = super().desired(_whole(asset), plan)
        if _without_start(asset.properties):
            found = replace(found, findings=(*found.findings, _begins(asset)))
        off, on = (laid(found.first.body, {_ENABLED: value}) for value in (False, True))
        if not self.live(asset):
            return replace(found, writes=(Write(off),))
        enabled = Write(
            on,
            "enable",
            stage="cutover",
            changes=(_ENABLED,),
            reason="enabled at the cutover, once the source's is disabled",
            by_hand=_by_owner(asset),
        )
        return replace(found, writes=(Write(off), enabled))

    def _told(self, properties: Document) -> Document:
        # A null in a node of a pipeline is a value, as of an output of the default type.
        kept = {"action": properties["action"]} if properties.get("action") is not None else {}
        return super()._told(properties) | kept

    def writable(self, properties: Document) -> Document:
        for way, names in _WRITTEN:
            properties = without(properties, way, names)
        action = properties.get("action")
        if not isinstance(action, dict):
            return properties
        # The service pads the definition of a job with nulls (AZ-LIVE-11); that of a monitor is typed throughout.
        sent = {
            key: without_nulls(value)
            if key == "monitorDefinition"
            else {name: child for name, child in value.items() if child is not None}
            if isinstance(value, dict)
            else value
            for key, value in action.items()
            if value is not None
        }
        return {**properties, "action": sent}

    async def secrets(
        self, source: WorkspacePort, target: WorkspacePort, address: Address, body: Document
    ) -> Document:
        if not has_markers(body):
            return body
        [asset] = [await self._read(source, Asset(address, await source.get(self.path(address)) or {}))]
        found: Document = filled(body, _whole(asset).document)
        return found

    def canonical(self, document: Document) -> Document:
        found = super().canonical(document)
        found.pop("isEnabled", None)
        if properties_of(document).get("isEnabled") is not False:
            found["isEnabled"] = True
        if isinstance(trigger := found.get("trigger"), dict):
            found["trigger"] = _trigger(trigger)
        if isinstance(job := member(found, _JOB), dict):
            kept = {name: value for name, value in job.items() if value is not False and value not in _NOTHING}
            found["action"] = {**found["action"], "jobDefinition": kept}
        return found

    def differences(self, address: Address, wanted: Document, actual: Document) -> list[Difference]:
        found = super().differences(address, wanted, actual)
        monitor = "/properties/action/monitorDefinition"
        return [
            replace(one, changeable=False) if f"{one.field}/".startswith(f"{monitor}/") else one for one in found
        ]

    def example(self) -> Asset:
        return Asset(
            Address.of("schedules", "nightly"),
            {
                "name": "nightly",
                "properties": {
                    "description": None,
                    "displayName": "Every night",
                    "isEnabled": True,
                    "properties": {},
                    "tags": {"team": "risk"},
                    "trigger": {
                        "triggerType": "Recurrence",
                        "frequency": "Day",
                        "interval": 2,
                        "schedule": {"hours": [3], "minutes": [15]},
                        "startTime": "2026-03-26T19:14:58",
                        "endTime": None,
                        "timeZone": "W. Europe Standard Time",
                    },
                    "action": {
                        "actionType": "CreateJob",
                        "jobDefinition": {
                            "jobType": "Command",
                            "command": "python train.py",
                            "environmentId": f"{WORKSPACE}/environments/training/versions/3",
                            "computeId": f"{WORKSPACE}/computes/cpu",
                            "displayName": None,
                            "isArchived": False,
                            "properties": {},
                            "services": None,
                            "status": "NotStarted",
                            "tags": {},
                        },
                    },
                    "provisioningState": "Succeeded",
                },
                "systemData": CREATED,
            },
        )


def _source_job(properties: Document) -> str:
    """The job that it submits again, by its ARM id; '' where it has a whole definition."""
    return str(member(properties, (*_JOB, "sourceJobId")) or "")


def _path_in(job: str, workspace: str) -> str:
    """Where a job of that id is in the workspace; '' where it is of another."""
    id_ = ArmId.of(job)
    own = job.lower().startswith(f"{workspace.lower()}/jobs/")
    return f"jobs/{id_.name}" if own else ""


def _job_unmoved(asset: Asset) -> str:
    definition = member(asset.properties, _JOB)
    if not isinstance(definition, dict) or not definition:
        # Azure/azure-sdk-for-python#37466: such schedules are there.
        return "the service shows no definition of the job that it submits"
    job = _source_job(asset.properties)
    if not job:
        return ""
    found = properties_of(asset.beside.get(job))
    if not found:
        return f"the job that it submits again cannot be read: '{job}'"
    if not found.get("jobs"):
        # Inferred (AZ-LIVE-20): so the service shows a job that SDK v1 submitted.
        return f"the service shows no definition of the job that it submits again, as of one by SDK v1: '{job}'"
    return ""


def _whole(asset: Asset) -> Asset:
    """With the definition of the job that it submits again, which stays behind, and with its start."""
    properties = asset.properties
    if job := _source_job(properties):
        definition = _inlined(properties_of(asset.beside.get(job)), member(properties, _JOB))
        properties = {**properties, "action": {**properties["action"], "jobDefinition": definition}}
    if _without_start(properties):
        start = asset.created_at.partition(".")[0]
        properties = {**properties, "trigger": {**properties["trigger"], "startTime": start or None}}
    return replace(asset, document={**asset.document, "properties": properties})


def _inlined(job: Document, own: Document) -> Document:
    """What is submitted: the job's definition, and what the schedule says of it (AZ-LIVE-20)."""
    found = {name: value for name, value in job.items() if name not in _OF_RUN and value is not None}
    if outputs := found.get("outputs"):
        # Where that one run kept its logs: the service gives each run such a place (AZ-WS-2).
        found["outputs"] = {name: one for name, one in outputs.items() if not _is_log_of_run(one)}
    for name, value in own.items():
        if value is None or name == "sourceJobId":
            continue
        if name in _ADDED and isinstance(value, dict):
            found[name] = {**(found.get(name) or {}), **value}
        elif value not in _NOTHING or name not in found:
            found[name] = value
    return found


def _is_log_of_run(output: Any) -> bool:
    return "/ExperimentRun/dcid." in str(member(output, ("uri",)) or "")


def _without_start(properties: Document) -> bool:
    """Whether nothing says from when its intervals count: a new one would count them from its own creation."""
    trigger = properties.get("trigger") or {}
    return trigger.get("triggerType") == "Recurrence" and not trigger.get("startTime")


def _begins(asset: Asset) -> Finding:
    zone = (asset.properties.get("trigger") or {}).get("timeZone") or "UTC"
    # A start has no offset, and is one of the time zone: what that was from UTC at the time is not known here.
    but = "" if zone == "UTC" else f", with the hour that it was in UTC taken for one of '{zone}'"
    return Finding(
        "warning",
        str(asset.address),
        f"The service does not say from when its intervals count: they do from its creation in the source{but}.",
        "Compare when both fire next, and set `startTime` in the target if they differ.",
        code="schedule-start",
    )


def _by_owner(asset: Asset) -> str:
    """Why its owner has to save it, where its jobs run as a user; '' where the cutover enables it."""
    if not any(_as_user(one) for one in _identities(member(_whole(asset).properties, _JOB))):
        return ""
    owner = f" Its owner: {asset.owner}." if asset.owner else ""
    return f"its jobs run as a user, whom only who saves it can be: its owner has to save it, enabled.{owner}"


def _identities(definition: Any) -> Iterator[Any]:
    """The identities of a job, and of all that it is made of."""
    if not isinstance(definition, dict):
        return
    yield definition.get("identity")
    for node in (definition.get("jobs") or {}).values():
        yield from _identities(node)


def _as_user(identity: Any) -> bool:
    if not isinstance(identity, dict):
        return False
    told = str(identity.get("identityType") or identity.get("type") or "")
    return told.replace("_", "").lower() == "useridentity"


def _trigger(trigger: Document) -> Document:
    """With what the service fills in, and without what says nothing."""
    times = trigger.get("schedule")
    kept = {"timeZone": "UTC", **trigger}
    if isinstance(times, dict):
        told = {name: value for name, value in times.items() if value not in _NOTHING}
        kept = {name: value for name, value in kept.items() if name != "schedule"} | (
            {"schedule": told} if told else {}
        )
    return kept


KIND = Schedules()
