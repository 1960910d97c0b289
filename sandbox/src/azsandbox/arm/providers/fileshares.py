"""File shares as ARM has them: all of the account, by whichever plane they were made."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm.beingdeleted import SHARES, BeingDeleted
from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind, child_id
from azsandbox.arm.providers.storagelists import invalid, named, paged
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import BEING_DELETED, Response, ShareShown

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
# learn.microsoft.com, "Naming and referencing shares, directories, files, and metadata".
_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])+")
_QUOTAS = range(1, 102_401)
_TIERS = ("TransactionOptimized", "Hot", "Cool", "Premium")
_KEPT = ("enabledProtocols", "rootSquash", "signedIdentifiers")


@register
class Shares(Kind):
    """`fileServices/default/shares`."""

    type = f"{_ACCOUNTS}/fileServices/shares"
    implied = True

    def _share(self, call: Call) -> ShareShown | None:
        return self.context.accounts.share(call.ancestor(_ACCOUNTS).name, call.name)

    async def get(self, call: Call) -> Response:
        """What the data plane has, with what was put besides."""
        found = self._share(call)
        if found is None:
            raise _missing()
        return answer(200, self._document(call, found, whole=True))

    async def head(self, call: Call) -> Response:
        """204, or 404 without a body."""
        return Response(204 if self._share(call) else 404)

    async def list(self, call: Call) -> Response:
        """All of the account; deleted ones and snapshots are not here, and asking for them shows none."""
        found = {one.name: one for one in self.context.accounts.shares(call.ancestor(_ACCOUNTS).name)}
        return paged(call, [self._document(call, found[name]) for name in named(call, list(found))])

    async def put(self, call: Call) -> Response:
        """201 when new, 200 when there; refused while the last of that name is being deleted."""
        account, old = call.ancestor(_ACCOUNTS).name, self._share(call)
        if not _NAME.fullmatch(call.name):
            raise invalid("shareName")
        body = self._checked(call)
        if old is None and BeingDeleted(self.context).under_way(account, SHARES, call.name):
            # Inferred (AZ-LOCAL-2): ARM has the data plane's code here; of containers it is known to have another.
            raise gateway(409, "ShareBeingDeleted", BEING_DELETED.format("share"))
        await self.context.accounts.create_share(account, call.name)
        return self._changed(call, body, 200 if old else 201)

    async def patch(self, call: Call) -> Response:
        """Changes what is given."""
        if self._share(call) is None:
            raise _missing()
        return self._changed(call, self._checked(call), 200)

    async def delete(self, call: Call) -> Response:
        """200, with all that lies in it; 204 when there is none."""
        account = call.ancestor(_ACCOUNTS).name
        if self._share(call) is None:
            return Response(204)
        self.context.accounts.delete_share(account, call.name)
        BeingDeleted(self.context).note(account, SHARES, call.name)
        return Response(200)

    @staticmethod
    def _checked(call: Call) -> dict[str, Any]:
        body = object_of(call.optional_body(), "properties")
        quota = body.get("shareQuota")
        if quota is not None and (type(quota) is not int or quota not in _QUOTAS):
            raise invalid("shareQuota")
        if body.get("accessTier") not in (None, *_TIERS):
            raise invalid("accessTier")
        object_of(body, "metadata")
        return body

    def _changed(self, call: Call, body: dict[str, Any], status: int) -> Response:
        account = call.ancestor(_ACCOUNTS)
        given = {"quota": body.get("shareQuota"), "tier": body.get("accessTier"), "metadata": body.get("metadata")}
        if any(value is not None for value in given.values()):
            self.context.accounts.change_share(account.name, call.name, **given)
        kept = {name: body[name] for name in _KEPT if body.get(name) is not None}
        old = self.find(call)
        if kept:
            parent = f"{account.id}/fileServices/default"
            properties = {**(old.properties if old else {}), **kept}
            self.context.store.put(self.new_record(call, parent, {"properties": properties}))
        found = self._share(call)
        assert found is not None
        return answer(status, self._document(call, found, whole=True))

    def _document(self, call: Call, found: ShareShown, *, whole: bool = False) -> dict[str, Any]:
        account: Record = call.ancestor(_ACCOUNTS)
        id_ = child_id(f"{account.id}/fileServices/default", self.type, found.name)
        record = self.context.store.get(id_.lower())
        changed = tracked_time(found.changed)
        properties = {
            "leaseStatus": "Unlocked",
            "leaseState": "Available",
            "enabledProtocols": "SMB",
            **(record.properties if record else {}),
            "accessTier": found.tier,
            "accessTierChangeTime": changed,
            "shareQuota": found.quota,
            "lastModifiedTime": changed,
        }
        if whole and found.metadata:
            properties["metadata"] = dict(found.metadata)
        return {"id": id_, "name": found.name, "type": self.type, "properties": properties}


def _missing() -> ArmError:
    """The code and the text are those of the data plane (AZ-LOCAL-2)."""
    return gateway(404, "ShareNotFound", "The specified share does not exist.")
