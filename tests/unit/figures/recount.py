"""The figures counted in the plainest way: everything anew for each question, by what the documentation says."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from amlmigrate.figures.history import Look, Sighting, Succession


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
        self.settled: set[str] = set()
        for _ in self.seen:
            self.settled |= {
                source
                for source, target in self.proven
                if self.stands.get(source) == "gone"
                and target in self.last
                and (self.last[target].customer or target in self.settled)
            }
        self.exposed = {one for one, last in self.last.items() if not last.customer and one not in self.settled}

    def _stands(self, workspace: str) -> str:
        """Seen by the last scan that looked; else gone, once it was; else not readable."""
        number, last = self.seen[workspace][-1]
        _, _, place, *_ = last.id.lower().split("/")
        after = self.looks[number + 1 :]
        refused = [
            f"/subscriptions/{place}" in one.unreadable or last.id.lower() in one.unreadable for one in after
        ]
        looked = [place in one.places for one in after]
        if any(there and not no for there, no in zip(looked, refused, strict=True)):
            return "gone"
        return "unreadable" if any(refused) else "seen"

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
            ]
            if after:
                closed.append((after[0] - start).total_seconds() / 86400)
            else:
                opened.append((now - start).total_seconds() / 86400)
        return sorted(closed), sorted(opened)
