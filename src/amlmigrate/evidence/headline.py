"""One sentence on a report: what is the same, and what is not in the target. It says no more than was shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping

from amlmigrate.core.address import plain_text
from amlmigrate.core.few import agreed, many
from amlmigrate.core.state import IN_TARGET, Outcome
from amlmigrate.evidence.verify import Same, Verify

# What a run or a verification has done or compared itself.
# What is told otherwise, or is nobody's loss.
_SILENT = (*IN_TARGET, Outcome.DELETED, Outcome.NOT_NEEDED)
# What may well be in the target, as a person says, and is not looked at here.
_BY_PEOPLE = ("done by hand", "exported", "cut over")


def apart(
    ended: Iterable[tuple[str, Outcome]], there: Iterable[str], others: Container[str] = frozenset()
) -> dict[str, dict[str, int]]:
    """Counts the items that were not compared, by outcome: `not_in_target`, `not_compared`, `not_the_same` if any.

    `ended` is address and outcome of each; `there` are addresses under which the target holds something, `others`
    those of blobs that were seen to be other ones there.
    """
    known = frozenset(map(plain_text, there))
    absent: Counter[str] = Counter()
    unlike: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for address, outcome in ended:
        if outcome not in _SILENT:
            if address in others and outcome is not Outcome.BY_HAND:
                unlike[outcome.value] += 1
                continue
            counted = other if plain_text(address) in known or outcome.value in _BY_PEOPLE else absent
            counted[outcome.value] += 1
    found = {"not_in_target": dict(absent), "not_compared": dict(other)}
    return found | ({"not_the_same": dict(unlike)} if unlike else {})


def verified(content: Verify) -> str:
    """Of a report of `verify`: is it green, what is the same, what is not there, and what was not looked at."""
    if content.green:
        lead = f"Green at depth {content.depth}: "
    else:
        differences, open_ones = len(content.differences), len(content.unsettled)
        lead = f"Not green: {many(differences, 'difference')}, {open_ones} open{not_let_go(content)}. "
    return lead + _first(lead, "; ".join(_told(content))) + "."


def not_let_go(content: Verify) -> str:
    """What else keeps a report of `verify` from being green, to go on with; empty where nothing else does."""
    findings = len(content.open_findings)
    unproven = sum(1 for one in content.posture if one.severity == "error")
    told = f", {many(findings, 'finding')} not waived" if findings else ""
    return told + (f", {many(unproven, 'error')} about the target's keys and storage" if unproven else "")


def unchecked(content: Verify) -> str:
    """How many things a report of `verify` did not check; empty where there are none."""
    count = len(content.not_checked)
    return f"{many(count, 'thing')} {agreed(count, 'was', 'were')} not checked{_early(content)}" if count else ""


def _early(content: Verify) -> str:
    """That the code bytes were looked at before that counts, to go on with; empty where they were not."""
    look = content.code_bytes
    if not look or look.settled:
        return ""
    return f", among them whether the code bytes stay: verify again from {look.known_from} on"


def of_evidence(content: Verify) -> str:
    """The same without the verdict, for what rests on that report; empty for one of a target in use."""
    return _capital("; ".join(_told(content))) + "." if content.same else ""


def ran(items: Mapping[str, int], lead: str) -> str:
    """Of a run: what was moved and what was not. Whether it is the same only a verification says."""
    moved = [(items[one.value], one.value) for one in (*IN_TARGET, Outcome.DELETED) if items.get(one.value)]
    rest = {name: count for name, count in items.items() if name not in {one.value for one in _SILENT}}
    parts = []
    if moved:
        first, *more = moved
        parts.append(_listed([f"{many(first[0], 'item')} {first[1]}", *(f"{n} {name}" for n, name in more)]))
    if rest:
        parts.append(f"{_kinds(rest)} {_be(rest, 'was', 'were')} not moved")
    return f"{lead}: {'; '.join(parts)}." if parts else f"{lead}."


def _told(content: Verify) -> Iterable[str]:
    if content.same:
        yield _same(content, content.same)
    if absent := content.not_in_target:
        yield f"{_kinds(absent)} {_be(absent, 'is', 'are')} not in the target"
    if unlike := content.not_the_same:
        yield f"{_kinds(unlike)} {_be(unlike, 'is', 'are')} not the same in the target"
    if other := content.not_compared:
        yield f"{_kinds(other)} {_be(other, 'was', 'were')} not compared"
    if told := unchecked(content):
        yield told


def _same(content: Verify, same: Same) -> str:
    blobs, documents = same.blobs, same.documents
    if not blobs and not documents:
        return "nothing was found to be the same"
    both = [many(n, what) for n, what in ((blobs, "blob"), (documents, "document")) if n]
    every = content.of.blobs if content.of else blobs
    if blobs and every != blobs:
        both[0] = f"{blobs} of {many(every, 'blob')}"
    if content.depth == "metadata" and blobs:
        listed = f"{both[0]} {agreed(blobs, 'has', 'have')} the same length and labels, bytes unread"
        rest = f", and {many(documents, 'document')} {agreed(documents, 'is', 'are')} the same"
        return listed + (rest if documents else "")
    return f"{_listed(both)} {agreed(blobs + documents, 'is', 'are')} the same"


def _kinds(counts: Mapping[str, int]) -> str:
    """`8 waived items and 2 items left by selection`."""
    return _listed(
        [
            f"{count} waived {agreed(count, 'item', 'items')}"
            if name == Outcome.WAIVED.value
            else f"{many(count, 'item')} {name}"
            for name, count in counts.items()
        ]
    )


def _be(counts: Mapping[str, int], one: str, many: str) -> str:
    return one if sum(counts.values()) == 1 else many


def _listed(parts: list[str]) -> str:
    *before, last = parts
    return f"{', '.join(before)} and {last}" if before else last


def _first(lead: str, text: str) -> str:
    """After a full stop a sentence begins."""
    return _capital(text) if lead.endswith(". ") else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
