"""What `key status` says: each key, what lies under it, what is due, and how one would be revoked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from amlmigrate.core.documents import Document
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys import record
from amlmigrate.keys.adoption import KeyStanding
from amlmigrate.keys.issues import age_of
from amlmigrate.keys.judging import KeyVerdict
from amlmigrate.keys.model import LIMITS, Adoption, Dependant, KeyInUse, KeySurvey
from amlmigrate.keys.revocation import Revocation
from amlmigrate.posture.vaultowner import TAGS
from amlmigrate.scanning.standing import FACTS

if TYPE_CHECKING:
    from amlmigrate.cli.views.consoles import Piece
    from amlmigrate.cli.views.page import Page

_COLUMNS = ("key", "vault", "newest", "age", "period", "expires", "rotation policy", "on newest", "copies")
_COLOURS = {Adoption.NEWEST: "green", Adoption.WAITING: "yellow", Adoption.LEFT_BEHIND: "red"}
_SHORT = 8


@dataclass(frozen=True, slots=True)
class KeyStatusView:
    """Keys as they were read, what is due of each, and of one that was named the revocation."""

    survey: KeySurvey
    verdicts: Sequence[KeyVerdict]
    revocation: Revocation | None = None

    @property
    def code(self) -> ExitCode:
        """3 where anything is due, waited for or not known."""
        good = self.survey.complete and all(one.good for one in self.verdicts)
        return ExitCode.DONE if good else ExitCode.INCOMPLETE

    def human(self, page: Page) -> None:
        """A table of the keys, then of each what lies under it and what is due."""
        self._table(page)
        for verdict in self.verdicts:
            _told(page, verdict, self.survey)
        if self.revocation:
            _revoked(page, self.revocation)
        page.gap()
        if not self.revocation:
            page.line(f"{LIMITS[:1].upper()}{LIMITS[1:]}.")
        page.line(self._text)
        page.lines(self.survey.notes)
        page.lines([f"not read: {one.id}: {one.action}. {one.reason}" for one in self.survey.unread])

    def as_json(self) -> Iterator[Event]:
        """`key.status` for each key, then `key.status.end`."""
        for one in self.verdicts:
            yield Event("key.status", _members(one, self.survey))
        yield Event("key.status.end", {"text": f"\n{self._text}", **self._summary()})

    def whole(self) -> Document:
        """All of it as one document, for `--format json`."""
        keys = [_members(one, self.survey) for one in self.verdicts]
        return {"read_at": self.survey.read_at.isoformat(), **self._summary(), "keys": keys}

    def _summary(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "issues": sum(len(one.issues) for one in self.verdicts),
            "waiting": sum(len(one.waiting) for one in self.verdicts),
            "complete": self.survey.complete and not any(one.unread for one in self.verdicts),
            "subscriptions": list(self.survey.looked),
            "limits": LIMITS,
            "notes": list(self.survey.notes),
            "not_read": [asdict(one) for one in self.survey.unread],
        }
        if self.revocation:
            told = asdict(self.revocation)
            others = [_use(one) for one in self.revocation.others]
            found["revocation"] = {name: list(value) for name, value in told.items()} | {"others": others}
        return found

    @property
    def _text(self) -> str:
        issues = sum(len(one.issues) for one in self.verdicts)
        waiting = sum(len(one.waiting) for one in self.verdicts)
        unknown = sum(len(one.unread) + len(one.unknown) for one in self.verdicts) + len(self.survey.unread)
        places = many(len(self.survey.looked), "subscription")
        looked = f"{many(len(self.verdicts), 'key')}; dependants looked for in {places}"
        parts = [f"{many(issues, 'thing is', 'things are')} due"] if issues else []
        parts += [f"{waiting} waiting to go over"] if waiting else []
        parts += [f"{many(unknown, 'thing is', 'things are')} not known"] if unknown else []
        return f"{looked}: {', '.join(parts) or 'nothing is overdue or left behind'}."

    def _table(self, page: Page) -> None:
        rows: list[list[Piece]] = [_cells(one, self.survey.read_at) for one in self.verdicts]
        if not rows or page.grid(list(_COLUMNS), rows):
            return
        for row in rows:
            page.line(row[0])
            for name, cell in zip(_COLUMNS[1:], row[1:], strict=True):
                page.line(f"{name}: ", cell, indent=2)


def _cells(verdict: KeyVerdict, now: datetime) -> list[Piece]:
    key, goal = verdict.key, verdict.key.goal(now)
    age = age_of(goal.created, now) if goal else None
    on_newest = sum(1 for _, standing in verdict.standings if standing.adoption is Adoption.NEWEST)
    overdue = any(one.code == "overdue" for one in verdict.issues)
    return [
        key.name.name,
        key.name.vault_name,
        goal.version[:_SHORT] if goal else record.UNKNOWN,
        (record.UNKNOWN if age is None else f"{age} d", "red" if overdue else ""),
        f"{key.profile.days} d ({key.profile.name})",
        _expiry(goal),
        "not known" if key.rotation.refused else record.policy(key),
        f"{on_newest} of {len(verdict.standings)}",
        _copied(verdict),
    ]


def _expiry(goal: KeyVersion | None) -> str:
    if goal is None:
        return record.UNKNOWN
    return f"{goal.expires:%Y-%m-%d}" if goal.expires else "never"


def _copied(verdict: KeyVerdict) -> str:
    if verdict.key.log.value is None:
        return record.UNKNOWN
    seen = sum(one.calls - one.refused for one in record.copied(verdict.key))
    # Of a log that was read in part, that none was seen says nothing.
    return str(seen) if seen else record.UNKNOWN if verdict.key.log.refused else "none seen"


def _told(page: Page, verdict: KeyVerdict, survey: KeySurvey) -> None:
    key = verdict.key
    page.gap()
    page.line((key.name.id, "bold"))
    period = f"{key.profile.period} by {key.profile.told_by}: {key.profile.source}"
    page.line(f"cryptoperiod: {period}", indent=2)
    page.line(f"may change it: {record.custodians(key, survey.names)}", indent=2)
    for one, standing in verdict.standings:
        told = _standing(one, standing, key, survey.read_at)
        page.line(f"{one.kind.value} {one.name}: ", told, indent=2)
    for issue in verdict.issues:
        page.line((f"{issue.code}: ", "red"), issue.text, indent=2)
        page.line(f"- {issue.remedy}", indent=4)
        if issue.command:
            page.verbatim(f"      {issue.command}")
    page.lines([f"not known: {one.id}: {one.reason}" for one in verdict.unread])
    page.lines(list(verdict.notes))


def _standing(one: Dependant, standing: KeyStanding, key: KeyInUse, now: datetime) -> Piece:
    used = one.in_use[:_SHORT] if one.in_use else record.UNKNOWN
    version = key.version(one.in_use)
    age = age_of(version.created, now) if version else None
    used += f" of {many(age, 'day')}" if age is not None else ""
    how = "named without a version" if not one.configured else "fixed version"
    more = f" until {standing.until:%Y-%m-%d %H:%M} UTC" if standing.until else ""
    why = f" ({standing.why})" if standing.why else ""
    return f"version {used}, {how}: {standing.adoption.value}{more}{why}", _COLOURS.get(standing.adoption, "")


def _revoked(page: Page, revocation: Revocation) -> None:
    page.gap()
    page.line("If the key were revoked:")
    page.lines(list(revocation.reaches) or ["nothing that was found lies under it"])
    for limit in revocation.limits:
        page.line(f"{limit[:1].upper()}{limit[1:]}.", indent=2)
    for one in revocation.others:
        who = f"{one.caller or 'somebody'} (application {one.application or record.UNKNOWN})"
        page.line(f"used by {who}, last {one.last:%Y-%m-%d}: none of the identities above", indent=2)
    if not revocation.commands:
        page.line("There is nothing to disable: none of its versions is enabled, or they could not be read.")
        return
    # A stolen backup is a copy of its own (AZ-KEY-32).
    page.line(
        "No command of this tool revokes a key. After a stolen backup do not disable it first: move what lies"
        " under it to a key in another vault. A person revokes it by:"
    )
    for command in revocation.commands:
        page.verbatim(f"  {command}")
    page.line("and takes that back, which may need an hour to count, by:")
    for command in revocation.back:
        page.verbatim(f"  {command}")


def _members(verdict: KeyVerdict, survey: KeySurvey) -> Document:
    key, now = verdict.key, survey.read_at
    goal = key.goal(now)
    return {
        "text": f"{key.name.id}: {many(len(verdict.issues), 'thing is', 'things are')} due",
        "key": key.name.id,
        "vault_id": key.vault_id or None,
        "newest": None if goal is None else _version(goal, now),
        "versions": [_version(one, now) for one in key.versions.value or ()],
        "profile": asdict(key.profile),
        "rotation": None if key.rotation.value is None else asdict(key.rotation.value),
        "owner": {name: value for name, value in key.tags.items() if name.lower() in TAGS},
        "custodians": record.holders(key),
        "custodians_named": {who: survey.names[who] for who in record.holders(key) if who in survey.names},
        "dependants": [_dependant(one, standing, key) for one, standing in verdict.standings],
        "log": _log(key),
        "issues": [one.as_dict() for one in verdict.issues],
        "notes": list(verdict.notes),
        "not_known": [asdict(one) for one in verdict.unread],
    }


def _version(one: Any, now: datetime) -> Document:
    return {
        "id": one.id,
        "enabled": one.enabled,
        "created": _iso(one.created),
        "expires": _iso(one.expires),
        "age_days": age_of(one.created, now),
    }


def _dependant(one: Dependant, standing: KeyStanding, key: KeyInUse) -> Document:
    return {
        "kind": one.kind.value,
        "id": one.id,
        "configured": one.configured or None,
        "in_use": one.in_use or None,
        "follows_seconds": None if one.follows is None else int(one.follows.total_seconds()),
        "since": _iso(record.adopted_at(key, one)),
        "adoption": standing.adoption.value,
        "until": _iso(standing.until),
        "not_known": standing.why or None,
        "levels": {fact: one.levels.level(fact) for fact in FACTS},
        "told_by": {fact: one.levels.as_dict(fact) for fact in FACTS},
    }


def _log(key: KeyInUse) -> Document | None:
    log = key.log.value
    if log is None:
        return None
    uses = [_use(one) for one in log.uses if one.about(key.name)]
    return {"since": _iso(log.since), "asked_from": _iso(log.asked_from), "places": list(log.places), "uses": uses}


def _use(one: Any) -> Document:
    return {**asdict(one), "first": _iso(one.first), "last": _iso(one.last)}


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
