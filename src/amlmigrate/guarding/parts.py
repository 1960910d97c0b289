"""The parts of a guardrail on the engine that makes what is there what is desired.

What this tool did not make, as its metadata shows, is never changed; what is there is never made weaker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from amlmigrate.core.documents import Document, properties_of
from amlmigrate.desired.known import UNKNOWN, Known
from amlmigrate.desired.parts import DesiredPart
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.guarding.bodies import MARK
from amlmigrate.guarding.wanted import Stage


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
        if not made_here(found):
            return self.refuse(
                "It exists, and migrate guard did not make it, so it is not touched: choose another `name`."
            )
        if weaker := tuple(self.weaker(found)):
            return self.refuse(*weaker)
        changed = tuple(differences(self.body, found))
        if not changed:
            return self.exists()
        return DesiredStep(DesiredVerb.UPDATE, self.what, self.id, changed, ArmCall("PUT", self.id, self.body))

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
        wanted, there = self.body["properties"], properties_of(found)
        more = sorted(_harmless(wanted) - _harmless(there))
        if more:
            yield f"It would let more through: {', '.join(more)}. {_BY_HAND}"
        if "anyOf" in _classified(there) and "allOf" in _classified(wanted):
            yield f"It would let workspaces without the tag through. {_BY_HAND}"


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
    """The assignment at a stage."""

    def told(self) -> tuple[str, ...]:
        """That it takes a while until it counts."""
        return ("counts about 5 minutes after it is made; existing resources are judged within 24 hours",)

    def weaker(self, found: Document) -> Iterator[str]:
        """A stage that is stricter than the file's."""
        there, wanted = stage_of(found), stage_of(self.body)
        if there is not None and wanted is not None and there.rank > wanted.rank:
            yield f"It is at stage {there.value}, and the file asks for {wanted.value}. {_BY_HAND}"

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """A stage that refuses is agreed to, though it can be undone by hand."""
        stage = stage_of(self.body)
        if not step.verb.writes or stage is None or not stage.refuses:
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
        written, made = _moment(_time(found, "lastModifiedAt")), _moment(known.assigned)
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
    settles = False

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Removed where this tool made it; another's stays."""
        if found is None or not made_here(found):
            return self.exists()
        return DesiredStep(DesiredVerb.REMOVE, self.what, self.id, (), ArmCall("DELETE", self.id, None))


_BY_HAND = "migrate guard weakens nothing: whoever owns it may do so by hand."


def made_here(document: Document) -> bool:
    """Whether this tool made a resource of Azure Policy, as its metadata says."""
    return MARK in (properties_of(document).get("metadata") or {})


def stage_of(document: Document) -> Stage | None:
    """The stage of an assignment of the initiative, by what it does and not by what it says; None: none of them.

    `deny-new` and `deny` differ by their exemptions alone: then the metadata's word decides, else the stricter.
    """
    properties = properties_of(document)
    effect = str(((properties.get("parameters") or {}).get("cmkEffect") or {}).get("value", "")).lower()
    enforced = str(properties.get("enforcementMode") or "Default").lower() == "default"
    if effect == "audit":
        return Stage.AUDIT
    if effect != "deny":
        return None
    if not enforced:
        return Stage.DRY_DENY
    said = (properties.get("metadata") or {}).get("stage")
    return Stage.DENY_NEW if said == Stage.DENY_NEW.value else Stage.DENY


def differences(wanted: Any, found: Any, place: str = "") -> Iterator[str]:
    """Where what is there is not as it was asked for. Members that only Azure has are no difference."""
    if isinstance(wanted, Mapping):
        members: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        for name, value in wanted.items():
            yield from differences(value, members.get(name), f"{place}/{name}")
    elif isinstance(wanted, list):
        there = found or []
        if not isinstance(there, list) or len(there) != len(wanted):
            yield f"{place} differs"
            return
        for number, value in enumerate(wanted):
            yield from differences(value, there[number], f"{place}/{number}")
    elif not _same(wanted, found):
        yield f"{place}: {found!r} becomes {wanted!r}"


def _same(wanted: Any, found: Any) -> bool:
    """Ids and words of Azure have no letter case of their own; times may be spelled in more than one way."""
    if isinstance(wanted, str) and isinstance(found, str):
        if wanted.lower() == found.lower():
            return True
        one, other = _moment(wanted), _moment(found)
        return one is not None and one == other
    return bool(wanted == found)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _time(document: Any, name: str) -> str:
    """A time of a document's `systemData`; empty where it has none."""
    return str(((document or {}).get("systemData") or {}).get(name) or "")


def _harmless(properties: Document) -> set[str]:
    parameter = (properties.get("parameters") or {}).get("harmless") or {}
    return {str(one).lower() for one in parameter.get("defaultValue") or ()}


def _classified(properties: Document) -> Mapping[str, Any]:
    conditions = ((properties.get("policyRule") or {}).get("if") or {}).get("allOf") or ()
    return next((one for one in conditions if "anyOf" in one or "allOf" in one), {})
