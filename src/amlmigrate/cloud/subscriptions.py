"""Subscriptions by their names: from how a user names a workspace to its id."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.core.workspacename import WorkspaceName


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Names and ids of all that an identity sees. Several may have one name (AZ-ARM-24)."""

    known: tuple[tuple[str, str], ...] = ()

    def ref(self, name: WorkspaceName) -> WorkspaceRef:
        """The workspace that is meant.

        Raises BadInputError where its subscription is told by a name that none or several have.
        """
        return WorkspaceRef(self._id(name) if name.by_name else name.subscription, name.group, name.name)

    def _id(self, name: WorkspaceName) -> str:
        found = [id_ for shown, id_ in self.known if shown.lower() == name.subscription.strip().lower()]
        if len(found) == 1:
            return found[0]
        if found:
            raise BadInputError(
                f"Several subscriptions are named '{name.subscription}': {', '.join(sorted(found))}.",
                address=name.text,
                remedy="Write the id of the one that is meant.",
            )
        raise BadInputError(
            f"You see no subscription with the name or id '{name.subscription}'.",
            address=name.text,
            remedy="Correct it, or sign in to its tenant; `az account list --output table` shows those you see.",
        )


async def listed(arm: Arm) -> Subscriptions:
    """All that the identity sees. Raises ServiceError where they cannot be listed."""
    # `displayName` and `subscriptionId` (AZ-ARM-24).
    return Subscriptions(
        tuple(
            [
                (str(item.get("displayName") or ""), str(item["subscriptionId"]))
                async for item in arm.pages("/subscriptions")
            ]
        )
    )


async def workspace_ref(arm: Arm, name: WorkspaceName) -> WorkspaceRef:
    """The workspace that is meant; Azure is asked only where its subscription is told by name. Raises as above."""
    return (await listed(arm) if name.by_name else Subscriptions()).ref(name)
