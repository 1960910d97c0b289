"""Alerts that fired on the vaults of workspaces' keys, by rule and severity. Pure, but for `read`.

Azure forgets an alert after 30 days (AZ-FIRED-1), so each run keeps those that it saw, by their ids, and
counts what was kept before. Those on who has access are counted apart from those on keys, and so is what a
drill of this tool brought about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from amlmigrate.alarms.alarm import About
from amlmigrate.alarms.rules import ALARMS
from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.errors import MigrateError

KEYS, ACCESS, OTHER = About.KEYS.value, About.ACCESS.value, "other"
KEPT_FOR = timedelta(days=30)
_PROVIDER = "providers/Microsoft.AlertsManagement/alerts"
ACTION = "Microsoft.AlertsManagement/alerts/read"
# What a drill makes fire: a key is changed by it, and refuses while it lasts.
_DRILLED = ("key-changed", "use-refused", "vault-availability", "vault-refusals")
# So long after a drill its refusals may still be seen by a rule: the log takes minutes, a rule looks back.
_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class KnownRule:
    """A rule of guardrails: the end of its name, and what it is about. `drilled`: a drill makes it fire."""

    id: str
    about: str
    drilled: bool = False

    def of(self, name: str) -> bool:
        """Whether a resource of that name is of this rule."""
        return f"-{self.id}-" in f"-{name.lower()}-"


RULES = tuple(KnownRule(one.id, one.about.value, one.id in _DRILLED) for one in ALARMS)


@dataclass(frozen=True, slots=True)
class Fired:
    """One alert: its id, the rule's name, `Sev0` to `Sev4`, when it fired, what about, and whether by a drill."""

    id: str
    rule: str
    severity: str
    at: str
    target: str
    about: str
    drill: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DrillSpan:
    """When a version of a key was disabled by a drill."""

    vault: str
    since: datetime
    until: datetime

    def has(self, target: str, at: datetime) -> bool:
        """Whether an alert may come from it: of its vault, or of a log that does not say which."""
        of_vault = ArmId.of(target).type == "microsoft.keyvault/vaults"
        return self.since <= at <= self.until + _AFTER and (not of_vault or key_of(target) == self.vault)


@dataclass(frozen=True, slots=True)
class AlertsRead:
    """What a run read: the alerts, and the subscriptions in which they could not be, with the reason."""

    found: tuple[Fired, ...]
    unread: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Alerts:
    """The figure: all that was ever kept, and the last 30 days of it.

    Counted are those on keys and vaults; `access` are those on who may use them, `drills` what a drill brought
    about, `other` what other rules told of the same vaults. `since` is how far back all of it is known, None for
    nothing at all; `whole` is whether all could be read now: else those of the last 30 days are not known.
    """

    fired: tuple[Fired, ...]
    now: datetime
    since: datetime | None
    whole: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The member `alerts` of the figures."""
        counted = [one for one in self.fired if one.about == KEYS and not one.drill]
        access = [one for one in self.fired if one.about == ACCESS and not one.drill]
        return {
            "total": len(counted),
            "last_30_days": self._recent(counted),
            "by_rule": _counts(one.rule for one in counted),
            "by_severity": _counts(one.severity for one in counted),
            "by_month": _counts(one.at[:7] for one in counted),
            "access": {
                "total": len(access),
                "last_30_days": self._recent(access),
                "by_rule": _counts(one.rule for one in access),
                "by_severity": _counts(one.severity for one in access),
                "by_month": _counts(one.at[:7] for one in access),
            },
            "drills": sum(1 for one in self.fired if one.drill),
            "other": sum(1 for one in self.fired if one.about == OTHER and not one.drill),
            "since": self.since.isoformat(timespec="seconds") if self.since else None,
        }

    def _recent(self, fired: Iterable[Fired]) -> int | None:
        times = [moment(one.at) for one in fired]
        return sum(1 for at in times if at and at > self.now - KEPT_FOR) if self.whole else None


def _counts(found: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(found).items()))


async def read(
    arm: Arm,
    subscriptions: Iterable[str],
    vaults: frozenset[str],
    drills: Sequence[DrillSpan],
) -> AlertsRead:
    """The alerts of the last 30 days on these vaults (ARM ids in lower case), or of a rule of guardrails."""
    found: dict[str, Fired] = {}
    unread: dict[str, str] = {}
    for subscription in sorted(set(subscriptions)):
        try:
            # The default is one day (AZ-FIRED-1).
            path = f"/subscriptions/{subscription}/{_PROVIDER}?timeRange=30d&pageCount=250"
            async for one in arm.pages(path):
                if fired := fired_of(one, vaults, drills):
                    found[fired.id] = fired
        except MigrateError as error:
            unread[subscription] = error.summary
    return AlertsRead(tuple(sorted(found.values(), key=lambda one: (one.at, one.id))), unread)


def fired_of(document: Document, vaults: frozenset[str], drills: Sequence[DrillSpan]) -> Fired | None:
    """An alert as Azure tells it (AZ-FIRED-2); None for one that is about nothing of these."""
    told: Document = properties_of(document).get("essentials") or {}
    target, rule = str(told.get("targetResource") or ""), name_of(str(told.get("alertRule") or ""))
    known = next((one for one in RULES if one.of(rule)), None)
    if known is None and key_of(target) not in vaults:
        return None
    at = moment(told.get("startDateTime"))
    drilled = bool(known and known.drilled and at and any(one.has(target, at) for one in drills))
    return Fired(
        # One without an id is known again by all that is told of it.
        id=name_of(str(document.get("id") or "")).lower() or digest(document),
        rule=known.id if known else rule,
        severity=str(told.get("severity") or "not told"),
        at=at.isoformat(timespec="seconds") if at else "not told",
        target=target,
        about=known.about if known else OTHER,
        drill=drilled,
    )
