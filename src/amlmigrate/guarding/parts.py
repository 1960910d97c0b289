"""The parts of a guardrail on the engine that makes what is there what is desired.

What this tool did not make, as its metadata shows, is never changed; what is there is never made weaker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.desired.known import UNKNOWN, Known
from amlmigrate.desired.parts import DesiredPart
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.guarding import weakening
from amlmigrate.guarding.bodies import CMK_EFFECT
from amlmigrate.guarding.wanted import Guardrail, Stage
from amlmigrate.policies.marks import MARK, exempted_by_guard, made_here


@dataclass(frozen=True, slots=True)
class GuardKnown(Known):
    """What parts learn of each other: when the assignment was made.

    Empty, where Azure does not say; `UNKNOWN` while it is still to be made.
    """

    assigned: str = ""


@dataclass(slots=True)
class GuardPart(DesiredPart[GuardKnown]):
    """A resource of Azure Policy, put whole."""

    what: str
    id: str
    body: Document

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Made where it is missing; brought to what the file asks for where this tool made it; else refused."""
        if found is None:
            return self.create(self.body, *self.told())
        if not self.made(found):
            return self.refuse(
                "It exists, and migrate guard did not make it for this scope, so it is not touched: choose another"
                " `name`."
            )
        if weaker := tuple(self.weaker(found)):
            return self.refuse(*weaker)
        changed = tuple(self.changed(found))
        if not changed:
            return self.exists()
        return DesiredStep(DesiredVerb.UPDATE, self.what, self.id, changed, ArmCall("PUT", self.id, self.body))

    @property
    def scope(self) -> str:
        """The scope that the guardrail is of, as its mark says."""
        return str(self.body["properties"]["metadata"][MARK])

    def made(self, found: Document) -> bool:
        """Whether this tool made what is there. Pure."""
        return made_here(found, self.scope)

    def changed(self, found: Document) -> Iterator[str]:
        """Where what is there is not as the file asks for. Pure."""
        return differences(self.body, found)

    def told(self) -> tuple[str, ...]:
        """What a reader of the plan must know of its creation."""
        return ()

    def weaker(self, found: Document) -> Iterator[str]:
        """Why what the file asks for would be less than what is there. Pure."""
        yield from ()


@dataclass(slots=True)
class DefinitionPart(GuardPart):
    """The definition by classification."""

    def weaker(self, found: Document) -> Iterator[str]:
        """More that is harmless, or untagged workspaces let through."""
        for reason in weakening.of_definition(self.body["properties"], properties_of(found)):
            yield f"{reason} {BY_HAND}"


@dataclass(slots=True)
class DefinitionFirstPart(DefinitionPart):
    """The definition while something refuses already: an initiative that lacks its member refers to it."""

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Made where it is missing, when nothing refers to it (AZ-POLICY-10); what there is, stays for now."""
        return self.create(self.body, *self.told()) if found is None else self.exists()


@dataclass(slots=True)
class InitiativePart(GuardPart):
    """The initiative."""

    def weaker(self, found: Document) -> Iterator[str]:
        """A member less, a lower limit, a weaker effect, more that is harmless, another tag."""
        for reason in weakening.of_initiative(self.body["properties"], properties_of(found)):
            yield f"{reason} {BY_HAND}"


@dataclass(slots=True)
class MembersFirstPart(InitiativePart):
    """An initiative that refuses already, before it refuses more: exemptions name members that must be there."""

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Given the members that it lacks, where it lacks any; who needs a key stays as it is for now.

        That member itself comes back without refusing: whoever is to be exempt from it has no exemption yet.
        """
        if found is None:
            return self.create(weakening.refusing_no_more(self.body, {}), *self.told())
        if not made_here(found, self.scope) or any(self.weaker(found)):
            return self.exists()
        lacking = weakening.lacking(self.body["properties"], properties_of(found))
        if not lacking:
            return self.exists()
        body = weakening.refusing_no_more(self.body, properties_of(found))
        notes = tuple(f"has no member {one} yet" for one in lacking)
        return DesiredStep(DesiredVerb.UPDATE, self.what, self.id, notes, ArmCall("PUT", self.id, body))


