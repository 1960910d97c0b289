"""Reads what the project believes about Azure (`azure/*.md`) and who relies on it; writes what is unverified.

Strict: a page that is not of the form that `azure/README.md` describes is refused. Run alone it tells the counts.
"""

from __future__ import annotations

import enum
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).parent / "azure"
# Pages of that folder that hold no beliefs.
BESIDE = frozenset({"README.md", "unverified.md"})
PRODUCT, LOCAL_AZURE = "amlmigrate", "azsandbox"
MEMBERS = ("status", "source", "rests on", "if wrong", "harm", "probe")
_ID = re.compile(r"AZ-([A-Z]+)-([1-9]\d*)")
_TITLE = re.compile(r"# .+ \(AZ-([A-Z]+)\)")
_CITED = re.compile(r"\bAZ-[A-Za-z0-9][A-Za-z0-9-]*")
_SUFFIXES = frozenset({".py", ".js", ".md", ".json", ".yaml"})


class Status(enum.StrEnum):
    """How a belief is known."""

    DOCUMENTED = "documented"
    RECORDED = "recorded"
    INFERRED = "inferred"


class Harm(enum.StrEnum):
    """What comes of it where a belief is wrong, worst first."""

    SILENT_LOSS = "silent loss"
    FALSE_CLAIM = "false claim"
    EXPOSURE = "exposure"
    STOPS = "stops"
    TESTS = "tests"
    NONE = "none"


KNOWN = {
    Status.DOCUMENTED: "the maker of the service says so: a page, a description of an API, the source of a client",
    Status.RECORDED: "somebody saw the service do so: a recording of its traffic, an answer quoted in a report",
    Status.INFERRED: "nobody says so; it is concluded from something else, and has a `probe`",
}
# Where an inferred belief with one of these is wrong, nobody is told.
UNSAFE = (Harm.SILENT_LOSS, Harm.FALSE_CLAIM, Harm.EXPOSURE)
MEANING = {
    Harm.SILENT_LOSS: "something is lost, left behind or destroyed, and nobody is told",
    Harm.FALSE_CLAIM: "a report, a plan or the gate says more than is true",
    Harm.EXPOSURE: "somebody may do or see more than was meant",
    Harm.STOPS: "the tool refuses, fails, waits or asks for something needlessly, and says so",
    Harm.TESTS: "only the local Azure relies on it: tests there show less",
    Harm.NONE: "a message or an estimate is off",
}


class BeliefError(ValueError):
    """A page of beliefs is not of the form that it has to have."""


@dataclass(frozen=True, slots=True)
class Belief:
    """One statement about Azure. `probe` is empty where an answer of the service was seen, or its maker says
    so."""

    id: str
    text: str
    status: Status
    source: str
    rests_on: str
    if_wrong: str
    harm: Harm
    probe: str
    page: str

    def link_from(self, way: str) -> str:
        """A Markdown link to it from a page from which `way` leads to the folder of beliefs."""
        return f"[{self.id}]({way}{self.page}#{self.id.lower()})"


def read(folder: Path = PAGES) -> dict[str, Belief]:
    """Every belief by its id. Raises BeliefError."""
    found: dict[str, Belief] = {}
    areas: dict[str, str] = {}
    for path in sorted(folder.glob("*.md")):
        if path.name in BESIDE:
            continue
        beliefs = page(path.name, path.read_text(encoding="utf-8"))
        area = area_of(next(iter(beliefs)))
        if area in areas:
            raise BeliefError(f"{path.name}: AZ-{area} is the area of {areas[area]}")
        areas[area] = path.name
        found |= beliefs
    return found


def page(name: str, text: str) -> dict[str, Belief]:
    """The beliefs of one page: its numbers rise, and none is taken twice. Raises BeliefError."""
    head, *sections = re.split(r"^### ", text, flags=re.MULTILINE)
    title = _TITLE.fullmatch(head.partition("\n")[0])
    if not title or not sections:
        raise BeliefError(f"{name}: begins with no title as `# Lists (AZ-LIST)`, or has no belief")
    found: dict[str, Belief] = {}
    last = 0
    for section in sections:
        id_, _, rest = section.partition("\n")
        number = _ID.fullmatch(id_)
        if not number or number[1] != title[1] or int(number[2]) <= last:
            raise BeliefError(f"{name}: `{id_}` is no next id of AZ-{title[1]}")
        last = int(number[2])
        found[id_] = _belief(id_, rest, name)
    return found


