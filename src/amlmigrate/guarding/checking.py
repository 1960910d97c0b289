"""Whether a guardrail is as its file asks for: what is missing, weaker, or let through. Only reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.parallel import gathered
from amlmigrate.desired.steps import DesiredVerb
from amlmigrate.guarding import alarmchecks, bodies
from amlmigrate.guarding.alarmchecks import AlarmsAsked
from amlmigrate.guarding.alarmtests import AlarmTest
from amlmigrate.guarding.changes import fallen
from amlmigrate.guarding.estate import GuardedEstate, not_known
from amlmigrate.guarding.falls import TaggedThen
from amlmigrate.guarding.gaps import GuardGap, remedy_of
from amlmigrate.guarding.owners import TagsCompared, unwritten
from amlmigrate.guarding.parts import (
    AssignmentPart,
    DefinitionPart,
    ExemptionPart,
    FirstAssignmentPart,
    GuardKnown,
    GuardPart,
    InitiativePart,
    differences,
    exempted_here,
    stage_of,
)
from amlmigrate.guarding.places import GuardedPlaces, bounded, places, workspaces
from amlmigrate.guarding.places import exemptions as exemptions_at
from amlmigrate.guarding.unseen import with_unseen
from amlmigrate.guarding.wanted import Guardrail, Stage
from amlmigrate.guarding.weakening import stricter, values
from amlmigrate.policies.exemptions import prolonging, removing
from amlmigrate.posture.reading import Read, tried
from amlmigrate.scanning.standing import StandingDecisions

_NO_SCAN = (
    "Whether a level fell, a production tag went, or an owner decided for more than the tags say is not known:"
    " there is no scan to compare with (migrate scan)."
)
_THERE = "{found}, and the file asks for {wanted}"
_NONE_THERE = "The last two scans have no workspace here, so there was no tag to compare."


@dataclass(frozen=True, slots=True)
class GuardCheck:
    """What is missing or weaker, and what could not be read; `notes` say what there was nothing to look at for."""

    gaps: tuple[GuardGap, ...]
    not_checked: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all is there and as strict as the file asks for, and all was read."""
        return not self.gaps and not self.not_checked


async def check(
    side: Side,
    guardrail: Guardrail,
    met: GuardedEstate,
    now: datetime,
    then: Sequence[TaggedThen] = (),
    decided: StandingDecisions | None = None,
    *,
    apply: str = "migrate guard apply FILE",
    tests: Sequence[AlarmTest] = (),
    test: str = "migrate guard test FILE",
) -> GuardCheck:
    """Reads what there is of the guardrail, its exemptions and alarms, and today's tags against what scans have.

    `apply` is the command that puts right what can be, `test` the one that sends a test; `tests` were sent.
    """
    arm = side.arm
    seen = await tried(places(arm, guardrail))
    where = seen.value or GuardedPlaces((guardrail.scope,))
    ids = (guardrail.definition_id, guardrail.initiative_id, guardrail.assignment_id)
    read = await gathered({id_: tried(arm.get(id_)) for id_ in ids})
    exemptions = await exemptions_at(arm, where)
    not_checked = [f"whether the scope is there: {seen.refused}"] if seen.refused else []
    not_checked += [f"{id_}: {one.refused}" for id_, one in read.items() if one.refused]
    if exemptions.value is None:
        not_checked.append(f"which exemptions there are: {exemptions.refused}")
    met = bounded(met, guardrail, where)
    if guardrail.stage is Stage.DENY_NEW:
        met = await with_unseen(arm, guardrail, met, where)
        not_checked += [f"whether each old workspace is exempt: {one}" for one in not_known(met)]
    made = read[guardrail.assignment_id].value
    gaps = list(_resources(guardrail, read, apply))
    if exemptions.value is not None:
        of_it = [one for one in exemptions.value if _is_of(guardrail, one)]
        gaps += exempted(guardrail, of_it, met, now, apply)
        gaps += _not_exempt(guardrail, exemptions.value, met, made, apply)
    inside = [one for one in then if where.has(one.id)]
    decided = decided or StandingDecisions()
    lowered = await _lowered(side, guardrail, where, (inside, decided), now)
    gaps += lowered.gaps
    unread = [*lowered.not_checked]
    if where.refused and (then or decided.found or decided.doubts):
        unread.append(
            f"whether a level fell, a production tag went, or an owner decided for more: {where.refused}"
        )
    alarms = await alarmchecks.check(side, guardrail, AlarmsAsked(tests, now, apply, test))
    aged = decided.notes((), now) if decided.newest else ()
    notes = (*_stricter(guardrail, made), *_uncompared(then, inside, where), *aged, *alarms.notes)
    return GuardCheck((*gaps, *alarms.gaps), (*not_checked, *unread, *alarms.not_checked), notes)


