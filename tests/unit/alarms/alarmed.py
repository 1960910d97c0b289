"""What the tests of alarms are made of: a context, and rows of both tables."""

from __future__ import annotations

from typing import Any

from amlmigrate.alarms.context import AlarmContext
from amlmigrate.alarms.rows import OWN, AuditRow

SUB = "/subscriptions/11111111-1111-4111-8111-111111111111"
VAULT = f"{SUB}/resourceGroups/rg-keys/providers/Microsoft.KeyVault/vaults/KV-aml"
STRANGER, WORKSPACE_IDENTITY = "99999999-0000-4000-8000-000000000009", "AAAAAAAA-0000-4000-8000-00000000000a"
KEY_ID = "https://kv-aml.vault.azure.net/keys/cmk/0123456789abcdef0123456789abcdef"
LONG_OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
CONTEXT = AlarmContext(
    group=f"{SUB}/resourceGroups/rg-keys",
    name="aml-cmk",
    scope=SUB,
    action_group_id=f"{SUB}/resourceGroups/rg-keys/providers/Microsoft.Insights/actionGroups/aml-cmk",
    log_workspace_id=f"{SUB}/resourceGroups/rg-logs/providers/Microsoft.OperationalInsights/workspaces/law",
    location="eastus2",
    vaults=(VAULT,),
    callers=(WORKSPACE_IDENTITY,),
)


def own_row(
    operation: str, status: int | None = 200, oid: str = WORKSPACE_IDENTITY, **more: Any
) -> dict[str, Any]:
    """A row of AZKVAuditLogs; without a status it is a notice, of nobody."""
    return {
        "TimeGenerated": "2026-11-30T12:00:00.0000000Z",
        "OperationName": operation,
        "HttpStatusCode": status,
        "Identity": {"claim": {"oid": oid.lower(), "appid": "app"}} if status is not None else None,
        "Id": KEY_ID,
        "CallerIpAddress": "203.0.113.7",
        "_ResourceId": VAULT.lower(),
        **more,
    }


def shared_row(operation: str, status: int = 200, oid: str = WORKSPACE_IDENTITY, **more: Any) -> dict[str, Any]:
    """The same call in AzureDiagnostics."""
    return {
        "TimeGenerated": "2026-11-30T12:00:00.0000000Z",
        "OperationName": operation,
        "ResourceProvider": "MICROSOFT.KEYVAULT",
        "Category": "AuditEvent",
        "ResourceId": VAULT.upper(),
        "httpStatusCode_d": float(status),
        "identity_claim_oid_g": oid.lower(),
        "identity_claim_appid_g": "app",
        "id_s": KEY_ID,
        "CallerIPAddress": "203.0.113.7",
        **more,
    }


def row(operation: str, status: int | None = 200, oid: str = WORKSPACE_IDENTITY, **more: Any) -> AuditRow:
    """A row of AZKVAuditLogs as it is read."""
    return AuditRow.of(own_row(operation, status, oid, **more), OWN)
