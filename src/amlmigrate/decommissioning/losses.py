"""What is lost for good even where the workspace is only soft-deleted, and the secrets that lie in its vault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.few import many
from amlmigrate.core.workspace import Workspace
from amlmigrate.kinds import Loss, kind_of
from amlmigrate.posture.reading import tried_list

# In this order.
_TOLD = ("computes", "endpoints", "jobs")


@dataclass(frozen=True, slots=True)
class Dying:
    """What its kinds say to be lost: computes, endpoints with their deployments, jobs that have not ended."""

    losses: tuple[Loss, ...]

    @classmethod
    def of(cls, assets: Iterable[Asset]) -> Dying:
        """From what the source was seen to hold."""
        kinds = ((kind_of(asset.address), asset) for asset in assets)
        found = (kind.lost(asset) for kind, asset in kinds if kind)
        return cls(tuple(sorted(filter(None, found), key=lambda loss: _TOLD.index(loss.member))))

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone; the number of jobs is None where that is not known."""
        lists, number = _TOLD[:2], _TOLD[2]
        counted = self._told(number)
        return {name: self._told(name) for name in lists} | {number: counted[0] if counted else None}

    def _told(self, member: str) -> list[Any]:
        return [loss.told for loss in self.losses if loss.member == member]

    def lines(self) -> list[str]:
        """For people."""
        return [loss.says for loss in self.losses if loss.says]


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
        return [f"stay: {many(len(self.names), 'secret')} in {self.vault}"] * bool(self.names)


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
