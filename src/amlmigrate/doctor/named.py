"""Where items of the source name other resources at which whoever writes them anew needs rights too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import properties_of
from amlmigrate.core.finding import Finding, Severity
from amlmigrate.core.workspace import Workspace
from amlmigrate.doctor.effective import Rights
from amlmigrate.doctor.need import Need, SideName, Where
from amlmigrate.doctor.rights import missing_rights
from amlmigrate.doctor.unchecked import unchecked
from amlmigrate.kinds import moving_kinds
from amlmigrate.posture.reading import tried_list


async def missing_at_named(
    side: Side,
    source: Workspace,
    wanted: Iterable[Need],
    rights: Mapping[SideName, Rights],
    *,
    holds: Set[str],
    worst: Severity,
) -> list[Finding]:
    """A finding for each right that is missing at what an item of the source names; `side` reads the source.

    Each resource is asked for what its own type takes.
    """
    at, found = await _named(side, source)
    needs = [need for need in wanted if need.where is Where.NAMED]
    for scope, action in sorted(at):
        asked = [need for need in needs if need.action == action]
        found += await missing_rights(asked, {Where.NAMED: scope}, rights, holds=holds, worst=worst)
    return found


async def _named(side: Side, source: Workspace) -> tuple[set[tuple[str, str]], list[Finding]]:
    """ARM ids with the operations that are needed there, each once; and what could not be read of it."""
    at: set[tuple[str, str]] = set()
    unread = []
    for kind in moving_kinds().values():
        if not kind.permissions.named:
            continue
        read = await tried_list(side.arm, f"{source.id}/{kind.collection}")
        if read.value is None:
            what = f"what the source's {kind.name} name, where rights are needed too,"
            unread.append(unchecked(source.id, read, what, kind.permissions.read[0]))
        at |= {one for item in read.value or () for one in kind.permissions.at(properties_of(item))}
    return at, unread
