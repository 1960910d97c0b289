"""What Azure Policy has judged: the resources that it holds for non-compliant with the guardrail's assignment."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.cloud.arm import Arm
from amlmigrate.guarding.wanted import Guardrail
from amlmigrate.posture.reading import tried

_STATES = "providers/Microsoft.PolicyInsights/policyStates/latest/queryResults"
# One answer has so many rows at most where none are asked for (policyinsights 2024-10-01, `$top`).
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Compliance:
    """The ids of what is not compliant with each member, by its reference; `refused` says why nothing is known."""

    by_member: dict[str, tuple[str, ...]]
    refused: str = ""
    cut_short: bool = False


async def compliance(arm: Arm, guardrail: Guardrail) -> Compliance:
    """Reads it. A day may pass until all is judged, and a quarter of an hour after a change (AZ-POLICY-19)."""
    of = f"policyAssignmentId eq '{guardrail.assignment_id.lower()}'"
    query = {
        "$filter": f"{of} and complianceState eq 'NonCompliant'",
        "$top": str(_ROWS),
    }
    read = await tried(arm.post(f"{guardrail.scope}/{_STATES}", None, query))
    if read.refused:
        return Compliance({}, read.refused)
    rows = read.value.get("value") if isinstance(read.value, dict) else None
    if read.value is None or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return Compliance({}, "Azure's answer has no states that can be read.")
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(str(row.get("policyDefinitionReferenceId")), set()).add(str(row.get("resourceId")))
    return Compliance(
        {name: tuple(sorted(ids)) for name, ids in sorted(found.items())},
        cut_short=len(rows) >= _ROWS or bool(read.value.get("@odata.nextLink")),
    )
