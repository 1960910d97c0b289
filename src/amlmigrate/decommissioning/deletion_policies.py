"""Whether a policy refuses to have a source deleted, asked before anything of it is removed.

What blocks the workspace's deletion goes first: a refusal after that leaves a workspace without its endpoints.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document, shown_properties
from amlmigrate.core.few import few
from amlmigrate.core.workspace import Workspace
from amlmigrate.decommissioning.removal import blocking
from amlmigrate.kinds import all_kinds
from amlmigrate.policies.asking import answered_list
from amlmigrate.policies.conditions import ResourceFacts, denies_deletion, selected
from amlmigrate.policies.denials import DENY_ACTION, Denial, denials_of, enforced, left_out
from amlmigrate.policies.exemptions import Exemption, exempted
from amlmigrate.posture.reading import Read

_ASSIGNMENTS = "providers/Microsoft.Authorization/policyAssignments"
_NOT_CHECKED = "whether a policy denies its deletion (denyAction): not checked."


@dataclass(frozen=True, slots=True)
class DeletionPolicies:
    """`refused` is what policies deny of the removal, `possible` what they may, `unknown` what was not checked.

    `accepted`: what may be denied stops nothing, since somebody said so, or nothing would be gone by then.
    """

    refused: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    accepted: bool = False

    def reasons(self) -> list[str]:
        """Why nothing may be removed yet. What is denied for certain nobody can accept: Azure refuses it."""
        maybe = () if self.accepted else self.possible
        return [*self.refused, *(f"{one} Or go on all the same: --accept-unrecoverable." for one in maybe)]

    def told(self) -> tuple[str, ...]:
        """What is not known of it, for who goes on."""
        return (*self.possible, *self.unknown)


@dataclass(frozen=True, slots=True)
class _Deletion:
    """A source that is to be deleted, what goes before it, and its exemptions."""

    workspace: Workspace
    first: Sequence[Asset]
    exempt: Read[list[Exemption]]
    now: datetime

    def rules(self, id_: str, rules: Sequence[Denial]) -> list[Denial]:
        """Those of an assignment's from which it is not known to be exempt."""
        return [one for one in rules if not exempted(id_, one, self.exempt.value or (), self.now)]

    def doubtful(self, assignment: Document) -> bool:
        """Whether an assignment may leave it alone for what is not read here: how, for whom, from when, where."""
        properties = shown_properties(assignment) or {}
        mode = str(properties.get("enforcementMode") or "default").lower()
        id_ = key_of(assignment.get("id"))
        mine = (one for one in self.exempt.value or () if key_of(one.assignment) == id_)
        unclear = any(one.narrowed or (one.said and one.ends is None) for one in mine)
        unclear = unclear or left_out(assignment, self.workspace.id) is None
        return unclear or self.exempt.value is None or mode != "default" or bool(properties.get("overrides"))

    def judged(self, assignment: Document, rules: Sequence[Denial]) -> tuple[bool, list[str]]:
        """Whether the workspace's deletion is denied for certain, and the addresses whose deletion may be."""
        found = _judged(assignment, rules, ArmId.of(self.workspace.id), self.workspace.document)
        if found and not self.doubtful(assignment):
            return True, []
        maybe = [] if found is False else ["the workspace"]
        for asset in self.first:
            path = all_kinds()[asset.address.kind].path(asset.address)
            if _judged(assignment, rules, ArmId.of(f"{self.workspace.id}/{path}"), asset.document) is not False:
                maybe.append(str(asset.address))
        return False, maybe


def _judged(assignment: Document, rules: Sequence[Denial], id_: ArmId, document: Document) -> bool | None:
    """Whether one of an assignment's rules denies a resource's deletion."""
    if not id_.governed_from(ArmId.of(assignment.get("id")).scope):
        return False
    known = ResourceFacts.of(id_.type, document)
    taken = selected(assignment, known)
    found = [denies_deletion(one.rule, known) for one in rules]
    if taken is False or all(one is False for one in found):
        return False
    return True if taken and True in found else None


async def of_deletion(
    arm: Arm,
    source: Inventory,
    exempt: Read[list[Exemption]],
    now: datetime,
    *,
    accepted: bool,
) -> DeletionPolicies:
    """What policies make of a deletion of a source and of what goes before it, as they are assigned now.

    The list has what is assigned above the source, at it, and at what is in it (AZ-POLICY-68).
    A list or definition that could not be read is told and stops nothing.
    """
    workspace, first = source.workspace, blocking(source)
    read = await answered_list(arm, f"{workspace.id}/{_ASSIGNMENTS}")
    if read.value is None:
        why = read.refused or "Azure shows no such list."
        return DeletionPolicies(unknown=(f"{_NOT_CHECKED} {why}",))
    deletion = _Deletion(workspace, first, exempt, now)
    found = await asyncio.gather(*(_of_one(arm, one, deletion) for one in read.value))
    return DeletionPolicies(
        tuple(text for one in found for text in one.refused),
        tuple(text for one in found for text in one.possible),
        tuple(text for one in found for text in one.unknown),
        accepted or not first,
    )


async def _of_one(arm: Arm, assignment: Document, deletion: _Deletion) -> DeletionPolicies:
    id_, source = str(assignment.get("id")), deletion.workspace.id
    if not enforced(assignment) or left_out(assignment, source):
        return DeletionPolicies()
    denials = await denials_of(arm, assignment, DENY_ACTION)
    name = (
        f"the policy '{(shown_properties(assignment) or {}).get('displayName') or assignment.get('name')}' ({id_})"
    )
    unread = ", ".join(denials.unread)
    unknown = (f"{_NOT_CHECKED} Of {name} this could not be read: {unread}.",) if unread else ()
    rules = deletion.rules(id_, denials.rules)
    denied, maybe = deletion.judged(assignment, rules) if rules else (False, [])
    exempt = (
        "Have whoever owns it exempt the source: `az policy exemption create --name removal"
        f" --exemption-category Waiver --policy-assignment {id_} --scope {source}`."
    )
    if denied:
        text = f"{name[0].upper()}{name[1:]} denies the workspace's deletion. {exempt}"
        return DeletionPolicies((text,), unknown=unknown)
    if not maybe:
        return DeletionPolicies(unknown=unknown)
    text = f"{name[0].upper()}{name[1:]} may deny the deletion of {few(maybe)}. {exempt}"
    return DeletionPolicies(possible=(text,), unknown=unknown)
