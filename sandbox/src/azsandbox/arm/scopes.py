"""What ARM checks before any provider is asked: the api-version, the subscription, the group, the parents."""

from __future__ import annotations

import re
from collections.abc import Mapping

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, gateway

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


def check_api_version(query: Mapping[str, str]) -> str:
    """The api-version of a request, whatever it is. Raises ArmError 400 where there is none."""
    version = query.get("api-version", "")
    if not version:
        raise gateway(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    return version


def check_scopes(call: Call) -> None:
    """That what the resource lies in is there. Raises ArmError 400 or 404."""
    levels = call.route.levels if call.route.name is None else call.route.levels[:-1]
    for level in levels:
        kind = level.kind
        if kind.implied:
            continue
        if kind.type == "Microsoft.Resources/subscriptions":
            check_subscription(level.name)
        elif call.context.store.get(level.key) is None:
            if kind.type == "Microsoft.Resources/resourceGroups":
                raise no_such_group(level.name)
            # AZ-ABSENT-14.
            raise gateway(
                404,
                "ParentResourceNotFound",
                "Can not perform requested operation on nested resource. "
                f"Parent resource '{level.name}' not found.",
            )


def check_subscription(subscription: str) -> None:
    """Any GUID is a subscription. Raises ArmError 400 for anything else."""
    if not _GUID.match(subscription):
        raise gateway(
            400,
            "InvalidSubscriptionId",
            f"The provided subscription identifier '{subscription}' is malformed or invalid.",
        )


def no_such_group(name: str) -> ArmError:
    """404 for a resource group that is not there."""
    return gateway(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
