"""Requests for roles for a time, as Privileged Identity Management takes them; `scheduleviews` shows what comes.

Shapes: the bicep types and the REST reference of api-version 2020-10-01. Codes: RoleAssignmentExists,
RoleAssignmentDoesNotExist and ActiveDurationTooShort are in Microsoft Graph's reference of
governanceRoleAssignmentRequest, and azurerm's pim_active_role_assignment meets the last two at ARM. What breaks a
rule: learn.microsoft.com/rest/api/authorization, privileged-role-common-errors. Inferred (AZ-RIGHT-14): its
status.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from azsandbox.arm.access.evaluation import ASSIGNMENTS
from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.providers.roles import around, is_same, no_such_role
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_AUTHORIZATION = "Microsoft.Authorization"
ELIGIBLE = f"{_AUTHORIZATION}/roleEligibilityScheduleRequests".lower()
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")
_LEAST_SECONDS = 300
_GIVING = ("AdminAssign", "SelfActivate")


def _refused(message: str, code: str = "InvalidRoleAssignmentScheduleRequest") -> ArmError:
    """400; without a code of Azure's own, code and texts are ours (AZ-LOCAL-2)."""
    return gateway(400, code, message)


def _seconds(text: Any, name: str) -> float:
    try:
        told = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise _refused(f"{name} is no time.") from error
    return told.replace(tzinfo=told.tzinfo or UTC).timestamp()


def _ends(schedule: dict[str, Any], start: float) -> float | None:
    """Seconds since 1970; None for what does not end. Raises ArmError 400."""
    expiration = object_of(schedule, "expiration")
    kind = str(expiration.get("type") or "NoExpiration").lower()
    if kind == "noexpiration":
        return None
    if kind == "afterdatetime":
        ends = _seconds(expiration.get("endDateTime"), "endDateTime")
    else:
        found = _DURATION.match(str(expiration.get("duration") or ""))
        if kind != "afterduration" or not found or not any(found.groups()):
            raise _refused("The expiration is not valid.")
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        ends = start + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    if ends <= start:
        raise _refused("The expiration is before the start.")
    return ends


class _Requests(ExtensionKind):
    """A request is carried out at once: no approvals are asked for here, and no policy limits how long."""

    types: tuple[str, ...] = ()
    given = ""  # the type of the records that hold what is given

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """What was asked for, by whom and when. Raises ArmError 400 and 404."""
        principal, role = properties.get("principalId"), str(properties.get("roleDefinitionId") or "")
        kind, now = properties.get("requestType"), self.context.clock.now()
        if old is not None:
            raise _refused("There is a request of this name.")
        if kind not in self.types:
            raise _refused(f"requestType has to be {' or '.join(self.types)}: no other is known here.")
        if not principal or self.context.access.definition(role.rpartition("/")[2]) is None:
            raise no_such_role(role.rpartition("/")[2])
        there = self.there(call, str(principal), role.rpartition("/")[2])
        if kind in _GIVING and there is not None:
            raise _refused("The Role assignment already exists.", "RoleAssignmentExists")
        if kind not in _GIVING:
            self._may_end(call, there, str(kind))
        future = self._starts(properties) > now
        return {
            "scope": self.scope_id(call) or "/",
            "principalType": "User",
            **properties,
            "status": ("Granted" if future else "Provisioned") if kind in _GIVING else "Revoked",
            "createdOn": tracked_time(call.tick()),
            "requestorId": call.principal.object_id,
        }

    def there(self, call: Call, principal: str, role: str) -> Record | None:
        """What a principal has of a role at the very scope, in force now or later."""
        for each in self.context.store.children(call.route.parent, self.given):
            gives = not each.gone and each.properties.get("requestType", _GIVING[0]) in _GIVING
            if gives and is_same(each, principal, role) and not self.context.access.is_over(each):
                return each
        return None

    def _may_end(self, call: Call, there: Record | None, kind: str) -> None:
        """Who is to lose a role has to have it, for five minutes at least. Raises ArmError 400."""
        own = kind != "SelfDeactivate" or (
            there is not None
            and there.hidden.get("activated")
            and str(there.properties["principalId"]) == call.principal.object_id
        )
        if there is None or not own:
            raise _refused("The Role assignment does not exist.", "RoleAssignmentDoesNotExist")
        since = self.context.clock.now() - float(there.hidden.get("starts") or 0)
        if 0 <= since < _LEAST_SECONDS:
            text = "The Active duration is too short. Miniumum Required is 5 minutes."
            raise _refused(text, "ActiveDurationTooShort")

    def _starts(self, properties: dict[str, Any]) -> float:
        told = object_of(properties, "scheduleInfo").get("startDateTime")
        now = self.context.clock.now()
        return max(_seconds(told, "startDateTime"), now) if told else now

    def hidden(self, call: Call, old: Record | None) -> dict[str, Any]:
        """From when until when, in seconds since 1970; nothing for what takes away."""
        properties = object_of(call.body(), "properties")
        if properties.get("requestType") not in _GIVING:
            return {}
        start = self._starts(properties)
        schedule = str(uuid.uuid5(uuid.NAMESPACE_URL, f"schedule {call.route.key}"))
        ends = _ends(object_of(properties, "scheduleInfo"), start)
        return {"starts": start, "ends": ends, "schedule": schedule}

    async def put(self, call: Call) -> Response:
        """The request, and what comes of it."""
        response = await super().put(call)
        request = self.require(call)
        told = request.properties
        if told["requestType"] in _GIVING:
            self.give(request)
        elif there := self.there(call, told["principalId"], str(told["roleDefinitionId"]).rpartition("/")[2]):
            self.take(there)
        return response

    def give(self, request: Record) -> None:
        """Makes what was asked for, where the request itself is not that."""

    def take(self, there: Record) -> None:
        """Ends it."""
        self.context.store.remove(there)

    async def delete(self, call: Call) -> Response:
        """Requests are a history: the reference has no DELETE of them."""
        raise self.unsupported(call)


