"""Subscriptions and tenants: every GUID is a subscription of the tenant of whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azsandbox.arm.access.evaluation import MEMBERS
from azsandbox.arm.calls import Call
from azsandbox.arm.geographies import geography
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.scopes import check_subscription
from azsandbox.arm.store import Record
from azsandbox.messages import SUBSCRIPTION_ID, Response

_REGIONS = {
    "eastus": "East US",
    "eastus2": "East US 2",
    "westus2": "West US 2",
    "westeurope": "West Europe",
    "northeurope": "North Europe",
    "germanywestcentral": "Germany West Central",
}


def subscription_document(subscription: str, tenant: str) -> dict[str, Any]:
    """One subscription, as GET answers it."""
    return {
        "id": f"/subscriptions/{subscription}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription,
        "tenantId": tenant,
        "displayName": "azsandbox",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


@register
class Subscriptions(Kind):
    """Nothing of them is stored; listed are those with groups or a management group, else the environment's."""

    type = "Microsoft.Resources/subscriptions"

    async def get(self, call: Call) -> Response:
        """GET `/subscriptions/{id}`."""
        check_subscription(call.name)
        return answer(200, subscription_document(call.name, call.principal.tenant_id))

    async def list(self, call: Call) -> Response:
        """GET `/subscriptions`."""
        groups = self.context.store.of_type("microsoft.resources/subscriptions/resourcegroups")
        access, who = self.context.access, call.principal.object_id
        access.welcome(who)
        members = self.context.store.of_type(MEMBERS)
        used = [*(group.id.split("/")[2] for group in groups), *(each.name for each in members)]
        known = dict.fromkeys(used or [SUBSCRIPTION_ID])
        known = {each: None for each in known if access.has_any_below(who, f"/subscriptions/{each.lower()}")}
        documents = [subscription_document(each, call.principal.tenant_id) for each in known]
        return answer(200, {"value": documents, "count": {"type": "Total", "value": len(documents)}})

    @action("GET", "locations")
    async def locations(self, call: Call) -> Response:
        """GET `/subscriptions/{id}/locations`: the sandbox's region first."""
        names = {
            self.context.location: _REGIONS.get(self.context.location, self.context.location),
            **_REGIONS,
        }
        value = [
            {
                "id": f"/subscriptions/{call.name}/locations/{name}",
                "name": name,
                "type": "Region",
                "displayName": shown,
                "regionalDisplayName": shown,
                "metadata": {
                    "regionType": "Physical",
                    "regionCategory": "Recommended",
                    "geography": geography(name),
                },
            }
            for name, shown in names.items()
        ]
        return answer(200, {"value": value})


@register
class Tenants(Kind):
    """The one tenant of the caller."""

    type = "Microsoft.Resources/tenants"
    open_to_all = True

    def listed(self, call: Call) -> Sequence[Record]:
        """Nothing is stored."""
        return ()

    async def list(self, call: Call) -> Response:
        """GET `/tenants`."""
        tenant = call.principal.tenant_id
        document = {
            "id": f"/tenants/{tenant}",
            "tenantId": tenant,
            "tenantCategory": "Home",
            "displayName": "azsandbox",
        }
        return answer(200, {"value": [document]})
