"""Who else uses a workspace's storage account, as far as it can be known.

A listing of workspaces shows those that the caller may read and says nothing of the rest. So a right to read
all of the subscription is looked up first; and every workspace, of whatever subscription, leaves containers with
its own id in their names in its account (AZ-WS-1), which are looked for there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.workspaces import sharing_account
from amlmigrate.core.armid import ArmId
from amlmigrate.core.rights import Permission, granted
from amlmigrate.core.workspace import Workspace
from amlmigrate.kinds import holding

_READ = "Microsoft.MachineLearningServices/workspaces/read"
[_LIST] = holding().permissions.read
_OF_A_WORKSPACE = re.compile(r"^azureml-(?:blobstore|filestore)-(?P<id>[0-9a-f-]{36})\Z")


@dataclass(frozen=True, slots=True)
class Sharing:
    """Ids of the other workspaces that have the account, containers of others in it, and what is not known.

    `unread` are subscriptions of which not every workspace may be read, `unlisted` says why the account's
    containers could not be listed.
    """

    workspaces: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unlisted: str = ""

    @property
    def unknown(self) -> str:
        """All that is not known, in one sentence; empty where all is."""
        return "; ".join((*(not_whole(name) for name in self.unread), *([self.unlisted] * bool(self.unlisted))))

    @property
    def others(self) -> str:
        """Everybody else who is known, in a list."""
        return ", ".join(
            (*self.workspaces, *(f"the workspace that '{name}' belongs to" for name in self.containers))
        )


async def sharing(side: Side, workspace: Workspace) -> Sharing:
    """Who else has the storage account of a workspace, or may have it."""
    own = {workspace.ref.subscription.lower(), ArmId.of(workspace.storage_account_id).subscription.lower()} - {""}
    whole = {name for name in own if await reads_all(side, name)}
    unlisted = ""
    visible = {str(item["subscriptionId"]).lower() async for item in side.arm.pages("/subscriptions")}
    found: set[str] = set()
    for name in sorted(own | visible):
        found |= await _workspaces(side, workspace, name, strict=name in whole)
    try:
        containers = await side.blobs.containers(workspace.storage_account)
    except ServiceError as error:
        if error.status != 403:
            raise
        containers = {}
        unlisted = f"the account's containers could not be listed, which takes '{_LIST}': {error.code}"
    except (OutOfReachError, TimeoutError):
        containers = {}
        unlisted = "the account's containers could not be listed: no answer came from it"
    others = foreign(containers, workspace.workspace_id)
    return Sharing(tuple(sorted(found)), others, tuple(sorted(own - whole)), unlisted)


async def _workspaces(side: Side, workspace: Workspace, subscription: str, *, strict: bool) -> set[str]:
    """Of a subscription that may not be read whole, what is to be seen; its containers would tell all the same.

    It may be disabled, or without the provider.
    """
    try:
        return set(await sharing_account(side.arm, workspace, subscription))
    except ServiceError as error:
        if strict or error.transient:
            raise
        return set()


def foreign(containers: Iterable[str], workspace_id: str) -> tuple[str, ...]:
    """The containers that another workspace's default datastores lie in."""
    found = ((name, match["id"]) for name in containers if (match := _OF_A_WORKSPACE.match(name)))
    return tuple(sorted(name for name, owner in found if owner != workspace_id.lower()))


def not_whole(subscription: str) -> str:
    """Why a list of a subscription's workspaces may leave some out."""
    return f"no right to read every workspace of subscription {subscription}: '{_READ}' is missing there"


async def reads_all(side: Side, subscription: str, *operations: str) -> bool:
    """Whether the caller may read every workspace of a subscription, so that a list leaves none out.

    `operations`: those by which something else is read.
    """
    try:
        entries = await side.roles.permissions(f"/subscriptions/{subscription}")
    except ServiceError as error:
        if error.status not in (403, 404):
            raise
        return False
    found = [Permission.of(one) for one in entries]
    return all(granted(found, one) for one in operations or (_READ,))
