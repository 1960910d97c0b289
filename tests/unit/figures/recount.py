"""The figures counted in the plainest way: everything anew for each question, by what the documentation says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from amlmigrate.figures.history import Look, Sighting, Succession
from amlmigrate.figures.plans import PlanTold


class Recount:
    """What a person with the scans on paper would count."""

    def __init__(self, looks: list[Look], plans: list[Succession], *, newest: bool = True) -> None:
        self.looks = looks
        now = looks[-1].at
        self.plans = [one for one in plans if newest or one.planned <= now]
        self.proven = {(one.source, one.target) for one in self.plans if one.proven and one.proven <= now}
        self.seen: dict[str, list[tuple[int, Sighting]]] = {}
        for number, look in enumerate(looks):
            for one in look.sightings.values():
                self.seen.setdefault(one.workspace, []).append((number, one))
        self.last = {workspace: rows[-1][1] for workspace, rows in self.seen.items()}
        self.stands = {workspace: self._stands(workspace) for workspace in self.seen}
        self.let_go = {workspace for workspace in self.seen if self._let_go(workspace)}
        self.settled: set[str] = set()
        for _ in self.seen:
            self.settled |= {
                source
                for source, target in self.proven
                if self.stands.get(source) == "gone"
                and target in self.last
                and (self.last[target].customer or target in self.settled)
            }
        explained = self.settled | self.let_go
        self.exposed = {one for one, last in self.last.items() if not last.customer and one not in explained}

    def _stands(self, workspace: str) -> str:
        """Seen by the last scan that looked; else gone, once it was; else not readable."""
        after = self._after(workspace)
        if any(found == "gone" for _, found in after):
            return "gone"
        return "unreadable" if any(found == "unreadable" for _, found in after) else "seen"

    def _after(self, workspace: str) -> list[tuple[Look, str]]:
        """The scans after the last one that saw it, and what each says of it; empty for one that did not look."""
        number, last = self.seen[workspace][-1]
        _, _, place, *_ = last.id.lower().split("/")
        found = []
        for one in self.looks[number + 1 :]:
            refused = f"/subscriptions/{place}" in one.unreadable or last.id.lower() in one.unreadable
            found.append((one, "unreadable" if refused else "gone" if place in one.places else ""))
        return found

    def _let_go(self, workspace: str) -> bool:
        """Whether a scan that looked for it in vain has its owner's decision, not of a day before it was seen last."""
        number, last = self.seen[workspace][-1]
        days = [
            one.let_go.get(last.id.lower(), ("", ""))[1]
            for one, found in self._after(workspace)
            if found == "gone"
        ]
        return any(day >= f"{self.looks[number].at:%Y-%m-%d}" for day in days)

    def _told(self, workspace: str) -> tuple[bool, bool]:
        """Whether it is production by its own rows, and whether anything ever told."""
        production = False
        for _, row in self.seen[workspace]:
            if row.production:
                production = True
            elif row.production is False and row.by == "decision":
                production = False
        return production, any(row.production is not None for _, row in self.seen[workspace])

    def production(self) -> set[str]:
        """All that are production: by themselves, by what they succeed, or by what they move into."""
        own = {one for one in self.seen if self._told(one)[0]}
        found = set(own)
        for _ in self.seen:
            found |= {target for source, target in self.proven if source in found and target in self.seen}
        return found | {
            plan.source
            for plan in self.plans
            if plan.target in own and plan.source in self.seen and not self.last[plan.source].customer
        }

    def counted(self) -> set[str]:
        """Those that count: no workspace twice, and none that is gone but one that nobody can explain."""
        waiting = {
            plan.target
            for plan in self.plans
            if plan.target in self.last
            and self.last[plan.target].customer
            and (plan.source in self.exposed or self.stands.get(plan.source, "gone") != "gone")
        }
        gone = {one for one in self.seen if self.stands[one] == "gone" and one not in self.exposed}
        return set(self.seen) - waiting - gone

    def share(self) -> dict[str, int]:
        """The numbers of the figure."""
        production, found = self.production(), Counter[str]()
        for one in self.counted():
            yes = self.last[one].customer and self.stands[one] == "seen"
            part = "production" if one in production else "other" if self._told(one)[1] else "untagged"
            found[part] += 1
            found[f"{part} under a key"] += yes
            if part == "production":
                found["vanished"] += self.stands[one] == "gone"
                found["unreadable"] += self.stands[one] == "unreadable"
                found["no longer told"] += self._told(one)[0] and self.last[one].production is not True
                found["moving"] += self._moves(one)
                found += self._beside(one) if yes else Counter()
        return dict(+found)

    def _moves(self, workspace: str) -> bool:
        """Whether something under a key is to take its place."""
        into = [plan.target for plan in self.plans if plan.source == workspace]
        return any(target in self.last and self.last[target].customer for target in into)

    def _beside(self, workspace: str) -> Counter[str]:
        """What else of one under a key is under one too, or is not there at all; and of what that is not known."""
        last = self.last[workspace]
        held = {"storage": last.storage, "registry": last.registry, "other data": last.other_data}
        fine = [name for name, one in held.items() if one.value in ("customer", "nothing")]
        unknown = [f"{name} not known" for name, one in held.items() if one.value == "not known"]
        return Counter([*fine, *unknown, *(["all of it"] if len(fine) == len(held) else [])])

    @staticmethod
    def days(looks: list[Look], plans: list[Succession], now: datetime) -> tuple[list[float], list[float]]:
        """The days of those that were put under a key, and the ages of those that are open."""
        counts = [
            Recount(looks[: number + 1], plans, newest=number == len(looks) - 1) for number in range(len(looks))
        ]
        closed, opened = [], []
        for workspace, rows in counts[-1].seen.items():
            bad = [number for number, row in rows if not row.customer]
            if not bad:
                continue
            found = looks[bad[0]].at
            made = rows[-1][1].created
            start = made if made and looks[0].at < made <= found else found
            still = [number for number, one in enumerate(counts) if workspace in one.exposed]
            after = [
                looks[number].at
                for number in range(max(still) + 1, len(looks))
                if counts[number].stands[workspace] != "unreadable"
                and workspace not in counts[number].let_go - counts[number].settled
            ]
            if after:
                closed.append((after[0] - start).total_seconds() / 86400)
            elif workspace not in counts[-1].let_go:
                opened.append((now - start).total_seconds() / 86400)
        return sorted(closed), sorted(opened)


def residual(there: Iterable[PlanTold], away: Iterable[PlanTold]) -> dict[str, Any]:
    """What is left: of plans that are there what nobody accepted, of those that were taken away all of it."""
    of_away = {(one.kind, one.id.lower()): one.bytes for plan in away for one in plan.residues}
    rows = [one for plan in there for one in plan.residues]
    every = of_away | {(one.kind, one.id.lower()): one.bytes for one in rows}
    still = {thing for thing in every if thing in of_away} | {
        (one.kind, one.id.lower()) for one in rows if one.open
    }
    sizes = [every[kind, id_] for kind, id_ in still if kind != "registry"]
    known = [size for size in sizes if size is not None]
    return {
        "containers": len(sizes),
        "bytes": None if sizes and not known else sum(known),
        "size_unknown": len(sizes) - len(known),
        "resources": len(still) - len(sizes),
        "accepted": len(every) - len(still),
        "bound": "at least" if tuple(away) or len(known) < len(sizes) else "known",
    }
