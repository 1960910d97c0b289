"""Levels of sensitivity that fell, and production tags that went, since the scans before: by tags alone. Pure.

A guardrail goes by tags, so whoever lowers one takes a workspace out of it. Names and groups tell levels too in
the tagging standard; they do not change, and are left out on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from shlex import join

from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.posture.tagging import ENVIRONMENT, SENSITIVITY, Standard, TaggingSubject

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaggedThen:
    """The tags of a workspace as a scan has them, and when that was made."""

    id: str
    tags: Tags
    seen: datetime


@dataclass(frozen=True, slots=True)
class TagFall:
    """What fell: a workspace's ARM id, which fact, its tag, its level then and now; `since` when it was seen last.

    `now` is empty where its tags tell no level any more.
    """

    id: str
    fact: str
    tag: str
    then: str
    now: str
    since: datetime

    @property
    def text(self) -> str:
        """In words."""
        fell = f"was {self.then} on {self.since:%Y-%m-%d}"
        now = f" and is {self.now} now" if self.now else ", and its tags tell none now"
        return f"Its {named(self.fact)} {fell}{now}."

    @property
    def remedy(self) -> str:
        """How it is put back, unless it was meant."""
        return f"Ask its owner whether that was meant; if not: {written(self.id, self.tag, self.then)}"


def named(fact: str) -> str:
    """A fact as sentences name it."""
    return "level of sensitivity" if fact == SENSITIVITY else "environment"


def written(id_: str, tag: str, level: str) -> str:
    """The command that gives a workspace a tag."""
    return f"az tag update {join(['--resource-id', id_, '--operation', 'Merge', '--tags', f'{tag}={level}'])}"


def tags_of(workspace: Document) -> Tags:
    """The tags of a workspace, as Azure lists it or a scan has it."""
    return {str(name): str(value) for name, value in (workspace.get("tags") or {}).items()}


def falls(standard: Standard, then: Iterable[TaggedThen], now: Iterable[Document]) -> Iterator[TagFall]:
    """Of each workspace that is there: against the highest level that a scan has seen."""
    listed = {key_of(one.get("id")): one for one in now}
    seen: dict[str, list[TaggedThen]] = {}
    for one in then:
        seen.setdefault(key_of(one.id), []).append(one)
    for id_, before in sorted(seen.items()):
        if id_ in listed:
            yield from _of(standard, before, tags_of(listed[id_]))


def _of(standard: Standard, before: list[TaggedThen], tags: Tags) -> Iterator[TagFall]:
    for fact in (SENSITIVITY, ENVIRONMENT):
        levels = standard.facts[fact].levels
        known = [(levels.index(level), one) for one in before if (level := by_tags(standard, fact, one.tags))]
        if not known:
            continue
        # Of scans with the same level the latest: who took it away did so after that.
        rank, last = max(known, key=lambda each: (each[0], each[1].seen))
        now = by_tags(standard, fact, tags)
        fell = now is None or levels.index(now) < rank
        if fell and (fact == SENSITIVITY or rank == len(levels) - 1):
            yield TagFall(last.id, fact, standard.facts[fact].tag, levels[rank], now or "", last.seen)


def by_tags(standard: Standard, fact: str, tags: Tags) -> str | None:
    """The level that tags alone tell; None where they tell none."""
    return standard.level(fact, TaggingSubject("", "", "", tags))
