"""Why a drill may not begin: each reason with what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from amlmigrate.alarms.rows import USES
from amlmigrate.core import drilltag, rotations
from amlmigrate.core.armid import key_of
from amlmigrate.core.few import many
from amlmigrate.core.keys import KeyVersion, key_id
from amlmigrate.drilling.model import RESERVE, DrillRequest
from amlmigrate.keys import adoption, auditlog, drills
from amlmigrate.keys.model import Adoption, KeyInUse, LoggedUse, UnreadPlace, vault_of
from amlmigrate.posture.levels import Levels
from amlmigrate.posture.tagging import ENVIRONMENT, Standard


@dataclass(frozen=True, slots=True)
class RightToEnable:
    """Whether the caller may enable the version, until when (None: without an end), or why that is not known."""

    until: datetime | None = None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class UsingWorkspace:
    """A workspace that stops with the key: under it itself, or with its account or registry under it.

    `levels` are by the tagging standard and by what its owner decided. `endpoints` are those that were listed;
    `unlisted` says why some could not be. `changing` says who is changing it, or why that is not known. `state` is
    its provisioning state.
    """

    id: str
    name: str
    levels: Levels
    tags: dict[str, str]
    endpoints: tuple[str, ...] = ()
    unlisted: str = ""
    changing: str = ""
    state: str = "Succeeded"


@dataclass(frozen=True, slots=True)
class DrillFacts:
    """All that decides whether a drill may begin. `caller` is the object id of who would begin it.

    `unread` are places where more could be under the key; `plans` are plans here that are under way with one of
    the workspaces; `rotation` is one in the chain here that began and did not end. `hiding` says why rows of the
    vault's log may be missing; `notes` say what kept owners' decisions from counting.
    """

    request: DrillRequest
    standard: Standard
    caller: str
    workspaces: tuple[UsingWorkspace, ...]
    unread: tuple[UnreadPlace, ...]
    right: RightToEnable
    plans: tuple[str, ...] = ()
    rotation: str = ""
    hiding: str = ""
    notes: tuple[str, ...] = ()


def reasons(facts: DrillFacts) -> tuple[str, ...]:
    """All of them at once; none: it may begin."""
    return tuple(
        dict.fromkeys(
            (
                *_not_permitted(facts),
                *_production(facts),
                *_version(facts.request),
                *_strangers(facts),
                *_endpoints(facts),
                *_right(facts),
                *_under_way(facts),
            )
        )
    )


def _not_permitted(facts: DrillFacts) -> Iterator[str]:
    key = facts.request.key
    tag = f"{drills.PERMIT}: {drills.PERMITTED}"
    if key.vault.value is None:
        yield (
            f"Whether the vault allows a drill is not known: {key.vault.refused or 'it is not there'} Sign in as"
            " somebody who may read it."
        )
    elif not drills.permitted({str(k): str(v) for k, v in (key.vault.value.get("tags") or {}).items()}):
        yield (
            f"The vault '{vault_of(key)}' does not bear the tag '{tag}'; its owner sets it where the key may be"
            " disabled for a drill."
        )
    if not facts.workspaces:
        yield "No workspace was found under the key, so none bears the tag that allows a drill; drill another key."
    for one in facts.workspaces:
        if not drills.permitted(one.tags):
            yield (
                f"The workspace '{one.name}' stops with the key and does not bear the tag '{tag}'; its owner"
                f" sets it,"
                " or drill a key that it does not need."
            )


def told_of(facts: DrillFacts) -> Iterator[tuple[str, Levels]]:
    """What is under the key, and each workspace that stops with it, as a sentence names it."""
    for one in facts.request.key.dependants:
        yield one.called, one.levels
    for each in facts.workspaces:
        yield f"the workspace '{each.name}'", each.levels


def levels_of(facts: DrillFacts) -> dict[str, Levels]:
    """The levels of what is under the key, and of each workspace that stops with it, by ARM id."""
    found = {key_of(one.id): one.levels for one in facts.request.key.dependants}
    return found | {key_of(one.id): one.levels for one in facts.workspaces}


def _production(facts: DrillFacts) -> Iterator[str]:
    gravest = facts.standard.facts[ENVIRONMENT].levels[-1]
    for called, levels in told_of(facts):
        level = levels.level(ENVIRONMENT)
        if level == gravest:
            yield (
                f"{_first(called)} is production ({levels.text(ENVIRONMENT)}), and stops with the key; no drill is"
                " made where that is so."
            )
        elif level is None:
            yield (
                f"Whether {called} is production is {levels.text(ENVIRONMENT)}; tag it"
                " (docs/reference/tagging.md), or scan again where a scan could not read it."
            )
    for place in facts.unread:
        yield (
            f"Whether more is under the key is not known: {place.id} could not be read ({place.reason}) Grant"
            f" {place.action}, or sign in as somebody who has it."
        )


def _version(request: DrillRequest) -> Iterator[str]:
    key = request.key
    if key.versions.value is None:
        yield (
            f"The versions of the key cannot be read: {key.versions.refused} Grant keys/read and keys/list on it."
        )
        return
    for one in drills.under_way(key):
        yield f"{drilltag.told(one, request.now)} End it first: {drilltag.restoring(key.name.id)}"
    if request.version is None:
        yield (
            "The key has no version that is enabled and valid; a version that is disabled already is not drilled."
        )
        return
    yield from _rotating(key, request.version, request.now)
    yield from _next_version(key, request.now, request.now + request.limit + RESERVE)


def _rotating(key: KeyInUse, version: KeyVersion, now: datetime) -> Iterator[str]:
    """That something is not on the version that would be disabled: then a rotation is under way, or was left."""
    for one in key.dependants:
        standing = adoption.of(key, one, now)
        if standing.adoption is Adoption.NOT_KNOWN:
            # A key that is named without a version does not tell; everything else that is not known does refuse.
            yield (
                f"Which version {one.called} uses is not known: {standing.why}. Name the version in its settings."
            )
        elif standing.adoption is not Adoption.NEWEST:
            yield (
                f"{_first(one.called)} is not on version {version.version}: a rotation is under way, or was left"
                f" behind; finish it first: migrate key rotate --key {key.name.id} --adopt"
            )


def _next_version(key: KeyInUse, now: datetime, until: datetime) -> Iterator[str]:
    """That a newer version is made, or becomes valid, meanwhile: what follows the key by itself switches to it."""
    switch = "and what follows the key by itself would switch to it"
    staged = key.staged(now)
    if staged and staged.not_before and staged.not_before <= until:
        yield f"Version {staged.version} becomes valid at {_time(staged.not_before)}, {switch}; drill after that."
    if key.rotation.refused:
        yield f"Whether the vault makes a new version meanwhile is not known: {key.rotation.refused}"
    newest = next(iter(key.versions.value or ()), None)
    if key.rotation.value is None or newest is None:
        return
    try:
        due = rotations.due(key.rotation.value, newest)
    except ValueError as error:
        yield f"When the vault makes a new version by itself is not known: {error}; look at its rotation policy."
        return
    if due is not None and due <= until:
        yield (
            f"By its rotation policy the vault makes a new version of the key from {_time(due)} on, {switch};"
            f" rotate it first (migrate key rotate --key {key.name.id}), or take the rotation out of the policy."
        )


def _strangers(facts: DrillFacts) -> Iterator[str]:
    """Whoever wraps or unwraps by the log and is no dependant: who is cut off would not be known."""
    key = facts.request.key
    log = key.log.value
    step = "Have a diagnostic setting of the vault send its audit log to Log Analytics, and grant reading it."
    if log is None or key.log.refused:
        yield f"Who uses the key is not known: the vault's audit log cannot be read. {key.log.refused} {step}"
        return
    if facts.hiding:
        yield f"Whether the vault's audit log shows all who use the key is not known: {facts.hiding}"
    made = [one.created for one in key.versions.value or () if one.created]
    begins = max(log.asked_from, min(made)) if made else log.asked_from
    # The log lags by some minutes (AZ-LOG-5), and a key that is new has hardly been used before its first row.
    if log.since > begins + timedelta(hours=1):
        yield (
            f"Who used the key in the last {many(auditlog.SPAN.days, 'day')} is not known: the vault's audit log"
            f" has rows only since {_time(log.since)}. Wait until it covers them, or the whole life of the key."
            f" {step}"
        )
    known = key.principals | _drilling(facts)
    unnamed = [one for one in log.uses if one.operation in USES and key_id(one.key) is None]
    if calls := sum(one.calls for one in unnamed if one.caller.lower() not in known):
        yield (
            f"Whether somebody else uses the key is not known: of {many(calls, 'call')} the vault's audit log does"
            " not name the key. Look who made them, and for what."
        )
    for caller, uses in _callers(key).items():
        if caller in known:
            continue
        last = max(one.last for one in uses)
        what = ", ".join(sorted({one.operation for one in uses}))
        yield (
            f"{caller or 'A caller that the log does not name'} used the key ({what}, last"
            f" {last:%Y-%m-%d %H:%M} UTC)"
            " and is no identity of what was found under it; find out what it is, and put it under another key."
        )


def _callers(key: KeyInUse) -> dict[str, list[LoggedUse]]:
    """Each caller that wrapped or unwrapped with the key, refused or not, by the log."""
    found: dict[str, list[LoggedUse]] = {}
    for one in key.log.value.uses if key.log.value else ():
        if one.operation in USES and one.about(key.name):
            found.setdefault(one.caller.lower(), []).append(one)
    return found


def own_uses(facts: DrillFacts) -> int:
    """How often whoever drills, or drilled the key before, used it by the log: told, and no reason."""
    uses = _callers(facts.request.key)
    return sum(one.calls for who in _drilling(facts) for one in uses.get(who, ()))


def _drilling(facts: DrillFacts) -> frozenset[str]:
    """Who begins this drill, and who began one before: each drill uses the key itself."""
    return (drills.operators(facts.request.key) | {facts.caller.lower()}) - {""}


def _endpoints(facts: DrillFacts) -> Iterator[str]:
    for one in facts.workspaces:
        if one.unlisted:
            yield (
                f"Whether the workspace '{one.name}' has live endpoints is not known: {one.unlisted} Sign in as"
                " somebody who may list them."
            )
        if one.endpoints:
            yield (
                f"The workspace '{one.name}' has {many(len(one.endpoints), 'endpoint')}"
                f" ({', '.join(one.endpoints)}),"
                " which others may be using; delete them, or drill another key."
            )


def _right(facts: DrillFacts) -> Iterator[str]:
    needed = facts.request.now + facts.request.limit + RESERVE
    if facts.right.unknown:
        yield f"Until when you may enable the version again is not known: {facts.right.unknown}"
    elif facts.right.until is not None and facts.right.until < needed:
        yield (
            f"Your right to enable the version ends at {_time(facts.right.until)}, and it has to last until"
            f" {_time(needed)}, an hour after the limit; activate the role for longer, or lower --limit."
        )


def _under_way(facts: DrillFacts) -> Iterator[str]:
    for one in facts.workspaces:
        if one.changing:
            yield f"The workspace '{one.name}' may be being changed: {one.changing}; wait for it to end."
        if one.state != "Succeeded":
            yield (
                f"The workspace '{one.name}' is in the state '{one.state or 'unknown'}'; wait until what is"
                f" done with"
                " it has succeeded."
            )
    for plan in facts.plans:
        yield f"{plan}; finish it, or move the folder of the plan aside if it was given up."
    if facts.rotation:
        yield (
            f"Rotation {facts.rotation} of the key began and did not end, by the reports in keys/; finish it"
            f" first."
        )


def _first(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _time(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
