"""The rows of vaults' audit logs: written where a diagnostic setting sends them, in the table that it asks for.

A setting with `logAnalyticsDestinationType` Dedicated fills AZKVAuditLogs, any other AzureDiagnostics (AZ-LOG-4).
Rows are there at once, where Azure may need ten minutes (AZ-LOG-5). Calls without a good token are left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from azsandbox.arm.firewall import CLIENT_ADDRESS
from azsandbox.arm.ground import Ground
from azsandbox.arm.logs.evaluating import Table, written
from azsandbox.arm.store import Record

ROWS = "azsandbox/logrows"
SETTINGS = "microsoft.insights/diagnosticsettings"
_WORKSPACES = "microsoft.operationalinsights/workspaces"
_CLAIM = "http://schemas.microsoft.com/identity/claims"
OWN, SHARED = "AZKVAuditLogs", "AzureDiagnostics"
# learn.microsoft.com/azure/azure-monitor/reference/tables: those columns that are filled here.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    OWN: {
        "TimeGenerated": "datetime",
        "OperationName": "string",
        "HttpStatusCode": "int",
        "ResultType": "string",
        "ResultSignature": "string",
        "CallerIpAddress": "string",
        "Identity": "dynamic",
        "Id": "string",
        "RequestUri": "string",
        "ClientInfo": "string",
        "CorrelationId": "string",
        "DurationMs": "int",
        "_ResourceId": "string",
        "Type": "string",
    },
    SHARED: {
        "TimeGenerated": "datetime",
        "ResourceId": "string",
        "ResourceProvider": "string",
        "Category": "string",
        "OperationName": "string",
        "ResultType": "string",
        "ResultSignature": "string",
        "CallerIPAddress": "string",
        "CorrelationId": "string",
        "DurationMs": "real",
        "httpStatusCode_d": "real",
        "identity_claim_oid_g": "string",
        "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g": "string",
        "identity_claim_appid_g": "string",
        "id_s": "string",
        "requestUri_s": "string",
        "clientInfo_s": "string",
        "Type": "string",
    },
}


@dataclass(frozen=True, slots=True)
class VaultUse:
    """One call of a vault: operation as the log names it, key identifier (empty: none), who, and its status."""

    operation: str
    key_id: str
    object_id: str
    app_id: str
    status: int
    uri: str = ""
    client: str = ""


def note(ground: Ground, vault: Record, use: VaultUse) -> None:
    """Writes a row for each setting of the vault that sends its audit log to a workspace that is there."""
    for workspace, table in _places(ground, vault):
        now = written(ground.clock.tick() / 10_000_000)
        name = uuid.uuid4().hex
        document = {"table": table, "row": _ROW[table](vault, use, now)}
        key = f"{workspace.key}/rows/{name}"
        ground.store.put(Record(key, ROWS, workspace.key, key, name, document))


def _places(ground: Ground, vault: Record) -> Iterator[tuple[Record, str]]:
    for setting in ground.store.children(vault.key, SETTINGS):
        properties = setting.properties
        workspace = ground.store.get(str(properties.get("workspaceId") or "").lower())
        if workspace is not None and any(_audits(one) for one in properties.get("logs") or ()):
            dedicated = str(properties.get("logAnalyticsDestinationType")).lower() == "dedicated"
            yield workspace, OWN if dedicated else SHARED


def _audits(log: Mapping[str, Any]) -> bool:
    named = str(log.get("category")).lower() == "auditevent"
    return log.get("enabled") is True and (named or str(log.get("categoryGroup")).lower() in ("audit", "alllogs"))


def _own(vault: Record, use: VaultUse, now: str) -> dict[str, Any]:
    return {
        **_common(use, now),
        "HttpStatusCode": use.status,
        "CallerIpAddress": CLIENT_ADDRESS,
        "Identity": {"claim": {"oid": use.object_id, "appid": use.app_id}},
        "Id": use.key_id,
        "RequestUri": use.uri,
        "ClientInfo": use.client,
        "_ResourceId": vault.id.lower(),
        "Type": OWN,
    }


def _shared(vault: Record, use: VaultUse, now: str) -> dict[str, Any]:
    return {
        **_common(use, now),
        "DurationMs": 1.0,
        "ResourceId": vault.id.upper(),
        "ResourceProvider": "MICROSOFT.KEYVAULT",
        "Category": "AuditEvent",
        "CallerIPAddress": CLIENT_ADDRESS,
        "httpStatusCode_d": float(use.status),
        "identity_claim_oid_g": use.object_id,
        "identity_claim_appid_g": use.app_id,
        "id_s": use.key_id,
        "requestUri_s": use.uri,
        "clientInfo_s": use.client,
        "Type": SHARED,
    }


_ROW = {OWN: _own, SHARED: _shared}


def _common(use: VaultUse, now: str) -> dict[str, Any]:
    return {
        "TimeGenerated": now,
        "OperationName": use.operation,
        "ResultType": "Success",
        "ResultSignature": HTTPStatus(use.status).phrase,
        "CorrelationId": str(uuid.uuid4()),
        "DurationMs": 1,
    }


def tables(ground: Ground, workspace: Record, since: str, until: str, after: int = 0) -> dict[str, Table]:
    """The tables that exist in a workspace, with their rows between two times, and of those what came `after`."""
    found: dict[str, Table] = {}
    for record in ground.store.children(workspace.key, ROWS):
        table, row = record.document["table"], record.document["row"]
        kept = found.setdefault(table, Table(COLUMNS[table], []))
        if record.sequence > after and since <= row["TimeGenerated"] <= until:
            kept.rows.append(row)
    return found


def newest(ground: Ground, workspace: Record) -> int:
    """What the rows of a workspace have come to: the number that `tables` takes as `after`."""
    found = ground.store.children(workspace.key, ROWS)
    return found[-1].sequence if found else 0


def workspace_of(ground: Ground, customer_id: str) -> Record | None:
    """The workspace that a query names."""
    same = (
        one for one in ground.store.of_type(_WORKSPACES) if one.properties.get("customerId") == customer_id.lower()
    )
    return next(same, None)
