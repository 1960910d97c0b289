"""Whether a workspace and the accounts that receive its bytes stand under a customer's key."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Workspace

_CUSTOMER = "microsoft.keyvault"


async def prove(arm: Arm, workspace: Workspace, storage_ids: Iterable[str] = ()) -> list[Finding]:
    """What is not proven, as errors; empty means proven.

    The accounts are the workspace's own and those named beside it. Only what the service itself answers
    counts: `encryption.status` of the workspace, `encryption.keySource` of the account.
    """
    found: list[Finding] = []
    if not workspace.encrypted:
        found.append(
            Finding(
                "error",
                workspace.id,
                "The target workspace is not under a customer's key.",
                "Encryption is given at creation only: create a workspace with a customer's key and plan anew.",
            )
        )
    for account_id in sorted({workspace.storage_account_id, *storage_ids} - {""}):
        account = await arm.get(account_id)
        encryption = ((account or {}).get("properties") or {}).get("encryption") or {}
        if str(encryption.get("keySource", "")).lower() != _CUSTOMER:
            found.append(
                Finding(
                    "error",
                    account_id,
                    "The storage account that receives the bytes is not under a customer's key.",
                    "Give it one: az storage account update --encryption-key-source Microsoft.Keyvault"
                    " --encryption-key-vault ... --encryption-key-name ...",
                )
            )
    return found
