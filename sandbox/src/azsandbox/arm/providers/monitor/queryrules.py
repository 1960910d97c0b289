"""Microsoft.Insights/scheduledQueryRules: rules on what a query finds in a Log Analytics workspace."""

from __future__ import annotations

import json
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import child_id
from azsandbox.arm.logqueries import QueryError, refused_query
from azsandbox.arm.logs import rows
from azsandbox.arm.logs.evaluating import Table
from azsandbox.arm.logs.parsing import BadQuery
from azsandbox.arm.monitor import queryrules
from azsandbox.arm.providers.monitor.base import GROUPS, MonitorKind, existing, may
from azsandbox.arm.providers.monitor.times import check_severity, check_times
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_FREQUENCIES = frozenset(
    ("PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "P1D")
)
_WINDOWS = _FREQUENCIES | {"P2D"}
_USUAL = {
    "enabled": True,
    "autoMitigate": True,
    "checkWorkspaceAlertsStorageConfigured": False,
    "skipQueryValidation": False,
}
_REQUIRED = ("severity", "scopes", "evaluationFrequency", "windowSize", "criteria")
_EVALUATED_ONCE = {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}


def _refused(message: str, code: str = "BadRequest", status: int = 400) -> ArmError:
    """As this type has it (AZ-MONITOR-40); words ours (AZ-LOCAL-2)."""
    return ArmError(status, {"error": {"code": code, "message": message}})


@register
class QueryRules(MonitorKind):
    """`scheduledQueryRules` of one Log Analytics workspace, evaluated when alerts are asked for.

    What is not sent comes back with its default (AZ-MONITOR-60). A query is tried unless `skipQueryValidation`
    says otherwise (AZ-MONITOR-4). One in a part of the language that is not understood here, another scope than a
    workspace, several evaluations to an alert, other kinds than LogAlert: 501.
    """

    type = "Microsoft.Insights/scheduledQueryRules"
    shows_system_data = True

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """With its id as this type spells it (AZ-MONITOR-60)."""
        shown = super().view(call, record)
        parent = record.id.rpartition("/providers/")[0]
        return {**shown, "id": child_id(parent, "microsoft.insights/scheduledqueryrules", record.name)}

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """With the defaults, and the api-version that it was first made with."""
        if missing := [name for name in _REQUIRED if properties.get(name) is None]:
            raise _refused(f"The property {missing[0]} is required.")
        check_severity(properties)
        check_times(properties, _FREQUENCIES, _WINDOWS)
        kept = {"createdWithApiVersion": old.properties["createdWithApiVersion"] if old else call.api_version}
        filled = {**kept, **_USUAL, **{name: value for name, value in properties.items() if value is not None}}
        if filled["autoMitigate"] and filled.get("muteActionsDuration"):
            raise _refused("autoMitigate and muteActionsDuration exclude each other.")  # AZ-MONITOR-62
        workspace = _workspace(call, filled)
        for id_ in (filled.get("actions") or {}).get("actionGroups") or ():
            group = existing(call, str(id_))
            if group is None or group.type != GROUPS:
                raise _refused(f"The action group '{id_}' was not found.", "ResourceNotFound", 404)
            may(call, "microsoft.insights/actiongroups/read", group)
        criteria = [self._criterion(one, workspace, filled) for one in filled["criteria"].get("allOf") or ()]
        if len(criteria) != 1:
            raise _refused("A rule has one criterion.")
        return {**filled, "criteria": {"allOf": criteria}}

    def _criterion(self, one: dict[str, Any], workspace: Record, rule: dict[str, Any]) -> dict[str, Any]:
        filled = {"timeAggregation": "Count", "dimensions": [], "failingPeriods": _EVALUATED_ONCE, **one}
        if filled["failingPeriods"] != _EVALUATED_ONCE:
            raise _unbuilt("several evaluations to an alert")
        if str(filled["timeAggregation"]).lower() != "count" and not filled.get("metricMeasureColumn"):
            raise _refused("metricMeasureColumn is required for another aggregation than Count.")
        if filled.get("operator") is None or filled.get("threshold") is None:
            raise _refused("operator and threshold are required.")
        found = self._tried(str(filled.get("query") or ""), workspace, rule)
        about = str(filled.get("resourceIdColumn") or "")
        if found and about and about not in found.columns:
            # Recorded (AZ-MONITOR-63).
            raise _refused(f"ResourceIdColumn '{about}' is missing from the columns in the query's results")
        names = [str(each["name"]) for each in filled["dimensions"]]
        names += [str(filled["metricMeasureColumn"])] if filled.get("metricMeasureColumn") else []
        if found and (wrong := [name for name in names if name not in found.columns]):
            raise _refused(f"The query has no column '{wrong[0]}'.")
        return filled

    def _tried(self, query: str, workspace: Record, rule: dict[str, Any]) -> Table | None:
        try:
            return queryrules.result(self.context, workspace, query)
        except BadQuery as problem:
            if "sandbox" in problem.message:
                raise _unbuilt(f"this query: {problem.message}") from problem
            if rule["skipQueryValidation"]:
                return None
            error: QueryError = refused_query(problem)
            raise _refused(json.dumps(error.body, indent=2)) from problem

    async def put(self, call: Call) -> Response:
        """Creates or replaces; what the rule was is evaluated first."""
        if (body := call.body()).get("kind") not in (None, "LogAlert"):
            raise _unbuilt(f"rules of kind {body['kind']}")
        self._catch_up(call)
        return await super().put(call)

    async def patch(self, call: Call) -> Response:
        """The same."""
        self._catch_up(call)
        return await super().patch(call)

    async def removing(self, call: Call, record: Record) -> None:
        """What the rule had to say is said."""
        self._catch_up(call)

    def _catch_up(self, call: Call) -> None:
        if (old := self.find(call)) is not None:
            queryrules.evaluate(self.context, old)

    async def written(self, call: Call, record: Record, old: Record | None) -> None:
        """Notes since when rows count: of a rule that is new, or was off."""
        if old is None or not old.properties["enabled"]:
            seen = 0
            if old is not None and (workspace := queryrules.workspace_of(self.context, record.properties)):
                seen = rows.newest(self.context, workspace)
            record.hidden = queryrules.fresh(self.context, record.properties, seen)


def _workspace(call: Call, properties: dict[str, Any]) -> Record:
    scopes = [str(one) for one in properties["scopes"]]
    if len(scopes) != 1:
        raise _refused("A rule has one scope.")
    found = existing(call, scopes[0])
    if found is None:
        raise _refused(f"The resource '{scopes[0]}' was not found.", "ResourceNotFound", 404)
    if found.type != "microsoft.operationalinsights/workspaces":
        raise _unbuilt(f"rules on {found.type}")
    may(call, "Microsoft.OperationalInsights/workspaces/query/read", found)
    return found


def _unbuilt(what: str) -> ArmError:
    return _refused(f"The sandbox has not built {what}.", "NotImplemented", 501)
