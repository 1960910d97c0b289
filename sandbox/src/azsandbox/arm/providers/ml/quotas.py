"""Cores of a region: what computes and deployments use, and the limits, which can be set."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.store import Record

_COMPUTES = f"{NAMESPACE.lower()}/workspaces/computes"
_DEPLOYMENTS = f"{NAMESPACE.lower()}/workspaces/onlineendpoints/deployments"
_TOTAL = "totalDedicatedCores"
# Family, its name as shown, its limit in a new subscription; the limits are ours (AZ-LOCAL-9).
_FAMILIES = {
    _TOTAL: ("Total Cluster Dedicated Regional vCPUs", 300),
    "standardDSv2Family": ("Standard DSv2 Family Cluster Dedicated vCPUs", 100),
    "standardDSv3Family": ("Standard DSv3 Family Cluster Dedicated vCPUs", 100),
    "standardDASv4Family": ("Standard DASv4 Family Cluster Dedicated vCPUs", 100),
    "standardFSv2Family": ("Standard FSv2 Family Cluster Dedicated vCPUs", 100),
    "standardESv3Family": ("Standard ESv3 Family Cluster Dedicated vCPUs", 100),
    "standardNCSv3Family": ("Standard NCSv3 Family Cluster Dedicated vCPUs", 24),
    "standardNCADSA100v4Family": ("Standard NCADSA100v4 Family Cluster Dedicated vCPUs", 24),
}
_SIZE = re.compile(r"STANDARD_([A-Z]+)(\d+)([A-Z]*)(?:_[A-Z0-9]*?)??(?:_(V\d))?$", re.IGNORECASE)
# The numbers of the DSv2 series are not those of its cores.
_DSV2 = {"1": 1, "2": 2, "3": 4, "4": 8, "5": 16, "11": 2, "12": 4, "13": 8, "14": 16, "15": 20}


def size_of(machine: str) -> tuple[str, int]:
    """Family and cores of a size such as `Standard_DS3_v2`; no family for one that is not known."""
    match = _SIZE.match(machine)
    if match is None:
        return "", 0
    series, number, letters, version = match[1].upper(), match[2], match[3].upper(), (match[4] or "").upper()
    if (series, version) in {("DS", "V2"), ("D", "V2")}:
        return "standardDSv2Family", _DSV2.get(number, int(number))
    known = {
        ("D", "V3"): "standardDSv3Family",
        ("D", "V4"): "standardDASv4Family",
        ("F", "V2"): "standardFSv2Family",
        ("E", "V3"): "standardESv3Family",
        ("NC", "V3"): "standardNCSv3Family",
        ("NC", "V4"): "standardNCADSA100v4Family",
    }
    return known.get((series, version), f"standard{series}{letters}Family"), int(number)


def _in_use(call: Call) -> dict[str, int]:
    """Cores by family: a compute instance has one machine, a deployment its instances, an idle cluster none."""
    used: dict[str, int] = {}
    store, start = call.context.store, f"/subscriptions/{call.subscription.lower()}"
    region = call.name.lower()
    for record in (*store.of_type(_COMPUTES, start), *store.of_type(_DEPLOYMENTS, start)):
        workspace = store.get("/".join(record.key.split("/")[:9]))
        if workspace is None or workspace.document["location"] != region:
            continue
        machine, count = _machines(record)
        family, cores = size_of(machine)
        for name in (family, _TOTAL):
            used[name] = used.get(name, 0) + cores * count
    return used


def _machines(record: Record) -> tuple[str, int]:
    properties = record.properties
    if record.type == _DEPLOYMENTS:
        capacity = (record.document.get("sku") or {}).get("capacity") or 1
        return str(properties.get("instanceType") or ""), int(capacity)
    inner = properties.get("properties") or {}
    if properties.get("computeType") == "ComputeInstance":
        return str(inner.get("vmSize") or ""), 1
    return str(inner.get("vmSize") or ""), int(inner.get("currentNodeCount") or 0)


def _key(call: Call, family: str) -> str:
    base = f"/subscriptions/{call.subscription}/providers/{NAMESPACE}/locations/{call.name}"
    return f"{base}/quotas/{family}".lower()


def _limit(call: Call, family: str) -> int:
    record = call.context.store.get(_key(call, family))
    return int(record.hidden["limit"]) if record else _FAMILIES.get(family, ("", 0))[1]


def _entry(call: Call, family: str, what: str) -> dict[str, Any]:
    shown = _FAMILIES.get(family, (f"{family} Cluster Dedicated vCPUs", 0))[0]
    base = f"/subscriptions/{call.subscription}/providers/{NAMESPACE}/locations/{call.name}"
    return {
        "id": f"{base}/{what}/{family}",
        "amlWorkspaceLocation": call.name,
        "type": f"{NAMESPACE}/vmFamily/dedicatedCores/{what}",
        "unit": "Count",
        "limit": _limit(call, family),
        "name": {"value": family, "localizedValue": shown},
    }


def usages(call: Call) -> list[dict[str, Any]]:
    """What is used, and of how much."""
    used = _in_use(call)
    families = dict.fromkeys([*_FAMILIES, *(name for name in used if name)])
    return [{**_entry(call, family, "usages"), "currentValue": used.get(family, 0)} for family in families]


def quotas(call: Call) -> list[dict[str, Any]]:
    """The limits alone."""
    return [_entry(call, family, "quotas") for family in _FAMILIES]


def update(call: Call) -> list[dict[str, Any]]:
    """Sets the limits of a body `{"value": [{"id", "limit"}]}`; `status` says what became of each."""
    value = call.body().get("value")
    answered = []
    for sent in value if isinstance(value, list) else []:
        family = str(sent.get("id", "")).rpartition("/")[2]
        known = family in _FAMILIES and isinstance(sent.get("limit"), int) and sent["limit"] >= 0
        if known:
            key = _key(call, family)
            hidden = {"limit": sent["limit"]}
            type_ = f"{NAMESPACE.lower()}/locations"
            record = Record(key, type_, key.rpartition("/")[0], key, family, {"properties": {}}, hidden)
            call.context.store.put(record)
        about = {name: sent.get(name) for name in ("id", "type", "limit", "unit")}
        answered.append({**about, "status": "Success" if known else "InvalidVMFamilyName"})
    return answered
