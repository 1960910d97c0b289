"""Blob containers as ARM has them: all of the account, by whichever plane they were made."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.deletedcontainers import DeletedContainers
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind, child_id
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import ContainerShown, Response

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_SCOPE, _DENY = "defaultEncryptionScope", "denyEncryptionScopeOverride"
# Recorded: pulumi/pulumi-azure-nextgen#222.
_ONE_OF_TWO = (
    "Container encryption policy missing header: x-ms-default-encryption-scope and"
    " x-ms-deny-encryption-scope-override are required."
)


@register
class BlobContainers(Kind):
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
        """All of the account, in one page; with `$include=deleted` those too that it keeps for a while."""
        account = call.ancestor(_ACCOUNTS)
        found = await self.context.accounts.containers(account.name)
        value = [self._document(account, one) for one in found]
        if call.query.get("$include", "").lower() == "deleted":
            value += DeletedContainers(self.context).listed(account)
        return answer(200, {"value": value})

    async def put(self, call: Call) -> Response:
        """201 when new, 200 when there."""
        account, body = call.ancestor(_ACCOUNTS), object_of(call.optional_body(), "properties")
        old = await self.context.accounts.container(account.name, call.name)
        if old is None:
            await self.context.accounts.create_container(account.name, call.name, self._encryption(account, body))
        return await self._kept(call, account, body, 200 if old else 201)

    async def patch(self, call: Call) -> Response:
        """Changes what may be changed; the default scope is answered as it was sent, and stays what it was.

        So seen and settled in Azure/azure-cli#25998 and #26948: it can be told when a container is made only.
        """
        account, body = call.ancestor(_ACCOUNTS), object_of(call.body(), "properties")
        if await self.context.accounts.container(account.name, call.name) is None:
            raise self._missing()
        return await self._kept(call, account, body, 200)

    async def delete(self, call: Call) -> Response:
        """Containers are deleted by the data plane."""
        raise self.unsupported(call)

    async def _kept(self, call: Call, account: Record, body: dict[str, Any], status: int) -> Response:
        found = await self.context.accounts.container(account.name, call.name)
        assert found is not None
        kept = {name: value for name, value in body.items() if name not in (_SCOPE, _DENY)}
        properties = {"lastModifiedTime": tracked_time(call.tick()), **kept}
        parent = f"{account.id}/blobServices/default"
        self.context.store.put(self.new_record(call, parent, {"properties": properties}))
        shown = self._document(account, found)
        shown["properties"] |= {name: body[name] for name in (_SCOPE, _DENY) if name in body}
        return answer(status, shown)

    def _encryption(self, account: Record, body: dict[str, Any]) -> tuple[str, bool] | None:
        sent = [name for name in (_SCOPE, _DENY) if body.get(name) is not None]
        if not sent:
            return None
        if len(sent) == 1:
            raise gateway(400, "ContainerOperationFailure", _ONE_OF_TWO)
        scope = str(body[_SCOPE])
        if not scope.startswith("$") and self.context.store.get(f"{account.key}/encryptionscopes/{scope}") is None:
            # Which code it has is not told [I].
            raise gateway(400, "ContainerOperationFailure", f"The encryption scope '{scope}' was not found.")
        return scope, body[_DENY] is True

    def _document(self, account: Record, found: ContainerShown) -> dict[str, Any]:
        parent = f"{account.id}/blobServices/default"
        id_ = child_id(parent, self.type, found.name)
        record = self.context.store.get(id_.lower())
        own = {_SCOPE: found.scope, _DENY: found.deny_override}
        return {
            "id": id_,
            "name": found.name,
            "type": self.type,
            "properties": {"publicAccess": "None", **(record.properties if record else {}), **own},
        }

    @staticmethod
    def _missing() -> ArmError:
        """The code and the text are those of the data plane [I]."""
        return gateway(404, "ContainerNotFound", "The specified container does not exist.")
