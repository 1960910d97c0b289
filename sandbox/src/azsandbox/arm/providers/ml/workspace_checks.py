"""What a workspace is refused for, besides its encryption."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.context import Context
from azsandbox.arm.errors import gateway
from azsandbox.arm.providers.ml.encryption import refused
from azsandbox.arm.store import Record

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$")
_FIXED = ("storageAccount", "keyVault")
DEPENDENCIES = ("storageAccount", "keyVault", "applicationInsights", "containerRegistry")


def check_new(call: Call, sent: dict[str, Any], location: str) -> None:
    """Its name, and that what it is made of is there. Raises ArmError 400 or 404."""
    if not _NAME.match(call.name):
        raise refused(call, location, f"Workspace name '{call.name}' is not valid.")  # rule documented, text ours
    for name in DEPENDENCIES:
        id_ = sent.get(name)
        if not id_ and name in _FIXED:
            raise refused(
                call, location, f"Missing dependent resources in workspace json: {name}."
            )  # text ours (AZ-LOCAL-1)
        if id_ and call.context.store.get(str(id_).lower()) is None:
            # ARM checks the ids in a body before the provider sees it; the text is ours (AZ-LOCAL-1).
            resource = "/".join(str(id_).split("/")[6:])
            raise gateway(404, "ResourceNotFound", f"The Resource '{resource}' was not found.")
    _check_account(call, sent, location)


def _check_account(call: Call, sent: dict[str, Any], location: str) -> None:
    """No premium and no BlobStorage accounts, hierarchical ones for feature stores only (documented)."""
    account = call.context.store.get(str(sent.get("storageAccount")).lower())
    if account is None:
        return
    tier, kind = str(account.document["sku"]["tier"]), account.document["kind"]
    hierarchical = account.properties.get("isHnsEnabled") is True
    if tier == "Premium" or kind == "BlobStorage" or (hierarchical and call.body().get("kind") != "FeatureStore"):
        # The text is ours (AZ-LOCAL-1).
        raise refused(call, location, f"The storage account '{account.name}' is of a kind that is not supported.")


def check_change(call: Call, old: Record, sent: dict[str, Any]) -> None:
    """That nothing changes that cannot. Raises ArmError 400 or 409."""
    location = str(old.document["location"])
    if old.properties["provisioningState"] == "Deleting":
        raise refused(call, location, f"Workspace {old.name} is being deleted.", 409)  # text ours (AZ-LOCAL-1)
    for name in _FIXED:
        if str(sent.get(name)).lower() != str(old.properties.get(name)).lower():
            raise refused(call, location, f"{name} cannot be changed once the workspace is created.")


def check_nested(context: Context, record: Record) -> None:
    """That no tracked resource lies in the workspace: endpoints, deployments. Raises ArmError 409."""
    nested = [
        each.id for each in context.store.below(record.key) if context.kind_of(each).tracked and not each.gone
    ]
    if nested:
        shown = ", ".join(f"'{id_}'" for id_ in nested[:5])
        raise gateway(
            409,
            "CannotDeleteResource",
            "Cannot delete resource while nested resources exist. "
            f"Some existing nested resource IDs include: {shown}. "
            "Please delete all nested resources before deleting this resource.",
        )
