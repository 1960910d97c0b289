"""Compute instances: for whom one is made, what of it nobody else is shown, and what its owner has to know."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from amlmigrate.core.asset import Asset
from amlmigrate.core.clock import READ_BACK_SECONDS
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.placement import AS_IT_IS, Placement
from amlmigrate.core.pointers import below, member, names_of
from amlmigrate.core.principals import Principals
from amlmigrate.core.reference import Reference
from amlmigrate.kinds._compute_removal import WITH_DISK
from amlmigrate.kinds._listed import WorkspacePort

# What `plan --computes` is asked for.
ASKED = "instances"
# What only the service writes inside (2025-12-01).
WRITTEN = frozenset(
    (
        *("applications", "connectivityEndpoints", "containers", "createdBy", "dataDisks", "dataMounts"),
        *("errors", "lastOperation", "osImageMetadata", "state", "versions"),
    )
)
_INSIDE = "/properties/properties"
_SCRIPTS = ("creationScript", "startupScript")
# Nobody may set that of somebody else (AZ-COMPUTE-16).
_SSH, _SSH_KEY = "sshSettings", "adminPublicKey"
# The datastore over the share that is mounted on an instance.
_MOUNTED, _OF_SHARE = "workspaceworkingdirectory", "workspacestorage"
# An instance is at work in these, or may be (`ComputeInstanceState`); in all others there is nothing to stop.
_RUNS = frozenset(
    (
        *("running", "jobrunning", "settingup", "usersettingup", "setupfailed", "usersetupfailed"),
        *("starting", "restarting", "unusable", "unknown", ""),
    )
)
_MADE = "create"
_BY_OWNER = "Have whoever is to have it create it in the target, or waive it once nobody needs it."


def owner(inner: Document) -> Document | None:
    """Whom it is assigned to, else who made it; None where it does not say that.

    One that is assigned to somebody of whom it does not say enough is not made for who made it.
    """
    assigned = member(inner, ("personalComputeInstanceSettings", "assignedUser"))
    made = inner.get("createdBy")
    told = (
        (assigned, "objectId", "tenantId"),
        (made, "userId", "userOrgId"),
    )
    for one, id_, tenant in told:
        if isinstance(one, dict) and any(one.values()):
            whole = one.get(id_) and one.get(tenant)
            return {"objectId": one[id_], "tenantId": one[tenant]} if whole else None
    return None


def placement(asset: Asset, who: Principals) -> Placement:
    """Why nobody of the target's tenant gets it by this tool, where nobody does."""
    name = (owner(properties_of(asset.properties)) or {}).get("objectId", "")
    if who.elsewhere:
        told = f"it is the instance of '{name}', and the target is of another tenant, or of one that is not known"
        return Placement(reason=told, remedy=_BY_OWNER)
    if who.of(name).lower() in who.gone:
        told = f"it is the instance of '{name}', whom the directory does not have any more"
        return Placement(reason=told, remedy=_BY_OWNER)
    return AS_IT_IS


def _made_for(inner: Document, mapping: Mapping) -> Document:
    """Its owner, or who it is that has followed them, which `plan --principals` says."""
    found = owner(inner) or {}
    name = str(found.get("objectId") or "")
    return {**found, "objectId": mapping.principals.get(name.lower(), name)}


def sent(asset: Asset, mapping: Mapping) -> Asset:
    """As it is made anew: its owner's, started by nobody but them, and without what may be a secret."""
    whole = properties_of(asset.properties)
    inner = blank(whole)
    inner = _without_ssh_key({name: value for name, value in inner.items() if name not in WRITTEN})
    inner |= {
        "computeInstanceAuthorizationType": "personal",
        "personalComputeInstanceSettings": {"assignedUser": _made_for(whole, mapping)},
    }
    if _has_own_programs(inner):
        # It is off in one that is made for somebody else (ai-docs how-to-create-compute-instance).
        inner.pop("enableSSO", None)
    if listed := _schedules(inner):
        off = [{**one, "status": "Disabled"} if _starts(one) else one for one in listed]
        inner["schedules"] = {**inner["schedules"], "computeStartStop": off}
    return replace(asset, document={**asset.document, "properties": {**asset.properties, "properties": inner}})


def runs(document: Document) -> bool:
    """Whether it is at work, or may be, and nobody has started it since it was made."""
    properties = properties_of(document)
    if str(properties.get("computeType")).lower() != WITH_DISK:
        return False
    inner = properties_of(properties)
    last = member(inner, ("lastOperation", "operationName"))
    return state_of(document).lower() in _RUNS and str(last or _MADE).lower() == _MADE


async def stopped(target: WorkspacePort, path: str, found: Document | None) -> Document | None:
    """An instance that this tool has made, once it does not run any more (AZ-COMPUTE-15); all else as it is.

    Raises MigrateError where it may: nobody else would know.
    """
    if found is None or not runs(found):
        return found
    why = ""
    try:
        await target.act(f"{path}/stop")
    except MigrateError as error:
        # An attempt whose answer was lost may have done it.
        why = error.summary
    for seconds in (*READ_BACK_SECONDS, 0.0):
        found = await target.get(path)
        if found is None or not runs(found):
            return found
        await asyncio.sleep(0.0 if why else seconds)
    raise MigrateError(
        f"It was made, and may run: it could not be stopped. Its state is '{state_of(found)}'. {why}".strip(),
        address=path,
        remedy="Stop it in the studio, or continue with `migrate run --resume`, which tries it again.",
    )


