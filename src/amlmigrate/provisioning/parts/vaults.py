"""A key vault: with soft delete and purge protection, which Azure ML asks of the vault of its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from amlmigrate.core.armid import key_of, name_of, subscription_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.few import many
from amlmigrate.core.spelling import plain_region
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.desired.usage import few
from amlmigrate.posture.accountusers import AccountUsers
from amlmigrate.posture.reading import tried_list
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.parts.networks import new_network, shuts_out_services, tightened
from amlmigrate.provisioning.wanted import VaultWanted, same


@dataclass(frozen=True, slots=True)
class FoundVault:
    """The vault, and a deleted one of its name that holds the name."""

    document: Document | None
    deleted: Document | None = None


class VaultPart(ProvisioningPart):
    """`for_key`: it holds the key, not only the workspace's secrets."""

    kind = "keyVault"
    worldwide = True

    def __init__(
        self,
        wanted: VaultWanted,
        uri: Callable[[str], str],
        location: str,
        tags: Mapping[str, str],
        *,
        for_key: bool,
    ) -> None:
        self.id, self.wanted, self._location, self._tags = wanted.id, wanted, location, tags
        self._uri = uri(wanted.id).lower()
        self.for_key = for_key
        self.what = "key vault" if for_key else "key vault for secrets"

    async def read(self, port: DesiredPort, known: KnownValues) -> FoundVault:
        """The vault; where there is none, a deleted one of its name too.

        Who may not list what is deleted is told when the name is asked for.
        """
        document = await port.resources.get(self.id)
        if document is not None or self.wanted.given:
            return FoundVault(document)
        # In whatever region it was deleted: the name is the world's.
        path = f"/subscriptions/{subscription_of(self.id)}/providers/Microsoft.KeyVault/deletedVaults"
        deleted = (await tried_list(port.resources.arm, path)).value or ()
        name = name_of(self.id)
        return FoundVault(None, next((one for one in deleted if same(one.get("name"), name)), None))

    def decide(self, found: FoundVault, known: KnownValues) -> DesiredStep:
        """Made, strengthened, left, or refused."""
        if found.deleted is not None:
            return self._name_held(found.deleted)
        if found.document is None:
            if self.wanted.given:
                return self.refuse("There is no such vault; leave `id` out and give a `name` to have one made.")
            return self.create(self._body(known), *self._notes())
        reasons = self._unfit(found.document)
        return self.refuse(*reasons) if reasons else self._kept(properties_of(found.document))

    def learn(self, found: FoundVault, known: KnownValues) -> KnownValues:
        """How it gives access."""
        if found.document is None:
            return known
        by_roles = bool(properties_of(found.document).get("enableRbacAuthorization"))
        return replace(known, by_roles={**known.by_roles, key_of(self.id): by_roles})

    def named_in(self, text: str) -> bool:
        """By its ARM id, or by its address, which is how what is under a key of its names it."""
        return super().named_in(text) or any(f"{self._uri}{end}" in text for end in ('"', "/"))

    async def more_users(self, port: DesiredPort, document: Document) -> AccountUsers:
        """Whoever has an access policy in it."""
        policies = properties_of(document).get("accessPolicies") or ()
        holders = sorted({str(each.get("objectId")) for each in policies})
        return AccountUsers([f"access policies of {few(holders)}"] if holders else [])

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """Purge protection, and the name."""
        name = name_of(self.id)
        if step.verb is DesiredVerb.CREATE:
            days = self.wanted.soft_delete_days
            return (
                f"the vault '{name}' gets purge protection: once deleted, it and its name stay for"
                f" {many(days, 'day')}, and nobody can end that sooner",
            )
        body = properties_of(step.change.body) if step.verb is DesiredVerb.UPDATE and step.change else {}
        if "enablePurgeProtection" in body or "enableSoftDelete" in body:
            return (f"the vault '{name}' gets soft delete and purge protection, which cannot be turned off again",)
        return ()

    def _body(self, known: KnownValues) -> Document:
        return {
            "location": self._location,
            "tags": dict(self._tags),
            "properties": {
                "tenantId": known.tenant_id,
                "sku": {"family": "A", "name": "premium" if self.wanted.premium else "standard"},
                "accessPolicies": [],
                "enableRbacAuthorization": self.wanted.access != "policies",
                "enableSoftDelete": True,
                "softDeleteRetentionInDays": self.wanted.soft_delete_days,
                "enablePurgeProtection": True,
                **new_network(self.wanted.network),
            },
        }

    def _notes(self) -> list[str]:
        notes = [
            f"purge protection, {many(self.wanted.soft_delete_days, 'day')} of soft delete: neither can be undone"
        ]
        notes.append("access by policies" if self.wanted.access == "policies" else "access by roles")
        if self.wanted.network.closed:
            # Not supported while service-side encryption was in preview (AZ-KEY-19).
            notes.append(
                "warning: Azure ML did not support vaults without public access at first; try it beforehand"
            )
        return notes

    def _name_held(self, deleted: Document) -> DesiredStep:
        told = properties_of(deleted)
        name = name_of(self.id)
        ways = f"recover it (az keyvault recover --name {name})"
        if not told.get("purgeProtectionEnabled"):
            ways += f" or purge it (az keyvault purge --name {name})"
        return self.refuse(
            f"A vault of this name was deleted in {told.get('location', 'some region')} on "
            f"{told.get('deletionDate', 'a day unknown')} and holds the name: "
            f"{ways}, or choose another name."
        )

    def _unfit(self, document: Document) -> list[str]:
        found = properties_of(document)
        reasons = []
        if plain_region(str(document.get("location", ""))) != self._location:
            reasons.append(f"It is in {document.get('location')}, the workspace in {self._location}.")
        by_roles = bool(found.get("enableRbacAuthorization"))
        if self.wanted.access and by_roles != (self.wanted.access == "roles"):
            there = "roles" if by_roles else "access policies"
            reasons.append(f"It gives access by {there}; changing that would take the rights of all who use it.")
        if not self.for_key:
            return reasons
        days = int(found.get("softDeleteRetentionInDays") or 90)
        if not self.wanted.given and days < self.wanted.soft_delete_days:
            reasons.append(
                f"It keeps what is deleted for {many(days, 'day')} and the file asks for"
                f" {self.wanted.soft_delete_days}; this is set at creation only."
            )
        if self.wanted.premium and same((found.get("sku") or {}).get("name"), "standard"):
            reasons.append("It is a standard vault, and keys of type RSA-HSM need a premium one.")
        if self.wanted.given and (
            found.get("enableSoftDelete") is False or not found.get("enablePurgeProtection")
        ):
            reasons.append(
                "It lacks purge protection, which Azure ML asks for and which cannot be undone. It is another's: "
                f"whoever owns it has to turn it on (az keyvault update --name {name_of(self.id)} "
                "--enable-purge-protection true)."
            )
        if shuts_out_services(found):
            reasons.append(
                "Its firewall keeps Azure's trusted services out: what uses the key could not reach it."
            )
        return reasons

    def _kept(self, found: Document) -> DesiredStep:
        change, why, stays = tightened(found, self.wanted.network)
        if self.for_key and found.get("enableSoftDelete") is False:
            change["enableSoftDelete"] = True
            why.append("soft delete is turned on")
        if self.for_key and found.get("enablePurgeProtection") is not True:
            change |= {"enableSoftDelete": True, "enablePurgeProtection": True}
            why.append("purge protection is turned on: Azure ML asks for it, and it cannot be turned off again")
        days = int(found.get("softDeleteRetentionInDays") or 90)
        if not self.wanted.given and days > self.wanted.soft_delete_days:
            stays.append(f"soft delete stays at {many(days, 'day')}")
        if change:
            return self.update({"properties": change}, *why, *stays)
        return self.exists(*stays)
