"""The services of a storage account as ARM has them: their settings, and scopes for roles."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.providers.storagelists import invalid
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_MOST_DAYS = 365  # specification/storage, DeleteRetentionPolicy.days: 1 to 365
_OFF = {"enabled": False, "allowPermanentDelete": False}


class _Service(Kind):
    """`default`, which every account has; a PUT changes its settings, which are kept and shown only."""

    implied = True
    defaults: dict[str, Any]

    async def get(self, call: Call) -> Response:
        """What was put, over the defaults."""
        account, record = call.ancestor(_ACCOUNTS), self.find(call)
        shown = record.properties if record else {}
        document = {
            "sku": account.document["sku"],
            "id": f"{account.id}/{self.type.rpartition('/')[2]}/default",
            "name": "default",
            "type": self.type,
            "properties": {**self.defaults, **shown},
        }
        return answer(200, document)

    async def put(self, call: Call) -> Response:
        """Keeps settings."""
        account, old = call.ancestor(_ACCOUNTS), self.find(call)
        sent = object_of(call.body(), "properties")
        for name in sent:
            if name.endswith("RetentionPolicy") or name == "deleteRetentionPolicy":
                _check_days(name, object_of(sent, name))
        if sent.get("isVersioningEnabled") is True and account.properties.get("isHnsEnabled") is True:
            # Not supported (learn.microsoft.com: soft-delete-blob-overview). Inferred (AZ-LOCAL-2): status, code
            # and text.
            text = "Versioning is not supported for accounts with a hierarchical namespace."
            raise gateway(409, "FeatureNotSupportedForAccount", text)
        properties = {**(old.properties if old else {}), **sent}
        self.context.store.put(self.new_record(call, account.id, {"properties": properties}))
        return await self.get(call)


def _check_days(name: str, policy: dict[str, Any]) -> None:
    """Raises ArmError 400 for what is switched on without a time, or with a strange one."""
    if policy.get("enabled") is not True:
        return
    days = policy.get("days")
    if not isinstance(days, int) or not 1 <= days <= _MOST_DAYS:
        raise invalid(f"{name}.days")


@register
class BlobServices(_Service):
    """`blobServices/default`."""

    type = f"{_ACCOUNTS}/blobServices"
    defaults = {"cors": {"corsRules": []}, "deleteRetentionPolicy": _OFF, "isVersioningEnabled": False}  # noqa: RUF012


@register
class FileServices(_Service):
    """`fileServices/default`."""

    type = f"{_ACCOUNTS}/fileServices"
    defaults = {"cors": {"corsRules": []}, "shareDeleteRetentionPolicy": _OFF}  # noqa: RUF012


@register
class FileShareScopes(Kind):
    """`fileServices/default/fileshares`: how the scopes of roles on shares are spelled."""

    type = f"{_ACCOUNTS}/fileServices/fileshares"
    implied = True

    def find(self, call: Call) -> Record | None:
        """Nothing is stored of it."""
        return None
