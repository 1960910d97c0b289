"""What is asked of the service for a compute when its workspace goes, and what is lost with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, shown_properties
from amlmigrate.kinds._losses import Loss

# What the service makes for a workspace alone; behind any other compute is something of the customer's.
MADE_BY_SERVICE = frozenset({"amlcompute", "computeinstance"})
# Its disk is no part of the storage account: local files and environments (AZ-LIVE-6).
WITH_DISK = "computeinstance"
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
        own = self.attached is False and self.kind.lower() in MADE_BY_SERVICE
        return "Delete" if own else "Detach"

    @property
    def loses_disk(self) -> bool:
        """Whether a disk goes with it that holds what people put there."""
        return self.kind.lower() == WITH_DISK

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