def _belief(id_: str, text: str, page: str) -> Belief:
    statement, _, list_ = text.strip().partition("\n\n")
    statement = " ".join(statement.split())
    if statement.startswith("- ") or not statement.endswith(".") or len(statement) > 500:
        raise BeliefError(f"{id_}: says in no short paragraph what is believed")
    members = dict(_members(id_, list_))
    needed = MEMBERS if members.get("status") == Status.INFERRED else MEMBERS[:-1]
    if tuple(members)[: len(needed)] != needed or not set(members) <= set(MEMBERS):
        raise BeliefError(f"{id_}: has the members {', '.join(members)}, not {', '.join(needed)}")
    try:
        status, harm = Status(members["status"]), Harm(members["harm"])
    except ValueError as error:
        raise BeliefError(f"{id_}: {error}") from error
    words = {key.replace(" ", "_"): members.get(key, "") for key in MEMBERS if key not in ("status", "harm")}
    return Belief(id_, statement, status, harm=harm, page=page, **words)


def _members(id_: str, text: str) -> Iterator[tuple[str, str]]:
    """`- name: value` each, which may go on in lines that are indented."""
    seen: set[str] = set()
    for item in re.split(r"\n(?! )", text.strip()):
        name, colon, value = item.removeprefix("- ").partition(": ")
        if not item.startswith("- ") or not colon or not value.strip() or name in seen:
            raise BeliefError(f"{id_}: `{item}` is no member, or stands there twice")
        seen.add(name)
        yield name, " ".join(value.split())


def area_of(id_: str) -> str:
    """`LIST` of `AZ-LIST-3`."""
    return id_.split("-")[1]


# Citations.


@dataclass(frozen=True, slots=True)
class Citation:
    """A word that begins as an id does, in a file; `whole`: it is of the form of one."""

    id: str
    path: Path
    whole: bool


def citations(root: Path) -> Iterator[Citation]:
    """Every id that files below `root` name, but for the pages of beliefs themselves."""
    for path in sorted(root.rglob("*")):
        if (
            path.suffix in _SUFFIXES
            and path.is_file()
            and PAGES not in path.parents
            and "_static" not in path.parts
        ):
            yield from cited(path.read_text(encoding="utf-8"), path)


def cited(text: str, path: Path) -> Iterator[Citation]:
    """The same of one text."""
    for word in _CITED.findall(text):
        yield Citation(word, path, _ID.fullmatch(word) is not None)


def packages(root: Path) -> dict[str, set[str]]:
    """Which packages of both distributions rely on each belief: `amlmigrate.kinds`, `azsandbox.arm`."""
    found: dict[str, set[str]] = defaultdict(set)
    for source in (root / "src", root / "sandbox" / "src"):
        for citation in citations(source):
            parts = citation.path.relative_to(source).parts[:-1]
            found[citation.id].add(".".join(parts[:2]))
    return found


# The page of what is unverified.


def unverified(beliefs: Mapping[str, Belief], users: Mapping[str, set[str]]) -> str:
    """The inferred beliefs on which safety rests, worst first; first those that the local Azure shares."""
    found = []
    for harm in UNSAFE:
        of = [one for one in beliefs.values() if one.status is Status.INFERRED and one.harm is harm]
        found.append(f"## {harm.capitalize()}\n\nWhere one of these is wrong, {MEANING[harm]}.\n")
        found += [_entry(one, users.get(one.id, set())) for one in sorted(of, key=lambda one: _rank(one, users))]
        found += [] if of else ["None.\n"]
    return "\n".join(found)


def _rank(belief: Belief, users: Mapping[str, set[str]]) -> tuple[bool, str, int]:
    _, area, number = belief.id.split("-")
    return not _shared(users.get(belief.id, set())), area, int(number)


def _shared(users: Iterable[str]) -> bool:
    return any(one.partition(".")[0] == LOCAL_AZURE for one in users)


def _entry(belief: Belief, users: set[str]) -> str:
    own = sorted(one.partition(".")[2] or one for one in users if one.partition(".")[0] == PRODUCT)
    local = "shares it: no test can show it wrong." if _shared(users) else "does not build on it."
    where = f" (`{'`, `'.join(own)}`)" if own else ""
    return (
        f"### {belief.id}\n\n{belief.text} ({belief.link_from('')})\n\n"
        f"- If it is wrong: {belief.if_wrong}\n"
        f"- What rests on it: {belief.rests_on}{where}\n"
        f"- Why it is believed: {belief.source}\n"
        f"- The local Azure {local}\n"
        f"- Find out: {belief.probe}\n"
    )


def main() -> int:
    """Tells how many there are of each status and harm."""
    counts = Counter((one.status, one.harm) for one in read().values())
    for (status, harm), count in sorted(
        counts.items(), key=lambda item: (item[0][0], list(Harm).index(item[0][1]))
    ):
        sys.stdout.write(f"{status:<12}{harm:<14}{count}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
