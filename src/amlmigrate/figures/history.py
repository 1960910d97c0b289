"""What dated scans tell of each workspace, joined by its workspaceId, and what plans tell of its successor. Pure.

A workspace that was once told to be production counts as production until an owner decides otherwise: neither
a tag that is gone nor one that says something else takes it out of a figure. One that is no longer there
counts as it was seen last, unless a plan proves where it went.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from amlmigrate.core.armid import ArmId, key_of

# Who says of which environment a workspace is; a scan that was made before this was kept does not tell.
TAG, DECISION, RULE, UNTOLD = "tag", "decision", "rule", "not told"


class Presence(StrEnum):
    """What the newest scan that bears on a workspace says of it."""

    SEEN = "seen"
    # The scan read its subscription, and it was not in it.
    GONE = "gone"
    UNREADABLE = "unreadable"


class WhoseKey(StrEnum):
    """Whose key something is under; a workspace may have no registry."""

    CUSTOMER = "customer"
    MICROSOFT = "microsoft"
    NOTHING = "nothing"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One workspace in one scan. `workspace` is its workspaceId in lower case, or its ARM id where it has none.

    `production` is whether it is of the gravest environment, None where nothing tells; `by` is who says so.
    `vault` is the ARM id, in lower case, of the vault that holds its key,
    `key` the identifier of the key without a version.
    """

    workspace: str
    id: str
    customer: bool
    storage: WhoseKey = WhoseKey.NOTHING
    registry: WhoseKey = WhoseKey.NOTHING
    other_data: WhoseKey = WhoseKey.NOT_KNOWN
    production: bool | None = None
    by: str = UNTOLD
    sensitivity: str | None = None
    created: datetime | None = None
    vault: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """One scan: when it was made, the subscriptions that it was about, what it saw and what it could not read.

    `places` and `unreadable` are in lower case; `unreadable` are ARM ids of subscriptions and workspaces.
    `projects` is how many projects it saw, which are under the key of their hub and not counted. `let_go` are
    workspaces that it did not find and whose owner decided that they are no production: who and when, by ARM
    id in lower case.
    """

    at: datetime
    name: str
    sha256: str
    places: frozenset[str]
    sightings: Mapping[str, Sighting]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    projects: int = 0
    let_go: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def in_time(self) -> tuple[datetime, int, str]:
        """By what scans are put in order: of two in one second the later has a number behind its name."""
        return self.at, len(self.name), self.name

    def standing(self, workspace: str, id_: str) -> Presence | None:
        """What it says of a workspace that was seen last at `id_`; None for one that it did not look for."""
        if workspace in self.sightings:
            return Presence.SEEN
        subscription = ArmId.of(id_).subscription.lower()
        if f"/subscriptions/{subscription}" in self.unreadable or key_of(id_) in self.unreadable:
            return Presence.UNREADABLE
        return Presence.GONE if subscription in self.places else None


