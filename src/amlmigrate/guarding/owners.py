"""What owners decided and the tags of today do not say: a guardrail goes by tags alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.guarding.falls import TagFall, Tags, by_tags, named, tags_of, written
from amlmigrate.guarding.gaps import GuardGap
from amlmigrate.guarding.wanted import Guardrail
from amlmigrate.posture.tagging import ENVIRONMENT
from amlmigrate.scanning.standing import FACTS, StandingDecision, StandingDecisions, unknown_level


@dataclass(frozen=True, slots=True)
class TagsCompared:
    """Where more is asked for than the tags of today say, and of what that is not known."""

    gaps: tuple[GuardGap, ...]
    not_checked: tuple[str, ...]


def unwritten(
    guardrail: Guardrail, decided: StandingDecisions, listed: Iterable[Document], fell: Iterable[TagFall]
) -> TagsCompared:
    """Of each workspace that is listed; not what is told as a level that fell already."""
    told = {(key_of(one.id), one.fact, one.then) for one in fell}
    gaps, doubts = list[GuardGap](), list[str]()
    for workspace in listed:
        id_, tags = str(workspace.get("id")), tags_of(workspace)
        for fact in FACTS:
            now, known = by_tags(guardrail.standard, fact, tags), guardrail.standard.facts[fact].levels
            if now == known[-1]:
                continue
            if doubt := decided.doubt(id_):
                doubts.append(f"what the owner of {id_} decided: {doubt}")
            one = decided.of(workspace, fact)
            if one and one.level not in known:
                doubts.append(f"what the owner of {id_} decided: {unknown_level(one)}")
            elif one and (key_of(id_), fact, one.level) not in told and _stricter(guardrail, fact, one, tags):
                gaps.append(_gap(guardrail, id_, fact, one, now))
    return TagsCompared(tuple(gaps), tuple(dict.fromkeys(doubts)))


def _stricter(guardrail: Guardrail, fact: str, one: StandingDecision, tags: Tags) -> bool:
    """Whether a decision asks for more than the tags do.

    Of environments only production is asked for, and one that no tag tells counts as that everywhere already.
    """
    now, levels = by_tags(guardrail.standard, fact, tags), guardrail.standard.facts[fact].levels
    if fact == ENVIRONMENT:
        return now is not None and one.level == levels[-1]
    if now is None:
        return one.level not in guardrail.harmless and not guardrail.needs_key(tags)
    return levels.index(one.level) > levels.index(now)


def _gap(guardrail: Guardrail, id_: str, fact: str, one: StandingDecision, now: str | None) -> GuardGap:
    tag = guardrail.standard.facts[fact].tag
    said = f"its tags say {now}" if now else "its tags tell none"
    text = f"Its {named(fact)} is {one.level} by its owner ({one.text}), and {said}: a guardrail goes by tags."
    remedy = f"Write the tag, unless its owner decides otherwise: {written(id_, tag, one.level)}"
    return GuardGap("decided", id_, text, remedy)
