"""What `figures` says: the four figures, what bounds them, and where they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlmigrate.cli.views.amounts import size
from amlmigrate.core.documents import Document
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.figures.mttr import in_days

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page


@dataclass(frozen=True, slots=True)
class FiguresView:
    """The figures as `Figures.as_dict` tells them, the costs in words, and the file that keeps them, if any."""

    told: Document
    costs: tuple[str, ...]
    kept: Path | None

    def human(self, page: Page) -> None:
        """A line for each figure, what lies beside it, then what bounds them."""
        for line, beside in _figures(self.told):
            page.line(line)
            for one in beside:
                page.line(one, indent=2)
        if self.costs:
            page.gap()
            page.line("What it costs:")
            page.lines(self.costs, rest="all of them with --format json")
        page.gap()
        page.line("What bounds these figures:")
        for one in self.told["bounds"]:
            page.line(f"- {one}", indent=2)
        if self.kept:
            page.line(f"kept in: {self.kept}")

    def as_json(self) -> Iterator[Event]:
        """`figures`, with all of them."""
        text = "\n".join(line for line, _ in _figures(self.told))
        files = {"kept in": str(self.kept)} if self.kept else {}
        yield Event("figures", {"text": text, **self.told, "files": files})


# Production workspaces of which it matters for the share how they stand.
_DOUBT = {
    "vanished": "no longer there",
    "unreadable": "not readable",
    "moving": "being moved",
    "no_longer_told": "production by an earlier scan only",
}


def _figures(told: Document) -> Iterator[tuple[str, list[str]]]:
    yield _production(told)
    yield _residual(told["residual"])
    yield _times(told["mttr_days"])
    yield _rotations(told["rotations"])
    yield _alerts(told["alerts"])


def _production(told: Document) -> tuple[str, list[str]]:
    found = told["production"]
    if not found["total"]:
        return "No workspace is known to be production.", [_part("untagged", found["untagged"])]
    parts = [f"{found[f'with_{name}']} with their {name}" for name in ("storage", "registry")]
    data = "not known" if found["with_other_data"] is None else found["with_other_data"]
    beside = [f"{', '.join(parts)}, {data} with all other data that they read, {found['with_all']} with all of it"]
    if doubt := [f"{found[name]} {words}" for name, words in _DOUBT.items() if found[name]]:
        beside.append(f"of these {', '.join(doubt)}")
    beside += [_part(f"by {name}", one) for name, one in found["by"].items()]
    beside += [_part("untagged", found["untagged"]), _part("other", found["other"])]
    share = f"{100 * found['share']:.1f} %"
    return f"{share} of {many(found['total'], 'production workspace')} under a customer's key", beside


def _part(name: str, part: Document) -> str:
    return f"{name}: {part['under_cmk']} of {part['total']} under a customer's key"


def _residual(found: Document) -> tuple[str, list[str]]:
    least = "at least " if found["bound"] == "at least" else ""
    bytes_ = "size not known" if found["bytes"] is None else size(found["bytes"])
    line = f"{least}{many(found['containers'], 'container')} left under Microsoft's key, {bytes_}"
    beside = [f"{many(found['resources'], 'whole resource')}, {found['accepted']} accepted until a day"]
    return line, beside if found["resources"] or found["accepted"] else []


def _times(found: Document) -> tuple[str, list[str]]:
    least = "at least " if found["bound"] == "at least" else ""
    open_least = "at least " if found["open_bound"] == "at least" else ""
    line = f"{many(found['closed'], 'workspace')} put under a customer's key"
    if found["closed"]:
        line += f", after {least}{in_days(found['mean'])} on average"
        line += f" (median {found['median']:g}, 9 of 10 {found['p90']:g})"
    still = f"{found['open']} still under Microsoft's key"
    if found["open"]:
        still += f", {open_least}{in_days(found['open_mean'])} on average, the oldest {found['open_oldest']:g}"
    beside = [still]
    for name in ("by_environment", "by_wave", "by_sensitivity"):
        for key, one in found[name].items():
            mean = "" if one["mean"] is None else f" after {in_days(one['mean'])}"
            beside.append(f"{name[3:]} {key}: {one['closed']} put under a key{mean}, {one['open']} open")
    return line, beside


def _rotations(found: Document | None) -> tuple[str, list[str]]:
    if found is None:
        return "Rotations: not read", []
    line = f"{many(found['made'], 'rotation')} in the last year, {found['adopted']} adopted by all under the key"
    within = f"{found['within']} of {many(found['keys'] + found['keys_gone'], 'key')} within the cryptoperiod"
    newest = f"{found['on_newest']} of {many(found['dependants'], 'thing')} under a key on the newest version"
    return line, [within, newest]


def _alerts(found: Document | None) -> tuple[str, list[str]]:
    if found is None:
        return "Alerts: not read", []
    access = found["access"]
    recent, of_access = (
        "not known" if one["last_30_days"] is None else one["last_30_days"] for one in (found, access)
    )
    line = (
        f"{many(found['total'], 'alert')} on keys and vaults (in the last 30 days: {recent}),"
        f" {access['total']} on who has access ({of_access})"
    )
    beside = [f"{name}: {count}" for part in (found, access) for name, count in part["by_rule"].items()]
    if found["drills"] or found["other"]:
        beside.append(f"not counted: {found['drills']} by a drill, {found['other']} of other rules")
    return line, beside
