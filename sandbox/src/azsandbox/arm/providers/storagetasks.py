"""Storage tasks that are assigned to a storage account, kept and shown: none of them runs here."""

from __future__ import annotations

from azsandbox.arm.calls import Call
from azsandbox.arm.kinds import Kind
from azsandbox.arm.providers.storagelists import invalid
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
# Required by the storage description (2026-04-01, StorageTaskAssignmentProperties).
_TEXTS = ("taskId", "description")
_PARTS = ("executionContext", "report")


@register
class StorageTaskAssignments(Kind):
    """`storageTaskAssignments`. The tasks (Microsoft.StorageActions) are not here, and nobody looks for them."""

    type = f"{_ACCOUNTS}/storageTaskAssignments"

    async def put(self, call: Call) -> Response:
        """The account's assignment, done at once. Inferred (AZ-LOCAL-2): 201 is the answer to a change, too."""
        account = call.ancestor(_ACCOUNTS)
        sent = object_of(call.body(), "properties")
        texts, parts = [sent.get(one) for one in _TEXTS], [object_of(sent, one) for one in _PARTS]
        named = all(isinstance(one, str) for one in texts) and all(parts)
        if not named or not isinstance(sent.get("enabled"), bool):
            raise invalid("storageTaskAssignment.properties")
        record = self.new_record(call, account.id, {"properties": {**sent, "provisioningState": "Succeeded"}})
        self.context.store.put(record)
        return answer(201, record.document)
