"""What `plan --fleet` came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlmigrate.cli.views.amounts import duration, size
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.core.periods import SOAK_HOURS
from amlmigrate.fleet import fleetfile
from amlmigrate.fleet.fleetfile import PlanningProgress
from amlmigrate.fleet.stage import FleetOutcome
from amlmigrate.fleet.sums import WaveSums

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page

_AGAIN = "Make room, and run the same command again."


@dataclass(frozen=True, slots=True)
class FleetView:
    """How many plans there are, and what of each workspace that has none."""

    outcome: FleetOutcome

    def human(self, page: Page) -> None:
        """A sentence, and a line for each that is not planned."""
        page.gap()
        page.line(self._text)
        page.lines(self._lines)
        page.lines(self._sums)
        page.line(f"written to: {self._file}")
        page.next(self._next)

    def as_json(self) -> Iterator[Event]:
        """`fleet.written`."""
        found = self.outcome
        yield Event(
            "fleet.written",
            {
                "text": f"\n{self._text}",
                "waves": {str(wave): count for wave, count in sorted(self._waves.items())},
                "failed": [{"address": one.source, **one.told} for one in found.of(PlanningProgress.FAILED)],
                "left": [{"address": one.id, "state": one.state, "reason": one.reason} for one in found.left],
                "sums": found.sums.as_dict(),
                "lines": [*self._lines, *self._sums],
                "files": {"written to": self._file},
                "next": self._next,
            },
        )

    @property
    def _waves(self) -> Counter[int]:
        return Counter(entry.wave for entry in self.outcome.of(PlanningProgress.PLANNED))

    @property
    def _text(self) -> str:
        found, plans = self.outcome, self._waves
        failed = len(found.of(PlanningProgress.FAILED))
        errors = sum(1 for entry in found.entries if _errors(entry.told))
        return (
            f"{many(plans.total(), 'plan')} in {many(len(plans), 'wave')}, {failed} failed,"
            f" {len(found.missing)} asked for and not planned, {many(errors, 'plan')} with errors."
        )

    @property
    def _sums(self) -> list[str]:
        """What all of it comes to, and who has to do what."""
        found = self.outcome.sums
        if not found.whole.plans:
            return []
        beside = f"; {many(found.unplanned, 'workspace')} without a plan left out" if found.unplanned else ""
        return [
            f"all plans: {_amounts(found.whole)}{beside}",
            *(f"wave {number}: {_amounts(one)}" for number, one in found.waves.items() if len(found.waves) > 1),
            f"stored twice: {size(found.whole.bytes)} for {SOAK_HOURS} hours at least from each cutover on, beside"
            " registries, endpoints and logs of both",
            *(
                f"by hand, {owner or 'made by nobody that Azure names'}: {_kinds(kinds)}"
                for owner, kinds in found.by_owner.items()
            ),
        ]

    @property
    def _lines(self) -> list[str]:
        found = self.outcome
        failed = found.of(PlanningProgress.FAILED)
        return [
            *(f"failed: {one.source}: {one.told['reason']} {one.told['remedy']}" for one in failed),
            *([f"behind: {fleetfile.FILE}: {found.behind} {_AGAIN}"] if found.behind else []),
            *(f"{one.state}: {one.id}: {one.reason}" for one in found.left),
        ]

    @property
    def _file(self) -> str:
        return str(self.outcome.out / fleetfile.FILE)

    @property
    def _next(self) -> str:
        planned = self.outcome.of(PlanningProgress.PLANNED)
        return (
            f"migrate show {self.outcome.out / planned[0].folder}" if planned else "scan again, or fix the targets"
        )


def _amounts(one: WaveSums) -> str:
    calls = many(one.arm_reads + one.arm_writes, "call")
    least, beside = "", ""
    if one.calls_not_known:
        least = "at least "
        beside = f"; {many(one.calls_not_known, 'plan does', 'plans do')} not tell all calls"
    return (
        f"{many(one.blobs, 'blob')}, {size(one.bytes)}, {least}{calls} to ARM"
        f" ({duration(one.floor_seconds)} at least{beside}), {many(sum(one.by_hand.values()), 'item')} by hand"
    )


def _kinds(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in kinds.items())


def _errors(told: dict[str, Any]) -> bool:
    return bool(told.get("findings", {}).get("error"))
