"""The user-assigned identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from amlmigrate.core.documents import Document, properties_of
from amlmigrate.desired.known import UNKNOWN
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import DesiredStep
from amlmigrate.desired.usage import few
from amlmigrate.posture.accountusers import AccountUsers
from amlmigrate.posture.reading import tried
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.wanted import Named


class IdentityPart(ProvisioningPart):
    """Uses the key and runs the workspace; a system-assigned one does not exist before its workspace does."""

    what = "identity"
    kind = "identity"

    def __init__(self, wanted: Named, location: str, tags: Mapping[str, str]) -> None:
        self.id, self._given = wanted.id, wanted.given
        self._body = {"location": location, "tags": dict(tags)}

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """Made where it is not."""
        if found is None and self._given:
            return self.refuse("There is no such identity; leave `id` out and give a `name` to have one made.")
        return self.create(self._body) if found is None else self.exists()

    async def more_users(self, port: DesiredPort, document: Document) -> AccountUsers:
        """Where it has roles, in every subscription that is seen: whoever uses it has them too."""
        found, principal = AccountUsers(), str(properties_of(document).get("principalId") or "")
        for subscription in port.estate.subscriptions:
            scope = f"/subscriptions/{subscription}"
            read = await tried(port.side.roles.directly(scope, principal))
            if read.value is None:
                found.unknown.append(f"its roles in subscription {subscription} could not be read: {read.refused}")
                continue
            at = sorted({str(properties_of(one).get("scope")) for one in read.value})
            if at:
                found.known.append(f"its roles at {few(at)}")
        return found

    def learn(self, found: Document | None, known: KnownValues) -> KnownValues:
        """Its object id and client id."""
        told = properties_of(found)
        return replace(
            known, principal_id=told.get("principalId") or UNKNOWN, client_id=told.get("clientId") or UNKNOWN
        )
