"""What roles are given for a time: schedules, also those that begin later, and their instances, in force now.

Shapes: the REST reference of api-version 2020-10-01 and its examples. That instances are of now alone, and
schedules of later too: learn.microsoft.com, "Use Azure PIM to manage eligible access with the REST API".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azsandbox.arm.access.evaluation import ASSIGNMENTS
from azsandbox.arm.calls import Call
from azsandbox.arm.clock import TICKS_PER_SECOND, tracked_time
from azsandbox.arm.kinds import Kind
from azsandbox.arm.paging import page
from azsandbox.arm.providers.roles import around, of_principal
from azsandbox.arm.providers.schedules import ELIGIBLE
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_AUTHORIZATION = "Microsoft.Authorization"
_KEPT = ("scope", "roleDefinitionId", "principalId", "principalType", "condition", "conditionVersion")


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else tracked_time(int(seconds * TICKS_PER_SECOND))


def _at(record: Record) -> str:
    return record.id.rpartition("/providers/")[0]


class _View(Kind):
    """Read only."""

    source = ""  # the type of the records that are shown so
    status = ""
    later = False  # what begins later is shown too

    def listed(self, call: Call) -> Sequence[Record]:
        """Those around the scope that are not over, and of requests those that give (AZ-RIGHT-1, AZ-RIGHT-2)."""
        access = self.context.access
        shows = (lambda one: not access.is_over(one)) if self.later else access.in_force
        gives = self.source != ELIGIBLE
        return [one for one in around(call, self.source) if shows(one) and (gives or "schedule" in one.hidden)]

    async def list(self, call: Call) -> Response:
        """GET with `$filter`: `atScope()`, `principalId eq '…'`, `assignedTo('…')`."""
        return page(call, of_principal(call, self.listed(call)), self.page_size, self.view)

    async def get(self, call: Call) -> Response:
        """One by its name."""
        for each in self.listed(call):
            if self.name_of(each).lower() == call.name.lower():
                return answer(200, self.view(call, each))
        raise self.missing(call)

    def name_of(self, record: Record) -> str:
        """An instance has the name of what it shows; a schedule one of its own, where it was made by a request."""
        return str(record.hidden.get("schedule") or record.name) if self.later else record.name

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """As of 2020-10-01, but for `expandedProperties`."""
        told, name = record.properties, self.name_of(record)
        return {
            "id": f"{_at(record)}/providers/{self.type}/{name}",
            "name": name,
            "type": self.type,
            "properties": {
                **{each: told.get(each) for each in _KEPT},
                "status": self.status,
                "startDateTime": _time(record.hidden.get("starts")) or told["createdOn"],
                "endDateTime": _time(record.hidden.get("ends")),
                "memberType": "Direct" if record.parent == call.route.parent else "Inherited",
                "createdOn": told["createdOn"],
                **self.more(record),
            },
        }

    def more(self, record: Record) -> dict[str, Any]:
        """What only this type has."""
        return {}

    def linked(self, record: Record) -> dict[str, Any]:
        """How an assignment came about: given, or activated by whom that was allowed."""
        schedule, instance = record.hidden.get("eligible") or (None, None)
        return {
            "assignmentType": "Activated" if record.hidden.get("activated") else "Assigned",
            "linkedRoleEligibilityScheduleId": schedule,
            "linkedRoleEligibilityScheduleInstanceId": instance,
        }


@register
class AssignmentInstances(_View):
    """Every role assignment that counts now, with its end where it has one."""

    type = f"{_AUTHORIZATION}/roleAssignmentScheduleInstances"
    source, status = ASSIGNMENTS, "Accepted"

    def more(self, record: Record) -> dict[str, Any]:
        """The assignment itself, its schedule, and how it came about."""
        at, name = f"{_at(record)}/providers/{_AUTHORIZATION}", record.hidden.get("schedule") or record.name
        return {
            **self.linked(record),
            "originRoleAssignmentId": record.id,
            "roleAssignmentScheduleId": f"{at}/roleAssignmentSchedules/{name}",
        }


@register
class AssignmentSchedules(_View):
    """Every role assignment that counts now or will."""

    type = f"{_AUTHORIZATION}/roleAssignmentSchedules"
    source, status, later = ASSIGNMENTS, "Provisioned", True

    def more(self, record: Record) -> dict[str, Any]:
        """How it came about."""
        told = self.linked(record)
        return {each: told[each] for each in ("assignmentType", "linkedRoleEligibilityScheduleId")}


@register
class EligibilityInstances(_View):
    """Every role that somebody may activate now."""

    type = f"{_AUTHORIZATION}/roleEligibilityScheduleInstances"
    source, status = ELIGIBLE, "Provisioned"

    def more(self, record: Record) -> dict[str, Any]:
        """Its schedule."""
        at = f"{_at(record)}/providers/{_AUTHORIZATION}/roleEligibilitySchedules"
        return {"roleEligibilityScheduleId": f"{at}/{record.hidden['schedule']}"}


@register
class EligibilitySchedules(_View):
    """Every role that somebody may activate now or later."""

    type = f"{_AUTHORIZATION}/roleEligibilitySchedules"
    source, status, later = ELIGIBLE, "Provisioned", True
