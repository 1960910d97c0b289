"""Whether a policy would refuse to have a removed source recovered: by what Azure predicts of that PUT."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.workspace import ENVELOPE, Workspace
from amlmigrate.decommissioning.recovery import Recovery
from amlmigrate.policies.exemptions import Exemption, own
from amlmigrate.policies.restrictions import PolicyAnswer, PolicyQuestion, PolicyRefusal, ask
from amlmigrate.posture.reading import Read

_RECOVERS = {"allowRecoverSoftDeletedWorkspace": True}


async def with_policies(
    arm: Arm, workspace: Workspace, recovery: Recovery, exempt: Read[list[Exemption]]
) -> Recovery:
    """The same with what policies are predicted to refuse, and what of that was not checked.

    `exempt` are the exemptions of the workspace. Its own ones end with it (AZ-POLICY-16): from what they exempt it
    a recovery is not exempt, which is asked as of a workspace without a name.
    """
    body = recovering(workspace)
    answer = await ask(arm, PolicyQuestion(workspace.id, body))
    refusals, unknown = list(answer.refusals), _not_checked(answer)
    lost = own(exempt.value or (), workspace.id)
    if lost:
        nameless = await ask(arm, PolicyQuestion(workspace.id, body, named=False))
        refusals += _of(nameless, lost)
        unknown += _not_checked(nameless)
    if exempt.value is None:
        unknown.append(
            f"Whether exemptions are lost without which a policy refuses it: not checked. {exempt.refused}"
        )
    told = {key_of(one.assignment): f"Azure predicts that {one} refuses to have it recovered." for one in refusals}
    return replace(recovery, refused=tuple(told.values()), unknown=(*recovery.unknown, *dict.fromkeys(unknown)))


def recovering(workspace: Workspace) -> Document:
    """The body that recovers a workspace, as it is now. Pure."""
    # By what a PUT sends a deleted one is recovered (AZ-DEL-11).
    body = {name: workspace.document[name] for name in ENVELOPE if name in workspace.document}
    return {**body, "properties": {**workspace.properties, **_RECOVERS}}


def _of(answer: PolicyAnswer, lost: list[Exemption]) -> list[PolicyRefusal]:
    """Only those of assignments that exemptions are lost of: a rule may go by the name that was left out."""
    exempted = {key_of(one.assignment) for one in lost}
    return [one for one in answer.refusals if key_of(one.assignment) in exempted]


def _not_checked(answer: PolicyAnswer) -> list[str]:
    told = [*([answer.unasked] if answer.unasked else ()), *answer.not_checked]
    return [f"Whether a policy refuses to have it recovered: not checked. {one}" for one in told]
