"""Whether the filters of an alert processing rule let the alerts of an alarm through to it. Pure.

True: they do; False: they do not; None: nothing known shows it, which counts as possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document, properties_of

METRIC, LOG, ACTIVITY = "metricalerts", "scheduledqueryrules", "activitylogalerts"
# Of these something can be told at all: at a machine or a network nothing of a workspace or its keys changes.
_CONCERNED = tuple(
    f"microsoft.{name}/"
    for name in (
        *("alertsmanagement", "authorization", "containerregistry", "insights", "keyvault"),
        *("machinelearningservices", "managedidentity", "operationalinsights", "storage"),
    )
)


@dataclass(frozen=True, slots=True)
class Alarming:
    """An alarm as it is in Azure: its rule's ARM id, what a person calls it, its body, and what its alerts are on.

    An alert has one of `targets`; of an alarm on the activity log it may also be on anything below them, of which
    what has nothing to do with a workspace or its keys counts only if `wide`.
    """

    id: str
    title: str
    body: Document
    targets: tuple[str, ...]
    wide: bool = False

    @property
    def kind(self) -> str:
        """The type of its rule below Microsoft.Insights, in lower case."""
        return ArmId.of(self.id).types[-1].lower()

    @property
    def below(self) -> bool:
        """Whether its alerts may be on anything below `targets` (AZ-MONITOR-53)."""
        return self.kind == ACTIVITY

    @property
    def severity(self) -> str:
        """As filters name it."""
        return f"sev{properties_of(self.body).get('severity')}"

    def concerns(self, type_: str) -> bool:
        """Whether it counts that it tells of a resource of that type, somewhere below."""
        return self.wide or type_.lower().startswith(_CONCERNED)


def every(found: Iterable[bool | None]) -> bool | None:
    """Whether all hold: one that does not decides, else one that is not known."""
    values = set(found)
    return False if False in values else None if None in values else True


def some(found: Iterable[bool | None]) -> bool | None:
    """Whether any holds: one that does decides, else one that is not known."""
    values = set(found)
    return True if True in values else None if None in values else False


@dataclass(frozen=True, slots=True)
class _Field:
    """What is known of one field: an alert has one of `values`. `others`: a value that is known to be another.

    `plain` is the spelling by which two are compared. `cased`: no page says whether the case of letters counts.
    `open`: the values, or their spelling, may not be all. `named`: they are ids, of which the name will do.
    """

    values: tuple[str, ...]
    others: Callable[[str], bool]
    plain: Callable[[str], str] = str.lower
    cased: bool = False
    open: bool = False
    named: bool = False

    def has(self, value: str, *, within: bool) -> bool | None:
        """Whether it is the value, or has it `within`."""
        short = self.named and not _is_id(value)
        wanted, known = (
            self.plain(value),
            [self.plain(ArmId.of(one).name if short else one) for one in self.values],
        )
        hits = [wanted in one if within else wanted == one for one in known]
        if not any(hits):
            return False if self.others(value) or (within and not self.open) else None
        exact = not self.cased or all(value in one if within else value == one for one in self.values)
        return True if all(hits) and exact else None


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _any_text(_: str) -> bool:
    return True


def _of(*known: str) -> Callable[[str], bool]:
    return lambda value: _squeezed(value) in known


def _is_id(value: str) -> bool:
    return value.startswith("/")


# Services as the list of alerts and the pages on filters name them, squeezed; each is spelled in several ways
# (AZ-MONITOR-70).
_SERVICES = {METRIC: ("platform",), LOG: ("loganalytics", "logalertsv2"), ACTIVITY: ("activitylogadministrative",)}
_OTHER_SERVICES = _of(
    *(one for each in _SERVICES.values() for one in each),
    *("applicationinsights", "azureapplicationinsights", "azurevmwindowsguestmetrics", "resourcehealth"),
    *(f"activitylog{one}" for one in ("autoscale", "policy", "recommendation", "security")),
    *("servicehealth", "smartdetector", "vminsights", "vminsightshealth", "nagios", "scom", "zabbix"),
)
_SIGNALS = {METRIC: ("metric",), LOG: ("log",), ACTIVITY: ("log", "activitylog")}
_SEVERITIES = tuple(f"sev{one}" for one in range(5))


def _severity(alarm: Alarming) -> _Field:
    # That alerts of the activity log have the last one, no page says (AZ-MONITOR-53).
    known = _SEVERITIES if alarm.below else (alarm.severity,)
    return _Field(known, _of(*_SEVERITIES))


def _service(alarm: Alarming) -> _Field:
    return _Field(_SERVICES[alarm.kind], _OTHER_SERVICES, _squeezed, open=True)


def _signal(alarm: Alarming) -> _Field:
    return _Field(_SIGNALS[alarm.kind], _of("metric", "log", "activitylog", "health"), _squeezed)


def _fired(_: Alarming) -> _Field:
    return _Field(("fired",), _of("resolved"))


def _target(alarm: Alarming) -> _Field:
    def other(value: str) -> bool:
        if not alarm.below:
            return _is_id(value)
        id_ = ArmId.of(value)
        inside = any(id_.within(ArmId.of(one)) for one in alarm.targets)
        return _is_id(value) and not (inside and (not id_.types or alarm.concerns(id_.type)))

    return _Field(() if alarm.below else alarm.targets, other, open=alarm.below)


def _target_type(alarm: Alarming) -> _Field:
    types = () if alarm.below else tuple(ArmId.of(one).type for one in alarm.targets)

    def other(value: str) -> bool:
        return "/" in value and not (alarm.below and alarm.concerns(value))

    return _Field(types, other, open=alarm.below)


def _target_group(alarm: Alarming) -> _Field:
    groups = tuple(str(ArmId.of(one).group_id) for one in alarm.targets if ArmId.of(one).group)
    known = len(groups) == len(alarm.targets)
    return _Field(groups, lambda _: known, open=not known, named=True)


def _rule_id(alarm: Alarming) -> _Field:
    return _Field((alarm.id,), _any_text)


def _rule_name(alarm: Alarming) -> _Field:
    shown = properties_of(alarm.body).get("displayName")
    return _Field((ArmId.of(alarm.id).name, *([str(shown)] if shown else [])), _any_text, cased=True)


def _described(alarm: Alarming) -> _Field:
    return _Field((str(properties_of(alarm.body).get("description") or ""),), _any_text, cased=True)


def _not_known(_: Alarming) -> _Field:
    return _Field((), lambda _: False, open=True)


_FIELDS: dict[str, Callable[[Alarming], _Field]] = {
    "severity": _severity,
    "monitorservice": _service,
    "monitorcondition": _fired,
    "signaltype": _signal,
    "targetresource": _target,
    "targetresourcetype": _target_type,
    "targetresourcegroup": _target_group,
    "alertruleid": _rule_id,
    "alertrulename": _rule_name,
    "description": _described,
}


def let_through(conditions: Any, alarm: Alarming) -> bool | None:
    """Whether all filters let its alerts through; None for what cannot be read."""
    if conditions is None:
        return True
    return every(_passes(one, alarm) for one in conditions) if isinstance(conditions, list) else None


def _passes(condition: Any, alarm: Alarming) -> bool | None:
    """One filter: any of its values will do (AZ-MONITOR-69)."""
    if not isinstance(condition, dict) or not isinstance(condition.get("values"), list):
        return None
    name, operator = (str(condition.get(part)).lower() for part in ("field", "operator"))
    field = _FIELDS.get(name, _not_known)(alarm)
    values = [str(one) for one in condition["values"]]
    within = operator in ("contains", "doesnotcontain")
    found = some(field.has(one, within=within) for one in values) if values else None
    if name == "description" and found is False and some(field.has(one, within=True) for one in values):
        # A page says of every filter by description that it looks for a part of it.
        found = None
    if operator in ("equals", "contains"):
        return found
    # Whether one of several values that differs is enough, no page says.
    if operator not in ("notequals", "doesnotcontain") or found is None or (found and len(values) > 1):
        return None
    return not found
