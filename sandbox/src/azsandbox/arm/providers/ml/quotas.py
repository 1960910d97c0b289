"""Cores of a region: what computes and deployments use, and the limits, which can be set.

Limits are those of the subscription, and below them those of single workspaces, which a new one has none of (specs
2023-04-01, the examples of Quotas_List, Quotas_Update and Usages_List).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.context import Context
from azsandbox.arm.providers.ml.base import NAMESPACE, WORKSPACES
from azsandbox.arm.providers.ml.machines import size_of
from azsandbox.arm.store import Record

_COMPUTES = f"{NAMESPACE.lower()}/workspaces/computes"
_DEPLOYMENTS = f"{NAMESPACE.lower()}/workspaces/onlineendpoints/deployments"
TOTAL, SPARE = "totalDedicatedCores", "totalLowPriorityCores"
# Family, its name as shown, its limit in a new subscription; the limits are ours (AZ-LOCAL-9).
_FAMILIES = {
    TOTAL: ("Total Cluster Dedicated Regional vCPUs", 300),
    SPARE: ("Total Cluster LowPriority Regional vCPUs", 300),
    "standardDSv2Family": ("Standard DSv2 Family Cluster Dedicated vCPUs", 100),
    "standardDSv3Family": ("Standard DSv3 Family Cluster Dedicated vCPUs", 100),
    "standardDASv4Family": ("Standard DASv4 Family Cluster Dedicated vCPUs", 100),
    "standardFSv2Family": ("Standard FSv2 Family Cluster Dedicated vCPUs", 100),
    "standardESv3Family": ("Standard ESv3 Family Cluster Dedicated vCPUs", 100),
    "standardNCFamily": ("Standard NC Family Cluster Dedicated vCPUs", 24),
    "standardNCSv3Family": ("Standard NCSv3 Family Cluster Dedicated vCPUs", 24),
    "standardNCADSA100v4Family": ("Standard NCADSA100v4 Family Cluster Dedicated vCPUs", 24),
}


@dataclass(frozen=True, slots=True)
class Region:
    """The cores of one subscription in one region."""

    context: Context
    subscription: str
    name: str

    @property
    def base(self) -> str:
        """The id below which its quotas and usages lie."""
        return f"/subscriptions/{self.subscription}/providers/{NAMESPACE}/locations/{self.name}"

    def used(self, workspace: str = "", but: str = "") -> dict[str, int]:
        """Cores by family, of all or of one workspace (by keys), without the compute `but`.

        A compute instance has one machine, also while it is stopped; a cluster those that it holds; a deployment
        its instances.
        """
        used: dict[str, int] = {}
        for record in self._holders():
            if record.key == but or (workspace and not record.key.startswith(f"{workspace}/")):
                continue
            machine, count, spare = _machines(record)
            family, cores = size_of(machine)
            for name in (SPARE,) if spare else (family, TOTAL):
                used[name] = used.get(name, 0) + cores * count
        return used

    def _holders(self) -> Iterator[Record]:
        store, start = self.context.store, f"/subscriptions/{self.subscription.lower()}"
        for record in (*store.of_type(_COMPUTES, start), *store.of_type(_DEPLOYMENTS, start)):
            workspace = store.get("/".join(record.key.split("/")[:9]))
            if workspace is not None and workspace.document["location"] == self.name.lower():
                yield record

    def limit(self, family: str) -> int:
        """Of the subscription."""
        record = self.context.store.get(f"{self.base}/quotas/{family}".lower())
        return int(record.hidden["limit"]) if record else _FAMILIES.get(family, ("", 0))[1]

    def own_limit(self, workspace: str, family: str) -> int | None:
        """Of a workspace (by its key); None where it has none of its own."""
        record = self.context.store.get(f"{workspace}/quotas/{family.lower()}")
        return int(record.hidden["limit"]) if record else None

    def workspaces(self) -> Iterator[Record]:
        """Those of the region."""
        for record in self.context.store.of_type(WORKSPACES, f"/subscriptions/{self.subscription.lower()}"):
            if record.document["location"] == self.name.lower():
                yield record


def of_call(call: Call) -> Region:
    """The region that a call names."""
    return Region(call.context, call.subscription, call.name)


def shown_family(family: str) -> str:
    """`Standard DSv2 Family`: how messages name a family."""
    return _named(family).removesuffix(" Cluster Dedicated vCPUs")


def _named(family: str) -> str:
    return _FAMILIES.get(family, (f"{family} Cluster Dedicated vCPUs", 0))[0]


def _machines(record: Record) -> tuple[str, int, bool]:
    """Size and number of machines, and whether they are low-priority ones."""
    properties = record.properties
    if record.type == _DEPLOYMENTS:
        capacity = (record.document.get("sku") or {}).get("capacity") or 1
        return str(properties.get("instanceType") or ""), int(capacity), False
    inner = properties.get("properties") or {}
    size = str(inner.get("vmSize") or "")
    if properties.get("computeType") == "ComputeInstance":
        return size, int(properties["provisioningState"] != "Failed"), False
    return size, int(inner.get("currentNodeCount") or 0), inner.get("vmPriority") == "LowPriority"


def _entry(region: Region, family: str, what: str, limit: int, workspace: Record | None = None) -> dict[str, Any]:
    of = "workspaces" if workspace else "vmFamily/dedicatedCores"
    return {
        "id": f"{workspace.id if workspace else region.base}/{what}/{family}",
        "amlWorkspaceLocation": region.name,
        "type": f"{NAMESPACE}/{of}/{what}",
        "unit": "Count",
        "limit": limit,
        "name": {"value": family, "localizedValue": _named(family)},
    }


def _own(region: Region) -> Iterator[tuple[Record, str, int]]:
    for workspace in region.workspaces():
        for family in _FAMILIES:
            limit = region.own_limit(workspace.key, family)
            if limit is not None:
                yield workspace, family, limit


def usages(call: Call) -> list[dict[str, Any]]:
    """What is used, and of how much."""
    region = of_call(call)
    used = region.used()
    families = dict.fromkeys([*_FAMILIES, *(name for name in used if name)])
    found = [
        {**_entry(region, name, "usages", region.limit(name)), "currentValue": used.get(name, 0)}
        for name in families
    ]
    return found + [
        {
            **_entry(region, family, "usages", limit, workspace),
            "currentValue": region.used(workspace.key).get(family, 0),
        }
        for workspace, family, limit in _own(region)
    ]


def quotas(call: Call) -> list[dict[str, Any]]:
    """The limits alone."""
    region = of_call(call)
    found = [_entry(region, family, "quotas", region.limit(family)) for family in _FAMILIES]
    return found + [
        _entry(region, family, "quotas", limit, workspace) for workspace, family, limit in _own(region)
    ]


def update(call: Call) -> list[dict[str, Any]]:
    """Sets the limits of a body `{"value": [{"id", "limit"}]}`; `status` says what became of each.

    By the id of a workspace's quota the workspace's, by a region's the subscription's: the latter is the sandbox's
    own, since in Azure only support changes it.
    """
    value = call.body().get("value")
    region, answered = of_call(call), []
    for sent in value if isinstance(value, list) else []:
        about = {name: sent.get(name) for name in ("id", "type", "limit", "unit")}
        answered.append({**about, "status": _set(region, str(sent.get("id", "")), sent.get("limit"))})
    return answered


def _set(region: Region, id_: str, limit: Any) -> str:
    place, _, family = id_.rpartition("/quotas/")
    if family not in _FAMILIES or not isinstance(limit, int) or limit < 0:
        return "InvalidVMFamilyName"
    workspace = region.context.store.get(place.lower())
    if workspace is not None and workspace.type == WORKSPACES:
        if limit > region.limit(family):
            return "InvalidQuotaExceedsSubscriptionLimit"
        if limit < region.used(workspace.key).get(family, 0):
            return "InvalidQuotaBelowClusterMinimum"
        key = f"{workspace.key}/quotas/{family}".lower()
    else:
        key = f"{region.base}/quotas/{family}".lower()
    type_ = f"{NAMESPACE.lower()}/locations"
    hidden = {"limit": limit}
    region.context.store.put(Record(key, type_, key.rpartition("/")[0], key, family, {"properties": {}}, hidden))
    return "Success"
