"""Policies around the target: which deny something, and which Azure predicts to refuse a change of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document, shown_properties
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import ENVELOPE, Workspace
from amlmigrate.doctor.unchecked import unchecked
from amlmigrate.policies import restrictions
from amlmigrate.policies.denials import Denial, Denials, denials_of, enforced, left_out
from amlmigrate.policies.exemptions import READ, Exemption, exempted, exemptions_of
from amlmigrate.policies.restrictions import PolicyQuestion
from amlmigrate.posture.reading import Read, missing_action, tried_list

_AUTHORIZATION = "Microsoft.Authorization"
_ASSIGNMENTS = f"providers/{_AUTHORIZATION}/policyAssignments"
_ABOUT = {
    "microsoft.machinelearningservices": "Azure ML",
    "microsoft.storage": "storage",
    "microsoft.keyvault": "key vaults",
}


async def predicted(arm: Arm, workspace: Workspace) -> list[Finding]:
    """What Azure predicts of a change of the target as it is now."""
    body = {name: workspace.document[name] for name in ENVELOPE if name in workspace.document}
    answer = await restrictions.ask(arm, PolicyQuestion(workspace.id, body))
    found = [
        Finding(
            "error",
            one.assignment,
            f"Azure predicts that {one} refuses changes of the target.",
            "Bring the target in line with it, or ask whoever owns it for an exemption: az policy exemption create"
            f" --name migration --exemption-category Waiver --policy-assignment {one.assignment} --scope"
            f" {workspace.id}",
            code="policy-refuses",
        )
        for one in answer.refusals
    ]
    told = [*([answer.unasked] if answer.unasked else ()), *answer.not_checked]
    return [*found, *(_not_asked(workspace.id, one) for one in told)]


def _not_asked(address: str, why: str) -> Finding:
    """A warning that Azure's prediction is not known."""
    missing = missing_action(why, restrictions.RIGHT)
    return Finding(
        "warning",
        address,
        f"Not checked: whether a policy refuses changes of the target: {why.rstrip('.')}.",
        f"Grant '{missing}' at {ArmId.of(address).group_id}, or have somebody check it who has the right.",
        code="not-checked",
    )


async def denying(arm: Arm, workspace: Workspace) -> list[Finding]:
    """A warning for each assignment in force that denies something and from which the target is not exempt.

    Also where what it denies could not be read. What it would refuse is for Azure to predict (`predicted`).
    """
    read, exempt = await asyncio.gather(
        tried_list(arm, f"{workspace.id}/{_ASSIGNMENTS}"), exemptions_of(arm, workspace.id)
    )
    if read.value is None:
        return [unchecked(workspace.id, read, "policies", f"{_AUTHORIZATION}/policyAssignments/read")]
    judged = await asyncio.gather(*(_findings(arm, one, workspace, exempt) for one in read.value))
    return [finding for part in judged for finding in part]


async def _findings(
    arm: Arm, assignment: Document, workspace: Workspace, exempt: Read[list[Exemption]]
) -> list[Finding]:
    properties = shown_properties(assignment) or {}
    if not enforced(assignment) or left_out(assignment, workspace.id):
        return []
    denials = await denials_of(arm, assignment)
    id_, name = str(assignment.get("id")), str(properties.get("displayName") or assignment.get("name"))
    now = datetime.now(UTC)
    rules = [one for one in denials.rules if not exempted(id_, one, exempt.value or (), now)]
    found = []
    if rules:
        found.append(_denies(id_, name, rules, exempt))
    if denials.unread:
        found.append(_unread(id_, name, denials))
    return found


def _denies(id_: str, name: str, rules: list[Denial], exempt: Read[list[Exemption]]) -> Finding:
    about = sorted({what for one in rules for word, what in _ABOUT.items() if word in one.rule})
    what = f" It speaks of {', '.join(about)}." if about else ""
    unread = f" Whether the target is exempt could not be read ('{READ}')." if exempt.value is None else ""
    return Finding(
        "warning",
        id_,
        f"The policy '{name}' denies what does not comply with it.{what}{unread}",
        "az policy exemption create --name migration --exemption-category Waiver --policy-assignment"
        f" {id_}, should it refuse a step.",
        code="policy-denies",
    )


def _unread(id_: str, name: str, denials: Denials) -> Finding:
    return Finding(
        "warning",
        id_,
        f"Not checked: what the policy '{name}' denies could not be read: {', '.join(denials.unread)}.",
        f"Grant '{_AUTHORIZATION}/policyDefinitions/read' and"
        f" '{_AUTHORIZATION}/policySetDefinitions/read' there, or have somebody check it who has the"
        " right.",
        code="policy-unread",
    )
