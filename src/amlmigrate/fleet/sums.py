"""What all plans of a fleet come to: bytes, calls, the least time, what is stored twice, what is left by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from amlmigrate.cloud.pacing import floor_seconds
from amlmigrate.core.address import Address
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.periods import SOAK_HOURS
from amlmigrate.core.plan import Action, Header, Plan
from amlmigrate.core.state import Outcome
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet.fleetfile import FleetEntry, PlanningProgress
from amlmigrate.ledger.items import items
from amlmigrate.ledger.read_only_copy import for_reading
from amlmigrate.planning.build import makers

_OPEN = (Action.MANUAL, Action.CONFLICT)
_OUTCOMES = (Outcome.MANUAL, Outcome.CONFLICT, Outcome.TO_CUT_OVER)
# Whom the plan does not name.
NOBODY = ""


@dataclass(frozen=True, slots=True)
class WaveSums:
    """Of the plans of a wave, or of all: `floor_seconds` is the least time that ARM's limits allow one identity.

    `by_hand` is what people have to do or decide, by kind. `calls_not_known` is how many of the plans do not tell
    their calls: then calls and least time are at least that.
    """

    plans: int
    blobs: int
    bytes: int
    arm_reads: int
    arm_writes: int
    calls_not_known: int
    floor_seconds: float
    by_hand: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FleetSums:
    """Of a fleet, and of each wave.

    `by_owner`: who made what is left to do by hand, where Azure names them, to kind and number; `NOBODY` for the
    rest. `unplanned` is how many workspaces of the fleet have no plan, and are in no sum.
    """

    whole: WaveSums
    waves: Mapping[int, WaveSums]
    by_owner: Mapping[str, Mapping[str, int]]
    unplanned: int

    def as_dict(self) -> dict[str, Any]:
        """The member `sums` of the fleet's header and of its last event."""
        return {
            **asdict(self.whole),
            "twice": {"bytes": self.whole.bytes, "hours_at_least": SOAK_HOURS},
            "by_owner": [{"owner": owner, "kinds": dict(kinds)} for owner, kinds in self.by_owner.items()],
            "waves": {str(number): asdict(one) for number, one in self.waves.items()},
            "unplanned": self.unplanned,
        }


def still_open(folder: Path, plan: Plan) -> frozenset[str] | None:
    """What of a plan's items by hand nobody has done or waived; None where nothing was decided or is known.

    A ledger that cannot be read now makes no plan fail: all counts as open then.
    """
    left = {str(step.address) for step in plan.steps if step.action in _OPEN}
    try:
        with for_reading(folder, plan) as ledger:
            found = items(plan, ledger) if ledger else None
    except (MigrateError, OSError):
        return None
    if found is None:
        return None
    return frozenset(item.address for item in found if item.address in left and item.outcome in _OUTCOMES)


def told_of(header: Header, open_: frozenset[str] | None = None) -> dict[str, Any]:
    """What a plan tells for the sums; without `open_` all that it leaves by hand is open."""
    by_kind: Counter[str] = Counter()
    if open_ is None:
        for kind, actions in header.counts.items():
            by_kind[kind] += sum(int(actions.get(action.value, 0)) for action in _OPEN)
    else:
        by_kind.update(Address.parse(address).collection for address in open_)
    by_owner = {
        owner: Counter(Address.parse(one).collection for one in addresses if open_ is None or one in open_)
        for owner, addresses in makers(header).items()
    }
    return {
        "arm_reads": header.estimate.get("arm_reads"),
        "arm_reads_source": header.estimate.get("arm_reads_source"),
        "arm_writes": header.estimate.get("arm_writes"),
        "by_hand": dict(sorted((+by_kind).items())),
        "by_owner": {owner: dict(sorted(kinds.items())) for owner, kinds in by_owner.items() if kinds},
    }


def sums(entries: Iterable[FleetEntry], unplanned: int = 0) -> FleetSums:
    """The sums over the plans that there are; `unplanned` counts workspaces that are in no entry."""
    entries = tuple(entries)
    planned = [entry for entry in entries if entry.state is PlanningProgress.PLANNED]
    waves = {entry.wave: [one for one in planned if one.wave == entry.wave] for entry in planned}
    return FleetSums(
        _sums(planned),
        {number: _sums(members) for number, members in sorted(waves.items())},
        _by_owner(planned),
        len(entries) - len(planned) + unplanned,
    )


def _sums(planned: Iterable[FleetEntry]) -> WaveSums:
    planned = tuple(planned)
    told = [entry.told for entry in planned]
    by_hand = _by_hand(planned)

    def of(name: str) -> int:
        return sum(int(one.get(name) or 0) for one in told)

    return WaveSums(
        plans=len(told),
        blobs=of("blobs"),
        bytes=of("bytes"),
        arm_reads=of("arm_reads"),
        arm_writes=of("arm_writes"),
        calls_not_known=sum(None in (one.get("arm_reads"), one.get("arm_writes")) for one in told),
        floor_seconds=_floor(planned),
        by_hand=dict(sorted(by_hand.items())),
    )


def _by_hand(planned: Iterable[FleetEntry]) -> Counter[str]:
    found: Counter[str] = Counter()
    for entry in planned:
        found.update(entry.told.get("by_hand") or {})
    return found


def _floor(planned: Iterable[FleetEntry]) -> float:
    """Workspaces of one subscription share its limits, and those of several do not: the longest counts.

    What an older plan reads where source and target are apart may be of either, and makes it no longer.
    """
    reads: Counter[str] = Counter()
    writes: Counter[str] = Counter()
    for entry in planned:
        source, target = (_subscription(one) for one in (entry.source, entry.target))
        every, of_source = (int(entry.told.get(name) or 0) for name in ("arm_reads", "arm_reads_source"))
        if source == target or of_source:
            reads[source] += of_source
            reads[target] += every - of_source
        writes[target] += int(entry.told.get("arm_writes") or 0)
    return round(floor_seconds((reads[one], writes[one]) for one in reads.keys() | writes.keys()), 1)


def _subscription(workspace: str) -> str:
    return WorkspaceRef.parse(workspace).subscription.lower()


def _by_owner(planned: Iterable[FleetEntry]) -> dict[str, dict[str, int]]:
    planned = tuple(planned)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry in planned:
        for owner, kinds in (entry.told.get("by_owner") or {}).items():
            found[owner].update(kinds)
    named: Counter[str] = sum(found.values(), Counter())
    if rest := _by_hand(planned) - named:
        found[NOBODY] = rest
    return {owner: dict(sorted(found[owner].items())) for owner in sorted(found, key=lambda one: (not one, one))}
