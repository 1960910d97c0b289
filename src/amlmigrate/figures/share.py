"""How many production workspaces are under a customer's key, and what lies beside them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from amlmigrate.figures.history import Life, Moment, Presence, WhoseKey


@dataclass(frozen=True, slots=True)
class Portion:
    """Some of them: how many there are, and how many of these are under a customer's key."""

    total: int = 0
    under_cmk: int = 0

    @property
    def share(self) -> float | None:
        """Of one; None of none at all."""
        return self.under_cmk / self.total if self.total else None

    def as_dict(self) -> dict[str, Any]:
        """Its members and the share."""
        return {**asdict(self), "share": self.share}


@dataclass(frozen=True, slots=True)
class Beside:
    """What is told beside the share of those that are production.

    `vanished` are no longer there, and no plan proves where they went; `unreadable` could not be read: neither
    counts as under a key. `moving` have a successor under a key beside them, and still count themselves.
    `no_longer_told` count though nothing calls them production any more. `storage`, `registry` and `data` are
    how many of those under a key have that under one too, or have none; `whole` have all of it. What is not
    known of them counts as not.
    """

    vanished: int = 0
    unreadable: int = 0
    moving: int = 0
    no_longer_told: int = 0
    storage: int = 0
    registry: int = 0
    other_data: int = 0
    whole: int = 0
    storage_unknown: int = 0
    registry_unknown: int = 0
    other_data_unknown: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """The figure at one time; `untagged` and `other` are not production, `by` splits it by who says they are."""

    production: Portion
    untagged: Portion
    other: Portion
    beside: Beside
    by: Mapping[str, Portion]

    @property
    def least(self) -> float | None:
        """The share if all that are untagged were production."""
        total = self.production.total + self.untagged.total
        return (self.production.under_cmk + self.untagged.under_cmk) / total if total else None

    def as_dict(self) -> dict[str, Any]:
        """The member `production` of the figures."""
        beside = self.beside
        return {
            **self.production.as_dict(),
            "with_storage": beside.storage,
            "with_registry": beside.registry,
            "with_other_data": None if beside.other_data_unknown else beside.other_data,
            "with_all": beside.whole,
            "not_known": {
                "storage": beside.storage_unknown,
                "registry": beside.registry_unknown,
                "other_data": beside.other_data_unknown,
            },
            "vanished": beside.vanished,
            "unreadable": beside.unreadable,
            "moving": beside.moving,
            "no_longer_told": beside.no_longer_told,
            "by": {name: one.as_dict() for name, one in sorted(self.by.items())},
            "untagged": self.untagged.as_dict(),
            "share_with_untagged": self.least,
            "other": self.other.as_dict(),
        }


PRODUCTION, UNTAGGED, OTHER = "production", "untagged", "other"
_FINE = (WhoseKey.CUSTOMER, WhoseKey.NOTHING)


def share(moment: Moment) -> Share:
    """The figure by what is known at a scan."""
    parts: dict[str, list[bool]] = {PRODUCTION: [], UNTAGGED: [], OTHER: []}
    by: dict[str, list[bool]] = {}
    told: Counter[str] = Counter()
    for workspace, life in moment.lives.items():
        if not moment.counted(workspace):
            continue
        yes = life.last.customer and life.standing is Presence.SEEN
        by_whom = moment.production(workspace)
        if by_whom is None:
            parts[UNTAGGED if moment.untold(workspace) else OTHER].append(yes)
            continue
        parts[PRODUCTION].append(yes)
        by.setdefault(by_whom.by, []).append(yes)
        told.update(_told(moment, workspace, life, yes=yes))
    production, untagged, other = (_part(parts[name]) for name in (PRODUCTION, UNTAGGED, OTHER))
    return Share(production, untagged, other, Beside(**told), {name: _part(found) for name, found in by.items()})


def _part(found: Iterable[bool]) -> Portion:
    every = list(found)
    return Portion(len(every), sum(every))


def _told(moment: Moment, workspace: str, life: Life, *, yes: bool) -> Counter[str]:
    """What is told beside the share of one that is production."""
    last = life.last
    beside = {"storage": last.storage, "registry": last.registry, "other_data": last.other_data} if yes else {}
    plans = moment.by_source.get(workspace, ())
    found = Counter(
        vanished=life.standing is Presence.GONE,
        unreadable=life.standing is Presence.UNREADABLE,
        moving=any((one := moment.lives.get(plan.target)) and one.last.customer for plan in plans),
        no_longer_told=life.no_longer_told,
        whole=yes and all(one in _FINE for one in beside.values()),
    )
    for name, held in beside.items():
        found[name] += held in _FINE
        found[f"{name}_unknown"] += held is WhoseKey.NOT_KNOWN
    # Numbers, since what they are added to may be empty, and would take a truth as it is.
    return Counter({name: int(count) for name, count in found.items()})
