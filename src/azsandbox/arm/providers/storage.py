"""Microsoft.Storage: accounts, whose data plane the front has, and their keys."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import action, register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind
from azsandbox.messages import Response

_NAME = re.compile(r"[a-z0-9]{3,24}$")


@register
class StorageAccounts(TrackedKind):
    """`Microsoft.Storage/storageAccounts`: a PUT makes the account behind `<name>.blob.core.windows.net`."""

    type = "Microsoft.Storage/storageAccounts"
    created_status = 200  # Azure's is 202 with an operation, or 200 at once; the second is allowed too

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds endpoints, times, and `encryption` with the platform's keys unless others are given."""
        if not _NAME.match(call.name):
            raise gateway(
                400,
                "AccountNameInvalid",
                f"{call.name} is not a valid storage account name. Storage account name must be between "
                "3 and 24 characters in length and use numbers and lower-case letters only.",
            )
        now = tracked_time(call.tick())
        before = old.properties if old else {}
        services = {
            name: {"keyType": "Account", "enabled": True, "lastEnabledTime": now} for name in ("file", "blob")
        }
        encryption = {"services": services, "keySource": "Microsoft.Storage"}
        endpoints = {
            part: f"https://{call.name}.{part}.core.windows.net/"
            for part in ("dfs", "blob", "queue", "table", "file")
        }
        defaults = {
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": True,
            "isHnsEnabled": False,
            "publicNetworkAccess": "Enabled",
            "networkAcls": {
                "bypass": "AzureServices",
                "virtualNetworkRules": [],
                "ipRules": [],
                "defaultAction": "Allow",
            },
            "supportsHttpsTrafficOnly": True,
            "accessTier": "Hot",
        }
        sent = properties.get("encryption")
        if isinstance(sent, dict):
            encryption |= sent
        return {
            **defaults,
            **{name: before[name] for name in before if name not in properties},
            **properties,
            "encryption": encryption,
            "keyCreationTime": before.get("keyCreationTime") or {"key1": now, "key2": now},
            "provisioningState": "Succeeded",
            "creationTime": before.get("creationTime") or now,
            "primaryEndpoints": endpoints,
            "primaryLocation": before.get("primaryLocation") or call.body().get("location"),
            "statusOfPrimary": "available",
            "privateEndpointConnections": [],
        }

    async def written(self, call: Call, record: Record, old: Record | None) -> None:
        """Fills kind and sku, and makes the account itself."""
        record.document.setdefault("kind", "StorageV2")
        sku = dict(record.document.get("sku") or {"name": "Standard_LRS"})
        sku.setdefault("tier", str(sku["name"]).split("_", maxsplit=1)[0])
        record.document["sku"] = sku
        record.document.setdefault("tags", {})
        if old is None:
            await self.context.accounts.create(record.name)

    async def removing(self, call: Call, record: Record) -> None:
        """Removes the account with all it holds."""
        await self.context.accounts.delete(record.name)

    @action("POST", "listKeys")
    async def list_keys(self, call: Call) -> Response:
        """POST `…/listKeys`: `{"keys": [{keyName, value, permissions, creationTime}]}`."""
        record = self.require(call)
        created = record.properties["keyCreationTime"]
        keys = [
            {"creationTime": created[name], "keyName": name, "value": value, "permissions": "FULL"}
            for name, value in zip(("key1", "key2"), self.context.accounts.keys(record.name), strict=True)
        ]
        return answer(200, {"keys": keys})
