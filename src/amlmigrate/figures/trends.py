"""How the figures came about over time: by the scans, and of what no scan has by what runs kept. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document
from amlmigrate.figures.stage import Figures

_COSTS = {
    "added": "Added by keys, a month at list prices",
    "double": "There twice, a month at list prices",
    "remaining": "Left after removals, a month at list prices",
}


@dataclass(frozen=True, slots=True)
class Trend:
    """One line over time: of which member of the figures, its title, its points, and how a value is told.

    `top` is the most that a value can be, 0 where there is no such thing.
    """

    figure: str
    title: str
    points: tuple[tuple[datetime, float], ...]
    unit: str = ""
    top: float = 0.0

    def told(self, value: float) -> str:
        """A value in words."""
        if self.unit == "%":
            return f"{value:.1f} %"
        return f"{value:,.15g} {self.unit.removesuffix('s') if value == 1 else self.unit}".rstrip()


def of(figures: Figures) -> list[Trend]:
    """The trends of all figures, this run included."""
    past = figures.past.moments
    shares = tuple(
        (at, 100 * share.production.share) for at, share, _ in past if share.production.share is not None
    )
    opened = tuple((at, float(times.open)) for at, _, times in past)
    means = tuple((at, round(times.mean, 2)) for at, _, times in past if times.mean is not None)
    return [
        Trend("production", "Share of production workspaces under a customer's key", shares, "%", 100.0),
        _kept(figures, "residual", "Bytes left under Microsoft's key", "bytes", lambda one: one["bytes"]),
        Trend("mttr_days", "Mean time until put under a key", means, "days"),
        Trend("mttr_days", "Workspaces that are not under a key", opened),
        _kept(
            figures, "rotations", "Rotations of the year before that were adopted", "", lambda one: one["adopted"]
        ),
        _kept(figures, "alerts", "Alerts on keys in the 30 days before", "", lambda one: one["last_30_days"]),
        *(_cost(figures, part, title) for part, title in _COSTS.items()),
    ]


def _cost(figures: Figures, part: str, title: str) -> Trend:
    """In the currency of this run's prices: amounts in another one are no points of the same line."""
    currency = figures.cost.currency

    def amount(found: Document) -> Any:
        return found[part] if found.get("currency") == currency else None

    return _kept(figures, "cost", f"{title}, at least", currency or "", amount)


def _kept(figures: Figures, name: str, title: str, unit: str, value: Callable[[Any], Any]) -> Trend:
    """By what runs kept, of each day the last."""
    days: dict[str, tuple[datetime, float]] = {}
    for at, told in (*_runs(figures), (figures.at, figures.kept())):
        if (found := told.get(name)) is not None and (amount := value(found)) is not None:
            days[f"{at:%Y-%m-%d}"] = (at, float(amount))
    return Trend(name, title, tuple(sorted(days.values())), unit)


def _runs(figures: Figures) -> Iterator[tuple[datetime, Document]]:
    for line in figures.past.record.lines:
        if at := moment(line["at"]):
            yield at, line["figures"]
