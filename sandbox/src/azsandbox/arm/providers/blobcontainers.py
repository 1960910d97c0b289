"""Blob containers as ARM has them: all of the account, by whichever plane they were made."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any

from azsandbox.arm.beingdeleted import CONTAINERS, BeingDeleted
from azsandbox.arm.calls import Call
from azsandbox.arm.deletedcontainers import DeletedContainers
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.holds import hold_at
from azsandbox.arm.kinds import child_id
from azsandbox.arm.pastblobs import PastBlobs
from azsandbox.arm.providers.immutability import LegalHolds
from azsandbox.arm.providers.storagelists import invalid, named, paged
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import BEING_DELETED, ContainerShown, Held, Response

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_PASSED_ON = ("metadata", "publicAccess")
# learn.microsoft.com, "Naming and referencing containers, blobs, and metadata".
_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])+|\$root|\$web|\$logs")
_SCOPE, _DENY = "defaultEncryptionScope", "denyEncryptionScopeOverride"
# Recorded: pulumi/pulumi-azure-nextgen#222.
_ONE_OF_TWO = (
    "Container encryption policy missing header: x-ms-default-encryption-scope and"
    " x-ms-deny-encryption-scope-override are required."
)


@register
class BlobContainers(LegalHolds):
    """`blobServices/default/containers`."""

    type = f"{_ACCOUNTS}/blobServices/containers"
    implied = True

    async def get(self, call: Call) -> Response:
        """What the data plane has, with what was put besides."""
        account = call.ancestor(_ACCOUNTS)
        found = await self.context.accounts.container(account.name, call.name)
        if found is None:
            raise self._missing()
        return answer(200, self._document(account, found))

    async def head(self, call: Call) -> Response:
        """204, or 404 without a body."""
        account = call.ancestor(_ACCOUNTS)
        return Response(204 if await self.context.accounts.container(account.name, call.name) else 404)

    async def list(self, call: Call) -> Response:
        """All of the account; with `$include=deleted` those too that it keeps for a while."""
        account = call.ancestor(_ACCOUNTS)
        include = call.query.get("$include", "").lower()
        if include not in ("", "deleted"):
            raise invalid("$include")
        found = await self.context.accounts.containers(account.name)
        value = [self._document(account, one) for one in found]
        if include:
            value = sorted([*value, *DeletedContainers(self.context).listed(account)], key=lambda one: one["name"])
        wanted = set(named(call, [one["name"] for one in value]))
        return paged(call, [one for one in value if one["name"] in wanted])

    async def put(self, call: Call) -> Response:
        """201 when new, 200 when there; refused while the last of that name is being deleted."""
        account, body = call.ancestor(_ACCOUNTS), _checked(call.optional_body())
        old = await self.context.accounts.container(account.name, call.name)
        if old is None:
            self._check_name(account, call.name)
            await self.context.accounts.create_container(account.name, call.name, self._encryption(account, body))
        return await self._kept(call, account, body, 200 if old else 201)

    async def patch(self, call: Call) -> Response:
        """Changes what may be changed; the default scope is answered as it was sent, and stays what it was.

        So seen and settled in Azure/azure-cli#25998 and #26948: it can be told when a container is made only.
        """
        account, body = call.ancestor(_ACCOUNTS), _checked(call.body())
        if await self.context.accounts.container(account.name, call.name) is None:
            raise self._missing()
        return await self._kept(call, account, body, 200)

    async def delete(self, call: Call) -> Response:
        """200, with all that lies in it; 204 when there is none."""
        account = call.ancestor(_ACCOUNTS)
        if await self.context.accounts.container(account.name, call.name) is None:
            return Response(204)
        await self._check_held(call, account)
        try:
            await self.context.accounts.delete_container(account.name, call.name)
        except Held as held:
            raise _held() from held
        PastBlobs(self.context).forget(account.name, call.name)
        BeingDeleted(self.context).note(account.name, CONTAINERS, call.name)
        return Response(200)

    async def _check_held(self, call: Call, account: Record) -> None:
        """What is held is deleted by this plane alone, and only while nothing lies in it.

        Inferred (AZ-BLOB-14): a legal hold keeps it even so, and the codes (AZ-LOCAL-2).
        """
        hold = hold_at(self.context, call.route.key)
        if hold is None:
            return
        code, text = hold.container
        if hold.tags:
            raise gateway(409, code, text)
        async for _ in self.context.accounts.blobs(account.name, call.name, ""):
            raise gateway(409, code, text)

    def _check_name(self, account: Record, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise invalid("containerName")
        if BeingDeleted(self.context).under_way(account.name, CONTAINERS, name):
            # Azure/azure-rest-api-specs#30456: ARM has this code where the data plane has ContainerBeingDeleted.
            raise gateway(409, "ContainerOperationFailure", BEING_DELETED.format("container"))

    async def _kept(self, call: Call, account: Record, body: dict[str, Any], status: int) -> Response:
        await self._passed_on(account, call.name, body)
        found = await self.context.accounts.container(account.name, call.name)
        assert found is not None
        kept = {name: value for name, value in body.items() if name not in (_SCOPE, _DENY, *_PASSED_ON)}
        if kept:
            parent = f"{account.id}/blobServices/default"
            self.context.store.put(self.new_record(call, parent, {"properties": kept}))
        shown = self._document(account, found)
        shown["properties"] |= {name: body[name] for name in (_SCOPE, _DENY) if name in body}
        return answer(status, shown)

    async def _passed_on(self, account: Record, name: str, body: dict[str, Any]) -> None:
        """Sets in the data plane what both planes have."""
        metadata, public = body.get("metadata"), body.get("publicAccess")
        if public not in (None, "None") and account.properties.get("allowBlobPublicAccess") is False:
            # The data plane's words (learn.microsoft.com: anonymous-read-access-prevent); ARM's code is ours
            # (AZ-LOCAL-2).
            text = "Public access is not permitted on this storage account."
            raise gateway(409, "PublicAccessNotPermitted", text)
        try:
            await self.context.accounts.change_container(account.name, name, metadata=metadata, public=public)
        except Held as held:
            raise _held() from held

    def _encryption(self, account: Record, body: dict[str, Any]) -> tuple[str, bool] | None:
        sent = [name for name in (_SCOPE, _DENY) if body.get(name) is not None]
        if not sent:
            return None
        if len(sent) == 1:
            raise gateway(400, "ContainerOperationFailure", _ONE_OF_TWO)
        scope = str(body[_SCOPE])
        if not scope.startswith("$") and self.context.store.get(f"{account.key}/encryptionscopes/{scope}") is None:
            # Which code it has is not told (AZ-LOCAL-2).
            raise gateway(400, "ContainerOperationFailure", f"The encryption scope '{scope}' was not found.")
        return scope, body[_DENY] is True

    def _document(self, account: Record, found: ContainerShown) -> dict[str, Any]:
        parent = f"{account.id}/blobServices/default"
        id_ = child_id(parent, self.type, found.name)
        record = self.context.store.get(id_.lower())
        own = {
            _SCOPE: found.scope,
            _DENY: found.deny_override,
            "publicAccess": found.public,
            "leaseStatus": found.lease[0].capitalize(),
            "leaseState": found.lease[1].capitalize(),
            **self._held_shown(id_.lower()),
        }
        if found.metadata:
            own["metadata"] = dict(found.metadata)
        if found.changed:
            own["lastModifiedTime"] = f"{parsedate_to_datetime(found.changed):%Y-%m-%dT%H:%M:%S.0000000Z}"
        return {
            "id": id_,
            "name": found.name,
            "type": self.type,
            "properties": {**(record.properties if record else {}), **own},
        }

    def _held_shown(self, key: str) -> dict[str, Any]:
        hold = hold_at(self.context, key)
        shown: dict[str, Any] = {
            "hasImmutabilityPolicy": bool(hold and hold.policy),
            "hasLegalHold": bool(hold and hold.tags),
        }
        policy = self.context.store.get(f"{key}/immutabilitypolicies/default")
        if policy is not None:
            history = {"etag": policy.document["etag"], "updateHistory": policy.hidden["history"]}
            shown["immutabilityPolicy"] = {"properties": policy.properties, **history}
        if hold is not None and hold.tags:
            shown["legalHold"] = {"hasLegalHold": True, "tags": list(hold.tags)}
        return shown

    @staticmethod
    def _missing() -> ArmError:
        """The code and the text are those of the data plane (AZ-LOCAL-2)."""
        return gateway(404, "ContainerNotFound", "The specified container does not exist.")


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    properties = object_of(body, "properties")
    object_of(properties, "metadata")
    if properties.get("publicAccess") not in (None, "None", "Blob", "Container"):
        raise invalid("publicAccess")
    return properties


def _held() -> ArmError:
    """The text is the data plane's, its code that of other refusals of the data plane (AZ-LOCAL-2)."""
    text = "There is currently a lease on the container and no lease ID was specified in the request."
    return gateway(409, "ContainerOperationFailure", text)
