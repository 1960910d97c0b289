"""Whether two workspaces are what a plan can be about: neither exchanged, nor another than was scanned."""

from __future__ import annotations

from pathlib import Path

from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.workspace import Workspace
from amlmigrate.planning import earlier_plans


def refuse_exchanged(source: Workspace, target: Workspace, beside: Path) -> None:
    """Raises RefusedError where source and target are exchanged.

    That is so where only the source is under a customer's key, or where a plan that was begun moves the other way.
    """
    if source.encrypted and not target.encrypted:
        raise RefusedError(
            "Source and target are exchanged: the source is under a customer's key, and the target is not.",
            address=source.id,
            remedy=f"Name them the other way round: --source {target.ref.short} --target {source.ref.short}.",
        )
    if other := earlier_plans.begun_between(beside, target.workspace_id, source.workspace_id):
        raise RefusedError(
            f"Source and target are exchanged: the plan in '{other}' moves from this target to this source.",
            address=source.id,
            remedy="Name them the other way round. If all is to move back, plan apart from that one, with --out.",
        )


def refuse_another(source: Workspace, workspace_id: str) -> None:
    """Raises BadInputError for another workspace of the name than the one with this workspaceId."""
    if source.workspace_id.lower() != workspace_id.lower():
        raise BadInputError(
            f"'{source.ref.short}' is another workspace than the one that was scanned: it was created again.",
            address=source.id,
            remedy="Scan again.",
        )
