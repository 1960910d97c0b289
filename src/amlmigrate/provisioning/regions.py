"""The file's region against those of its subscription: one that is none would fail at the first thing made."""

from __future__ import annotations

from difflib import get_close_matches

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.errors import BadInputError, MigrateError
from amlmigrate.core.spelling import plain_region
from amlmigrate.provisioning.wanted import WantedWorkspace


async def check(arm: Arm, wanted: WantedWorkspace, file: str) -> None:
    """Raises BadInputError for a region that the subscription has not.

    Whoever may not read the list is not stopped: Azure refuses it later. Logical ones, as `unitedstates`, hold no
    resources (learn.microsoft.com: subscriptions/list-locations, `regionType`).
    """
    path = f"/subscriptions/{wanted.subscription}/locations"
    try:
        listed = [one async for one in arm.pages(path)]
    except MigrateError:
        return
    physical = [one for one in listed if (one.get("metadata") or {}).get("regionType") != "Logical"]
    names = {plain_region(str(one.get("name") or "")) for one in physical}
    if not names or wanted.location in names:
        return
    near = get_close_matches(wanted.location, sorted(names), n=3)
    raise BadInputError(
        f"location: the subscription has no region '{wanted.location}'"
        + (f"; near it are {', '.join(near)}." if near else "."),
        address=file,
        remedy=f"Name one of `az account list-locations --subscription {wanted.subscription} --output table`.",
    )
