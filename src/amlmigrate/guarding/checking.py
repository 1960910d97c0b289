"""Whether a guardrail is as its file asks for: what is missing, weaker, or let through. Only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.parallel import gathered
from amlmigrate.desired.steps import DesiredVerb
from amlmigrate.guarding import bodies
from amlmigrate.guarding.changes import fallen
from amlmigrate.guarding.estate import GuardedEstate, not_known
from amlmigrate.guarding.falls import TaggedThen
from amlmigrate.guarding.parts import (
    ExemptionPart,
    FirstAssignmentPart,
    GuardKnown,
    differences,
    exempted_here,
    stage_of,
)
from amlmigrate.guarding.places import GuardedPlaces, bounded, places
from amlmigrate.guarding.places import exemptions as exemptions_at
from amlmigrate.guarding.unseen import with_unseen
from amlmigrate.guarding.wanted import Guardrail, Stage
from amlmigrate.guarding.weakening import stricter, values
from amlmigrate.posture.reading import Read, tried

_APPLY = "migrate guard apply FILE"
_NO_SCAN = (
    "Whether a level fell or a production tag went is not known: there is no scan to compare with (migrate scan)."
)


@dataclass(frozen=True, slots=True)
class GuardGap:
    """Something that the guardrail lacks: what kind, where, in words, and what to do."""

    code: str
    id: str
    text: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        return asdict(self)


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
    side: Side, guardrail: Guardrail, met: GuardedEstate, now: datetime, then: Sequence[TaggedThen] = ()
) -> GuardCheck:
    """Reads what there is of the guardrail and its exemptions, and the tags of today against those of scans."""
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
        not_checked += [f"which workspaces need an exemption: {one}" for one in not_known(met)]
    gaps = [*_resources(guardrail, read), *_exempted(guardrail, exemptions.value or (), met, now)]
    if exemptions.value is not None:
        made = read[guardrail.assignment_id].value
        gaps += _not_exempt(guardrail, exemptions.value, met, made)
        gaps += _left(guardrail, exemptions.value)
    inside = [one for one in then if where.has(one.id)]
    fell, unread = await fallen(arm, guardrail, (where, inside), now) if inside else ({}, [])
    gaps += [GuardGap("fell", one.id, f"{one.text} {who}", one.remedy) for one, who in fell.items()]
    notes = () if inside else (_NO_SCAN,)
    return GuardCheck(tuple(gaps), (*not_checked, *unread), notes)


def _resources(guardrail: Guardrail, read: Mapping[str, Read[Document]]) -> Iterator[GuardGap]:
    for what, id_, body in (
        ("definition by classification", guardrail.definition_id, bodies.definition(guardrail)),
        ("initiative", guardrail.initiative_id, bodies.initiative(guardrail)),
    ):
        if read[id_].refused:
            continue
        found = read[id_].value
        if found is None:
            yield GuardGap("missing", id_, f"The {what} is not there.", _APPLY)
        else:
            for difference in differences(_judging(body), found):
                yield GuardGap("differs", id_, f"The {what} is not as the file asks for: {difference}.", _APPLY)
    one = read[guardrail.assignment_id]
    if one.refused:
        return
    if one.value is None:
        yield GuardGap("missing", guardrail.assignment_id, "The assignment is not there.", _APPLY)
    else:
        yield from weaker(guardrail, one.value)


def _judging(body: Document) -> Document:
    """What of a body decides what is judged: not its names, descriptions and metadata."""
    names = ("mode", "policyRule", "parameters", "policyDefinitions")
    properties = body["properties"]
    return {"properties": {name: properties[name] for name in names if name in properties}}


def weaker(guardrail: Guardrail, assignment: Document) -> Iterator[GuardGap]:
    """Where an assignment does less than the file asks for. Pure."""
    id_, properties = guardrail.assignment_id, properties_of(assignment)
    if key_of(properties.get("policyDefinitionId")) != key_of(guardrail.initiative_id):
        yield GuardGap("weaker", id_, "It assigns another definition than the initiative.", _APPLY)
    stage = stage_of(assignment)
    if stage is None or stage.rank < guardrail.stage.rank:
        there = f"at stage {stage.value}" if stage else "without its effect"
        yield GuardGap("weaker", id_, f"It is {there}, and the file asks for {guardrail.stage.value}.", _APPLY)
    for one in properties.get("notScopes") or ():
        yield GuardGap("weaker", id_, f"It leaves out {one} (notScopes).", _APPLY)
    for one in properties.get("overrides") or ():
        if stricter(one):
            continue
        yield GuardGap("weaker", id_, f"An override sets {one.get('kind')} to '{one.get('value')}'.", _APPLY)
    if properties.get("resourceSelectors"):
        yield GuardGap("weaker", id_, "Resource selectors narrow it to some resources.", _APPLY)
    for name, value in values(properties).items():
        if name.lower() != bodies.CMK_EFFECT.lower() and bodies.limits(guardrail).get(name) != value:
            yield GuardGap("differs", id_, f"It sets {name} to {value!r} itself.", _APPLY)


def _exempted(
    guardrail: Guardrail, exemptions: Sequence[Document], met: GuardedEstate, now: datetime
) -> Iterator[GuardGap]:
    """Exemptions that are wider than one workspace or have no end, and those that are over."""
    old = {key_of(one.id) for one in met.old}
    for one in exemptions:
        properties = properties_of(one)
        if key_of(properties.get("policyAssignmentId")) != key_of(guardrail.assignment_id):
            continue
        id_, scope = str(one.get("id")), ArmId.of(str(ArmId.of(one.get("id")).scope))
        ends = ended(properties)
        if ends is None:
            yield GuardGap("exemption", id_, "It has no end (expiresOn).", "Give it one, or remove it.")
        elif ends < now and key_of(str(scope)) in old:
            yield GuardGap(
                "exemption",
                id_,
                f"It ended on {ends:%Y-%m-%d}, and the workspace is still under Microsoft's key: its updates are"
                " refused.",
                "Migrate it, or set a later day in the file and run migrate guard apply FILE.",
            )
        elif ends < now:
            yield GuardGap(
                "exemption", id_, f"It ended on {ends:%Y-%m-%d} and exempts nothing any more.", "Remove it."
            )
        if not scope.types or scope.is_management_group:
            where = f"the resource group {scope.group}" if scope.group else str(scope)
            yield GuardGap("exemption", id_, f"It exempts all of {where}.", "Exempt single workspaces instead.")


def _not_exempt(
    guardrail: Guardrail, exemptions: Sequence[Document], met: GuardedEstate, assignment: Document | None
) -> Iterator[GuardGap]:
    """Old workspaces whose exemption is not there, is not the file's, or was for an earlier assignment."""
    there = {key_of(one.get("id")): one for one in exemptions}
    known = FirstAssignmentPart("", guardrail.assignment_id, {}).learn(assignment, GuardKnown())
    for one, until in met.exempt(guardrail) if assignment else ():
        id_ = guardrail.exemption_id(one.id)
        step = ExemptionPart("exemption", id_, bodies.exemption(guardrail, until, one.wave)).decide(
            there.get(key_of(id_)), known
        )
        if step.verb is DesiredVerb.CREATE:
            yield GuardGap("missing", id_, f"The exemption of {one.name} is not there.", _APPLY)
        elif step.verb is not DesiredVerb.EXISTS:
            told = "; ".join(step.notes)
            yield GuardGap("differs", id_, f"The exemption of {one.name} is not the file's: {told}", _APPLY)


def _left(guardrail: Guardrail, exemptions: Sequence[Document]) -> Iterator[GuardGap]:
    """Exemptions of this tool that the last stage was to remove."""
    for one in exemptions if guardrail.stage is Stage.DENY else ():
        if exempted_here(guardrail, one):
            yield GuardGap("weaker", str(one["id"]), "It still exempts its workspace.", _APPLY)


def ended(properties: Mapping[str, Any]) -> datetime | None:
    """When an exemption ends, in UTC where it tells no offset; None: never, or at a time that cannot be read."""
    return moment(properties.get("expiresOn"))