@register
class EligibilityRequests(_Requests):
    """Makes somebody eligible for a role, and ends that."""

    type = f"{_AUTHORIZATION}/roleEligibilityScheduleRequests"
    types = ("AdminAssign", "AdminRemove")
    given = ELIGIBLE

    def take(self, there: Record) -> None:
        """It stays among the requests, and is over."""
        there.hidden["ends"] = self.context.clock.now()
        self.context.store.put(there)


@register
class AssignmentRequests(_Requests):
    """Gives a role for a time (`AdminAssign`), or activates one that the caller is eligible for (`SelfActivate`),
    and ends either.

    Activating takes the right to write requests here too, which Azure does not ask for (AZ-RIGHT-14).
    """

    type = f"{_AUTHORIZATION}/roleAssignmentScheduleRequests"
    types = ("AdminAssign", "AdminRemove", "SelfActivate", "SelfDeactivate")
    given = ASSIGNMENTS

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """As the base; who activates has to be eligible."""
        told = super().filled(call, properties, old)
        if told["requestType"] == "SelfActivate" and self._eligible(call, told) is None:
            text = 'The following policy rules failed: ["EligibilityRule"]'
            raise _refused(text, "RoleAssignmentRequestPolicyValidationFailed")
        return told

    def hidden(self, call: Call, old: Record | None) -> dict[str, Any]:
        """With what it was activated by."""
        kept = super().hidden(call, old)
        told = object_of(call.body(), "properties")
        if told["requestType"] == "SelfActivate" and (eligible := self._eligible(call, told)):
            kept["eligible"] = [eligible.hidden["schedule"], eligible.name]
        return kept

    def _eligible(self, call: Call, told: dict[str, Any]) -> Record | None:
        role = str(told["roleDefinitionId"]).rpartition("/")[2]
        wanted = str(told.get("linkedRoleEligibilityScheduleId") or "").rpartition("/")[2].lower()
        if told["principalId"] != call.principal.object_id:
            return None
        for each in around(call, ELIGIBLE):
            of_it = each.hidden.get("schedule") if is_same(each, told["principalId"], role) else None
            if of_it and self.context.access.in_force(each) and wanted in ("", of_it):
                return each
        return None

    def give(self, request: Record) -> None:
        """The role assignment: it is there, and counts, from its beginning on."""
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
        self.context.store.put(Record(key, ASSIGNMENTS, request.parent, id_, name, document, hidden))
