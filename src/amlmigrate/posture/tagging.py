"""The tagging standard: reads its rule file, and tells sensitivity and environment of a workspace by it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any

from amlmigrate.core import schemas, strictyaml, unread
from amlmigrate.core.documents import digest
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.workspace import Workspace

SENSITIVITY, ENVIRONMENT = "sensitivity", "environment"
# Which of the standard's tags hold a rule's guess, as `scan` marks them: whoever removes it stands for the tags.
GUESSED = "aml-cmk-migrate-guessed"
_PACKAGE = "amlmigrate.posture"
_REMEDY = "docs/reference/tagging.md has the members; leave --rules out for the standard that is shipped."


class LevelTeller(StrEnum):
    """Who says a level: somebody by a tag, its owner by a decision, or only a rule, by names and the like."""

    TAG = "tag"
    DECISION = "decision"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class ToldLevel:
    """A level and who says it: the tag that it is read from, or of a decision its owner and day.

    `otherwise` is what tags and rules say where a decision says something else.
    """

    level: str
    by: LevelTeller
    tag: str | None = None
    owner: str | None = None
    date: str | None = None
    otherwise: str | None = None

    @property
    def source(self) -> dict[str, str | None]:
        """Who says it, without the level itself."""
        return {name: value for name, value in asdict(self).items() if name != "level"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that tags tell: its tag in the standard, and its levels from the least to the most."""

    tag: str
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaggingRule:
    """When all of `when` holds, the fact has this level; texts in lower case, names and groups are globs."""

    fact: str
    level: str
    when: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TaggingSubject:
    """What rules look at."""

    name: str
    group: str
    subscription: str
    tags: Mapping[str, str]
    hbi: bool = False


@dataclass(frozen=True, slots=True)
class Standard:
    """Facts by name, rules in order, and the SHA-256 of the file's content."""

    facts: Mapping[str, Fact]
    rules: tuple[TaggingRule, ...]
    sha256: str

    def level(self, fact: str, subject: TaggingSubject) -> str | None:
        """The level of a fact; None where neither the standard's tag nor a rule tells it."""
        told = self.told(fact, subject)
        return told.level if told else None

    def told(self, fact: str, subject: TaggingSubject) -> ToldLevel | None:
        """The level of a fact and who says it; None where neither the standard's tag nor a rule tells it."""
        known = self.facts[fact]
        value = (_tag(subject.tags, known.tag) or "").strip().lower()
        if value not in known.levels:
            return self._ruled(fact, subject)
        own = spelled(subject.tags, known.tag)
        if not is_guess(fact, known.tag, subject.tags):
            return ToldLevel(value, LevelTeller.TAG, own)
        # Rules may have changed since they guessed, or somebody may have said it in another tag.
        others = {name: text for name, text in subject.tags.items() if name != own}
        return self._ruled(fact, replace(subject, tags=others)) or ToldLevel(value, LevelTeller.RULE, own)

    def _ruled(self, fact: str, subject: TaggingSubject) -> ToldLevel | None:
        rule = next((one for one in self.rules if one.fact == fact and _holds(one.when, subject)), None)
        if rule is None:
            return None
        # A rule about values of tags alone only reads what somebody wrote; every other one guesses.
        if set(rule.when) == {"tags", "values"}:
            return ToldLevel(rule.level, LevelTeller.TAG, _tag_read(rule.when, subject.tags))
        return ToldLevel(rule.level, LevelTeller.RULE)

    def tags(self, levels: Mapping[str, str | None], tags: Mapping[str, str]) -> dict[str, str]:
        """The standard's tags that a workspace lacks, or has in another spelling, and their values by it.

        A tag of the standard whose value no rule understands was meant by somebody: it stays as it is.
        """
        found = {}
        for name, fact in self.facts.items():
            level, now = levels.get(name), _tag(tags, fact.tag)
            if level is None or now == level:
                continue
            if now is None or self._understood(name, fact.tag, now):
                found[spelled(tags, fact.tag)] = level
        return found

    def _understood(self, fact: str, tag: str, value: str) -> bool:
        return self.level(fact, TaggingSubject("", "", "", {tag: value})) is not None


def _tag(tags: Mapping[str, str], name: str) -> str | None:
    """A tag's value: names of tags do not mind letter case, values do."""
    return next((value for key, value in tags.items() if key.lower() == name.lower()), None)


def spelled(tags: Mapping[str, str], name: str) -> str:
    """A tag's name as it is there already, in whatever letter case; else as it is given.

    learn.microsoft.com, tag-resources: operations do not mind the letter case of names, which may be kept.
    """
    return next((key for key in tags if key.lower() == name.lower()), name)