@dataclass(frozen=True, slots=True)
class Succession:
    """A plan that moves one workspace into another, both by workspaceId in lower case.

    `proven` is when its evidence first showed that all of it is in the target: a green verification of the
    bytes, a cutover, which passes the same check, or a removal; None where it does not show that. `lost` is
    whether nobody can show it any more: an earlier run read it (see `lostplans`).
    """

    source: str
    target: str
    plan: str
    planned: datetime
    proven: datetime | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of one workspace at a time: how it was seen last, when, and how it stands since.

    `production` stays once it was told, until an owner decides otherwise. `found` is when it was seen first
    under Microsoft's key, `let_go` who decided that it may be gone, and when.
    """

    last: Sighting
    at: datetime
    standing: Presence = Presence.SEEN
    production: bool = False
    by: str = UNTOLD
    ever_told: bool = False
    sensitivity: str | None = None
    found: datetime | None = None
    let_go: str = ""

    @property
    def untold(self) -> bool:
        """Whether nothing ever told its environment."""
        return not self.ever_told

    @property
    def no_longer_told(self) -> bool:
        """Whether it counts as production though the last scan that saw it does not call it so."""
        return self.production and self.last.production is not True


@dataclass(frozen=True, slots=True)
class Moment:
    """All lives as they are known at one scan, and the plans that there were by then."""

    look: Look
    lives: Mapping[str, Life]
    by_source: Mapping[str, tuple[Succession, ...]]
    by_target: Mapping[str, tuple[Succession, ...]]

    @property
    def at(self) -> datetime:
        """When the scan was made."""
        return self.look.at

    def settled(self, workspace: str, above: frozenset[str] = frozenset(), *, once_shown: bool = False) -> bool:
        """Whether it went over to a successor under a customer's key: it is gone, and a plan proves it.

        `once_shown`: what a plan proved that is lost counts too.
        """
        life = self.lives.get(workspace)
        if life is None or life.standing is not Presence.GONE or workspace in above:
            return False
        return any(
            one.proven is not None
            and (once_shown or not one.lost)
            and self._under_key(one.target, above | {workspace}, once_shown=once_shown)
            for one in self.by_source.get(workspace, ())
        )

    def _under_key(self, workspace: str, above: frozenset[str], *, once_shown: bool) -> bool:
        life = self.lives.get(workspace)
        return life is not None and (life.last.customer or self.settled(workspace, above, once_shown=once_shown))

    def exposed(self, workspace: str, *, once_shown: bool = False) -> bool:
        """Whether it was seen last under Microsoft's key, and nothing shows that it is not so any more.

        `once_shown`: or showed it to an earlier run.
        """
        life = self.lives.get(workspace)
        return life is not None and not (
            life.last.customer or life.let_go or self.settled(workspace, once_shown=once_shown)
        )

    def keys_in_doubt(self, *, all_: bool = False) -> dict[str, str]:
        """The keys of workspaces that could not be read, or are gone and neither a plan nor an owner says why.

        By their ARM ids in lower case; `all_`: of those that are there too, for whoever cannot look for himself.
        """
        return {
            key_of(life.last.id): life.last.key
            for workspace, life in self.lives.items()
            if life.last.key
            and (all_ or life.standing is not Presence.SEEN)
            and not (life.let_go or self.settled(workspace))
        }

    def counted(self, workspace: str) -> bool:
        """Whether it counts as a workspace of its own.

        A successor counts only once what it succeeds is settled, and one that is settled counts as its successor.
        Two that are both under a customer's key are one as well, while both are there; one that was to be a
        successor and is under Microsoft's key counts beside it.
        """
        life = self.lives[workspace]
        if life.standing is Presence.GONE and not self.exposed(workspace):
            return False
        sources = [one.source for one in self.by_target.get(workspace, ())]
        return not (life.last.customer and any(self.exposed(one) or self._there(one) for one in sources))

    def _there(self, workspace: str) -> bool:
        life = self.lives.get(workspace)
        return life is not None and life.standing is not Presence.GONE

    def production(self, workspace: str) -> Life | None:
        """The life by which it is production: its own, that of one it succeeds, or of the one it moves into.

        It succeeds only what is proven to be in it, and under a customer's key it is no production by where it is
        to move: a plan that does nothing makes no share better.
        """
        life = self.lives.get(workspace)
        if life is None:
            return None
        out_of = () if life.last.customer else self.by_source.get(workspace, ())
        after = (self.lives.get(one.target) for one in out_of)
        return self._descent(workspace) or next((one for one in after if one and one.production), None)

    def _descent(self, workspace: str, above: frozenset[str] = frozenset()) -> Life | None:
        life = self.lives.get(workspace)
        if life is None or workspace in above or life.production:
            return life if life and life.production else None
        into = [one for one in self.by_target.get(workspace, ()) if one.proven]
        before = (self._descent(one.source, above | {workspace}) for one in into)
        return next(filter(None, before), None)

    def untold(self, workspace: str) -> bool:
        """Whether nothing ever told its environment, nor that of one it succeeds."""
        return self.lives[workspace].untold and self.production(workspace) is None


def moments(looks: Iterable[Look], successions: Iterable[Succession]) -> Iterator[Moment]:
    """What is known at each scan, the oldest first; plans and what they prove count from their own time on.

    For the newest scan a plan that was made after it counts too: what it saw of a target is no other workspace.
    """
    lives: dict[str, Life] = {}
    plans = list(successions)
    in_order = sorted(looks, key=Look.in_time)
    for look in in_order:
        for workspace, seen in look.sightings.items():
            lives[workspace] = _seen(lives.get(workspace), seen, look.at)
        for workspace, life in lives.items():
            standing = look.standing(workspace, life.last.id)
            # What was gone is not there again because nobody could look.
            if standing is None or (life.standing is Presence.GONE and standing is Presence.UNREADABLE):
                continue
            let_go = life.let_go or (_let_go(look, life) if standing is Presence.GONE else "")
            if (standing, let_go) != (life.standing, life.let_go):
                lives[workspace] = replace(life, standing=standing, let_go=let_go)
        known = plans if look is in_order[-1] else [one for one in plans if one.planned <= look.at]
        yield Moment(look, dict(lives), *_plans(known, look.at))


def _let_go(look: Look, life: Life) -> str:
    """Who let it go, of one that a scan did not find: not who decided while it was still there."""
    owner, day = look.let_go.get(key_of(life.last.id), ("", ""))
    return f"{owner} on {day}" if day >= f"{life.at:%Y-%m-%d}" else ""


def _seen(before: Life | None, seen: Sighting, at: datetime) -> Life:
    production, by = (before.production, before.by) if before else (False, UNTOLD)
    if seen.production:
        production, by = True, seen.by
    elif seen.production is False and seen.by == DECISION:
        production, by = False, seen.by
    found = before.found if before else None
    if not seen.customer:
        found = found or at
    return Life(
        seen,
        at,
        production=production,
        by=by,
        ever_told=seen.production is not None or bool(before and before.ever_told),
        sensitivity=seen.sensitivity or (before.sensitivity if before else None),
        found=found,
    )


Plans = dict[str, tuple[Succession, ...]]


def _plans(successions: Iterable[Succession], at: datetime) -> tuple[Plans, Plans]:
    by_source: Plans = {}
    by_target: Plans = {}
    for one in successions:
        known = one if one.proven and one.proven <= at else replace(one, proven=None)
        by_source[known.source] = (*by_source.get(known.source, ()), known)
        by_target[known.target] = (*by_target.get(known.target, ()), known)
    return by_source, by_target
