"""What scans tell of what costs money: workspaces as they are now, accounts and registries as they were seen last.

A residual lies in an account whose workspace no scan sees any more, so that what an older scan saw of it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from amlmigrate.core.armid import ArmId, key_of, name_of, subscription_of
from amlmigrate.core.documents import Document
from amlmigrate.scanning.scanfile import ScanFile

_OF_PRICE = ("location", "sku", "kind", "access_tier")


@dataclass(frozen=True, slots=True)
class PricedResource:
    """A storage account or a registry as far as its price goes: a member that no scan tells is empty."""

    id: str
    location: str = ""
    sku: str = ""
    kind: str = ""
    access_tier: str = ""
    hierarchical: bool | None = None

    @classmethod
    def of(cls, part: Mapping[str, Any]) -> PricedResource:
        """From that part of a workspace's line."""
        location, sku, kind, tier = (str(part.get(name) or "") for name in _OF_PRICE)
        return cls(str(part["id"]), location, sku, kind, tier, part.get("hierarchical_namespace"))


@dataclass(frozen=True, slots=True)
class PricedWorkspace:
    """A workspace as far as its costs go; `encryption` is that of a scan's line, `vault` that of its key.

    `endpoints` are its own private ones, `storage_endpoints` those of its account; None where that is not known.
    """

    id: str
    workspace_id: str
    location: str
    encryption: str
    key_id: str | None
    storage: str | None
    registry: str | None
    vault: str | None
    endpoints: int | None
    storage_endpoints: int | None


class EstateResources:
    """Of many scans, each of which is noted, in whichever order: what is newer counts."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, PricedWorkspace]] = {}
        self._accounts: dict[str, tuple[str, PricedResource]] = {}
        self._registries: dict[str, tuple[str, PricedResource]] = {}
        # When each subscription was looked at last, and when each workspace could not be read.
        self._looked: dict[str, str] = {}
        self._unread: dict[str, str] = {}

    def note(self, scan: ScanFile) -> None:
        """A scan: what it looked for and did not find is no longer there; what it could not read stays."""
        at = str(scan.header.get("created"))
        unread = {key_of(str(one["address"])) for one in scan.header.get("unreadable") or ()}
        looked = {str(one).lower() for one in scan.header.get("subscriptions") or ()}
        whole = {one.subscription for one in map(ArmId.of, unread) if one == one.subscription_id}
        for subscription in looked - whole:
            self._looked[subscription] = max(at, self._looked.get(subscription, ""))
        for id_ in unread:
            self._unread[id_] = max(at, self._unread.get(id_, ""))
        for line in scan.workspaces:
            self._note(at, line)

    def _note(self, at: str, line: Document) -> None:
        storage, registry, vault = line.get("storage"), line.get("registry"), line.get("vault")
        for part, known in ((storage, self._accounts), (registry, self._registries)):
            # What a scan could not read of one tells nothing of its price.
            if part and part.get("sku"):
                _newer(known, at, PricedResource.of(part))
        found = PricedWorkspace(
            str(line["id"]),
            str(line.get("workspace_id") or "").lower(),
            str(line.get("location") or ""),
            str(line["encryption"]["kind"]),
            line["encryption"].get("key_id"),
            storage["id"] if storage else None,
            registry["id"] if registry else None,
            vault["id"] if vault and vault.get("holds") == "key" else None,
            line["exposure"].get("private_endpoints"),
            storage.get("private_endpoints") if storage else 0,
        )
        _newer(self._seen, at, found)

    @property
    def workspaces(self) -> dict[str, PricedWorkspace]:
        """Those that are there, by ARM id in lower case."""
        return {id_: one for id_, (at, one) in self._seen.items() if self._there(id_, at)}

    def _there(self, id_: str, seen: str) -> bool:
        return max(seen, self._unread.get(id_, "")) >= self._looked.get(subscription_of(id_), "")

    def there(self, workspace: str) -> PricedWorkspace | None:
        """One that is there, wherever it was moved to: by its workspaceId, or its ARM id, in lower case."""
        return next((one for id_, one in self.workspaces.items() if workspace in (one.workspace_id, id_)), None)

    @property
    def unread(self) -> list[str]:
        """Subscriptions and workspaces that a scan could not read, and none did: by ids in lower case."""
        found = []
        for id_, at in self._unread.items():
            subscription = subscription_of(id_)
            if subscription and id_ not in self._seen and at >= self._looked.get(subscription, ""):
                found.append(id_)
        return sorted(found)

    def seen(self, id_: str) -> PricedWorkspace | None:
        """A workspace as it was seen last, whether it is still there or not."""
        found = self._seen.get(key_of(id_))
        return found[1] if found else None

    def account(self, id_or_name: str) -> PricedResource | None:
        """A storage account by its ARM id, or by its name, which no two have."""
        wanted, by_id = key_of(id_or_name), "/" in id_or_name
        found = (one for id_, (_, one) in self._accounts.items() if (id_ if by_id else name_of(id_)) == wanted)
        return next(found, None)

    def registry(self, id_: str) -> PricedResource | None:
        """A registry by its ARM id."""
        found = self._registries.get(key_of(id_))
        return found[1] if found else None


_Known = TypeVar("_Known", PricedResource, PricedWorkspace)


def _newer(known: dict[str, tuple[str, _Known]], at: str, found: _Known) -> None:
    before = known.get(key_of(found.id))
    if before is None or before[0] <= at:
        known[key_of(found.id)] = (at, found)
