"""What a guardrail meets: old workspaces of the latest scan, open plans, removed sources that may come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.few import many
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.guarding.bodies import PARTS_OF_HUBS
from amlmigrate.guarding.wanted import Guardrail, Stage
from amlmigrate.scanning.values import MICROSOFT

_NO_SCAN = "There is no scan that shows which workspaces would be refused: migrate scan."


@dataclass(frozen=True, slots=True)
class OldWorkspace:
    """A workspace without a customer's key: its tags, its wave if it has one, and the tags that it lacks."""

    id: str
    tags: Mapping[str, str]
    wave: int | None
    tags_due: Mapping[str, str]

    @property
    def name(self) -> str:
        """GROUP/NAME."""
        return short(self.id)


def short(workspace: str) -> str:
    """GROUP/NAME of a workspace, by its ARM id."""
    id_ = ArmId.of(workspace)
    return WorkspaceRef(id_.subscription, id_.group, id_.name).short


@dataclass(frozen=True, slots=True)
class OpenPlan:
    """A plan whose source is not removed: its folder, the source's ARM id, what comes next."""

    folder: str
    source: str
    next: str


@dataclass(frozen=True, slots=True)
class RemovedSource:
    """A source that was removed and can, as documented, be recovered until then."""

    id: str
    folder: str
    until: datetime


@dataclass(frozen=True, slots=True)
class GuardedEstate:
    """All that matters within the scope. `scan` says when the latest one was made; empty: there is none.

    `unread` is what that scan could not read. `unseen` are workspaces that Azure lists as in need of a key and
    the scan does not, `vanished` those that the scan has and Azure does not list; `unlisted` says why Azure
    listed none. `gone` are the ids of sources that plans removed, unless Azure lists them again.
    `same_standard` says whether the scan went by the file's tagging standard, `covered` whether it was one of
    the guardrail's subscription. `scanned` are the subscriptions of that scan, in lower case; `uncovered` those
    below a management group that are not among them.
    """

    scan: str
    old: tuple[OldWorkspace, ...]
    unread: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    plans: tuple[OpenPlan, ...] = ()
    removed: tuple[RemovedSource, ...] = ()
    same_standard: bool = True
    covered: bool = True
    unlisted: str = ""
    vanished: tuple[str, ...] = ()
    gone: frozenset[str] = frozenset()
    scanned: frozenset[str] = frozenset()
    uncovered: tuple[str, ...] = ()

    def needing(self, guardrail: Guardrail) -> list[OldWorkspace]:
        """The old ones that the definition by classification speaks of."""
        return [one for one in self.old if guardrail.needs_key(one.tags) and key_of(one.id) not in self.gone]

    def exempt(self, guardrail: Guardrail) -> list[tuple[OldWorkspace, date]]:
        """The old workspaces that are exempt at the file's stage, each with its last day."""
        if guardrail.stage is not Stage.DENY_NEW:
            return []
        days = ((one, guardrail.exemptions.of(one.wave)) for one in self.needing(guardrail))
        return [(one, until) for one, until in days if until]


def old_workspaces(
    guardrail: Guardrail, workspaces: Iterable[Document], waves: Mapping[str, int]
) -> Iterator[OldWorkspace]:
    """Those of a scan within the scope that are under Microsoft's key; `waves` by ARM id in lower case.

    Which subscriptions lie in a management group a scan does not tell: there all of it counts (`places.bounded`).
    """
    scope, standard = ArmId.of(guardrail.scope), guardrail.standard
    for one in workspaces:
        if one["encryption"]["kind"] != MICROSOFT or str(one.get("kind", "")).lower() in PARTS_OF_HUBS:
            continue
        if not guardrail.at_management_group and not ArmId.of(one["id"]).within(scope):
            continue
        tags = {str(name): str(value) for name, value in (one.get("tags") or {}).items()}
        due = standard.tags({name: one.get(name) for name in standard.facts}, tags)
        yield OldWorkspace(one["id"], tags, waves.get(key_of(one["id"])), due)


