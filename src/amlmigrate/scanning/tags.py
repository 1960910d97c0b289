"""Gives workspaces the standard's tags: what is missing is merged in, and a value that is there stays.

Only where it is asked for is a value written over another one that means the same; what was shown before is what
is changed. Each workspace's tags are read again right before each attempt: what somebody wrote meanwhile stays.
The service has no condition for it (azure-mgmt-resource: `TagsOperations.update_at_scope` takes no `If-Match`), so
what is written between that read and the write, which follow each other, is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.twice import HARMLESS
from amlmigrate.core.documents import shown_properties
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.events import Emit, ignore
from amlmigrate.core.few import many
from amlmigrate.core.parallel import each
from amlmigrate.core.progress import TagsFailed, TagsWritten
from amlmigrate.core.unexpected_errors import known
from amlmigrate.posture.tagging import (
    ENVIRONMENT,
    GUESSED,
    SENSITIVITY,
    LevelTeller,
    Standard,
    guess_mark,
    guesses,
    is_guess,
    spelled,
)
from amlmigrate.scanning.values import NotKnown, Scanned

_AT_ONCE = 8
_ACTION = "Microsoft.Resources/tags/write"
# learn.microsoft.com: tag-resources, "Limitations".
_MOST = 50
_TRIES = 3


@dataclass(frozen=True, slots=True)
class TagChange:
    """What one workspace gets: name to value, and of those that are there what they have now.

    `kept` has the tags whose value stays though the standard has another one for it: name to what is there and
    what the standard has.
    """

    id: str
    tags: Mapping[str, str]
    before: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def due(self, now: Mapping[str, str]) -> dict[str, str]:
        """What is still to be written, by the tags as they are; what somebody changed since is not."""
        found = {}
        for name, value in self.tags.items():
            known = spelled(now, name)
            if now.get(known) == self.before.get(name) and now.get(known) != value:
                found[known] = value
        return found

    def lacking(self, now: Mapping[str, str]) -> list[str]:
        """The tags that do not have the value that was wanted."""
        return [name for name, value in self.tags.items() if now.get(spelled(now, name)) != value]


def changes(
    workspaces: Iterable[Scanned], standard: Standard, *, overwrite: bool = False, guess: bool = False
) -> list[TagChange]:
    """For each workspace what its tags lack of the standard, and with `overwrite` what they say otherwise.

    What only a rule tells is written with `guess`, where there is no such tag, and is marked as a guess. Such a
    guess gives way later to whatever is known better.
    """
    found = []
    for one in workspaces:
        wanted = _wanted(one, standard, guess=guess)
        there = {name: one.tags[name] for name in wanted if name in one.tags}
        guessed = _guessed(one, standard)
        taken = {} if overwrite else {name: value for name, value in there.items() if name not in guessed}
        marked = _mark(
            one, standard, {**one.tags, **{name: to for name, to in wanted.items() if name not in taken}}
        )
        change = TagChange(
            one.id,
            {name: value for name, value in wanted.items() if name not in taken} | marked,
            {name: one.tags[name] for name in (*there, *marked) if name in one.tags and name not in taken},
            {name: (value, wanted[name]) for name, value in taken.items()},
        )
        if change.tags or change.kept:
            found.append(change)
    return found


def _wanted(one: Scanned, standard: Standard, *, guess: bool) -> dict[str, str]:
    """The tags of the standard that are to be there, and are not or say something else."""
    guessed = {fact for fact, told in one.told_by.items() if told.by is LevelTeller.RULE}
    levels = {SENSITIVITY: one.sensitivity, ENVIRONMENT: one.environment}
    sure = standard.tags({fact: level for fact, level in levels.items() if fact not in guessed}, one.tags)
    if not guess:
        return sure
    unsure = standard.tags({fact: levels[fact] for fact in guessed}, one.tags)
    free = _guessed(one, standard)
    return sure | {name: value for name, value in unsure.items() if name not in one.tags or name in free}


def _guessed(one: Scanned, standard: Standard) -> set[str]:
    """The tags that hold a guess, as they are spelled there."""
    facts = standard.facts.items()
    return {spelled(one.tags, fact.tag) for name, fact in facts if is_guess(name, fact.tag, one.tags)}


def _mark(one: Scanned, standard: Standard, after: Mapping[str, str]) -> dict[str, str]:
    """What the mark of guesses has to say for the tags as they will be; nothing where it says so."""
    name = spelled(one.tags, GUESSED)
    guessed = {}
    for fact, told in one.told_by.items():
        tag = standard.facts[fact].tag
        value = after.get(spelled(after, tag))
        # A guess that stays is one, though rules say something else by now.
        if told.by is LevelTeller.RULE and (value == told.level or is_guess(fact, tag, after)):
            guessed[fact] = str(value)
    if guessed == guesses(one.tags):
        return {}
    return {name: guess_mark(guessed)}


async def write(arm: Arm, wanted: Iterable[TagChange], emit: Emit = ignore) -> dict[str, NotKnown]:
    """Writes each change by ARM's merge of tags and reads it back; those that failed, by id.

    A merge leaves tags alone that somebody else wrote meanwhile, which a PATCH of the workspace would not.
    Whatever goes wrong with one workspace stops no other.
    """
    failed: dict[str, NotKnown] = {}

    async def one(change: TagChange) -> None:
        try:
            await _merge(arm, change)
        except Exception as wrong:  # noqa: BLE001 - a fault met with one workspace is told, and keeps no other away
            error = known(change.id, wrong)
            failed[change.id] = NotKnown.of("tags", _ACTION, error)
            emit(TagsFailed(change.id, error.summary, error.remedy))
            return
        emit(TagsWritten(change.id, dict(change.tags)))

    await each([change for change in wanted if change.tags], one, parallel=_AT_ONCE)
    return failed


class _OthersError(Exception):
    """Somebody wrote tags since they were read: what is due is another set."""

    def __init__(self, now: Mapping[str, str]) -> None:
        super().__init__("tags were written meanwhile")
        self.now = now


async def _merge(arm: Arm, change: TagChange) -> None:
    path = f"{change.id}/providers/Microsoft.Resources/tags/default"
    due = dict(change.tags)
    for _ in range(_TRIES):
        try:
            await _write(arm, path, change, due)
            break
        except _OthersError as others:
            due = change.due(others.now)
            if not due:
                break
    now = await _read(arm, path)
    if lacking := change.lacking(now):
        told = ", ".join(f"{name}: {now.get(spelled(now, name), 'none')}" for name in lacking)
        raise ConflictError(
            f"Not every tag has the value that was to be written ({told}).",
            address=change.id,
            remedy="A policy may change tags, or somebody wrote them meanwhile, which stays: scan again.",
        )


async def _write(arm: Arm, path: str, change: TagChange, due: Mapping[str, str]) -> None:
    async def unchanged() -> None:
        now = await _read(arm, path)
        if change.due(now) != due:
            raise _OthersError(now)
        if len({*map(str.lower, now), *map(str.lower, due)}) > _MOST:
            raise ConflictError(
                f"It has {many(len(now), 'tag')}, and Azure takes {_MOST} at most.",
                address=change.id,
                remedy=f"Remove tags that nobody needs, then scan again: it gets {', '.join(due)}.",
            )

    body = {"operation": "Merge", "properties": {"tags": dict(due)}}
    # Merged twice they are the same tags.
    await arm.finish(await arm.call("PATCH", path, body, twice=HARMLESS, first=unchanged), path)


async def _read(arm: Arm, path: str) -> Mapping[str, str]:
    """The tags as they are. Raises ConflictError for an answer that does not say."""
    answer = await arm.get(path) or {}
    properties = shown_properties(answer)
    if properties is None or not isinstance(properties.get("tags") or {}, dict):
        raise ConflictError(
            "The answer to what its tags are has no tags.", address=path, remedy="Run the same command again."
        )
    return {str(name): str(value) for name, value in (properties.get("tags") or {}).items()}
