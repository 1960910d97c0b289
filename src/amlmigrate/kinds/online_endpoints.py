"""Online endpoints: their deployments answer requests."""

from __future__ import annotations

from types import MappingProxyType

from amlmigrate.cloud.declared import Absent
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed
from amlmigrate.kinds._losses import Loss, endpoint
from amlmigrate.kinds._permissions import ML, Permissions


class OnlineEndpoints(Listed):
    """An endpoint without its deployments; its name is one in a region."""

    name = "onlineEndpoints"
    absent = (
        Absent.of(
            "NoSuchEndpoint",
            r"There is no endpoint with name: (\S+) in ",
            "Inferred (AZ-ABSENT-6): the same front end and words as for batch endpoints",
        ),
    )
    taken = "online endpoints"
    counted = 6
    manual = "Create the endpoint under another name in the target region."
    blocks_deletion = True
    regional = "endpoints"
    serves = True
    after = ("computes",)
    # AZ-RIGHT-38: Storage Blob Data Reader, AcrPull.
    given = MappingProxyType(
        {
            "storageAccount": ("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",),
            "containerRegistry": ("7f951dda-4ed3-4680-a7ca-43fe172d538d",),
        }
    )

    @property
    def permissions(self) -> Permissions:
        # Asking a deployed model, and what is needed to ask: what its deployment then writes, it writes by its own
        # rights (learn.microsoft.com, "Authenticate clients for online endpoints": keys and tokens are to invoke).
        return Permissions.of(f"{ML}/{self.name}", harmless=("score/action", "token/action", "listkeys/action"))

    def lost(self, asset: Asset) -> Loss | None:
        return endpoint(str(asset.address))

    def example(self) -> Asset:
        return Asset(
            Address.of("onlineEndpoints", "scoring"),
            {
                "name": "scoring",
                "location": "westeurope",
                "kind": "Managed",
                "identity": {"type": "SystemAssigned", "principalId": "0", "tenantId": "0"},
                "properties": {"authMode": "Key", "traffic": {"blue": 100}, "provisioningState": "Succeeded"},
                "systemData": CREATED,
            },
        )


KIND = OnlineEndpoints()
