"""The source of a plan as it is when rights are given back: there, gone, another one of its name, or not known."""

from __future__ import annotations

from pathlib import Path

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.evidence import Decommission
from amlmigrate.evidence.frozen import FreezeRecord
from amlmigrate.freezing.give_back import Source
from amlmigrate.ledger.evidence import EvidenceFile, last


async def read(
    side: Side, plan: Plan, folder: Path, reports: list[EvidenceFile], known: FreezeRecord | None
) -> tuple[Source, str]:
    """The source, and the ARM id of its storage account.

    What does not answer keeps nothing back: the account stays when the workspace goes. Raises RefusedError where
    the evidence names another account than the workspace has: it never changes (Learn, workspace's dependencies).
    """
    header = plan.header.source
    recorded = known.account if known else ""
    try:
        found = await side.workspace(plan.header.source_ref).find()
    except (ServiceError, OutOfReachError) as error:
        return Source(header["id"], unread=error.summary), recorded
    if found is None:
        removed = last(reports, Decommission)
        # A tombstone may also say that it is absent without having been removed by the plan.
        when = removed.content.time if removed and removed.content.deleted else ""
        return Source(header["id"], gone=True, removed=when), recorded
    return _there(plan, folder, found, recorded)


def _there(plan: Plan, folder: Path, found: Document, recorded: str) -> tuple[Source, str]:
    workspace = Workspace(plan.header.source_ref, found)
    if workspace.workspace_id != plan.header.source["workspaceId"]:
        why = "what has the name of the source is another workspace: it was deleted and created again"
        return Source(workspace.id, other=why), recorded
    account = workspace.storage_account_id
    if recorded and recorded.lower() != account.lower():
        raise RefusedError(
            f"The record of what was frozen cannot be trusted: its storage account is '{recorded}'.",
            address=str(folder),
            remedy=f"The source has '{account}': put the original evidence back.",
        )
    return Source(workspace.id), account
