"""Whether the quotas of the target's region suffice for the machines of what a plan makes there."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.workspace import Workspace
from amlmigrate.doctor.unchecked import unchecked
from amlmigrate.kinds import Machines, moving_kinds
from amlmigrate.posture.reading import tried_list

_TOTAL, _SPARE = "totalDedicatedCores", "totalLowPriorityCores"
_PROVIDER = "Microsoft.MachineLearningServices"


@dataclass(frozen=True, slots=True)
class _Quota:
    """Of one family of sizes: `limit` and `used` in cores, `shown` is what people call it."""

    limit: float
    used: float
    shown: str


async def short(arm: Arm, target: Workspace, steps: Iterable[Step]) -> list[Finding]:
    """An error for each step whose machines no quota has room for; a warning where that cannot be read.

    Raises ServiceError where ARM is out of order.
    """
    needed = _needed(steps)
    if not needed:
        return []
    place = f"/subscriptions/{target.ref.subscription}"
    region = f"{place}/providers/{_PROVIDER}/locations/{target.location}"
    usages, sizes = await asyncio.gather(*(tried_list(arm, f"{region}/{name}") for name in ("usages", "vmSizes")))
    found = [
        unchecked(
            place, read, f"whether there is quota for clusters ({name})", f"{_PROVIDER}/locations/{name}/read"
        )
        for name, read in (("usages", usages), ("vmSizes", sizes))
        if read.value is None
    ]
    if usages.value is None or sizes.value is None:
        return found
    return list(judged(needed, usages.value, sizes.value, target))


def _needed(steps: Iterable[Step]) -> dict[str, Machines]:
    """By address, the machines of what is made; what a cutover adds counts as what it is then."""
    found: dict[str, Machines] = {}
    made: set[str] = set()
    for step in steps:
        kind, item = moving_kinds().get(step.address.kind), str(step.address.item)
        if kind is None or not step.body or not step.action.writes:
            continue
        if step.action is Action.CREATE:
            made.add(item)
        if item in made and (machines := kind.machines(step.body)):
            found[item] = machines
    return found


def judged(
    needed: dict[str, Machines], usages: list[Document], sizes: list[Document], target: Workspace
) -> Iterator[Finding]:
    """An error for each whose quota is known not to suffice. Pure.

    Inferred (AZ-COMPUTE-10): a size is refused whose quota has not one machine; what keeps nodes needs as much as
    is free, all of them together.
    """
    quotas = dict(_quotas(usages, target))
    known = {str(one.get("name")).lower(): one for one in sizes}
    taken: dict[str, float] = defaultdict(float)
    most: dict[str, float] = defaultdict(float)
    told: set[str] = set()
    for address, machines in needed.items():
        size = known.get(machines.size.lower())
        cores = size.get("vCPUs") if size else None
        if size is None or not isinstance(cores, int | float):
            yield _unknown(address, machines.size, target)
            continue
        wanted = cores * machines.count
        families = [_SPARE.lower()] if machines.spare else [str(size.get("family")).lower(), _TOTAL.lower()]
        if families[0] not in quotas:
            yield _unlisted(address, machines.size, target)
        for family in filter(quotas.__contains__, families):
            quota = quotas[family]
            free = quota.limit - quota.used - taken[family]
            taken[family] += wanted * machines.kept
            most[family] += cores * machines.most
            if quota.limit >= 0 and (quota.limit < cores or (machines.kept and free < wanted)):
                yield _too_little(address, machines, wanted, quota)
                told.add(family)
                break
    for family, all_cores in most.items():
        quota = quotas[family]
        if family not in told and quota.limit >= 0 and quota.limit - quota.used < all_cores:
            yield _not_all(target, all_cores, quota)


def _quotas(usages: list[Document], target: Workspace) -> Iterator[tuple[str, _Quota]]:
    """Those of the subscription, and in their place those of the workspace, where it has any of its own."""
    for own in (False, True):
        for usage in usages:
            # That of a subscription lies in no group.
            of = ArmId.of(usage.get("id"))
            if bool(of.group) is not own or (own and not of.within(ArmId.of(target.id))):
                continue
            named, limit, used = usage.get("name") or {}, usage.get("limit"), usage.get("currentValue")
            if isinstance(limit, int | float) and isinstance(used, int | float):
                shown = str(named.get("localizedValue") or named.get("value"))
                yield str(named.get("value")).lower(), _Quota(limit, used, shown)


def _too_little(address: str, machines: Machines, wanted: float, quota: _Quota) -> Finding:
    return Finding(
        "error",
        address,
        f"It needs {many(int(wanted), 'core')} of the quota '{quota.shown}' for {machines.count} x"
        f" {machines.size}."
        f" In use: {quota.used:g} of {quota.limit:g}.",
        "Ask for more quota in the target's region, or leave it out with --exclude; then make a new plan.",
        code="compute-quota",
    )


def _not_all(target: Workspace, cores: float, quota: _Quota) -> Finding:
    return Finding(
        "warning",
        target.id,
        f"What the plan makes may grow to {many(int(cores), 'core')} of the quota '{quota.shown}'. In use:"
        f" {quota.used:g} of {quota.limit:g}. Not all of it can run at once.",
        "Ask for more quota in the target's region if it has to; else jobs wait for nodes.",
        code="compute-growth",
    )


def _unlisted(address: str, size: str, target: Workspace) -> Finding:
    return Finding(
        "warning",
        address,
        f"Not checked: whether there is quota for it. No quota that '{size}' counts in is listed in"
        f" {target.location}.",
        "Look in the studio whether its quota suffices: if not, the service refuses it.",
        code="not-checked",
    )


def _unknown(address: str, size: str, target: Workspace) -> Finding:
    return Finding(
        "warning",
        address,
        f"Not checked: whether there is quota for it. No size '{size}' is listed in {target.location}.",
        "Look whether the region has that size: if not, the service refuses the cluster.",
        code="not-checked",
    )
