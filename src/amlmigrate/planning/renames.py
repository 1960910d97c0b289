"""`plan --rename FILE`: the names that people want in the target, by address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amlmigrate.core import csvtable
from amlmigrate.core.address import Address
from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.few import few
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.kinds import all_kinds

_SHOWN = "docs/how-to/rename.md shows what it holds."


@dataclass(frozen=True, slots=True)
class Rename:
    """One line: its number, what the item of the source is to be called, and of which source, where it says so."""

    number: int
    address: Address
    name: str
    source: WorkspaceRef | None = None


@dataclass(frozen=True, slots=True)
class Renames:
    """A file of names; without one there are none."""

    path: Path | None = None
    lines: tuple[Rename, ...] = ()

    def of(self, source: WorkspaceRef) -> Renames:
        """Those for one source."""
        meant = (one for one in self.lines if one.source is None or _same(one.source, source))
        return Renames(self.path, tuple(meant))

    def refuse_none_of(self, source: WorkspaceRef) -> None:
        """Raises BadInputError for a file all of whose lines are of other sources."""
        if self.path and not self.of(source).lines:
            raise csvtable.refused(self.path, f"no line of it is of '{source.short}'", _SHOWN)

    def check_sources(self, sources: Iterable[WorkspaceRef]) -> None:
        """Of many sources each line names one. Raises BadInputError."""
        known = {key_of(source.id) for source in sources}
        for one in self.lines:
            if one.source is None:
                raise self.refused(one, "names no source, and there are many", "Add a column `source`.")
            if key_of(one.source.id) not in known:
                raise self.refused(one, f"is of '{one.source.short}', which is not planned")

    def refused(self, one: Rename, why: str, remedy: str = "Correct the line, or leave it out.") -> BadInputError:
        """That a line cannot be obeyed; `why` goes on after its number."""
        assert self.path
        return csvtable.refused(self.path, f"line {one.number} {why}", remedy)


def read(path: Path, subscription: str | None = None) -> Renames:
    """Reads a file with the columns `address` and `name`, and `source` where it is of many.

    `subscription` is that of sources that are named without one. Raises BadInputError for a file that cannot be
    used, as one with two lines about one item, or about what no name is unique in a region of.
    """
    told = csvtable.read(path, ("address", "name"), ("source",), remedy=_SHOWN)
    found = Renames(path, tuple(_line(path, number, cells, subscription) for number, cells in told))
    seen: dict[tuple[str, Address], Rename] = {}
    whole = any(one.source for one in found.lines)
    for one in found.lines:
        if whole and one.source is None:
            raise found.refused(one, "names no source, and others do")
        before = seen.setdefault((key_of(one.source.id) if one.source else "", one.address), one)
        if before is not one:
            raise found.refused(one, f"is about {one.address}, as line {before.number} is", "Leave one of them.")
    return found


def _line(path: Path, number: int, cells: dict[str, str], subscription: str | None) -> Rename:
    try:
        address = Address.parse(cells["address"])
        source = WorkspaceRef.parse(cells["source"], subscription) if cells["source"] else None
    except BadInputError as error:
        raise csvtable.refused(path, f"line {number}: {error.summary.rstrip('.')}", error.remedy) from error
    one, kinds = Rename(number, address, cells["name"], source), all_kinds()
    kind = kinds.get(address.kind)
    if address.phase or not address.name or address.version is not None or not (kind and kind.regional):
        may = few([name for name, each in kinds.items() if each.regional])
        why = f"is about '{address}', which keeps its name: only a name that is one in a region can be another"
        raise Renames(path).refused(one, why, f"Such names are those of {may}.")
    if not one.name:
        raise Renames(path).refused(one, f"has no name for {address}")
    return one


def _same(one: WorkspaceRef, other: WorkspaceRef) -> bool:
    return key_of(one.id) == key_of(other.id)