def refusals(guardrail: Guardrail, estate: GuardedEstate, today: date) -> list[str]:
    """Why the file's stage must not be reached yet. Pure."""
    if not guardrail.stage.refuses:
        return []
    if not estate.scan:
        return [_NO_SCAN]
    found = not_known(estate)
    if guardrail.stage is Stage.DENY_NEW:
        return [*found, *_without_a_day(guardrail, estate, today)]
    return [*found, *_still_needed(guardrail, estate)]


def not_known(estate: GuardedEstate) -> list[str]:
    """Why it is not known which workspaces a stage would refuse. Pure."""
    if not estate.scan:
        return [_NO_SCAN]
    found = [f"The latest scan could not read {one}: scan again." for one in estate.unread]
    if not estate.covered:
        found.append("The latest scan is of other subscriptions than the file's: scan this one.")
    found += [f"The latest scan has not subscription {one}: scan all of the scope." for one in estate.uncovered]
    if not estate.same_standard:
        found.append("The latest scan went by another tagging standard than the file: scan again with --rules.")
    found += [f"{one} is in the latest scan, and Azure does not list it: scan again." for one in estate.vanished]
    if estate.unlisted:
        found.append(f"Whether the scan has every workspace is not known: {estate.unlisted}")
    return found + [
        f"{one} needs a key, and the latest scan does not say so: scan again." for one in estate.unseen
    ]


def _without_a_day(guardrail: Guardrail, estate: GuardedEstate, today: date) -> Iterator[str]:
    """Old workspaces whose exemption would have no end, or be over."""
    for one in estate.needing(guardrail):
        until = guardrail.exemptions.of(one.wave)
        wave = f" (wave {one.wave})" if one.wave is not None else ""
        if until is None:
            yield f"{one.name}{wave} needs an exemption, and the file gives it no day: `exemptions.until`."
        elif until < today:
            yield (
                f"{one.name}{wave} needs an exemption, and its day in the file is over: {until}. Give a later one"
                " in `exemptions`."
            )


def _still_needed(guardrail: Guardrail, estate: GuardedEstate) -> Iterator[str]:
    """What is yet to be done to old workspaces, and would be refused."""
    needing = {key_of(one.id): one for one in estate.needing(guardrail)}
    for plan in estate.plans:
        if key_of(plan.source) in needing:
            name = needing[key_of(plan.source)].name
            yield (
                f"{name} is the source of an open plan, whose changes would be refused: {plan.folder}. Finish that"
                f" first (migrate status {plan.folder})."
            )
    planned = {key_of(plan.source) for plan in estate.plans}
    for id_, one in needing.items():
        if one.wave is not None and id_ not in planned:
            yield (
                f"{one.name} is in wave {one.wave} and not migrated yet: move it first (migrate plan), or stay at"
                " stage deny-new."
            )
        if one.tags_due:
            yield (
                f"{one.name} lacks {many(len(one.tags_due), 'tag')} of the standard, which could not be written"
                " any more: migrate scan --write-tags, with --guesses where only a rule tells the value."
            )


def updates_refused(guardrail: Guardrail, estate: GuardedEstate, stage: Stage) -> list[str]:
    """The old workspaces whose every update (tags, description, network) would be refused at a stage. Pure."""
    return [one.name for one in estate.needing(guardrail)] if stage is Stage.DENY else []


def unrecoverable(guardrail: Guardrail, estate: GuardedEstate, now: datetime) -> list[RemovedSource]:
    """Removed sources whose recovery the stage would very likely refuse, while that is still possible. Pure.

    Recovery creates the workspace again without a customer's key. Inferred (AZ-POLICY-27): a deny counts for it.
    """
    if not guardrail.stage.refuses:
        return []
    scope = ArmId.of(guardrail.scope)
    return [
        one
        for one in estate.removed
        if one.until > now and (guardrail.at_management_group or ArmId.of(one.id).within(scope))
    ]