async def _lowered(
    side: Side,
    guardrail: Guardrail,
    where: GuardedPlaces,
    known: tuple[Sequence[TaggedThen], StandingDecisions],
    now: datetime,
) -> TagsCompared:
    """The tags of today against those of scans, and what owners decided; without either nothing is listed."""
    inside, decided = known
    if where.refused or not (inside or decided.found or decided.doubts):
        return TagsCompared((), ())
    listed = await workspaces(side.arm, where)
    if listed.value is None:
        return TagsCompared((), (f"the tags of today: {listed.refused}",))
    fell = await fallen(side.arm, guardrail.standard, inside, listed.value, now)
    asked = unwritten(guardrail, decided, listed.value, fell)
    gaps = (GuardGap("fell", one.id, f"{one.text} {who}", one.remedy) for one, who in fell.items())
    return TagsCompared((*gaps, *asked.gaps), asked.not_checked)


def _uncompared(then: Sequence[TaggedThen], inside: Sequence[TaggedThen], where: GuardedPlaces) -> Iterator[str]:
    """Why no tags were compared, where nothing kept them from being read."""
    if not then:
        yield _NO_SCAN
    elif not inside and not where.refused:
        yield _NONE_THERE


def _stricter(guardrail: Guardrail, assignment: Document | None) -> Iterator[str]:
    """That there is more than the file asks for."""
    stage = stage_of(assignment) if assignment else None
    if stage is not None and stage.rank > guardrail.stage.rank:
        wanted = guardrail.stage.value
        yield f"The assignment is at stage {stage.value}, which is stricter than {wanted} in the file."


def _resources(guardrail: Guardrail, read: Mapping[str, Read[Document]], apply: str) -> Iterator[GuardGap]:
    definition, initiative = bodies.definition(guardrail), bodies.initiative(guardrail)
    parts: tuple[tuple[GuardPart, Document], ...] = (
        (DefinitionPart("definition by classification", guardrail.definition_id, definition), definition),
        (InitiativePart("initiative", guardrail.initiative_id, initiative), initiative),
    )
    for part, body in parts:
        if read[part.id].refused:
            continue
        found = read[part.id].value
        if found is None:
            yield GuardGap("missing", part.id, f"The {part.what} is not there.", apply)
            continue
        for one in differences(_judging(body), found, how=_THERE):
            text = f"The {part.what} is not as the file asks for: {one}."
            yield GuardGap("differs", part.id, text, remedy_of(part, found, apply))
    assigned = read[guardrail.assignment_id]
    if assigned.refused:
        return
    if assigned.value is None:
        text = "The assignment is not there, so nothing is reported or refused."
        yield GuardGap("missing", guardrail.assignment_id, text, apply)
    else:
        yield from weaker(guardrail, assigned.value, apply)


def _judging(body: Document) -> Document:
    """What of a body decides what is judged: not its names, descriptions and metadata."""
    names = ("mode", "policyRule", "parameters", "policyDefinitions")
    properties = body["properties"]
    return {"properties": {name: properties[name] for name in names if name in properties}}


def weaker(guardrail: Guardrail, assignment: Document, apply: str) -> Iterator[GuardGap]:
    """Where an assignment does less than the file asks for. Pure."""
    id_, body = guardrail.assignment_id, bodies.assignment(guardrail)
    remedy = remedy_of(AssignmentPart("assignment", id_, body, bodies.limits(guardrail)), assignment, apply)
    for code, text in _weaker(guardrail, assignment):
        yield GuardGap(code, id_, text, remedy)


def _weaker(guardrail: Guardrail, assignment: Document) -> Iterator[tuple[str, str]]:
    properties = properties_of(assignment)
    if key_of(properties.get("policyDefinitionId")) != key_of(guardrail.initiative_id):
        yield "weaker", f"The assignment is of {properties.get('policyDefinitionId')}, not of the initiative."
    stage = stage_of(assignment)
    if stage is None or stage.rank < guardrail.stage.rank:
        given, mode = values(properties).get(bodies.CMK_EFFECT), properties.get("enforcementMode")
        at = f"at stage {stage.value}" if stage else "at no stage"
        how = f"its effect is {given or 'not given'}, its enforcementMode {mode or 'not given'}"
        yield "weaker", f"The assignment is {at}, and the file asks for {guardrail.stage.value}: {how}."
    for one in properties.get("notScopes") or ():
        yield "weaker", f"The assignment leaves out {one} (notScopes): nothing is reported or refused there."
    for one in properties.get("overrides") or ():
        if not stricter(one):
            yield "weaker", f"An override of the assignment sets {one.get('kind')} to '{one.get('value')}'."
    if properties.get("resourceSelectors"):
        yield "weaker", "Resource selectors narrow the assignment to some resources."
    limits = bodies.limits(guardrail)
    for name, value in values(properties).items():
        if name.lower() != bodies.CMK_EFFECT.lower() and limits.get(name) != value:
            yield (
                "differs",
                f"The assignment sets {name} to {value!r}, and the file asks for {limits.get(name)!r}.",
            )


