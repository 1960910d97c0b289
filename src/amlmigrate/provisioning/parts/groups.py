"""The subscription, its resource providers and the resource group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from amlmigrate.cloud.operations import state
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document
from amlmigrate.desired.known import UNKNOWN
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.members import offer_of


class Subscription(ProvisioningPart):
    """Only read: it has to be there, and says which tenant the vaults belong to."""

    what = "subscription"

    def __init__(self, subscription: str) -> None:
        self.id = f"/subscriptions/{subscription}"

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """There, or refused."""
        if found is None:
            return self.refuse("There is no such subscription, or the identity sees nothing of it.")
        return self.exists()

    def learn(self, found: Document | None, known: KnownValues) -> KnownValues:
        """The tenant."""
        return replace(known, tenant_id=(found or {}).get("tenantId") or UNKNOWN)


class Provider(ProvisioningPart):
    """A resource provider, which has to be registered in the subscription."""

    what = "resource provider"

    def __init__(self, subscription: str, namespace: str) -> None:
        self.id = f"/subscriptions/{subscription}/providers/{namespace}"

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """Registered where it is not."""
        if found is None:
            return self.refuse("Azure knows no such resource provider.")
        if state(found) == "registered":
            return self.exists()
        change = ArmCall("POST", f"{self.id}/register", None)
        return DesiredStep(
            DesiredVerb.REGISTER, self.what, self.id, ("is not registered in the subscription",), change
        )

    def learn(self, found: Document | None, known: KnownValues) -> KnownValues:
        """Of Azure ML, what it offers for workspaces."""
        if ArmId.of(self.id).namespace.lower() != "microsoft.machinelearningservices":
            return known
        return replace(known, offer=offer_of(found))

    async def act(self, port: DesiredPort, step: DesiredStep) -> None:
        """Registration goes on after its answer: `Registering` is waited for by reading."""
        assert step.change
        await port.resources.write(step.change.method, step.change.path, None)
        await port.resources.settled(self.id, written=True)


class Group(ProvisioningPart):
    """The resource group."""

    what = "resource group"

    def __init__(self, id_: str, location: str, tags: Mapping[str, str]) -> None:
        self.id, self._body = id_, {"location": location, "tags": dict(tags)}

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """Made where it is not; its region says nothing of what lies in it."""
        return self.exists() if found is not None else self.create(self._body)
