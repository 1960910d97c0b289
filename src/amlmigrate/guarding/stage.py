"""Brings a guardrail to the stage that its file asks for: looks, says what would be refused, and applies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from amlmigrate.cloud.resources import Resources
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError
from amlmigrate.desired.applying import Applied, apply
from amlmigrate.desired.deciding import Looker, PlannedPart, Telling
from amlmigrate.desired.ownership import Word
from amlmigrate.desired.parts import DesiredPart, DesiredPort
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.desired.usage import Estate
from amlmigrate.guarding import alarmparts, alarmplaces, bodies, estate, unseen
from amlmigrate.guarding.alarmplaces import AlarmPlaces
from amlmigrate.guarding.compliance import Compliance, compliance
from amlmigrate.guarding.estate import GuardedEstate, OldWorkspace, RemovedSource
from amlmigrate.guarding.parts import (
    AssignmentPart,
    DefinitionFirstPart,
    DefinitionPart,
    ExemptionPart,
    FirstAssignmentPart,
    GuardKnown,
    InitiativePart,
    MembersFirstPart,
    NoExemptionPart,
    exempted_here,
    may_refuse,
)
from amlmigrate.guarding.places import GuardedPlaces, exemptions, places
from amlmigrate.guarding.wanted import Guardrail, Stage

# For so many seconds a definition that was just made may not be known everywhere yet.
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class GuardRequest:
    """What is asked for, of which estate, at what time."""

    guardrail: Guardrail
    estate: GuardedEstate
    now: datetime
    accept_unrecoverable: bool = False

    @property
    def exempt(self) -> list[tuple[OldWorkspace, date]]:
        """The old workspaces that are exempt at the file's stage, each with its last day."""
        return self.estate.exempt(self.guardrail)


