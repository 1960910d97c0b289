"""Gives workspaces the standard's tags: what is missing is merged in, and nothing else of them is touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from amlmigrate.cloud.arm import Arm
from amlmigrate.cmk.scanning.tagging import ENVIRONMENT, SENSITIVITY, Standard
from amlmigrate.cmk.scanning.values import NotKnown, Scanned
from amlmigrate.core.errors import ConflictError, MigrateError
from amlmigrate.core.events import Emit, Event, ignore
from amlmigrate.core.parallel import each

_AT_ONCE = 8
_ACTION = "Microsoft.Resources/tags/write"


@dataclass(frozen=True, slots=True)
class Change:
    """The tags that one workspace gets: name to value, and what those names have now."""

    id: str
    tags: Mapping[str, str]
    before: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The change in a line."""
        told = (f"{name}: {self.before.get(name, 'none')} -> {value}" for name, value in self.tags.items())
        return f"{self.id}  {', '.join(told)}"


def changes(workspaces: Iterable[Scanned], standard: Standard) -> list[Change]:
    """What the standard's tags lack, for each workspace that lacks any."""
    found = []
    for one in workspaces:
        levels = {SENSITIVITY: one.sensitivity, ENVIRONMENT: one.environment}
        missing = standard.missing_tags(levels, one.tags)
        if missing:
            found.append(Change(one.id, missing, {name: one.tags[name] for name in missing if name in one.tags}))
    return found


async def write(arm: Arm, wanted: Iterable[Change], emit: Emit = ignore) -> dict[str, NotKnown]:
    """Writes each change by ARM's merge of tags and reads it back; those that failed, by id.

    A merge leaves tags alone that somebody else wrote meanwhile, which a PATCH of the workspace would not.
    """
    failed: dict[str, NotKnown] = {}

    async def one(change: Change) -> None:
        try:
            await _merge(arm, change)
        except MigrateError as error:
            failed[change.id] = NotKnown.of("tags", _ACTION, error)
            emit(Event("scan.tag.failed", {"address": change.id, "reason": error.summary, "remedy": error.remedy}))
            return
        emit(Event("scan.tag.written", {"address": change.id, "tags": dict(change.tags)}))

    await each(wanted, one, parallel=_AT_ONCE)
    return failed


async def _merge(arm: Arm, change: Change) -> None:
    path = f"{change.id}/providers/Microsoft.Resources/tags/default"
    answer = await arm.call("PATCH", path, {"operation": "Merge", "properties": {"tags": dict(change.tags)}})
    await arm.finish(answer, path)
    now = ((await arm.get(path) or {}).get("properties") or {}).get("tags") or {}
    lacking = [name for name, value in change.tags.items() if now.get(name) != value]
    if lacking:
        raise ConflictError(
            f"The tags {', '.join(lacking)} are not there after they were written.",
            address=change.id,
            remedy="A policy may change tags, or somebody else did: scan again.",
        )
