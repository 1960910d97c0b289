"""States as PolicyInsights answers them: a row for each resource and rule, and their summary.

Shapes: azure-rest-api-specs, policyinsights 2024-10-01, examples `PolicyStates_QueryResourceScope` and
`PolicyStates_SummarizeSubscriptionLevelPolicyAssignmentScope`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.policy import versions
from azsandbox.arm.policy.judging import State
from azsandbox.arm.policy.refusals import unbuilt
from azsandbox.arm.policy.scanning import Standing

Row = dict[str, Any]
# Of several states of a resource the first counts (AZ-POLICY-11).
_RANK = (State.NON_COMPLIANT, State.COMPLIANT, State.EXEMPT, State.UNKNOWN)
_TERM = re.compile(r"(\w+)\s+(eq|ne)\s+(?:'([^']*)'|(true|false))", re.IGNORECASE)


def row(context: Context, standing: Standing, timestamp: str) -> Row:
    """A row. Ids of groups are spelled as there. Inferred (AZ-POLICY-21): what is exempt counts as compliant."""
    record, judgement = standing.record, standing.judgement
    assignment, rule = judgement.assigned.record, judgement.assigned.rule
    parts = record.id.split("/")
    chain = [each for each in context.access.chain(record.key) if "/managementgroups/" in each]
    parameters = assignment.properties.get("parameters") or {}
    return {
        "complianceState": str(judgement.state),
        "effectiveParameters": None,
        "isCompliant": judgement.state in (State.COMPLIANT, State.EXEMPT),
        "managementGroupIds": ",".join(each.rpartition("/")[2] for each in reversed(chain)),
        "policyAssignmentId": assignment.id,
        "policyAssignmentName": assignment.name,
        "policyAssignmentOwner": "tbd",
        "policyAssignmentParameters": json.dumps(parameters, separators=(",", ":")),
        "policyAssignmentScope": assignment.properties["scope"],
        "policyAssignmentVersion": "",
        "policyDefinitionAction": judgement.effect,
        "policyDefinitionCategory": _category(rule.document),
        "policyDefinitionGroupNames": None,
        "policyDefinitionId": rule.document["id"],
        "policyDefinitionName": rule.document["name"],
        "policyDefinitionReferenceId": rule.reference or None,
        "policyDefinitionVersion": versions.own(rule.document),
        "policySetDefinitionCategory": None,
        "policySetDefinitionId": rule.set_id or None,
        "policySetDefinitionName": rule.set_id.rpartition("/")[2] or None,
        "policySetDefinitionOwner": None,
        "policySetDefinitionParameters": None,
        "policySetDefinitionVersion": None,
        "resourceGroup": parts[4] if len(parts) > 4 else None,
        "resourceId": record.id.replace("/resourceGroups/", "/resourcegroups/"),
        "resourceLocation": record.document.get("location"),
        "resourceTags": "tbd",
        "resourceType": standing.type,
        "subscriptionId": parts[2],
        "timestamp": timestamp,
    }


def _category(document: Mapping[str, Any]) -> str:
    return str((document["properties"].get("metadata") or {}).get("category") or "tbd")


def filtered(rows: Iterable[Row], asked: str) -> list[Row]:
    """The rows that a `$filter` takes: comparisons of members with texts, joined by `and`. Raises ArmError 501."""
    checks = [_check(term) for term in re.split(r"\s+and\s+", asked, flags=re.IGNORECASE)] if asked else []
    return [each for each in rows if all(check(each) for check in checks)]


def _check(term: str) -> Callable[[Row], bool]:
    match = _TERM.fullmatch(term.strip().strip("()"))
    if match is None:
        raise unbuilt(f"filters of states; this one has '{term}'")
    name, negative = match[1].lower(), match[2].lower() == "ne"
    wanted = (match[3] if match[3] is not None else match[4]).lower()

    def check(row: Row) -> bool:
        values = {key.lower(): value for key, value in row.items()}
        if name not in values:
            raise unbuilt(f"filters of states; this one has '{match[1]}'")
        return (_spelled(values[name]) == wanted) != negative

    return check


def _spelled(value: Any) -> str:
    """As filters compare it: ids of groups with either spelling."""
    return "" if value is None else str(value).lower()


def summary(rows: list[Row], address: str, version: str, most: int) -> dict[str, Any]:
    """`results` of all, and of each assignment and each of its definitions; `most` assignments.

    As the example has it, the policies that are counted of all are assignments, and of one its definitions.
    """
    results = f"{address}/policyStates/latest/queryResults?api-version={version}&$filter=IsCompliant eq false"
    found = []
    for id_, own in _grouped(rows, "policyAssignmentId").items():
        of_it = f"{results} and PolicyAssignmentId eq '{id_}'"
        parts = _grouped(own, "policyDefinitionId", "policyDefinitionReferenceId").values()
        found.append(
            {
                "policyAssignmentId": id_,
                "policySetDefinitionId": str(own[0]["policySetDefinitionId"] or "").lower(),
                "results": _results(own, of_it, list(parts)),
                "policyDefinitions": [_definition(each, of_it) for each in parts],
                "policyGroups": [],
            }
        )
    assignments = list(_grouped(rows, "policyAssignmentId").values())
    return {"results": _results(rows, results, assignments), "policyAssignments": found[:most]}


def _definition(rows: list[Row], address: str) -> dict[str, Any]:
    first, id_ = rows[0], str(rows[0]["policyDefinitionId"]).lower()
    return {
        "policyDefinitionId": id_,
        "policyDefinitionReferenceId": first["policyDefinitionReferenceId"] or "",
        "policyDefinitionGroupNames": [],
        "effect": first["policyDefinitionAction"],
        "results": _results(rows, f"{address} and PolicyDefinitionId eq '{id_}'", [rows]),
    }


def _results(rows: list[Row], address: str, policies: list[list[Row]]) -> dict[str, Any]:
    resources = Counter(_worst(each) for each in _grouped(rows, "resourceId").values())
    counted = Counter(_worst(each) for each in policies)
    return {
        "queryResultsUri": address,
        "nonCompliantResources": resources[State.NON_COMPLIANT],
        "nonCompliantPolicies": counted[State.NON_COMPLIANT],
        "resourceDetails": _details(resources),
        "policyDetails": _details(counted),
        "policyGroupDetails": [],
    }


def _details(counted: Counter[State]) -> list[dict[str, Any]]:
    return [{"complianceState": state.lower(), "count": counted[state]} for state in _RANK if counted[state]]


def _worst(rows: list[Row]) -> State:
    found = {State(each["complianceState"]) for each in rows}
    return next(state for state in _RANK if state in found)


def _grouped(rows: Iterable[Row], *names: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for each in rows:
        found.setdefault("|".join(str(each[name] or "") for name in names).lower(), []).append(each)
    return found