def state_of(document: Document) -> str:
    """The word that the service has for what it does."""
    return str(properties_of(properties_of(document)).get("state") or "")


def hidden(inner: Document) -> dict[str, Any]:
    """By JSON pointers of a document, what may be a secret whatever its form: arguments, variables, scripts."""
    return dict(_hidden(inner))


def blank(inner: Document) -> Document:
    """The inner properties with nothing in the place of these."""
    for pointer in hidden(inner):
        inner = put(inner, names_of(pointer.removeprefix(_INSIDE)), "")
    return inner


def put(value: Any, names: tuple[str, ...], new: Any) -> Any:
    """A copy with another value at the end of these names."""
    if not names:
        return new
    if isinstance(value, list):
        return [put(one, names[1:], new) if str(at) == names[0] else one for at, one in enumerate(value)]
    return {**value, names[0]: put(value.get(names[0]), names[1:], new)}


def scripts(asset: Asset) -> Iterator[Reference]:
    """The scripts that it runs, where they are files of the mounted share."""
    for name, script in _scripts(properties_of(asset.properties)):
        path = script.get("scriptData")
        if str(script.get("scriptSource")).lower() == _OF_SHARE and isinstance(path, str):
            yield Reference(path, _script(name, "scriptData"), datastore=_MOUNTED, path=path.lstrip("/"))


def plain(inner: Document) -> Document:
    """What two are compared by: the service, or its owner, decides on the rest."""
    kept = _without_ssh_key(blank(inner))
    kept = {name: value for name, value in kept.items() if name not in {*WRITTEN, "enableSSO"}}
    if listed := _schedules(kept):
        told = [_plain_schedule(one) for one in listed if isinstance(one, dict)]
        kept["schedules"] = {**kept["schedules"], "computeStartStop": told}
    return kept


def findings(asset: Asset, mapping: Mapping) -> Iterator[Finding]:
    """What a reviewer, and its owner, have to know."""
    inner, address = properties_of(asset.properties), str(asset.address)
    who = _made_for(inner, mapping)["objectId"]
    yield Finding(
        "warning",
        address,
        f"It is made anew and stopped, for its owner '{who}'. Its disk is not copied: local files and environments"
        " are lost with the source.",
        "Have its owner save what counts into the workspace's file share before the source goes.",
        code="instance-disk",
    )
    if _has_own_programs(inner):
        yield Finding(
            "warning",
            address,
            "It has a setup script or an application of its own: the service leaves single sign-on off in one that"
            " is made for somebody else.",
            "Only its owner can enable that, in the studio, with the right computes/enableSso/action.",
            code="instance-sign-on",
        )
    if member(inner, (_SSH, _SSH_KEY)):
        yield Finding(
            "warning",
            address,
            "It is made without its key for SSH, which only its owner may set.",
            "Have its owner set it in the studio, in the details of the instance.",
            code="instance-ssh-key",
        )
    if any(map(_starts, _schedules(inner))):
        yield Finding(
            "warning",
            address,
            "Its schedules that start it are made disabled: else both would run.",
            "Have its owner enable them once the source's is not used any more.",
            code="instance-schedules",
        )
    if inner.get("idleTimeBeforeShutdown") and (asset.document.get("identity") or {}).get("type"):
        yield Finding(
            "warning",
            address,
            "It has an identity, without whose right to the workspace it does not stop when it is idle.",
            "Make that identity a Contributor of the target.",
            code="instance-idle",
        )


def _hidden(inner: Document) -> Iterator[tuple[str, Any]]:
    for name, script in _scripts(inner):
        inline = str(script.get("scriptSource")).lower() != _OF_SHARE
        for one in ("scriptArguments", *(["scriptData"] if inline else [])):
            if script.get(one):
                yield _script(name, one), script[one]
    services = inner.get("customServices")
    for at, service in enumerate(services if isinstance(services, list) else ()):
        variables = service.get("environmentVariables") if isinstance(service, dict) else None
        for name, variable in (variables or {}).items():
            if isinstance(variable, dict) and variable.get("value"):
                place = below(f"{_INSIDE}/customServices/{at}/environmentVariables", name)
                yield f"{place}/value", variable["value"]


def _script(name: str, what: str) -> str:
    return f"{_INSIDE}/setupScripts/scripts/{name}/{what}"


def _scripts(inner: Document) -> Iterator[tuple[str, Document]]:
    for name in _SCRIPTS:
        script = member(inner, ("setupScripts", "scripts", name))
        if isinstance(script, dict):
            yield name, script


def _without_ssh_key(inner: Document) -> Document:
    ssh = inner.get(_SSH)
    if not isinstance(ssh, dict) or _SSH_KEY not in ssh:
        return inner
    return {**inner, _SSH: {name: value for name, value in ssh.items() if name != _SSH_KEY}}


def _has_own_programs(inner: Document) -> bool:
    return bool(list(_scripts(inner)) or inner.get("customServices"))


def _schedules(inner: Document) -> list[Any]:
    found = member(inner, ("schedules", "computeStartStop"))
    return found if isinstance(found, list) else []


def _starts(schedule: Any) -> bool:
    return isinstance(schedule, dict) and str(schedule.get("action")).lower() == "start"


def _plain_schedule(schedule: Document) -> Document:
    """Without whether it is enabled, and enumerations in one letter case (the SDK sends them in small letters)."""
    kept = {name: value for name, value in schedule.items() if name not in ("id", "provisioningStatus", "status")}
    return {name: value.lower() if isinstance(value, str) else value for name, value in kept.items()}
