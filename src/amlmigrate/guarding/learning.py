"""Who uses the keys of the vaults that alarms watch, for somebody to confirm who of them is expected to.

What lies under a key names the identity that uses it. As whom the service that holds workspaces' metadata uses
one is not documented (AZ-LOG-9): the vault's log shows it, after a week or so in which everything ran that runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from amlmigrate.alarms.callers import KeyCaller, callers
from amlmigrate.alarms.rows import USES
from amlmigrate.cloud.directory import Directory
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import name_of
from amlmigrate.core.few import many
from amlmigrate.core.parallel import gathered
from amlmigrate.guarding.wanted import Alarms
from amlmigrate.keys import auditlog, dependants, searching
from amlmigrate.keys.model import AuditLog, KeyName, LoggedUse
from amlmigrate.keys.reading import known
from amlmigrate.keys.searching import Found
from amlmigrate.posture import tagging
from amlmigrate.posture.reading import Read
from amlmigrate.scanning.subscriptions import chosen

# Shorter, and what runs once a week may not have run.
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SeenCaller:
    """An object id that uses keys, or whose identity something under a key names.

    `uses` are its calls by the client that made them; `explained` is what under a key names it, `name` what the
    directory calls it. `confirmed`: whether the file has it, with `what` as whose.
    """

    object_id: str
    uses: tuple[KeyCaller, ...]
    explained: tuple[str, ...]
    name: str
    confirmed: bool
    what: str
    last: datetime | None

    @property
    def calls(self) -> int:
        """All its calls."""
        return sum(one.calls for one in self.uses)

    @property
    def refused(self) -> int:
        """Those that were answered with an error."""
        return sum(one.refused for one in self.uses)

    @property
    def open(self) -> bool:
        """Whether somebody has to say if it is expected: it may use a key, and the file does not have it."""
        return not self.confirmed and (bool(self.explained) or self.calls > self.refused)

    @property
    def whose(self) -> str:
        """As far as anything says."""
        return self.what or ", ".join(self.explained) or self.name


@dataclass(frozen=True, slots=True)
class LearntCallers:
    """What is seen of callers: `since` is the first row of each vault's log, `unread` what could not be read."""

    callers: tuple[SeenCaller, ...]
    since: Mapping[str, datetime]
    unread: tuple[str, ...]
    now: datetime

    @property
    def short(self) -> tuple[str, ...]:
        """Vaults whose log is younger than a week."""
        return tuple(vault for vault, first in self.since.items() if self.now - first < WEEK)

    @property
    def open(self) -> tuple[SeenCaller, ...]:
        """Those that somebody has to decide about."""
        return tuple(one for one in self.callers if one.open)

    @property
    def settled(self) -> bool:
        """Whether nobody is open, and whoever there is was seen."""
        return not (self.open or self.unread or self.short)


async def learn(side: Side, alarms: Alarms, now: datetime) -> LearntCallers:
    """Reads the logs of the vaults, and everything under their keys. Raises ServiceError, OutOfReachError."""
    looked, _ = await chosen(side.arm, (), ())
    found = await searching.search(side, looked, dependants.by(tagging.read()))
    logs = await gathered({vault: known(auditlog.read(side, vault, now)) for vault in alarms.vaults})
    ids = {use.caller for log in logs.values() if log.value for use in _of_keys(log.value)}
    names = await Directory(side.login, side.credential).names(ids - {""})
    return learnt(alarms, found, logs, names, now)


def learnt(
    alarms: Alarms, found: Found, logs: Mapping[str, Read[AuditLog]], names: Mapping[str, str], now: datetime
) -> LearntCallers:
    """What that comes to. Pure."""
    uses = [use for log in logs.values() if log.value for use in _of_keys(log.value)]
    named = _explained(alarms.vaults, found)
    ids = {*(one.caller for one in uses if one.caller), *named, *alarms.callers}
    seen = (_seen(alarms, id_, uses, named.get(id_, ()), names.get(id_, "")) for id_ in ids)
    since = {vault: log.value.since for vault, log in logs.items() if log.value}
    ordered = sorted(seen, key=lambda one: (not one.open, -one.calls, one.object_id))
    return LearntCallers(tuple(ordered), since, tuple(_unread(found, logs)), now)


def _of_keys(log: AuditLog) -> Iterator[LoggedUse]:
    return (one for one in log.uses if one.operation in USES)


def _explained(vaults: Iterable[str], found: Found) -> dict[str, tuple[str, ...]]:
    """What names an identity, by its object id: all that lies under a key of the vaults."""
    own = {name_of(one).lower() for one in vaults}
    by: dict[str, list[str]] = defaultdict(list)
    for one in found.dependants:
        if one.principal and KeyName.of(one.ref).vault_name in own:
            by[one.principal].append(f"{one.kind.value} {one.name}")
    return {id_: tuple(sorted(what)) for id_, what in by.items()}


def _seen(
    alarms: Alarms, id_: str, uses: Iterable[LoggedUse], explained: tuple[str, ...], name: str
) -> SeenCaller:
    own = [one for one in uses if one.caller == id_]
    return SeenCaller(
        id_,
        callers(own),
        explained,
        name,
        id_ in alarms.callers,
        alarms.callers.get(id_, ""),
        max((one.last for one in own), default=None),
    )


def _unread(found: Found, logs: Mapping[str, Read[AuditLog]]) -> Iterator[str]:
    for vault, log in logs.items():
        if log.refused:
            yield f"the log of {vault}: {log.refused}"
        if nameless := sum(one.calls for one in _of_keys(log.value) if not one.caller) if log.value else 0:
            calls = many(nameless, "call")
            yield f"who made {calls} of {vault}: the log has no object id, and the alarm tells each such call"
    for one in found.unread:
        yield f"what lies under keys in {one.id}: {one.action}. {one.reason}"