def _is_of(guardrail: Guardrail, exemption: Document) -> bool:
    """Whether it exempts from the guardrail's assignment."""
    return key_of(properties_of(exemption).get("policyAssignmentId")) == key_of(guardrail.assignment_id)


def exempted(
    guardrail: Guardrail, exemptions: Iterable[Document], met: GuardedEstate, now: datetime, apply: str
) -> Iterator[GuardGap]:
    """Exemptions from it that are wider than one workspace, have no end, are over, or are left. Pure."""
    needing = {key_of(one.id) for one in met.needing(guardrail)} if guardrail.stage.refuses else set()
    for one in exemptions:
        id_, scope = str(one.get("id")), ArmId.of(str(ArmId.of(one.get("id")).scope))
        if guardrail.stage is Stage.DENY and exempted_here(guardrail, one):
            yield GuardGap("weaker", id_, "This exemption is left, and at stage deny there is none.", apply)
            continue
        ends = ended(properties_of(one))
        over = ends is not None and ends < now
        if ends is None:
            yield GuardGap("exemption", id_, _endless(one), _given_an_end(id_))
        elif over and scope.key in needing:
            yield _over(guardrail, one, ends, apply)
        elif over:
            text = f"This exemption ended on {ends:%Y-%m-%d} and exempts nothing any more."
            yield GuardGap("exemption", id_, text, f"Remove it: {removing(id_)}")
        if not over and (not scope.types or scope.is_management_group):
            where = f"the resource group {scope.group}" if scope.group else str(scope)
            text = f"This exemption exempts all of {where}, new workspaces too."
            yield GuardGap("exemption", id_, text, f"Exempt single workspaces, then: {removing(id_)}")


def _endless(exemption: Document) -> str:
    said = properties_of(exemption).get("expiresOn")
    return f"This exemption has an end that cannot be read: {said!r}." if said else "This exemption has no end."


def _given_an_end(id_: str) -> str:
    return f"Give it one: {prolonging(id_, 'DAY')}; or remove it: {removing(id_)}"


def _over(guardrail: Guardrail, exemption: Document, ends: datetime, apply: str) -> GuardGap:
    """One that is over, while its workspace still needs one."""
    id_ = str(exemption.get("id"))
    longer = (
        f"set a later day in the file (`exemptions`), then: {apply}"
        if exempted_here(guardrail, exemption)
        else f"have it last longer: {prolonging(id_, 'DAY')}"
    )
    text = (
        f"This exemption ended on {ends:%Y-%m-%d}, and by the latest scan its workspace needs a key and has none:"
        f" at stage {guardrail.stage.value} its updates are refused, unless another exemption covers it."
    )
    return GuardGap("exemption", id_, text, f"Migrate the workspace, or {longer}")


def _not_exempt(
    guardrail: Guardrail, exemptions: Sequence[Document], met: GuardedEstate, made: Document | None, apply: str
) -> Iterator[GuardGap]:
    """Old workspaces whose exemption is not there, is not the file's, or was for an earlier assignment."""
    there = {key_of(one.get("id")): one for one in exemptions}
    known = FirstAssignmentPart("", guardrail.assignment_id, {}).learn(made, GuardKnown())
    for one, until in met.exempt(guardrail) if made else ():
        part = ExemptionPart(
            "exemption", guardrail.exemption_id(one.id), bodies.exemption(guardrail, until, one.wave)
        )
        found = there.get(key_of(part.id))
        step = part.decide(found, known)
        if found is None:
            yield GuardGap("missing", part.id, f"The exemption of {one.name} is not there.", apply)
        elif step.verb is not DesiredVerb.EXISTS:
            text = f"The exemption of {one.name} is not as the file asks for: {'; '.join(step.notes)}."
            yield GuardGap("differs", part.id, text, remedy_of(part, found, apply))


def ended(properties: Mapping[str, Any]) -> datetime | None:
    """When an exemption ends, in UTC where it tells no offset; None: never, or at a time that cannot be read."""
    return moment(properties.get("expiresOn"))
