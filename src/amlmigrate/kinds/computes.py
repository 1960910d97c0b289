"""Computes: clusters, instances, and what was attached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, shown_properties
from amlmigrate.core.pointers import EACH, without
from amlmigrate.kinds._listed import CREATED, Listed, WorkspacePort
from amlmigrate.kinds._losses import Loss
from amlmigrate.kinds._permissions import ML, Permissions

# What the service makes for a workspace alone; behind any other compute is something of the customer's.
_MADE_BY_SERVICE = frozenset({"amlcompute", "computeinstance"})
# Its disk is no part of the storage account: local files and environments (AZ-LIVE-6).
_WITH_DISK = "computeinstance"
Action = Literal["Delete", "Detach"]


@dataclass(frozen=True, slots=True)
class Compute:
    """A compute: `attached` is None where the service does not say whether somebody brought it along."""

    address: str
    kind: str
    attached: bool | None

    @classmethod
    def of(cls, left: Asset) -> Compute:
        """Reads a document of the collection; one that could not be read says nothing."""
        told = shown_properties(left.document) or {}
        attached = told.get("isAttachedCompute")
        return cls(
            str(left.address),
            str(told.get("computeType") or ""),
            attached if isinstance(attached, bool) else None,
        )

    @property
    def action(self) -> Action:
        """What is asked of the service: `Detach` leaves what is behind it, `Delete` takes that away.

        `isAttachedCompute` is false for what the service provisioned (compute description, 2023-04-01). Whatever
        does not say so, or is not of a kind that the service provisions, may be the customer's.
        """
        own = self.attached is False and self.kind.lower() in _MADE_BY_SERVICE
        return "Delete" if own else "Detach"

    @property
    def loses_disk(self) -> bool:
        """Whether a disk goes with it that holds what people put there."""
        return self.kind.lower() == _WITH_DISK

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone."""
        return {
            "address": self.address,
            "kind": self.kind,
            "attached": self.attached,
            "action": self.action,
            "loses_disk": self.loses_disk,
        }

    def loss(self) -> Loss:
        """For people, and in a tombstone."""
        if self.action == "Detach":
            what = self.kind or "of a kind that is not told"
            says = f"is detached, what is behind it stays: {self.address} ({what})"
        else:
            says = f"is lost for good{', with its disk' * self.loses_disk}: {self.address} ({self.kind})"
        return Loss("computes", self.as_dict(), says)


# What only the service writes below `properties`, by the way to it; `state` is whether an instance runs.
_WRITTEN = (
    ((), frozenset({"state"})),
    (("properties",), frozenset({"state"})),
    (("properties", "sshSettings"), frozenset({"sshPort", "adminUserName"})),
    (("properties", "schedules", "computeStartStop", EACH), frozenset({"id", "provisioningStatus"})),
)


class Computes(Listed):
    """A compute; its name is one in a region."""

    name = "computes"
    has_disks = True
    counted = 8
    manual = "Create the compute in the target; names are unique in a region."
    blocks_deletion = True
    regional = True
    volatile = (
        "modifiedOn",
        "provisioningErrors",
        # A cluster grows and shrinks by itself.
        *(f"properties|{name}" for name in ("allocationState", "allocationStateTransitionTime", "errors")),
        *(f"properties|{name}" for name in ("currentNodeCount", "targetNodeCount", "nodeStateCounts")),
        # An instance is started and stopped, and counts what is mounted on it.
        *(f"properties|{name}" for name in ("state", "lastOperation", "applications", "connectivityEndpoints")),
        *(
            f"properties|{name}"
            for name in ("containers", "dataDisks", "dataMounts", "versions", "osImageMetadata")
        ),
    )

    @property
    def permissions(self) -> Permissions:
        # A read that is POST (the reference of api-version 2023-04-01).
        return Permissions.of(f"{ML}/{self.name}", harmless=("listnodes/action",))

    async def retire(self, source: WorkspacePort, asset: Asset) -> None:
        query = {"underlyingResourceAction": Compute.of(asset).action}
        await source.delete(self.path(asset.address), query)

    def lost(self, asset: Asset) -> Loss | None:
        return Compute.of(asset).loss()

    def anew(self, properties: Document) -> Document:
        for way, names in _WRITTEN:
            properties = without(properties, way, names)
        return properties

    def example(self) -> Asset:
        return Asset(
            Address.of("computes", "cpu"),
            {
                "name": "cpu",
                "location": "westeurope",
                "properties": {
                    "computeType": "AmlCompute",
                    "isAttachedCompute": False,
                    "properties": {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"maxNodeCount": 4}},
                    "provisioningState": "Succeeded",
                },
                "systemData": CREATED,
            },
        )


KIND = Computes()