@dataclass(slots=True)
class FirstAssignmentPart(GuardPart):
    """The assignment before it refuses anything: exemptions name it, and have to be there before it does."""

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Made where it is missing; what there is, is for the part of the stage."""
        return self.create(self.body) if found is None else self.exists()

    def learn(self, found: Any, known: GuardKnown) -> GuardKnown:
        """When it was made: an exemption that is older was for an earlier one of its name."""
        return replace(known, assigned=UNKNOWN if found is None else _time(found, "createdAt"))


@dataclass(slots=True)
class AssignmentPart(GuardPart):
    """The assignment at a stage; `limits` are the initiative's for keys where the assignment says nothing."""

    limits: Mapping[str, int] = field(default_factory=dict)

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Refused where it is not the one that the exemptions were written for: they do not count for another."""
        other = found is None or _time(found, "createdAt") != known.assigned
        if self._refuses and known.assigned != UNKNOWN and other:
            return self.refuse(
                "It was removed or made again meanwhile, and exemptions do not count for another one."
            )
        return super(AssignmentPart, self).decide(found, known)

    @property
    def _refuses(self) -> bool:
        stage = stage_of(self.body)
        return stage is not None and stage.refuses

    def told(self) -> tuple[str, ...]:
        """That it takes a while until it counts."""
        return ("counts about 5 minutes after it is made; existing resources are judged within 24 hours",)

    def weaker(self, found: Document) -> Iterator[str]:
        """A stage that is stricter than the file's."""
        there, wanted = stage_of(found), stage_of(self.body)
        if there is not None and wanted is not None and there.rank > wanted.rank:
            yield f"It is at stage {there.value}, and the file asks for {wanted.value}. {BY_HAND}"
        properties = properties_of(found)
        if key_of(properties.get("policyDefinitionId")) != key_of(self.body["properties"]["policyDefinitionId"]):
            yield f"It assigns {properties.get('policyDefinitionId')}, and would no longer. {BY_HAND}"
        if may_refuse(found) and wanted is not None and not wanted.refuses and there is Stage.DRY_DENY:
            yield f"Its enforcementMode is {properties.get('enforcementMode')}, which may refuse. {BY_HAND}"
        for reason in weakening.of_overrides(properties_of(found)):
            yield f"{reason} {BY_HAND}"
        for reason in weakening.of_limits(self.limits, weakening.values(properties_of(found))):
            yield f"{reason} {BY_HAND}"

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """A stage that refuses is agreed to, though it can be undone by hand."""
        stage = stage_of(self.body)
        if not step.verb.writes or stage is None or not self._refuses:
            return ()
        return (f"from now on Azure refuses what the assignment denies, at stage {stage.value}",)


@dataclass(slots=True)
class ExemptionPart(GuardPart):
    """The exemption of an old workspace."""

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Written again also where it is as it should be, but for an earlier assignment: it may count no more.

        Inferred (AZ-POLICY-7): it is for the instance of the assignment that was there when it was written.
        """
        step = super(ExemptionPart, self).decide(found, known)
        written, made = moment(_time(found, "lastModifiedAt")), moment(known.assigned)
        older = known.assigned == UNKNOWN or bool(written and made and written < made)
        if step.verb is DesiredVerb.EXISTS and older:
            note = "it was written for an earlier assignment of this name, and may not count for this one"
            return DesiredStep(DesiredVerb.UPDATE, self.what, self.id, (note,), ArmCall("PUT", self.id, self.body))
        return step


@dataclass(slots=True)
class NoExemptionPart(DesiredPart[GuardKnown]):
    """An exemption that this tool made and that is not to be there any more."""

    what: str
    id: str
    scope: str
    settles = False

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Removed where this tool made it; another's stays, also one that was put in its place meanwhile."""
        if found is None or not (exempted_by_guard(found) and made_here(found, self.scope)):
            return self.exists()
        return DesiredStep(DesiredVerb.REMOVE, self.what, self.id, (), ArmCall("DELETE", self.id, None))


