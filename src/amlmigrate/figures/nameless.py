"""Workspaces that a scan saw without a workspaceId: which of those with one they are, where that is shown. Pure.

A workspace without one is known by its ARM id alone, and that is another's after it was deleted and created again.
It is the same one if its ARM id and the time of its creation are (AZ-WS-20).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from amlmigrate.core.armid import key_of
from amlmigrate.figures.history import Look, Sighting

# When those of a workspaceId that were seen at an ARM id were created, by the workspaceId.
_Known = Mapping[str, set[datetime | None]]


def joined(looks: Iterable[Look]) -> tuple[list[Look], dict[str, tuple[str, ...]]]:
    """The looks, in which each workspace has its workspaceId wherever that is shown.

    Beside them, by ARM id, the names of the scans that saw one of which it is not shown whether it is one that was
    seen with a workspaceId: that counts for itself.
    """
    looks = list(looks)
    nameless = {key_of(one.id) for look in looks for one in look.sightings.values() if _nameless(one)}
    if not nameless:
        return looks, {}
    known: defaultdict[str, defaultdict[str, set[datetime | None]]] = defaultdict(lambda: defaultdict(set))
    for look in looks:
        for one in look.sightings.values():
            if key_of(one.id) in nameless and not _nameless(one):
                known[key_of(one.id)][one.workspace].add(one.created)
    doubtful: defaultdict[str, list[str]] = defaultdict(list)
    found = []
    for look in looks:
        sightings = []
        for one in look.sightings.values():
            ids = _ids(one, look.at, known[key_of(one.id)]) if _nameless(one) else ()
            if one.created and len(ids) == 1 and one.created in known[key_of(one.id)][ids[0]]:
                sightings.append(replace(one, workspace=ids[0]))
                continue
            sightings.append(one)
            if ids:
                doubtful[one.id].append(look.name)
        found.append(replace(look, sightings=by_workspace(sightings)))
    return found, {id_: tuple(names) for id_, names in sorted(doubtful.items())}


def by_workspace(seen: Iterable[Sighting]) -> dict[str, Sighting]:
    """By workspaceId; of two sightings of one, as while it is moved, the worse counts."""
    found: dict[str, Sighting] = {}
    for one in seen:
        if one.workspace not in found or not one.customer:
            found[one.workspace] = one
    return found


def _nameless(one: Sighting) -> bool:
    return one.workspace == key_of(one.id)


def _ids(one: Sighting, at: datetime, known: _Known) -> tuple[str, ...]:
    """The workspaceIds that it may have: those of its creation time, else those that no time speaks against."""
    same = tuple(id_ for id_, times in known.items() if one.created and one.created in times)
    return same or tuple(id_ for id_, times in known.items() if _may_be(one, at, times))


def _may_be(one: Sighting, at: datetime, times: set[datetime | None]) -> bool:
    told = [time for time in times if time]
    if one.created:
        return not told
    return not told or min(told) <= at
