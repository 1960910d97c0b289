"""Whether alarms are as the file asks for: missing, off, otherwise, silenced; who is told, and had a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amlmigrate.cloud.resources import Resources
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.few import many
from amlmigrate.core.parallel import gathered
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import DesiredVerb
from amlmigrate.desired.usage import Estate
from amlmigrate.guarding import (
    alarmfired,
    alarmleft,
    alarmparts,
    alarmplaces,
    alarmsilencing,
    alarmtests,
    alarmweakening,
)
from amlmigrate.guarding.alarmparts import NOBODY, AlarmPart, AlarmParts, SettingPart
from amlmigrate.guarding.alarmtests import AlarmTest
from amlmigrate.guarding.alarmweakening import BY_ROLE
from amlmigrate.guarding.gaps import OTHERS, AlarmCheck, GuardGap, remedy_of
from amlmigrate.guarding.parts import GuardKnown
from amlmigrate.guarding.wanted import Alarms, Guardrail
from amlmigrate.posture.reading import Read, tried

_THERE = "{found}, and the file asks for {wanted}"
_UNSUBSCRIBED = "disabled"
NOT_LOOKED_AT = (
    "Not looked at: what keeps rows out of Log Analytics: its daily cap, transformations, and tables on the plan"
    " Basic or Auxiliary."
)
_NO_TEST = "Azure sends no test to those who are told by their role: ask one of them whether an alarm arrives."


@dataclass(frozen=True, slots=True)
class AlarmsAsked:
    """What a check of alarms goes by beside Azure: recorded tests, the time, and commands that put it right."""

    tests: Sequence[AlarmTest]
    now: datetime
    apply: str
    test: str


async def check(side: Side, guardrail: Guardrail, asked: AlarmsAsked) -> AlarmCheck:
    """Reads what there is of them. Only reads."""
    where = await alarmplaces.found(side.arm, guardrail)
    if where.wanted is None:
        return AlarmCheck()
    alarms = where.wanted
    port = DesiredPort(Resources(side.arm), side.vaults, side, Estate(side))
    wrong = [
        GuardGap("missing", id_, text, f"Correct `alarms`, then: {asked.apply}")
        for id_, text in where.wrong.items()
    ]
    parts = [one for one in alarmparts.parts(guardrail, alarms) if not _without_ground(one, where.wrong)]
    read = await gathered({one.id: tried(one.read(port, GuardKnown())) for one in parts})
    groups = await gathered({id_: tried(side.arm.get(id_)) for id_ in alarms.told if id_ not in where.wrong})
    unread = [f"{id_}: {one.refused}" for id_, one in {**read, **groups}.items() if one.refused]
    gaps = [
        gap for part in parts if not read[part.id].refused for gap in _part(part, read[part.id].value, asked.apply)
    ]
    gaps += [gap for id_, one in groups.items() if one.value for gap in receiving(id_, one.value, alarms, asked)]
    roles, refused = await _roles(side, alarms, groups)
    silent = await alarmsilencing.silencing(side.arm, alarms, parts, read, asked.now)
    notes = (
        *(f"The file has nobody told of this: {one}." for one in where.lacking),
        *([_NO_TEST] if alarms.roles else ()),
        *await alarmleft.told(side.arm, alarms, guardrail.scope, read),
        await alarmfired.told(side.arm, alarms),
        *silent.notes,
        NOT_LOOKED_AT,
    )
    not_checked = (*where.unread, *unread, *refused, *silent.not_checked)
    return AlarmCheck((*wrong, *gaps, *roles, *silent.gaps), not_checked, notes)


def _without_ground(part: AlarmParts, wrong: Mapping[str, str]) -> bool:
    """Whether what a setting is put on is not there, which is told by itself."""
    return isinstance(part, SettingPart) and any(key_of(part.id).startswith(f"{key_of(one)}/") for one in wrong)


def _part(part: AlarmParts, found: Any, apply: str) -> Iterator[GuardGap]:
    """What one of them lacks. Pure."""
    if found is None:
        yield GuardGap("missing", part.id, f"The {part.what} is not there.", apply)
    elif isinstance(part, SettingPart):
        step = part.decide(found, GuardKnown())
        if step.verb is DesiredVerb.REFUSE:
            yield GuardGap("differs", part.id, " ".join(step.notes), OTHERS)
    else:
        yield from resource(part, found, apply)


def resource(part: AlarmPart, found: Document, apply: str) -> Iterator[GuardGap]:
    """Where a rule or an action group that is there is off, or not as the file asks for. Pure."""
    remedy = remedy_of(part, found, apply)
    if properties_of(found).get("enabled") is False:
        yield GuardGap("off", part.id, f"The {part.what} is switched off: nobody is told by it.", remedy)
    for one in part.changed(found, _THERE):
        if not one.startswith("/properties/enabled"):
            yield GuardGap("differs", part.id, f"The {part.what} is not as the file asks for: {one}.", remedy)


def receiving(id_: str, group: Document, alarms: Alarms, asked: AlarmsAsked) -> Iterator[GuardGap]:
    """Whether an action group reaches anybody, and who of them had no test for too long. Pure."""
    properties = properties_of(group)
    own = key_of(id_) == key_of(alarms.action_group_id)
    every = [(kind, one) for kind, each in alarmweakening.receivers(properties).items() for one in each]
    if not own and properties.get("enabled") is False:
        yield GuardGap("off", id_, "This action group is switched off: nobody is told by it.", _ITS_OWNER)
    if not every and not (own and alarms.action_groups):
        yield GuardGap(
            "receivers",
            id_,
            _capital(NOBODY) if own else "It has no receiver.",
            asked.apply if own else _ITS_OWNER,
        )
    for kind, one in every:
        if str(one.get("status") or "").lower() == _UNSUBSCRIBED:
            text = f"'{one.get('name')}' ({kind}) has unsubscribed and gets nothing."
            yield GuardGap(
                "receivers", id_, text, "Have them subscribe again, or name another receiver in the file"
            )
    testable = [(kind, one) for kind, one in every if kind != BY_ROLE]
    late = list(alarmtests.untested(asked.tests, id_, testable, asked.now))
    if late:
        days = many(alarmtests.VALID.days, "day")
        text = f"No test notification was sent in the last {days} to: {', '.join(late)}."
        yield GuardGap("untested", id_, text, asked.test)


_ITS_OWNER = "Ask its owner, or name another one in the file (`alarms.actionGroups`)"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


async def _roles(
    side: Side, alarms: Alarms, groups: Mapping[str, Read[Document]]
) -> tuple[list[GuardGap], list[str]]:
    """Roles that nobody has at the subscription: only such an assignment has somebody told (AZ-MONITOR-25)."""
    told = [
        (id_, str(one.get("roleId")).lower())
        for id_, group in groups.items()
        if group.value
        for one in alarmweakening.receivers(properties_of(group.value)).get(BY_ROLE, ())
    ]
    if not told:
        return [], []
    read = await tried(side.roles.assignments(alarms.subscription))
    if read.value is None:
        return [], [f"whether anybody has the roles that are told: {read.refused}"]
    here = [properties_of(one) for one in read.value]
    held = {
        name_of(one.get("roleDefinitionId")).lower()
        for one in here
        if key_of(one.get("scope")) == key_of(alarms.subscription)
        and str(one.get("principalType") or "User").lower() in ("user", "group")
    }
    gaps = [
        GuardGap(
            "receivers",
            id_,
            f"No user or group has the role {role} at {alarms.subscription} itself, so nobody is told by it.",
            "Assign the role there, or name another receiver in the file",
        )
        for id_, role in told
        if role not in held
    ]
    return gaps, []
