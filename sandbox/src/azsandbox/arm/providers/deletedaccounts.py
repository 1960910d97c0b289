"""Microsoft.Storage/deletedAccounts: accounts that can be recovered until another has their name."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_ACCOUNTS = "microsoft.storage/storageaccounts"


@register
class DeletedAccounts(Kind):
    """`deletedAccounts` of a subscription (azure-rest-api-specs, Microsoft.Storage, `DeletedAccounts_List`).

    One whose name an account has again cannot be recovered. Inferred (AZ-DEL-7): it is not listed any more then.
    Recovering one is not built, nor is the end after 14 days.
    """

    type = "Microsoft.Storage/deletedAccounts"

    async def list(self, call: Call) -> Response:
        """All of them."""
        gone = self.context.store.gone_of_type(_ACCOUNTS, call.route.parent)
        return answer(200, {"value": [_document(call, one) for one in gone if not self._taken(one)]})

    def _taken(self, gone: Record) -> bool:
        return any(self.context.store.find(term) for term in gone.terms)


def _document(call: Call, gone: Record) -> dict[str, Any]:
    location, created = str(gone.document["location"]), gone.properties["creationTime"]
    base = f"/subscriptions/{call.subscription}/providers/Microsoft.Storage/locations/{location}"
    told = {
        "storageAccountResourceId": gone.id,
        "location": location,
        "restoreReference": f"{gone.name}|{created}",
        "creationTime": created,
        "deletionTime": gone.hidden["deleted"],
    }
    return {
        "id": f"{base}/deletedAccounts/{gone.name}",
        "name": gone.name,
        "type": "Microsoft.Storage/deletedAccounts",
        "properties": told,
    }
