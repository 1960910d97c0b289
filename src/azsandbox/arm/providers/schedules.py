"""Roles for a time, as Privileged Identity Management gives them: requests, and what is in force by them.

Shapes: the bicep types and the REST reference of api-version 2020-10-01.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from azsandbox.arm.access.evaluation import ASSIGNMENTS
from azsandbox.arm.calls import Call
from azsandbox.arm.clock import TICKS_PER_SECOND, tracked_time
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.kinds import Kind
from azsandbox.arm.paging import page
from azsandbox.arm.providers.roles import around, no_such_role, of_principal
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_AUTHORIZATION = "Microsoft.Authorization"
_ELIGIBLE = f"{_AUTHORIZATION}/roleEligibilityScheduleRequests".lower()
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")


def _refused(message: str) -> ArmError:
    return gateway(400, "InvalidRoleAssignmentScheduleRequest", message)  # code and texts are ours [I]


def _ends(schedule: dict[str, Any], start: float) -> float | None:
    """Seconds since 1970; None for what does not end. Raises ArmError 400."""
    expiration = object_of(schedule, "expiration")
    kind = str(expiration.get("type") or "NoExpiration").lower()
    if kind == "noexpiration":
        return None
    if kind == "afterdatetime":
        try:
            told = datetime.fromisoformat(str(expiration.get("endDateTime")))
        except ValueError as error:
            raise _refused("endDateTime is no time.") from error
        return told.replace(tzinfo=told.tzinfo or UTC).timestamp()
    found = _DURATION.match(str(expiration.get("duration") or ""))
    if kind != "afterduration" or not found or not any(found.groups()):
        raise _refused("The expiration is not valid.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return start + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else tracked_time(int(seconds * TICKS_PER_SECOND))


class _Requests(ExtensionKind):
    """A request is carried out at once: no approvals are asked for here."""

    types: tuple[str, ...] = ("AdminAssign",)

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """What was asked for, by whom and when. Raises ArmError 400 and 404."""
        principal, role = properties.get("principalId"), str(properties.get("roleDefinitionId") or "")
        if properties.get("requestType") not in self.types:
            raise _refused(f"requestType has to be {' or '.join(self.types)}: no other is known here.")
        if not principal or self.context.access.definition(role.rpartition("/")[2]) is None:
            raise no_such_role(role.rpartition("/")[2])
        now = tracked_time(call.tick())
        return {
            "scope": self.scope_id(call) or "/",
            "principalType": "User",
            "status": "Provisioned",
            **properties,
            "createdOn": now,
            "requestorId": call.principal.object_id,
        }

    def hidden(self, call: Call, old: Record | None) -> dict[str, Any]:
        """From when until when, in seconds since 1970."""
        start = self.context.clock.now()
        schedule = object_of(object_of(call.body(), "properties"), "scheduleInfo")
        return {"starts": start, "ends": _ends(schedule, start)}


@register
class EligibilityRequests(_Requests):
    """Makes somebody eligible for a role."""

    type = f"{_AUTHORIZATION}/roleEligibilityScheduleRequests"


@register
class AssignmentRequests(_Requests):
    """Gives a role for a time (`AdminAssign`), or activates one that the caller is eligible for (`SelfActivate`).

    Activating takes the right to write requests here too, which Azure does not ask for [I].
    """

    type = f"{_AUTHORIZATION}/roleAssignmentScheduleRequests"
    types = ("AdminAssign", "SelfActivate")

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """As the base; who activates has to be eligible."""
        told = super().filled(call, properties, old)
        if told["requestType"] == "SelfActivate" and not self._eligible(call, told):
            raise gateway(404, "RoleEligibilityScheduleNotFound", "The principal is not eligible.")  # [I]
        return told

    def _eligible(self, call: Call, told: dict[str, Any]) -> bool:
        role = str(told["roleDefinitionId"]).rpartition("/")[2].lower()
        return told["principalId"] == call.principal.object_id and any(
            each.properties["principalId"] == told["principalId"]
            and str(each.properties["roleDefinitionId"]).lower().endswith(role)
            for each in around(call, _ELIGIBLE)
            if not self.context.access.is_over(each)
        )

    async def put(self, call: Call) -> Response:
        """The request, and the assignment that it makes."""
        response = await super().put(call)
        request = self.require(call)
        self.context.store.put(self._assignment(request))
        return response

    def _assignment(self, request: Record) -> Record:
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, request.key))
        told = request.properties
        kept = ("roleDefinitionId", "principalId", "principalType", "scope", "condition", "conditionVersion")
        times = dict.fromkeys(("createdOn", "updatedOn"), told["createdOn"])
        authors = dict.fromkeys(("createdBy", "updatedBy"), told["requestorId"])
        scope = "" if told["scope"] == "/" else told["scope"]
        id_ = f"{scope}/providers/{_AUTHORIZATION}/roleAssignments/{name}"
        properties = {**{each: told.get(each) for each in kept}, **times, **authors, "description": None}
        document = {"id": id_, "name": name, "type": f"{_AUTHORIZATION}/roleAssignments", "properties": properties}
        activated = told["requestType"] == "SelfActivate"
        hidden = {**request.hidden, "effective": request.hidden["starts"], "activated": activated}
        key = f"{request.parent}/providers/{ASSIGNMENTS}/{name}"
        return Record(key, ASSIGNMENTS, request.parent, id_, name, document, hidden)


class _Instances(Kind):
    """What is in force: read only."""

    source = ""  # the type of the records that are shown so

    def listed(self, call: Call) -> Sequence[Record]:
        """Those around the scope that are not over."""
        return [each for each in around(call, self.source) if not self.context.access.is_over(each)]

    async def list(self, call: Call) -> Response:
        """GET with `$filter`: `atScope()`, `principalId eq '…'`, `assignedTo('…')`."""
        return page(call, of_principal(call, self.listed(call)), self.page_size, self.view)

    async def get(self, call: Call) -> Response:
        """One by its name."""
        for each in self.listed(call):
            if each.name.lower() == call.name.lower():
                return answer(200, self.view(call, each))
        raise self.missing(call)

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """As of 2020-10-01."""
        scope = record.id.rpartition("/providers/")[0]
        told = record.properties
        kept = ("scope", "roleDefinitionId", "principalId", "principalType", "condition", "conditionVersion")
        starts = _time(record.hidden.get("starts")) or told["createdOn"]
        return {
            "id": f"{scope}/providers/{self.type}/{record.name}",
            "name": record.name,
            "type": self.type,
            "properties": {
                **{each: told.get(each) for each in kept},
                "status": "Accepted",
                "startDateTime": starts,
                "endDateTime": _time(record.hidden.get("ends")),
                "memberType": "Direct" if record.parent == call.route.parent else "Inherited",
                "createdOn": told["createdOn"],
                **self.more(record),
            },
        }

    def more(self, record: Record) -> dict[str, Any]:
        """What only this type has."""
        return {}


@register
class AssignmentInstances(_Instances):
    """Every role assignment that counts now, with its end where it has one."""

    type = f"{_AUTHORIZATION}/roleAssignmentScheduleInstances"
    source = ASSIGNMENTS

    def more(self, record: Record) -> dict[str, Any]:
        """The assignment itself, and how it came about."""
        activated = bool(record.hidden.get("activated"))
        return {
            "assignmentType": "Activated" if activated else "Assigned",
            "originRoleAssignmentId": record.id,
        }


@register
class EligibilityInstances(_Instances):
    """Every role that somebody may activate now."""

    type = f"{_AUTHORIZATION}/roleEligibilityScheduleInstances"
    source = _ELIGIBLE
