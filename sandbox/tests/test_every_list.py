"""Every list of ARM is answered whatever the local Azure keeps: resources of each sort, and its own notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from arm_examples import EXAMPLES, TRACKED
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient

import azsandbox.arm
from azsandbox.arm.logs.rows import VaultUse, note
from azsandbox.arm.store import Record
from azsandbox.arm.support import operations
from azsandbox.arm.vault.transfers import sealed
from azsandbox.messages import PastBlob, Request

STORAGE, VAULTS = "providers/Microsoft.Storage/storageAccounts", "providers/Microsoft.KeyVault/vaults"
BLOBS, FILES = f"{STORAGE}/acct/blobServices/default", f"{STORAGE}/acct/fileServices/default"
HELD = f"{GROUP}/{BLOBS}/containers/kept"
_TRACKED: dict[str, Any] = {"location": "eastus2", "properties": {}}
_EMPTY: dict[str, Any] = {"properties": {}}
# Of the group: what is there, and what is deleted again.
KEPT: dict[str, Any] = {
    **{f"providers/{path}": body for path, body in TRACKED.items()},
    f"{BLOBS}": {"properties": {"containerDeleteRetentionPolicy": {"enabled": True, "days": 7}}},
    f"{BLOBS}/containers/kept": _EMPTY,
    f"{FILES}": _EMPTY,
    f"{FILES}/shares/kept": _EMPTY,
    f"{VAULTS}/kv/keys/k": {"properties": {"kty": "RSA", "keySize": 2048}},
    f"{VAULTS}/kv/secrets/token": {"properties": {"value": "hush"}},
    "providers/Microsoft.Network/privateEndpoints/pe": {"location": "eastus2", "properties": {"subnet": {"id": "/s"}}},
    "providers/Microsoft.OperationalInsights/workspaces/logs": _TRACKED,
    "providers/Microsoft.Resources/deployments/d": {"properties": {"mode": "Incremental", "template": {"resources": []}}},
}  # fmt: skip
_AUDITED = {
    "workspaceId": f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs",
    "logs": [{"categoryGroup": "audit", "enabled": True}],
}
KEPT[f"{VAULTS}/kv/providers/Microsoft.Insights/diagnosticSettings/audit"] = {"properties": _AUDITED}
DELETED: dict[str, Any] = {
    f"{BLOBS}/containers/gone": _EMPTY,
    f"{FILES}/shares/gone": _EMPTY,
    f"{STORAGE}/gone": _TRACKED,
    f"{VAULTS}/gone": _TRACKED,
    "providers/Microsoft.OperationalInsights/workspaces/gone": _TRACKED,
}
_POLICY = {
    "mode": "All",
    "policyRule": {"if": {"field": "location", "equals": "mars"}, "then": {"effect": "deny"}},
}
_DEFINITION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/policyDefinitions/d"
# Of the subscription, and before what names it.
ABOVE: dict[str, Any] = {
    _DEFINITION: {"properties": _POLICY},
    _DEFINITION.replace("policyDefinitions", "policySetDefinitions"): {
        "properties": {"policyDefinitions": [{"policyDefinitionId": _DEFINITION}]}
    },
}
# What a list cannot be asked without.
ASKED = {
    "microsoft.insights/eventtypes/values": "?$filter=eventTimestamp ge '2999-01-01'",
    "Microsoft.AlertsManagement/alertsSummary": "?groupby=severity",
}
# A sort of record that is no resource, as the code spells it.
_OWN = re.compile(r'"(azsandbox/[a-z]+)"')


async def _filled(arm: ArmClient) -> list[Record]:
    for path, body in EXAMPLES.items():
        await arm.send("PUT", f"{WORKSPACE}/{path}", body)
    below = {f"{GROUP}/{path}": body for path, body in (KEPT | DELETED).items()}
    for path, body in (ABOVE | below).items():
        await arm.ok("PUT", path, body)
    for path in DELETED:
        await arm.ok("DELETE", f"{GROUP}/{path}")
    await arm.ok("POST", f"{HELD}/setLegalHold", {"tags": ["case"]})
    past, context = arm.arm.storage_past, arm.arm._context
    past.note("acct", "kept", PastBlob("a/b", {}, deleted=past.moment()[0], days=7))
    past.became("acct", "kept", "a/c", "v1")
    sealed(context, {})
    secret = f"/credential/v2.0{WORKSPACE}/secrets/mine"
    host, value = "eastus2.api.azureml.ms", b'{"value": "hush"}'
    await arm.arm.discovery.handle(Request("PUT", host, secret, {}, {}, value, arm.who, secret))
    vault = context.store.get(f"{GROUP}/{VAULTS}/kv".lower())
    assert vault
    note(context, vault, VaultUse("KeyGet", "", "oid", "app", 200))
    return context.store.below("")


def _places(type_: str, records: list[Record]) -> Iterator[str]:
    """Where a collection of a type may be: in a resource, below a provider, beside what it is about."""
    parent, _, own = type_.rpartition("/")
    if "/" in parent:
        yield from (f"{one.id}/{own}" for one in records if one.type == parent.lower())
        yield f"/subscriptions/{SUBSCRIPTION}/providers/{parent}/eastus2/{own}"
        yield f"/subscriptions/{SUBSCRIPTION}/providers/{parent}/management/{own}{ASKED.get(type_, '')}"
    for scope in ("", f"/subscriptions/{SUBSCRIPTION}", GROUP, WORKSPACE):
        yield f"{scope}/providers/{type_}{ASKED.get(type_, '')}"
        yield f"{scope}/{own}"


async def test_every_list_is_answered_whatever_is_kept(arm: ArmClient) -> None:
    records = await _filled(arm)
    code = "".join(one.read_text() for one in Path(azsandbox.arm.__file__).parent.rglob("*.py"))
    assert {one.type for one in records} - set(arm.arm._context.kinds) == set(_OWN.findall(code))
    unanswered = set()
    for type_ in {one.type for one in operations() if one.verb == "GET list"}:
        places = {place: (await arm.send("GET", place)).status for place in _places(type_, records)}
        assert not [place for place, status in places.items() if status >= 500]
        if 200 not in places.values():
            unanswered.add(type_)
    assert unanswered == set()
    # Nor is any of it in the way of a deletion.
    await arm.ok("POST", f"{HELD}/clearLegalHold", {"tags": ["case"]})
    await arm.done("DELETE", f"{WORKSPACE}/onlineEndpoints/scoring")
    await arm.ok("DELETE", GROUP)
