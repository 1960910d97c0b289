"""The services of a storage account as ARM has them: their settings, shares, and scopes for roles."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
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
        properties = {**(old.properties if old else {}), **sent}
        self.context.store.put(self.new_record(call, account.id, {"properties": properties}))
        return await self.get(call)


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


class _Made(Kind):
    """What lies in a service. A share made by the data plane is a scope too, though ARM does not list it here."""

    implied = True

    async def make(self, account: str, name: str) -> None:
        """Makes it in the data plane."""
        raise NotImplementedError

    async def put(self, call: Call) -> Response:
        """201 when new, 200 when there."""
        account, old = call.ancestor(_ACCOUNTS), self.find(call)
        await self.make(account.name, call.name)
        body = object_of(call.optional_body(), "properties")
        properties = {"lastModifiedTime": tracked_time(call.tick()), **body}
        parent = f"{account.id}/{self.type.split('/')[-2]}/default"
        record = self.new_record(call, parent, {"properties": properties})
        self.context.store.put(record)
        return answer(200 if old else 201, record.document)

    async def delete(self, call: Call) -> Response:
        """Containers and shares are deleted by the data plane."""
        raise self.unsupported(call)


@register
class Shares(_Made):
    """`fileServices/default/shares`."""

    type = f"{_ACCOUNTS}/fileServices/shares"

    async def make(self, account: str, name: str) -> None:
        """A share."""
        await self.context.accounts.create_share(account, name)


@register
class FileShareScopes(Kind):
    """`fileServices/default/fileshares`: how the scopes of roles on shares are spelled."""

    type = f"{_ACCOUNTS}/fileServices/fileshares"
    implied = True

    def find(self, call: Call) -> Record | None:
        """Nothing is stored of it."""
        return None
