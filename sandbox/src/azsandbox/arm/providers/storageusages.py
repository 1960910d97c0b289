"""Microsoft.Storage/locations: how many accounts a subscription has in a region, and may have."""

from __future__ import annotations

from azsandbox.arm.calls import Call
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.messages import Response

# 250 at first, more by request (learn.microsoft.com, storage/common/scalability-targets-standard-account).
# Inferred (AZ-LOCAL-9): a subscription may be given so many. It is not enforced when an account is made.
_LIMIT = 100_000
_ACCOUNTS = "microsoft.storage/storageaccounts"


@register
class StorageLocations(Kind):
    """The level above; nothing is stored of it."""

    type = "Microsoft.Storage/locations"
    implied = True

    @action("GET", "usages")
    async def usages(self, call: Call) -> Response:
        """`StorageAccounts` (learn.microsoft.com, storagerp/usages/list-by-location)."""
        there = self.context.store.of_type(_ACCOUNTS, f"/subscriptions/{call.subscription.lower()}")
        used = sum(1 for one in there if one.document.get("location") == call.name.lower())
        name = {"value": "StorageAccounts", "localizedValue": "Storage Accounts"}
        return answer(200, {"value": [{"unit": "Count", "currentValue": used, "limit": _LIMIT, "name": name}]})