BY_HAND = "migrate guard weakens nothing: whoever owns it may do so by hand."


def exempted_here(guardrail: Guardrail, exemption: Document) -> bool:
    """Whether this guardrail makes such an exemption, and not another one or somebody else."""
    id_ = ArmId.of(exemption.get("id"))
    return (
        exempted_by_guard(exemption)
        and made_here(exemption, guardrail.scope)
        and key_of(guardrail.exemption_id(str(id_.scope))) == id_.key
    )


def stage_of(document: Document) -> Stage | None:
    """The stage of an assignment of the initiative, by what it does and not by what it says; None: none of them.

    `deny-new` and `deny` differ by their exemptions alone: then the metadata's word decides, else the stricter.
    """
    properties = properties_of(document)
    effect = str(weakening.values(properties).get(CMK_EFFECT)).lower()
    enforced = str(properties.get("enforcementMode") or "Default").lower() == "default"
    if effect == "audit":
        return Stage.AUDIT
    if effect != "deny":
        return None
    if not enforced:
        return Stage.DRY_DENY
    said = (properties.get("metadata") or {}).get("stage")
    return Stage.DENY_NEW if said == Stage.DENY_NEW.value else Stage.DENY


def may_refuse(assignment: Document) -> bool:
    """Whether an assignment of the initiative refuses something, or is not known not to.

    One that tells no effect has the initiative's own, and with `Enroll` scopes that are enrolled are refused.
    """
    properties = properties_of(assignment)
    effect = str(weakening.values(properties).get(CMK_EFFECT)).lower()
    watched = effect in ("audit", "disabled")
    return not watched and str(properties.get("enforcementMode") or "").lower() != "donotenforce"


def differences(wanted: Any, found: Any, place: str = "", how: str = "{found} becomes {wanted}") -> Iterator[str]:
    """Where what is there is not as it was asked for, and `how` one becomes the other, in words.

    Members that only Azure has are no difference, but in a rule and among given values they are: they decide.
    """
    if isinstance(wanted, Mapping):
        members: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        if "/policyRule" in place or _are_values(place, members):
            for name in members.keys() - wanted.keys():
                yield f"{place}/{name}: {members[name]!r} is not asked for"
        for name, value in wanted.items():
            yield from differences(value, members.get(name), f"{place}/{name}", how)
    elif isinstance(wanted, list):
        there = found or []
        if not isinstance(there, list) or len(there) != len(wanted):
            yield f"{place} differs"
            return
        for number, value in enumerate(wanted):
            yield from differences(value, there[number], f"{place}/{number}", how)
    elif not _same(wanted, found):
        before = "nothing" if found is None else repr(found)
        yield f"{place}: {how.format(found=before, wanted=repr(wanted))}"


def _same(wanted: Any, found: Any) -> bool:
    """Ids and words of Azure have no letter case of their own; times may be spelled in more than one way."""
    if isinstance(wanted, str) and isinstance(found, str):
        if wanted.lower() == found.lower():
            return True
        one, other = moment(wanted), moment(found)
        return one is not None and one == other
    return bool(wanted == found)


def _are_values(place: str, members: Mapping[str, Any]) -> bool:
    """Whether it is what parameters are given, and not what they are declared as."""
    given = (isinstance(one, Mapping) and "value" in one for one in members.values())
    return place.endswith("/parameters") and all(given)


def _time(document: Any, name: str) -> str:
    """A time of a document's `systemData`; empty where it has none."""
    return str(((document or {}).get("systemData") or {}).get(name) or "")