def guesses(tags: Mapping[str, str]) -> dict[str, str]:
    """Fact to level, as the mark of guesses has them; a tag that has another value since then is none."""
    parts = (part.partition("=") for part in (_tag(tags, GUESSED) or "").split(";"))
    return {fact.strip(): level.strip() for fact, equals, level in parts if equals}


def is_guess(fact: str, tag: str, tags: Mapping[str, str]) -> bool:
    """Whether the value that a tag has is the guess that the mark names."""
    value = (_tag(tags, tag) or "").strip().lower()
    return bool(value) and guesses(tags).get(fact) == value


def guess_mark(found: Mapping[str, str]) -> str:
    """The value of the mark for guesses, fact to level."""
    return "; ".join(f"{fact}={level}" for fact, level in sorted(found.items())) or "none"


def _holds(when: Mapping[str, Any], subject: TaggingSubject) -> bool:
    if "tags" in when and not _tagged(when, subject.tags):
        return False
    if "hbi" in when and when["hbi"] != subject.hbi:
        return False
    globs = (("names", subject.name), ("groups", subject.group), ("subscriptions", subject.subscription))
    return all(_matches(when[key], text) for key, text in globs if key in when)


def _tagged(when: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    return _tag_read(when, tags) is not None


def _tag_read(when: Mapping[str, Any], tags: Mapping[str, str]) -> str | None:
    """The tag by which a rule holds, as it is spelled there; None for none."""
    for name in when["tags"]:
        value = _tag(tags, name)
        if value is not None and ("values" not in when or value.strip().lower() in when["values"]):
            return spelled(tags, name)
    return None


def _matches(globs: Iterable[str], text: str) -> bool:
    return any(fnmatchcase(text.lower(), glob) for glob in globs)


def read(path: Path | None = None) -> Standard:
    """The standard in a file, or the one that is shipped. Raises BadInputError."""
    try:
        text = path.read_text(encoding="utf-8-sig") if path else shipped()
        content = strictyaml.load(text)
    except strictyaml.NotStrictError as error:
        raise _bad(path, str(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path, unread.why(error)) from error
    # That the one that is shipped is well-formed a test shows: what checks it takes longer to load than all else.
    if path and (problem := schemas.problem(schema(), content)):
        raise _bad(path, f"{problem.json_path}: {schemas.told(problem)[:300]}")
    facts = {name: Fact(one["tag"], tuple(one["levels"])) for name, one in content["facts"].items()}
    if same := _shared(facts.values()):
        raise _bad(path, f"the tag '{same}' is given to two facts, and one value cannot tell both")
    rules = tuple(
        TaggingRule(one["fact"], one["level"], _lower(one["when"])) for one in content.get("rules") or ()
    )
    for number, rule in enumerate(rules, start=1):
        if rule.level not in facts[rule.fact].levels:
            raise _bad(path, f"rule {number}: '{rule.level}' is not a level of {rule.fact}")
    return Standard(facts, rules, digest(content))


def most_sensitive(*workspaces: Workspace) -> bool:
    """Whether any has the highest sensitivity, by the shipped standard: a target may still lack the tags."""
    standard = read()
    highest = standard.facts[SENSITIVITY].levels[-1]
    return any(standard.level(SENSITIVITY, _subject(one)) == highest for one in workspaces)


def _subject(workspace: Workspace) -> TaggingSubject:
    ref = workspace.ref
    tags = {str(name): str(value) for name, value in (workspace.document.get("tags") or {}).items()}
    hbi = workspace.properties.get("hbiWorkspace") is True
    return TaggingSubject(ref.name, ref.group, ref.subscription, tags, hbi)


def _shared(facts: Collection[Fact]) -> str:
    """A tag that two facts have, in whatever letter case; '' for none."""
    names = [fact.tag.lower() for fact in facts]
    return next((fact.tag for fact in facts if names.count(fact.tag.lower()) > 1), "")


def schema() -> Any:
    """The JSON Schema of a rule file."""
    return json.loads(files(_PACKAGE).joinpath("tagging.schema.json").read_text(encoding="utf-8"))


def shipped() -> str:
    """The text of the rule file that is shipped."""
    return files(_PACKAGE).joinpath("tagging.yaml").read_text(encoding="utf-8")


def _lower(when: Mapping[str, Any]) -> dict[str, Any]:
    return {key: [text.lower() for text in one] if isinstance(one, list) else one for key, one in when.items()}


def _bad(path: Path | None, why: str) -> BadInputError:
    return BadInputError(
        f"The rule file cannot be used: {why}.", address=str(path or "tagging.yaml"), remedy=_REMEDY
    )
