"""What role assignments stand on: how long they last, whose they are, and the roles that they give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.asset import Asset, Inventory, Many
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping as WorkspaceMapping
from amlmigrate.core.principals import Principals
from amlmigrate.core.rights import KEPT
from amlmigrate.core.roleends import NO_LICENCE, until
from amlmigrate.kinds._extension import at_or_below
from amlmigrate.kinds._listed import WorkspacePort

_AUTHORIZATION = "providers/Microsoft.Authorization"
_INSTANCES = f"{_AUTHORIZATION}/roleAssignmentScheduleInstances"
_ELIGIBLE = f"{_AUTHORIZATION}/roleEligibilityScheduleInstances"
_KIND = "roleAssignments"
_UNREAD = "whether it ends by itself may not be read (roleAssignmentScheduleInstances): it could last for good"
# What there is of the source's for a time only, as an item has it beside its document.
ENDS = "ends"


def key(scope: str, properties: Mapping[str, Any]) -> tuple[str, str, str]:
    """What there is once of: a role, at a scope, for a principal (AZ-RIGHT-12)."""
    return (
        key_of(scope),
        name_of(properties.get("roleDefinitionId")).lower(),
        str(properties.get("principalId") or "").lower(),
    )


async def in_force(port: WorkspacePort) -> list[Document] | None:
    """The role assignments in force around a workspace with their ends; None where these may not be read."""
    return await _schedules(port, _INSTANCES)


def activated(name: str, timed: Iterable[Document] | None) -> bool:
    """Whether it is there only while somebody has activated a role: of that the eligibility is told."""
    told = ((properties_of(one), one.get("id")) for one in timed or ())
    return any(
        name_of(of.get("originRoleAssignmentId") or id_).lower() == name.lower()
        and str(of.get("assignmentType")).lower() == "activated"
        for of, id_ in told
    )


def for_a_time(assignment: Document, timed: Sequence[Document] | None) -> tuple[str, dict[str, Any]]:
    """Why an assignment is less than one made anew would be, as a sentence, '' where it is not; and its end.

    `timed` are those in force, None where they may not be read.
    """
    if timed is None:
        return _UNREAD, {}
    at = until(timed, assignment)
    if at is None and not activated(name_of(assignment.get("id")), timed):
        return "", {}
    return f"it ends by itself{f', at {at}' if at else ''}: assigned anew it would last for good", {"at": at or ""}


async def eligible(port: WorkspacePort) -> list[Asset]:
    """One item for all roles that may be activated at the workspace, or at what lies in it."""
    found = await _schedules(port, _ELIGIBLE)
    remedy = "Make them eligible at the target in Privileged Identity Management, by the rules that hold there."
    if found is None:
        return [
            Asset(
                Address.of(_KIND, "eligible"),
                {"listed": False},
                reason="which roles may be activated at it may not be read (roleEligibilityScheduleInstances)",
                remedy=remedy,
            )
        ]
    lines = {digest(line): line for one in found if (line := _line(one, port.id))}
    if not lines:
        return []
    told = many(len(lines), "role")
    return [
        Asset(
            Address.of(_KIND, "eligible"),
            {"count": len(lines), "sha256": digest(sorted(lines))},
            reason=f"{told} that somebody may activate, listed in {_KIND}-eligible.jsonl: this version makes none",
            remedy=remedy,
            many=Many(tuple(lines[one] for one in sorted(lines))),
        )
    ]


def _line(found: Document, workspace: str) -> Document | None:
    properties = properties_of(found)
    scope = str(properties.get("scope") or ArmId.of(found.get("id")).scope)
    if not at_or_below(workspace, scope):
        return None
    kept = {one: properties[one] for one in (*KEPT, "endDateTime") if properties.get(one) is not None}
    return {"scope": scope, "eligible": True, **kept}


async def _schedules(port: WorkspacePort, collection: str) -> list[Document] | None:
    """Those at a workspace, above it and below it (AZ-RIGHT-1); None where they may not be read."""
    try:
        return [one async for one in port.pages(collection)]
    except ServiceError as error:
        if NO_LICENCE in error.codes:
            return []
        if error.transient or error.status not in (400, 403, 404):
            raise
        return None


async def custom(port: WorkspacePort, role: str) -> Document | None:
    """The definition of a role that somebody made; None of a built-in one, and where it cannot be read."""
    try:
        found = await port.get(f"{_AUTHORIZATION}/roleDefinitions/{role}")
    except ServiceError as error:
        if error.transient or error.status not in (400, 403, 404):
            raise
        return None
    return found if str(properties_of(found).get("type")).lower() == "customrole" else None


def not_there(role: Document | None, target: str, principals: Principals) -> tuple[str, str] | None:
    """Why a custom role cannot be given at a target, and what to do; None where it can, or nobody knows."""
    if role is None:
        return None
    told = properties_of(role)
    name, scopes = str(told.get("roleName") or role.get("name")), told.get("assignableScopes") or []
    if principals.elsewhere:
        return (
            f"it gives the custom role '{name}', which the target's tenant does not have",
            "Create the role there, and assign it at the target (`az role assignment create`).",
        )
    if any(_covers(str(one), target) for one in scopes):
        return None
    return (
        f"it gives the custom role '{name}', which may not be assigned at the target: its AssignableScopes do not"
        " cover that",
        f"Add the target: `az role definition list --custom-role-only --name '{name}' --query '[0]' | jq"
        f" '.assignableScopes += [\"{target}\"]' > role.json && az role definition update --role-definition"
        " role.json`; then plan again.",
    )


def _covers(scope: str, target: str) -> bool:
    """Whether a role of that scope can be given at a target; of what a management group holds nothing is known."""
    return scope == "/" or "managementgroups/" in scope.lower() or ArmId.of(target).within(ArmId.of(scope))


def identities(source: Inventory) -> dict[str, str]:
    """Of what each identity is that something of the source has of its own, by its object id."""
    every = (*source.assets.values(), *source.by_hand)
    found = {one: str(asset.address) for asset in every for one in _own(asset.document)}
    return found | dict.fromkeys(_own(source.workspace.document), "the workspace")


def _own(document: Mapping[str, Any]) -> Iterator[str]:
    told = document.get("identity")
    if isinstance(told, dict) and told.get("principalId"):
        yield str(told["principalId"]).lower()


def condition(address: Address, text: str, mapping: WorkspaceMapping) -> tuple[str, tuple[Finding, ...]]:
    """A condition with the target's ids in place of the source's; a finding where it names the source still."""
    source, target = mapping.source, mapping.target
    pairs = {source.ref.id: target.ref.id, source.workspace_id: target.workspace_id, **mapping.principals}
    called = {old.lower(): new for old, new in pairs.items() if old}
    # All at once: whoever one becomes may be another's old id. A workspace whose name only begins so is another.
    every = (re.escape(old) + (r"(?![\w.-])" if "/" in old else "") for old in called)
    found = re.sub("|".join(every), lambda match: called[match[0].lower()], text, flags=re.IGNORECASE)
    left = [one for one in (source.ref.name, source.storage_account) if _names(one, found)]
    if not left:
        return found, ()
    return found, (
        Finding(
            "blocks",
            str(address),
            f"Its condition names what is of the source, and continues to do so: {', '.join(left)}.",
            "Say in the source's condition what it is to be in the target and plan again, or assign it by hand.",
            code="condition-names-source",
        ),
    )


def _names(name: str, text: str) -> bool:
    """Whether a text has a name as a word."""
    return bool(name) and bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE))