@dataclass(frozen=True, slots=True)
class GuardPlan:
    """The steps in order, why they are refused, and what the stage and the next one would refuse.

    `in_force`: something is refused already, or may be, and the order of the steps is for that. `refused_next` are
    old workspaces whose updates the next stage refuses; `lost` are removed sources whose
    recovery this one very likely refuses; `not_checked` is what could not be asked; `exempted` are the workspaces
    that are exempt, each with its last day; `untold` is of what the file's alarms tell nobody.
    """

    planned: tuple[PlannedPart[GuardKnown], ...]
    reasons: tuple[str, ...]
    compliance: Compliance
    refused: tuple[str, ...]
    refused_next: tuple[str, ...]
    lost: tuple[RemovedSource, ...]
    not_checked: tuple[str, ...] = ()
    exempted: tuple[str, ...] = ()
    in_force: bool = False
    untold: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing is left to do, not even to wait."""
        return all(one.step.verb is DesiredVerb.EXISTS for one in self.planned)

    @property
    def asks(self) -> tuple[str, ...]:
        """What has to be agreed to first."""
        return tuple(dict.fromkeys(ask for one in self.planned for ask in one.asks))

    @property
    def changes(self) -> int:
        """How many steps change something."""
        return sum(1 for one in self.planned if one.step.verb.writes)


async def plan(side: Side, request: GuardRequest, telling: Telling) -> GuardPlan:
    """Reads all that there is and decides; changes nothing."""
    guardrail = request.guardrail
    looker = _looker(side, guardrail, telling)
    where = await places(side.arm, guardrail)
    met = await unseen.with_unseen(side.arm, guardrail, request.estate, where)
    made, unread = await _exemptions_made(side, guardrail, where)
    in_force = await _in_force(side, guardrail)
    exempt = met.exempt(guardrail)
    alarms = await alarmplaces.found(side.arm, guardrail)
    parts = [*_parts(guardrail, exempt, made, in_force=in_force), *_alarming(guardrail, alarms)]
    planned = await looker.plan(parts, wait=False)
    lost = estate.unrecoverable(guardrail, met, request.now)
    reasons = [
        *_of_refused(one.step for one in planned),
        *estate.refusals(guardrail, met, request.now.date()),
        *alarms.reasons,
        *(f"Its exemptions could not be removed: {one}" for one in unread if guardrail.stage is Stage.DENY),
        *(map(_would_be_lost, lost) if not request.accept_unrecoverable and _tightens(planned, in_force) else ()),
    ]
    following = guardrail.stage.next
    return GuardPlan(
        tuple(planned),
        tuple(reasons),
        await compliance(side.arm, guardrail),
        tuple(estate.updates_refused(guardrail, met, guardrail.stage)),
        tuple(estate.updates_refused(guardrail, met, following)) if following else (),
        tuple(lost),
        (*unread, *([] if guardrail.stage.refuses else estate.not_known(met))),
        tuple(f"{one.id} until {until}" for one, until in exempt),
        in_force,
        alarms.lacking,
    )


def _of_refused(steps: Iterable[DesiredStep]) -> Iterator[str]:
    """Why steps are refused, each with what it is about: the reasons stand together."""
    for step in steps:
        if step.verb is DesiredVerb.REFUSE:
            yield from (f"{step.what} {ArmId.of(step.id).name}: {reason}" for reason in step.notes)


Allowed = Callable[[PlannedPart[GuardKnown]], None]


async def carry_out(
    side: Side, request: GuardRequest, found: GuardPlan, telling: Telling, allowed: Allowed = lambda one: None
) -> Applied:
    """Does the steps of a plan that is not refused, each read back. Raises RefusedError for one that is.

    `allowed` raises what speaks against a step right before it is done.
    """
    refuse(found, request.guardrail)
    # Somebody may have taken an hour to agree: what was made since has no exemption.
    where = await places(side.arm, request.guardrail)
    met = await unseen.with_unseen(side.arm, request.guardrail, request.estate, where)
    since = (*estate.refusals(request.guardrail, met, request.now.date()), *_exempt_since(found, request, met))
    _refuse(request.guardrail, (*since, *await _in_force_since(side, request.guardrail, found)))
    looker = replace(_looker(side, request.guardrail, telling), allowed=allowed)
    return await apply(found.planned, looker, patience=_PATIENCE)


def _exempt_since(found: GuardPlan, request: GuardRequest, met: GuardedEstate) -> Iterator[str]:
    """Workspaces that are to be exempt by now, and were not when it was planned: one that was recovered since."""
    planned = {key_of(one.part.id) for one in found.planned}
    for one, _ in met.exempt(request.guardrail):
        if key_of(request.guardrail.exemption_id(one.id)) not in planned:
            yield f"{one.name} needs an exemption since, which was not planned: run the same command again."


async def _in_force_since(side: Side, guardrail: Guardrail, found: GuardPlan) -> tuple[str, ...]:
    """Where something is refused by now, the steps have another order: exemptions before what they are from."""
    if found.over or found.in_force or not await _in_force(side, guardrail):
        return ()
    return ("Somebody has had the assignment refuse since: run the same command again.",)


def refuse(found: GuardPlan, guardrail: Guardrail) -> None:
    """Raises RefusedError with all reasons; nothing was changed then."""
    _refuse(guardrail, found.reasons)


def refuse_stage(request: GuardRequest) -> None:
    """Raises RefusedError where what this machine knows speaks against the stage. Azure is not asked."""
    _refuse(request.guardrail, tuple(estate.refusals(request.guardrail, request.estate, request.now.date())))


def _refuse(guardrail: Guardrail, reasons: tuple[str, ...]) -> None:
    if reasons:
        raise RefusedError(
            f"The guardrail cannot be made as asked, at stage {guardrail.stage.value}; nothing was changed.",
            reasons=reasons,
            address=guardrail.scope,
            remedy="Do what each reason says, or change the file, then run the same command again.",
        )


def _looker(side: Side, guardrail: Guardrail, telling: Telling) -> Looker[GuardKnown]:
    port = DesiredPort(Resources(side.arm), side.vaults, side, Estate(side))
    return Looker(port, Word(guardrail.scope), telling, GuardKnown())


def _parts(
    guardrail: Guardrail,
    exempt: Iterable[tuple[OldWorkspace, date]],
    made: Sequence[Document],
    *,
    in_force: bool,
) -> list[DesiredPart[GuardKnown]]:
    """In the order in which nothing is refused that is to be exempt, at no moment.

    `in_force`: the assignment refuses already, or may. Then a change of who needs a key counts at once, and comes
    last. What exemptions name comes first, a member that was taken out so that it only reports.
    """
    definition, initiative = bodies.definition(guardrail), bodies.initiative(guardrail)
    definitions: list[DesiredPart[GuardKnown]] = [
        DefinitionPart("definition by classification", guardrail.definition_id, definition),
        InitiativePart("initiative", guardrail.initiative_id, initiative),
    ]
    exempting = list(_exemptions(guardrail, exempt))
    if in_force:
        parts = [
            DefinitionFirstPart("definition, where there is none", guardrail.definition_id, definition),
            MembersFirstPart("initiative, its members first", guardrail.initiative_id, initiative),
            *exempting,
            *definitions,
        ]
    else:
        parts = [*definitions, *exempting]
    parts.append(
        AssignmentPart(
            f"assignment at stage {guardrail.stage.value}",
            guardrail.assignment_id,
            bodies.assignment(guardrail),
            bodies.limits(guardrail),
        )
    )
    if guardrail.stage is Stage.DENY:
        parts += [NoExemptionPart("exemption", one["id"], guardrail.scope) for one in made]
    return parts


def _alarming(guardrail: Guardrail, alarms: AlarmPlaces) -> Iterator[DesiredPart[GuardKnown]]:
    """Last, since nothing else waits for them."""
    if alarms.wanted and not alarms.reasons:
        yield from alarmparts.parts(guardrail, alarms.wanted)


def _exemptions(
    guardrail: Guardrail, exempt: Iterable[tuple[OldWorkspace, date]]
) -> Iterator[DesiredPart[GuardKnown]]:
    """What exemptions name, and they themselves."""
    if guardrail.stage.refuses:
        unenforced = bodies.assignment(guardrail, Stage.DRY_DENY)
        yield FirstAssignmentPart("assignment, not enforced yet", guardrail.assignment_id, unenforced)
    for one, until in exempt:
        body = bodies.exemption(guardrail, until, one.wave)
        yield ExemptionPart("exemption", guardrail.exemption_id(one.id), body)


def _tightens(planned: Iterable[PlannedPart[GuardKnown]], in_force: bool) -> bool:
    """Whether more would be refused than by now: what one in force refuses already is not lost by a plan."""
    ruling = (one for one in planned if isinstance(one.part, DefinitionPart | InitiativePart | AssignmentPart))
    return not in_force or any(one.step.verb.writes for one in ruling)


async def _in_force(side: Side, guardrail: Guardrail) -> bool:
    """Whether the assignment is there and refuses, or may."""
    found = await side.arm.get(guardrail.assignment_id)
    return found is not None and may_refuse(found)


async def _exemptions_made(
    side: Side, guardrail: Guardrail, where: GuardedPlaces
) -> tuple[list[Document], list[str]]:
    """Those of the assignment that this tool made; and why they are not known."""
    read = await exemptions(side.arm, where)
    if read.value is None:
        return [], [f"which exemptions there are: {read.refused}"]
    return [one for one in read.value if exempted_here(guardrail, one)], []


def _would_be_lost(one: RemovedSource) -> str:
    return (
        f"The recovery of {ArmId.of(one.id).name}, possible until {one.until:%Y-%m-%d}, would very likely be"
        f" refused ({one.folder}): --accept-unrecoverable."
    )
