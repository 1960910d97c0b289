"""Locks: they keep the workspace, or something in it, from being changed or deleted."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.kinds._attached import ATTACHED, Attached
from amlmigrate.kinds._listed import CREATED, Way

_READ_ONLY = "readonly"


class Locks(Attached):
    """One that forbids to delete is made after all else; one that forbids every write is put on by a person."""

    name = "locks"
    way = Way.LOCK
    api_version = "2020-05-01"
    provider = "Microsoft.Authorization"
    remedy = "Put the lock on the target at the end, and remove it from the source before the source is removed."
    # It has to go before the workspace can.
    passing = True
    # What is made before it.
    after = ("diagnosticSettings", "roleAssignments", "schedules", "components", "models", "data", "connections")
    fields = ATTACHED.but(
        mutable={
            "level": "a PUT replaces it",
            "notes": "text for people",
            "owners": "applications that may remove it",
        }
    )

    def items(self, workspace: str, found: list[Document]) -> list[Asset]:
        placed = ((self.address_in(workspace, item), item) for item in found)
        return [_with_reason(Asset(address, item)) for address, item in placed if address]

    def canonical(self, document: Document) -> Document:
        found = super().canonical(document)
        return found | ({"level": str(found["level"]).lower()} if "level" in found else {})

    def example(self) -> Asset:
        properties = {"level": "CanNotDelete", "notes": "The bank's own", "owners": None}
        document = {"name": "keep", "properties": properties, "systemData": CREATED}
        return Asset(Address.of(self.name, "keep"), document)


def _with_reason(asset: Asset) -> Asset:
    """With why a person has to put it on, where it forbids what is still to come (AZ-LOCK-1)."""
    if str(asset.properties.get("level")).lower() != _READ_ONLY:
        return asset
    why = "it forbids every write: the cutover's, and those of the people who use the target from then on"
    remedy = (
        "Put it on the target once nothing is to be written there any more, and remove it from the source before"
    )
    return replace(asset, reason=why, remedy=f"{remedy} the source is removed.")


KIND = Locks()
