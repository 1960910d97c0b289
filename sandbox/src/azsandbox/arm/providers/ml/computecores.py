"""Whether there are cores for a compute, and what the service says where there are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azsandbox.arm.providers.ml.machines import MACHINES, Machine
from azsandbox.arm.providers.ml.quotas import SPARE, TOTAL, Region, shown_family
from azsandbox.arm.store import Record

_HELP = "https://docs.microsoft.com/azure/machine-learning/how-to-manage-quotas#request-quota-increases"


def beyond_quota(region: Region, workspace: str, inner: Mapping[str, Any]) -> str:
    """What the service says where not even one machine of the size may ever be had; else nothing.

    Its words: dotnet/machinelearning-modelbuilder#2140 (a family), Azure/mlops-v2#81 (in all, `BadRequest`).
    """
    machine = MACHINES.get(str(inner.get("vmSize")).upper())
    for what, limit, _ in _limits(region, workspace, inner, "") if machine else ():
        if machine and limit < machine.cores:
            return (
                f"The specified subscription has a {what} vCPU quota of {limit} and cannot accomodate for at "
                f"least 1 requested managed compute node which maps to {machine.cores} vCPUs. Talk to your "
                f"Subscription Admin or refer to {_HELP} to increase the {what} quota"
            )
    return ""


def nodes_within(region: Region, record: Record, wanted: int) -> tuple[int, str]:
    """How many of the wanted machines a compute gets, and what the service says where these are fewer.

    Inferred (AZ-COMPUTE-5): code and words. They are those of `ClusterQuotaReached`
    (MicrosoftDocs/azure-docs#17809) and of cores (hashicorp/terraform#10056).
    """
    inner = record.properties["properties"]
    cores = MACHINES[str(inner["vmSize"]).upper()].cores
    got, told = wanted, ""
    for _, limit, used in _limits(region, record.parent, inner, record.key):
        fits = max(0, (limit - used) // cores)
        if fits < got:
            got = fits
            told = (
                f"Operation results in exceeding quota limits of Core. Maximum allowed: {limit}, Current in use: "
                f"{used}, Additional requested: {wanted * cores}."
            )
    return got, told


def _limits(region: Region, workspace: str, inner: Mapping[str, Any], but: str) -> Iterator[tuple[str, int, int]]:
    """What holds for a size: of what, how much, and how much of it others use."""
    machine: Machine = MACHINES[str(inner["vmSize"]).upper()]
    spare = inner.get("vmPriority") == "LowPriority"
    used, here = region.used(but=but), region.used(workspace, but=but)
    names = {SPARE: "low-priority"} if spare else {machine.family: shown_family(machine.family), TOTAL: "total"}
    for family, what in names.items():
        yield what, region.limit(family), used.get(family, 0)
        own = region.own_limit(workspace, family)
        if own is not None:
            yield what, own, here.get(family, 0)
