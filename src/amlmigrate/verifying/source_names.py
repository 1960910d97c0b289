"""What is told of files of the target that name places of the source: findings of the items that have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from amlmigrate.bytes.prefixes import prefix_of
from amlmigrate.core import mapping as maps
from amlmigrate.core.documents import digest, properties_of
from amlmigrate.core.few import agreed, many
from amlmigrate.core.finding import Finding
from amlmigrate.core.json_strings import document_references
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.workspace import Location, SurveyedWorkspace
from amlmigrate.evidence.verify import NamingFile
from amlmigrate.ledger.decision_subjects import found_by
from amlmigrate.ledger.evidence import EvidenceFile

_SHOWN = 5
_CODE = "names-source"
# How often each file names a place of the source, by the address of the prefix that it was copied with.
Naming = Mapping[str, Mapping[Location, int]]


def findings(plan: Plan, target: SurveyedWorkspace, naming: Naming) -> list[Finding]:
    """A finding for each item with such files among its bytes; of what is no asset's, for the bytes themselves."""
    return [
        _finding(address, found)
        for prefix, files in sorted(naming.items())
        for address, found in sorted(_by_item(plan, target, prefix, files).items())
    ]


def known(reports: list[EvidenceFile]) -> list[Finding]:
    """The findings of the newest verification that read the files, for one that does not."""
    return [one for one in found_by(reports) if one.code == _CODE]


def lines(naming: Naming) -> tuple[NamingFile, ...]:
    """Every such file, as a report has it."""
    return tuple(
        NamingFile(prefix=prefix, file=f"{file.container}/{file.path}", count=count)
        for prefix, files in sorted(naming.items())
        for file, count in sorted(files.items(), key=lambda pair: pair[0].path)
    )


def not_searched(counts: Counter[str]) -> Iterator[str]:
    """What is not known of the files that were not searched."""
    for why, count in sorted(counts.items()):
        yield f"whether files of the target name places of the source, of {count} that {why}"


def _by_item(
    plan: Plan, target: SurveyedWorkspace, prefix: str, files: Mapping[Location, int]
) -> dict[str, dict[Location, int]]:
    """The files by the address of each item that they belong to."""
    owners = list(_owners(plan, target, prefix))
    found: dict[str, dict[Location, int]] = {}
    for file, count in files.items():
        items = [address for address, places in owners if any(_below(file, place) for place in places)]
        # Those that only a table names, or nothing does.
        for address in items or [prefix]:
            found.setdefault(address, {})[file] = count
    return found


def _owners(plan: Plan, target: SurveyedWorkspace, prefix: str) -> Iterator[tuple[str, list[Location]]]:
    """The items that come after a prefix, each with the places in the target that its document names."""
    there = maps.Mapping(target, target)
    for step in plan.steps:
        if step.body and not step.address.phase and any(str(before) == prefix for before in step.after):
            yield str(step.address), list(_places(step, there))


def _places(step: Step, there: maps.Mapping) -> Iterator[Location]:
    for reference in document_references(properties_of(step.body)):
        if place := there.locate(reference):
            yield prefix_of(place)


def _below(file: Location, place: Location) -> bool:
    if file.key != place.key:
        return False
    return not place.path or file.path == place.path or file.path.startswith(f"{place.path}/")


def _finding(address: str, files: Mapping[Location, int]) -> Finding:
    return Finding(
        "blocks",
        address,
        f"{_counted(len(files))} of its bytes in the target {agreed(len(files), 'names', 'name')} places of the"
        f" source, which {agreed(len(files), 'it', 'they')} will not find once that is gone: {_told(files)}.",
        "Fix them in the source and plan again, or waive this finding: nothing is green before.",
        code="names-source",
    )


def _told(files: Mapping[Location, int]) -> str:
    """The files, the most telling first; what is not shown is at least bound by a digest."""
    told = [f"'{file.container}/{file.path}' ({many(count, 'time')})" for file, count in _sorted(files.items())]
    if len(told) <= _SHOWN:
        return ", ".join(told)
    return f"{', '.join(told[:_SHOWN])} and {len(told) - _SHOWN} more (digest of all {digest(told)[:16]})"


def _sorted(files: Iterable[tuple[Location, int]]) -> list[tuple[Location, int]]:
    return sorted(files, key=lambda pair: (-pair[1], pair[0].path))


def _counted(count: int) -> str:
    return "A file" if count == 1 else many(count, "file")
