"""Alert processing rules that keep anybody from being told of alarms. Only reads: none of them is this tool's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from shlex import join
from typing import Any

from amlmigrate.alarms import processing
from amlmigrate.alarms.processingfilters import LOG, Alarming
from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId, name_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.few import few
from amlmigrate.core.parallel import gathered
from amlmigrate.guarding.alarmparts import AlarmParts, RulePart
from amlmigrate.guarding.gaps import AlarmCheck, GuardGap
from amlmigrate.guarding.wanted import Alarms
from amlmigrate.posture.reading import Read

TYPE = "Microsoft.AlertsManagement/actionRules"
_TAKES = "This alert processing rule takes all action groups from alerts"
_MAY = "This alert processing rule may take all action groups from alerts"
_NOT_SURE = "which its scopes, filters and actions do not show for sure"
_MOST = 5
_ASIDE = (
    "These alert processing rules silence what alarms tell of other resources alone, which have nothing to do with"
    " workspaces and their keys: "
)


@dataclass(frozen=True, slots=True)
class _ProcessingRules:
    """The rules of a subscription; `refused` says why there may be more."""

    rules: tuple[Document, ...]
    refused: str = ""


async def silencing(
    arm: Arm, alarms: Alarms, parts: Iterable[AlarmParts], read: Mapping[str, Read[Any]], now: datetime
) -> AlarmCheck:
    """A gap for each that works or will; of which subscriptions they are not known; and who silences aside.

    Reads them wherever alerts have targets: one is for resources of its own subscription (AZ-MONITOR-68).
    """
    there = list(_there(alarms, parts, read))
    subscriptions = {str(ArmId.of(one).subscription_id): None for alarm in there for one in alarm.targets}
    listed = await gathered({one: _list(arm, one) for one in subscriptions})
    gaps, aside = [], []
    for rule in (rule for one in listed.values() for rule in one.rules):
        if gap := judged(rule, there, now):
            gaps.append(gap)
        elif judged(rule, [replace(one, wide=True) for one in there], now):
            aside.append(name_of(rule.get("id")))
    unread = (
        f"whether alert processing rules silence alarms in {id_}: {one.refused}"
        for id_, one in listed.items()
        if one.refused
    )
    return AlarmCheck(tuple(gaps), tuple(unread), (f"{_ASIDE}{few(aside)}.",) if aside else ())


async def _list(arm: Arm, subscription: str) -> _ProcessingRules:
    """Those that came before an answer that is none count all the same; what cannot be read is never none."""
    rules: list[Document] = []
    try:
        async for one in arm.pages(f"{subscription}/providers/{TYPE}"):
            rules.append(one)
    except MigrateError as error:
        return _ProcessingRules(tuple(rules), error.summary)
    return _ProcessingRules(tuple(rules))


def _there(alarms: Alarms, parts: Iterable[AlarmParts], read: Mapping[str, Read[Any]]) -> Iterator[Alarming]:
    """The alarms that are there, as they are there; where that could not be read, as the file asks for."""
    for part in parts:
        found = read[part.id]
        if not isinstance(part, RulePart) or (found.value is None and not found.refused):
            continue
        body: Document = found.value or part.body
        targets = tuple(map(str, properties_of(body).get("scopes") or ()))
        if ArmId.of(part.id).types[-1].lower() == LOG:
            # The resource that the row names, or else the Log Analytics workspace (AZ-MONITOR-63).
            targets = tuple(dict.fromkeys((*targets, *alarms.vaults)))
        yield Alarming(part.id, part.what.removeprefix("alarm "), body, targets)


def judged(rule: Document, alarms: Sequence[Alarming], now: datetime) -> GuardGap | None:
    """What a rule does to the alarms; None where it does nothing. Pure."""
    found = [(one.title, processing.silences(rule, one, now)) for one in alarms]
    surely = list(dict.fromkeys(title for title, does in found if does))
    perhaps = list(dict.fromkeys(title for title, does in found if does is None and title not in surely))
    if not surely and not perhaps:
        return None
    id_, when = str(rule.get("id")), processing.when(properties_of(rule).get("schedule"))
    every = len(dict.fromkeys(title for title, _ in found))
    told = [f"{_TAKES}, {when}: nobody is told of {_named(surely, every)}."] if surely else []
    if perhaps:
        also = _named(perhaps, every)
        alone = f"{_MAY}, {when}, {_NOT_SURE}: perhaps nobody is told of {also}."
        told.append(f"Perhaps not of these either: {also}." if surely else alone)
    return GuardGap("silenced", id_, " ".join((*told, by_whom(rule))), _remedy(ArmId.of(id_)))


def _named(titles: Sequence[str], every: int) -> str:
    return "any alarm" if len(titles) == every else few(titles, _MOST)


def by_whom(rule: Document) -> str:
    """Who made it and who changed it last, as Azure tells (AZ-MONITOR-73). Pure."""
    data: Document = rule.get("systemData") or {}
    made, changed = (_written(data, verb) for verb in ("created", "lastModified"))
    if not made and not changed:
        return "By whom is not known: Azure's answer does not say; its activity log goes back 90 days."
    told = [f"made by {made}"] if made else []
    told += [f"changed last by {changed}"] if changed and changed != made else []
    text = ", ".join(told)
    return f"{text[0].upper()}{text[1:]}."


def _written(data: Document, verb: str) -> str:
    who, at = data.get(f"{verb}By"), moment(data.get(f"{verb}At"))
    return f"{who}{f' at {at:%Y-%m-%d %H:%M} UTC' if at else ''}" if who else ""


def _remedy(id_: ArmId) -> str:
    """Its owner is asked first: others may rely on it."""
    where = ("--name", id_.name, "--resource-group", id_.group, "--subscription", id_.subscription)
    off = join(("az", "monitor", "alert-processing-rule", "update", *where, "--enabled", "false"))
    return (
        "migrate guard did not make it, and changes none. Have its owner leave these alarms out of it, by its"
        f" scopes or a filter, or switch it off: {off}"
    )
