"""How much there is to lose where a workspace stands now: a score from what a scan knows of it.

The weights are judgement, not measurement; docs/reference/risk.md has them as a table and says why.
"""

from __future__ import annotations

from collections.abc import Sequence

from amlmigrate.core.armid import key_of
from amlmigrate.scanning.values import MICROSOFT, Risk, Scanned

ENCRYPTION = 40
STORAGE = 10
SENSITIVITY = 20
ENVIRONMENT = 12
PUBLIC_WORKSPACE, OPEN_STORAGE, SHARED_KEYS = 6, 8, 4
# From so many days on a customer's key counts so much.
KEY_AGE = ((730, 20), (365, 10))
LEVELS = ((70, "high"), (40, "medium"), (0, "low"))


def risk(workspace: Scanned, sensitivities: Sequence[str], environments: Sequence[str]) -> Risk:
    """The score of a workspace; both sequences are the levels of the tagging standard, least first."""
    parts = {
        "encryption": _sure(0 if workspace.encryption.by_customer else ENCRYPTION),
        "storage": _storage(workspace),
        "sensitivity": _sure(_level(workspace.sensitivity, sensitivities, SENSITIVITY)),
        "environment": _sure(_level(workspace.environment, environments, ENVIRONMENT)),
        "exposure": _exposure(workspace),
        "key_age": _key_age(workspace),
    }
    score = sum(most for most, _ in parts.values())
    return Risk(
        score,
        sum(least for _, least in parts.values()),
        next(level for floor, level in LEVELS if score >= floor),
        {name: most for name, (most, _) in parts.items()},
    )


Points = tuple[int, int]


def _sure(points: int) -> Points:
    return points, points


def _maybe(answer: bool | None, points: int) -> Points:
    """The points if the answer is yes; one that is not known counts as the worst at most."""
    return (points, 0) if answer is None else _sure(points if answer else 0)


def _storage(workspace: Scanned) -> Points:
    if workspace.storage is None:
        return _sure(0)
    found = workspace.storage.encryption
    return _maybe(None if found is None else found == MICROSOFT, STORAGE)


def _level(level: str | None, levels: Sequence[str], most: int) -> int:
    """By its place among the levels; one that no tag tells counts half."""
    if level is None or level not in levels:
        return most // 2
    return round(most * levels.index(level) / max(1, len(levels) - 1))


def _exposure(workspace: Scanned) -> Points:
    public = workspace.exposure.public_network_access.lower() != "disabled"
    found = [_maybe(public, PUBLIC_WORKSPACE)]
    if workspace.storage is not None:
        found += [
            _maybe(workspace.storage.open, OPEN_STORAGE),
            _maybe(workspace.storage.shared_key_access, SHARED_KEYS),
        ]
    return sum(most for most, _ in found), sum(least for _, least in found)


def _key_age(workspace: Scanned) -> Points:
    if not workspace.encryption.by_customer:
        return _sure(0)
    days = workspace.encryption.key_age_days
    if days is None:
        return KEY_AGE[0][1], 0
    return _sure(next((points for floor, points in KEY_AGE if days >= floor), 0))


def rank(workspaces: Sequence[Scanned]) -> list[Scanned]:
    """The highest score first; equal ones by id, so that two scans have one order."""
    return sorted(workspaces, key=lambda one: (-(one.risk.score if one.risk else 0), key_of(one.id)))
