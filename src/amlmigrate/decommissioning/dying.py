"""What is lost for good even where the workspace is only soft-deleted, and the secrets that lie in its vault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.workspace import Workspace
from amlmigrate.decommissioning.computes import COLLECTION, Compute
from amlmigrate.posture.reading import tried_list

# Deleted at once (AZ-DEL-11): jobs that have not ended, role
# assignments, computes, endpoints, and what links a Databricks workspace. Role assignments are told apart.
_AT_ONCE = ("onlineEndpoints", "batchEndpoints", "serverlessEndpoints")


@dataclass(frozen=True, slots=True)
class Dying:
    """Computes, the addresses of endpoints with their deployments, and how many jobs have not ended (or None)."""

    computes: tuple[Compute, ...]
    endpoints: tuple[str, ...]
    jobs: int | None

    @classmethod
    def of(cls, by_hand: Iterable[Asset]) -> Dying:
        """From what the source was seen to hold."""
        computes, endpoints, jobs = [], [], None
        for left in by_hand:
            if left.address.collection == COLLECTION:
                computes.append(Compute.of(left))
            elif left.address.collection in _AT_ONCE:
                endpoints.append(str(left.address))
            elif left.address.collection == "jobs":
                jobs = left.document.get("running", jobs)
        return cls(tuple(computes), tuple(endpoints), jobs)

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone."""
        return {
            "computes": [one.as_dict() for one in self.computes],
            "endpoints": list(self.endpoints),
            "jobs": self.jobs,
        }

    def lines(self) -> list[str]:
        """For people."""
        return [
            *(
                f"is detached, what is behind it stays: {one.address} ({one.kind or 'of a kind that is not told'})"
                if one.action == "Detach"
                else f"is lost for good{', with its disk' * one.loses_disk}: {one.address} ({one.kind})"
                for one in self.computes
            ),
            *(f"is lost for good: {one}" for one in self.endpoints),
            *([f"are lost for good: {self.jobs} jobs that have not ended"] * bool(self.jobs)),
        ]


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets in the workspace's vault by name, never by value; None, and why, where they were not listed."""

    vault: str
    names: tuple[str, ...] | None
    unread: str = ""

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone."""
        names = None if self.names is None else list(self.names)
        return {
            "vault": self.vault,
            "count": None if names is None else len(names),
            "names": names,
            "unread": self.unread,
        }

    def lines(self) -> list[str]:
        """For people."""
        if not self.vault:
            return []
        if self.names is None:
            return [f"not known: the secrets in {self.vault}: {self.unread}"]
        return [f"stay: {len(self.names)} secrets in {self.vault}"] * bool(self.names)


async def secrets(side: Side, workspace: Workspace) -> Secrets:
    """Which secrets lie in the workspace's vault: its connections', its datastores', those of its users.

    Through ARM, whose list has no values (key vault description, 2023-02-01) and knows no firewall. Inferred
    (AZ-KEY-8): it shows those too that were made in the vault itself. Raises ServiceError and OutOfReachError
    where ARM is out of order.
    """
    vault = str(workspace.properties.get("keyVault") or "")
    if not vault:
        return Secrets("", ())
    read = await tried_list(side.arm, f"{vault}/secrets")
    if read.value is None:
        return Secrets(vault, None, read.refused or "Azure shows no such vault.")
    return Secrets(vault, tuple(sorted(str(one.get("name")) for one in read.value)))
