"""The workspaces of a move as the doctor reads them: also one whose key is gone, which answers nobody any more."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Workspace, WorkspaceRef
from amlmigrate.posture.reading import tried_list

_TYPE = "providers/Microsoft.MachineLearningServices/workspaces"
# Refusals that speak of the caller; all else that is answered 403 speaks of the workspace.
_OF_CALLER = frozenset({"AuthorizationFailed", "LinkedAuthorizationFailed", "InvalidAuthenticationToken"})


@dataclass(frozen=True, slots=True)
class WorkspacePair:
    """Either workspace may be left out; what concerns it is then not looked at."""

    source: Workspace | None
    target: Workspace | None


async def target_of(side: Side, ref: WorkspaceRef) -> tuple[Workspace, list[Finding]]:
    """The target, and an error where it refuses everybody. Raises BadInputError, ServiceError."""
    try:
        return await side.workspace(ref).read(), []
    except BadInputError as error:
        # No list reliably shows soft-deleted workspaces, but their names are blocked (AZ-DEL-4).
        raise BadInputError(
            error.summary,
            address=error.address,
            remedy=f"{error.remedy} One that was deleted in the last 14 days blocks its name until it is recovered"
            " in the portal, or purged by a DELETE with forceToPurge=true.",
        ) from error
    except ServiceError as error:
        listed = await _listed(side.arm, ref) if error.status == 403 and error.code not in _OF_CALLER else None
        if listed is None:
            raise
        return Workspace(ref, listed), [_lost(ref, error)]


async def _listed(arm: Arm, ref: WorkspaceRef) -> Document | None:
    """The workspace as its group's list shows it, else its subscription's, where more callers may look."""
    subscription = f"/subscriptions/{ref.subscription}"
    for scope in (f"{subscription}/resourceGroups/{ref.group}", subscription):
        for one in (await tried_list(arm, f"{scope}/{_TYPE}")).value or ():
            if key_of(one.get("id")) == key_of(ref.id):
                return one
    return None


def _lost(ref: WorkspaceRef, error: ServiceError) -> Finding:
    return Finding(
        "error",
        ref.id,
        f"The target lets nobody in, as a workspace does whose key cannot be used. {error.summary}",
        "Make the key usable again: what is said of it here names the command. It may take an hour to count.",
        code="target-refuses",
    )
