"""Whether the source still is what the plan was made from."""

from __future__ import annotations

from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import BadInputError, DriftError
from amlmigrate.core.plan import Plan
from amlmigrate.core.seal import changes
from amlmigrate.core.workspace import Workspace
from amlmigrate.kinds import document_digests


def check_workspaces(plan: Plan, source: Workspace, target: Workspace) -> None:
    """Refuses workspaces that are not the plan's: one made anew under its name is another."""
    for workspace, header in ((source, plan.header.source), (target, plan.header.target)):
        if workspace.workspace_id != header["workspaceId"]:
            raise BadInputError(
                f"'{workspace.ref.short}' is not the workspace that the plan was made for:"
                f" its workspaceId is {workspace.workspace_id}, the plan's {header['workspaceId']}.",
                address=workspace.id,
                remedy="It was deleted and made anew: make a new plan.",
            )


def check_source(plan: Plan, inventory: Inventory) -> None:
    """Refuses a source in which anything was added, changed or deleted since the plan was made."""
    now = document_digests(inventory)
    then = {
        str(step.address): step.source_sha256
        for step in plan.steps
        if step.source_sha256 and not step.is_bytes and not step.address.archive
    }
    if reasons := changes(then, now):
        raise DriftError(
            "The source is no longer what the plan was made from.",
            reasons=tuple(reasons),
            address=inventory.workspace.id,
            remedy="Make a new plan: it will hold just the difference.",
        )
