"""Workspaces that Azure lists as in need of a customer's key, and that a scan does not: none of them is exempt."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.guarding.bodies import PARTS_OF_HUBS
from amlmigrate.guarding.estate import GuardedEstate, short
from amlmigrate.guarding.places import GuardedPlaces, bounded, workspaces
from amlmigrate.guarding.wanted import Guardrail


async def with_unseen(arm: Arm, guardrail: Guardrail, met: GuardedEstate, where: GuardedPlaces) -> GuardedEstate:
    """What the scan says, and where it is not what Azure lists now: made, removed, or given other tags, since.

    Nothing is listed at a stage that refuses nothing.
    """
    met = bounded(met, guardrail, where)
    if not guardrail.stage.refuses:
        return met
    read = await workspaces(arm, where)
    if read.value is None:
        return replace(met, unlisted=read.refused or "Azure does not say")
    listed = {key_of(one.get("id")): one for one in read.value}
    met = replace(met, gone=met.gone - listed.keys())
    known = {key_of(one.id): one.name for one in met.needing(guardrail)}
    found = [one for id_, one in listed.items() if _needs_key(guardrail, one) and id_ not in known]
    return replace(
        met,
        unseen=tuple(sorted(short(str(one["id"])) for one in found)),
        vanished=tuple(sorted(name for id_, name in known.items() if id_ not in listed)),
    )


def _needs_key(guardrail: Guardrail, workspace: Document) -> bool:
    """Whether the definition by classification speaks of it."""
    status = str((properties_of(workspace).get("encryption") or {}).get("status", "")).lower()
    project = str(workspace.get("kind", "")).lower() in PARTS_OF_HUBS
    tags = {str(name): str(value) for name, value in (workspace.get("tags") or {}).items()}
    return status != "enabled" and not project and guardrail.needs_key(tags)
