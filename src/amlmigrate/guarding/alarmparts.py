"""The parts of a guardrail's alarms: action group, rules and diagnostic settings.

What bears no tag of the guardrail is never changed, and nobody who is told of something is told less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.desired.parts import DesiredPart, DesiredPort
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.guarding import alarmrules, alarmweakening
from amlmigrate.guarding.parts import BY_HAND, GuardKnown, GuardPart, differences
from amlmigrate.guarding.wanted import Alarms, Guardrail
from amlmigrate.keys import auditlog
from amlmigrate.policies.marks import MARK, tagged_here

NOBODY = (
    "nobody is told of any alarm: the file names no receiver. Give `alarms.emails`, `alarms.roles` or"
    " `alarms.actionGroups`"
)
_ANEW = f"{BY_HAND} Once it is deleted, apply makes it as the file asks for."
# Words for people, and what is said of the writing alone.
_NOT_JUDGED = ("description", "displayName", "skipQueryValidation")
_QUIET = "from now on this raises no alarm: keys used by "


@dataclass(slots=True)
class AlarmPart(GuardPart):
    """A resource of Azure Monitor, put whole; it bears the guardrail's mark as a tag."""

    @property
    def scope(self) -> str:
        """The scope that the guardrail is of, as its mark says."""
        return str(self.body["tags"][MARK])

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Put whole: tags that others gave it are sent along."""
        step = super(AlarmPart, self).decide(found, known)
        if step.verb is not DesiredVerb.UPDATE:
            return step
        tags = {name: value for name, value in (found.get("tags") or {}).items() if name.lower() != MARK}
        body = {**self.body, "tags": {**tags, **self.body["tags"]}}
        return replace(step, change=ArmCall("PUT", self.id, body))

    def made(self, found: Document) -> bool:
        """Whether this tool made what is there, as its tag says."""
        return tagged_here(found, self.scope)

    def changed(self, found: Document, how: str = "{found} becomes {wanted}") -> Iterator[str]:
        """Where it tells otherwise, or others: words for people, and how a place is spelled, are no difference."""
        judged = {name: value for name, value in self.body["properties"].items() if name not in _NOT_JUDGED}
        yield from differences({"properties": judged}, found, how=how)
        yield from alarmweakening.silent(self.body, found)


@dataclass(slots=True)
class ActionGroupPart(AlarmPart):
    """Who is told; `receives`: the file names somebody."""

    receives: bool = True

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Where the file names nobody it is made all the same, and that is said."""
        step = super(ActionGroupPart, self).decide(found, known)
        if self.receives or step.verb is DesiredVerb.REFUSE:
            return step
        return replace(step, notes=(*step.notes, f"warning: {NOBODY}"))

    def weaker(self, found: Document) -> Iterator[str]:
        """Somebody who would be told no longer."""
        for reason in alarmweakening.of_receivers(self.body["properties"], properties_of(found)):
            yield f"{reason} {BY_HAND}"


@dataclass(slots=True)
class RulePart(AlarmPart):
    """A rule; `callers` are the object ids whose use of keys it does not tell of."""

    callers: tuple[str, ...] = ()

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Says of a rule that there is who is expected by it from now on."""
        step = super(RulePart, self).decide(found, known)
        if step.verb is not DesiredVerb.UPDATE:
            return step
        text = alarmweakening.query_of(found).lower()
        quiet = tuple(f"{_QUIET}{one}" for one in self.callers if text and one not in text)
        return replace(step, notes=(*quiet, *step.notes))

    def weaker(self, found: Document) -> Iterator[str]:
        """Something that it would tell no longer, later, or as less severe."""
        for reason in alarmweakening.of_rule(self.body, found):
            yield f"{reason} {_ANEW}"

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """Whose use of keys is told no longer is agreed to."""
        return tuple(note for note in step.notes if note.startswith(_QUIET))


@dataclass(slots=True)
class SettingPart(DesiredPart[GuardKnown]):
    """A diagnostic setting: of several that a resource has, any that sends the audit log there will do."""

    what: str
    id: str
    body: Document

    async def read(self, port: DesiredPort, known: GuardKnown) -> Any:
        """The setting that sends the audit log there; else the one that has this name."""
        collection = ArmId.of(self.id).collection
        every = await port.resources.items(collection, {})
        return self.chosen(every)

    def chosen(self, every: Sequence[Document]) -> Document | None:
        """That of all of a resource which counts. Pure."""
        sending = next((one for one in every if self.sends(one)), None)
        return sending or next((one for one in every if key_of(one.get("id")) == key_of(self.id)), None)

    def sends(self, setting: Document) -> bool:
        """Whether a setting sends the audit log where the file says. Pure.

        Of a workspace, whose audit log has several categories, one that sends any log there counts: another
        one that sends the same category to the same place is refused (AZ-LOG-13).
        """
        properties = properties_of(setting)
        to = key_of(properties.get("workspaceId")) == key_of(self.body["properties"]["workspaceId"])
        on = (one for one in properties.get("logs") or () if one.get("enabled") is True)
        of_vault = ArmId.of(str(ArmId.of(self.id).scope)).type == _VAULTS
        return to and any(auditlog.audits(one) or not of_vault for one in on)

    def decide(self, found: Any, known: GuardKnown) -> DesiredStep:
        """Made where no setting sends it; one of this name that does not is somebody's, and stays as it is."""
        if found is None:
            return self.create(self.body)
        if self.sends(found):
            return self._sent_by(found)
        return self.refuse(
            "A diagnostic setting of this name is there and does not send the audit log to the Log Analytics"
            " workspace of the file. Nothing shows who made it, so it is not touched: delete it by hand, or give"
            " another `alarms.name`."
        )

    def _sent_by(self, found: Document) -> DesiredStep:
        """It stays as it is; of another setting is told which, since what it sends is its owner's to say."""
        if key_of(found.get("id")) == key_of(self.id):
            return self.exists()
        return replace(self.exists(), facts=(f"sent there by the setting '{found.get('name')}' of others",))


_VAULTS = "microsoft.keyvault/vaults"
AlarmParts = SettingPart | ActionGroupPart | RulePart


def parts(guardrail: Guardrail, alarms: Alarms) -> Iterator[AlarmParts]:
    """The audit logs first, then who is told, then of what."""
    for one in alarmrules.settings(alarms):
        yield SettingPart(one.what, one.id, one.body)
    group = alarmrules.action_group(guardrail, alarms)
    yield ActionGroupPart(group.what, group.id, group.body, alarms.receives)
    for one in alarmrules.rules(guardrail, alarms):
        yield RulePart(one.what, one.id, one.body, tuple(alarms.callers))
