"""The record of a key in Markdown, for whoever has to show how keys are kept. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from amlmigrate.alarms.rows import COPIES, USES
from amlmigrate.core import markdown
from amlmigrate.core.few import many
from amlmigrate.core.keys import Rotation
from amlmigrate.keys import drills
from amlmigrate.keys.issues import age_of
from amlmigrate.keys.judging import KeyVerdict
from amlmigrate.keys.model import LIMITS, Adoption, Dependant, KeyInUse, KeySurvey, LoggedUse, version_of
from amlmigrate.posture.holders import Holders
from amlmigrate.posture.vaultowner import TAGS

REVIEW = "key-review"
PURPOSE = "key-purpose"
UNKNOWN = "not known"


def document(survey: KeySurvey, verdicts: Sequence[KeyVerdict]) -> str:
    """All records, with when they were read and what nobody could look at."""
    lines = ["# Customer-managed keys", "", f"Read at {survey.read_at:%Y-%m-%d %H:%M} UTC. {_looked(survey)}"]
    lines += [""] if survey.unread else []
    for one in survey.unread:
        lines.append(
            f"- Not read: {markdown.text(one.id)} ({markdown.code(one.action)}): {markdown.text(one.reason)}"
        )
    for verdict in verdicts:
        lines += ["", *_record(verdict, survey)]
    return "\n".join(lines) + "\n"


def _looked(survey: KeySurvey) -> str:
    looked = f"What lies under them was looked for in {many(len(survey.looked), 'subscription')}."
    return f"{looked} {LIMITS[:1].upper()}{LIMITS[1:]}."


def _record(verdict: KeyVerdict, survey: KeySurvey) -> Iterator[str]:
    key = verdict.key
    yield f"## {markdown.text(key.name.name)} in {markdown.text(key.name.vault_name)}"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    for name, value in _rows(verdict, survey):
        yield f"| {name} | {value} |"
    if verdict.issues or verdict.unread or verdict.notes:
        yield ""
    for issue in verdict.issues:
        command = f" {markdown.code(issue.command)}" if issue.command else ""
        yield f"- **{issue.code}**: {markdown.text(issue.text)} {markdown.text(issue.remedy)}{command}"
    for place in verdict.unread:
        yield f"- not known: {markdown.text(place.id)}: {markdown.text(place.reason)}"
    for note in verdict.notes:
        yield f"- {markdown.text(note)}"
    yield ""
    yield "| under it | version | adoption |"
    yield "| --- | --- | --- |"
    for one, standing in verdict.standings:
        until = f" until {standing.until:%Y-%m-%d %H:%M} UTC" if standing.until else ""
        used = markdown.code(one.in_use) if one.in_use else UNKNOWN
        yield f"| {one.kind.value} {markdown.text(one.name)} | {used} | {standing.adoption.value}{until} |"


def _rows(verdict: KeyVerdict, survey: KeySurvey) -> Iterator[tuple[str, str]]:
    key, goal = verdict.key, verdict.key.goal(survey.read_at)
    tags = {name.lower(): value for name, value in key.tags.items()}
    yield "identifier", markdown.code(goal.id if goal else key.name.id)
    yield "purpose", markdown.text(tags.get(PURPOSE) or purpose(key))
    owners = [tags[one] for one in TAGS if tags.get(one)]
    yield "owner", markdown.text(", ".join(owners)) if owners else f"not named: no tag {' or '.join(TAGS)}"
    yield "custodians", markdown.text(custodians(key, survey.names))
    profile = key.profile
    told = f"{profile.period} (profile {profile.name}, by {profile.told_by}): {profile.source}"
    yield "cryptoperiod", markdown.text(told)
    age = age_of(goal.created, survey.read_at) if goal else None
    yield "age", UNKNOWN if age is None else many(age, "day")
    yield "expiry", f"{goal.expires:%Y-%m-%d}" if goal and goal.expires else UNKNOWN if goal is None else "none"
    yield "rotation policy", markdown.text(policy(key))
    yield "last rotation", rotated(key, survey.read_at)
    yield "last adoption", adopted(verdict)
    yield "backups and restores", markdown.text(copies(key))
    yield "last drill", drilled(key)
    yield "review", markdown.text(review(key, survey.read_at))


def purpose(key: KeyInUse) -> str:
    """What it is for, by what lies under it."""
    kinds: dict[str, int] = {}
    for one in key.dependants:
        kinds[one.kind.value] = kinds.get(one.kind.value, 0) + 1
    counted = (
        many(count, kind, "container registries" if kind == "container registry" else "")
        for kind, count in kinds.items()
    )
    return f"encrypts {', '.join(counted)}" if kinds else "nothing that was found is under it"


def custodians(key: KeyInUse, names: Mapping[str, str]) -> str:
    """Who may change it, with the roles that let them; what could not be read comes first."""
    told = [f"{UNKNOWN}: {key.managers.refused}"] if key.managers.refused else []
    for who, by in holders(key).items():
        called = f"{names[who]}, {who}" if who in names else who
        told.append(f"{called} ({', '.join(by)})")
    return "; ".join(told) or "nobody"


def holders(key: KeyInUse) -> dict[str, list[str]]:
    """Who may change it by object id, with the roles or the policy that let them."""
    found: Holders | None = key.managers.value
    return {who: sorted(found.all[who]) for who in sorted(found.all)} if found else {}


def policy(key: KeyInUse) -> str:
    """Its rotation policy in words."""
    if key.rotation.refused:
        return f"{UNKNOWN}: {key.rotation.refused}"
    found: Rotation | None = key.rotation.value
    if found is None:
        return "none"
    after = (
        f"{found.after_create} after creation" if found.after_create else f"{found.before_expiry} before expiry"
    )
    return f"rotates {after}" + (f", versions last {found.expires_in}" if found.expires_in else "")


def rotated(key: KeyInUse, now: datetime) -> str:
    """When its newest version that is enabled was made; a key with one version was never rotated."""
    versions, goal = key.versions.value, key.goal(now)
    if versions is None or goal is None or goal.created is None:
        return UNKNOWN
    return f"{goal.created:%Y-%m-%d}" if len(versions) > 1 else f"never (made {goal.created:%Y-%m-%d})"


def adopted(verdict: KeyVerdict) -> str:
    """When the last of what is under it went over, as far as Azure says; who is not on it yet."""
    behind = [one.name for one, standing in verdict.standings if standing.adoption is not Adoption.NEWEST]
    if behind:
        return markdown.text(f"not by all: {', '.join(behind)}")
    moments = {one.name: time for one, _ in verdict.standings if (time := adopted_at(verdict.key, one))}
    silent = [one.name for one, _ in verdict.standings if one.name not in moments]
    told = f"{max(moments.values()):%Y-%m-%d}" if moments else ""
    more = f"when {', '.join(silent)} did is {UNKNOWN}" if silent else ""
    return markdown.text("; ".join(filter(None, (told, more)))) or UNKNOWN


def adopted_at(key: KeyInUse, one: Dependant) -> datetime | None:
    """When a dependant went over to the version that it uses: as Azure says, else as the vault's log shows.

    Azure says it of accounts, scopes and registries alone; the log has who first used that version.
    """
    used = [
        use.first
        for use in key.logged(USES)
        if one.in_use
        and one.principal
        and use.caller == one.principal
        and version_of(use.key).lower() == one.in_use.lower()
    ]
    return one.since or min(used, default=None)


def copies(key: KeyInUse) -> str:
    """Backups and restores that the log shows, and how far back it goes."""
    log = key.log.value
    if log is None:
        return f"{UNKNOWN}: {key.log.refused}"
    part = ", a part of which could not be read" if key.log.refused else ""
    found = copied(key)
    told = [f"{one.operation} {many(one.calls - one.refused, 'time')}, last {one.last:%Y-%m-%d}" for one in found]
    return (
        f"{'; '.join(told) or 'none'} in the log (since {log.since:%Y-%m-%d}{part});"
        " a copy in another vault is in that vault's log"
    )


def copied(key: KeyInUse) -> list[LoggedUse]:
    """Backups and restores that succeeded, the last one first."""
    return key.logged(COPIES)


def drilled(key: KeyInUse) -> str:
    """When the last drill of any version ended, by the tag that it leaves."""
    if key.versions.value is None:
        return UNKNOWN
    found = drills.last(key)
    return f"{found:%Y-%m-%d}" if found else "none"


def review(key: KeyInUse, now: datetime) -> str:
    """When the record is to be looked at again: by the tag, else at the end of the cryptoperiod."""
    tags = {name.lower(): value for name, value in key.tags.items()}
    if named := tags.get(REVIEW):
        return named
    goal = key.goal(now)
    if goal is None or goal.created is None:
        return f"not set: no tag {REVIEW}"
    due = goal.created + timedelta(days=key.profile.days)
    return f"{due:%Y-%m-%d}, when the cryptoperiod ends (no tag {REVIEW})"
