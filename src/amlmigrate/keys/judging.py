"""What is due of a key: overdue, left behind, not usable; what is only told; and what is not known. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from amlmigrate.core.armid import ArmId
from amlmigrate.core.few import many
from amlmigrate.keys import adoption, auditlog, remedies
from amlmigrate.keys.adoption import KeyStanding
from amlmigrate.keys.model import (
    Adoption,
    Dependant,
    DependantKind,
    KeyInUse,
    KeySurvey,
    LoggedUse,
    UnreadPlace,
    vault_of,
)
from amlmigrate.keys.reading import unread_of

_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class KeyIssue:
    """Something that is due: what kind (`overdue`, `left-behind`, ...), of what, in words, and what to do."""

    code: str
    about: str
    text: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class KeyVerdict:
    """What is due of one key, where each dependant stands, what is told besides, and what could not be read."""

    key: KeyInUse
    standings: tuple[tuple[Dependant, KeyStanding], ...]
    issues: tuple[KeyIssue, ...]
    notes: tuple[str, ...]
    unread: tuple[UnreadPlace, ...]

    @property
    def waiting(self) -> tuple[tuple[Dependant, datetime], ...]:
        """The dependants that go over by themselves, each with when they have at the latest."""
        return tuple((one, standing.until) for one, standing in self.standings if standing.until)

    @property
    def good(self) -> bool:
        """Whether nothing is due, nothing is waited for, and all of it is known."""
        unknown = any(standing.adoption is Adoption.NOT_KNOWN for _, standing in self.standings)
        return not (self.issues or self.waiting or self.unread or unknown)


def judged(survey: KeySurvey) -> list[KeyVerdict]:
    """Each key of a survey."""
    return [verdict(key, survey.read_at) for key in survey.keys]


def verdict(key: KeyInUse, now: datetime) -> KeyVerdict:
    """What is due of one key at a time (UTC)."""
    standings = tuple((one, adoption.of(key, one, now)) for one in key.dependants)
    issues = (*_overdue(key, now), *_adopted(key, standings, now), *_unusable(key), *_misplaced(key))
    return KeyVerdict(key, standings, issues, tuple(_notes(key, now)), tuple(unread_of(key)))


def age_of(created: datetime | None, now: datetime) -> int | None:
    """Whole days since then."""
    return None if created is None else max(0, (now - created).days)


def _overdue(key: KeyInUse, now: datetime) -> Iterator[KeyIssue]:
    """That the version that counts is older than its cryptoperiod, or over."""
    goal, profile = key.goal, key.profile
    if goal is None:
        return
    rotate = f"Rotate the key, and put what lies under it under the new version: {remedies.rotate(key)}"
    if goal.expires is not None and goal.expires <= now:
        told = f"The newest version that is enabled expired on {goal.expires:%Y-%m-%d}."
        yield KeyIssue("overdue", key.name.id, told, rotate)
        return
    age = age_of(goal.created, now)
    if age is not None and age > profile.days:
        told = (
            f"The newest version that is enabled is {many(age, 'day')} old; the cryptoperiod is {profile.period}"
            f" (profile {profile.name}, by {profile.told_by})."
        )
        yield KeyIssue("overdue", key.name.id, told, rotate)


def _adopted(
    key: KeyInUse, standings: tuple[tuple[Dependant, KeyStanding], ...], now: datetime
) -> Iterator[KeyIssue]:
    for one, standing in standings:
        if standing.adoption is not Adoption.LEFT_BEHIND or key.goal is None:
            continue
        used = key.version(one.in_use)
        age = age_of(used.created, now) if used else None
        past = " and past its cryptoperiod" if age is not None and age > key.profile.days else ""
        old = f", {many(age, 'day')} old{past}" if age is not None else ""
        own = "" if one.follows is None else " It should have gone over by itself by now."
        yield KeyIssue(
            "left-behind",
            one.id,
            f"{_capital(one.called)} uses the version {one.in_use}{old}, and the key has a newer one,"
            f" {key.goal.version}.{own}",
            f"Put it under the newer version: {remedies.adopt(one, key.goal.id)}",
        )


def _unusable(key: KeyInUse) -> Iterator[KeyIssue]:
    """That a version in use is disabled, or is not in the vault."""
    for one in key.dependants:
        if not one.in_use or key.versions.value is None:
            continue
        version = key.version(one.in_use)
        if version is None:
            told = f"{_capital(one.called)} names the version {one.in_use}, which its vault does not have."
            yield KeyIssue(
                "gone",
                one.id,
                told,
                f"Recover the key: az keyvault key recover --name {key.name.name} --vault-name {vault_of(key)}",
            )
        elif not version.enabled:
            told = (
                f"{_capital(one.called)} uses the version {one.in_use}, which is disabled: nothing reads its data."
            )
            yield KeyIssue(
                "disabled", one.id, told, f"az keyvault key set-attributes --id {version.id} --enabled true"
            )


def _misplaced(key: KeyInUse) -> Iterator[KeyIssue]:
    """That the key of a workspace lies where Azure ML takes none from (AZ-KEY-12, AZ-KEY-31)."""
    anew = "Create a workspace with a key that lies beside it (migrate provision), and move to it."
    for one in key.dependants:
        if one.kind is not DependantKind.WORKSPACE:
            continue
        if key.name.of_hsm:
            told = f"The key of {one.called} lies in a managed HSM, and Azure ML takes keys of key vaults only."
            yield KeyIssue("managed-hsm", one.id, told, anew)
        elif key.vault_id and ArmId.of(key.vault_id).subscription.lower() != ArmId.of(one.id).subscription.lower():
            told = f"The key of {one.called} lies in a vault of another subscription than the workspace."
            yield KeyIssue("elsewhere", one.id, told, anew)


def _notes(key: KeyInUse, now: datetime) -> Iterator[str]:
    """What is not due and has to be known all the same."""
    goal = key.goal
    if goal is not None and goal.expires is not None and now < goal.expires <= now + _SOON:
        yield f"The newest version that is enabled expires on {goal.expires:%Y-%m-%d}."
    if not key.rotation.refused and key.rotation.value is None and key.versions.value:
        yield "The key has no rotation policy: somebody has to rotate it."
    if not key.dependants:
        yield "Nothing that was found is under it."
    for one in logged(key, auditlog.COPIES):
        what = "backed up" if one.operation == "KeyBackup" else "restored"
        yield (
            f"The key was {what} {many(one.calls - one.refused, 'time')} (last {one.last:%Y-%m-%d}, by"
            f" {one.caller or 'nobody that the log names'}): disabling or purging it does not reach a copy."
        )
    if key.log.value is not None and key.log.value.since is None:
        yield "The vault's audit log in Log Analytics is empty so far."


def logged(key: KeyInUse, operations: tuple[str, ...]) -> list[LoggedUse]:
    """What the vault's log shows of these operations on the key that succeeded, the last one first."""
    uses = key.log.value.uses if key.log.value else ()
    done = (one for one in uses if one.operation in operations and one.calls > one.refused)
    return sorted((one for one in done if _may_be_of(one, key)), key=lambda one: one.last, reverse=True)


def _may_be_of(use: LoggedUse, key: KeyInUse) -> bool:
    """Whether it is about a key. A restore names none in its path, so that it may be of any (AZ-LOG-7)."""
    unnamed = f"{key.name.vault}/keys/restore"
    return use.about(key.name) or (use.operation == "KeyRestore" and use.key.lower().rstrip("/") in ("", unnamed))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
