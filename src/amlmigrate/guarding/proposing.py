"""A guardrail's changes as a proposal, and whether what would be done now is what was proposed. Pure.

Bound are the *goal*, what each resource is to be in the end; the *states* in which they were found; and what is
lost or refused by it. An interrupted apply left some of them as it was to leave them: that is as good as how they
were found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.authorship import By
from amlmigrate.core.documents import digest, properties_of
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.few import many
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import DesiredStep
from amlmigrate.guarding.parts import GuardKnown, GuardPart, differences
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.ledger.proposals import Proposal, ProposedChange

COMMAND = "guard apply"
_REMOVED = "removed"
_ABSENT = "not there"
# Azure's own members of what is found: who wrote it and when (AZ-POLICY-13).
_STAMPS = ("createdBy", "createdOn", "updatedBy", "updatedOn")
_Part = PlannedPart[GuardKnown]


@dataclass(frozen=True, slots=True)
class GuardProposing:
    """What a proposal needs beside the plan: the file and its scan as they were named, the tenant, who, when."""

    file: str
    scan: str | None
    tenant_id: str
    by: By
    created: str


def proposal(request: GuardRequest, found: GuardPlan, about: GuardProposing) -> Proposal:
    """What `guard apply` would do."""
    guardrail = request.guardrail
    return Proposal(
        COMMAND,
        guardrail.scope,
        about.tenant_id,
        about.created,
        about.by.who(),
        given={"file": about.file, "scan": about.scan, "accept_unrecoverable": request.accept_unrecoverable},
        changes=tuple(_change(one.step) for one in found.planned if one.step.verb.writes),
        options=("--confirm", guardrail.scope),
        told=dict(_told(request, found)),
        bound={**_aims(found.planned), "states": _states(found.planned), **_costs(found)},
    )


def refuse_other(path: str, proposed: Proposal, found: GuardPlan) -> None:
    """Raises RefusedError with everything in which what would be done now is not what was proposed."""
    if reasons := tuple(_others(proposed, found)):
        raise RefusedError(
            "What would be done now is not what was proposed; nothing was changed.",
            reasons=reasons,
            address=path,
            remedy="Write a new proposal with migrate guard plan --out, and have that approved.",
        )


def _change(step: DesiredStep) -> ProposedChange:
    body = step.change.body if step.change else None
    return ProposedChange(step.verb.value, step.what, step.id, step.told, body)


def _told(request: GuardRequest, found: GuardPlan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a reviewer has to know besides."""
    stage = request.guardrail.stage
    yield "The guardrail:", (f"name {request.guardrail.name}, stage {stage.value}",)
    if found.asks:
        yield "What comes of it:", found.asks
    if exempt := found.exempted:
        yield f"Exempt until their day, {many(len(exempt), 'workspace')}:", exempt
    if found.refused:
        yield f"At stage {stage.value} every update of these is refused:", found.refused
    if found.lost:
        lines = tuple(f"{one.id}, recoverable until {one.until:%Y-%m-%d}" for one in found.lost)
        yield "Accepted: the recovery of these removed sources would very likely be refused:", lines
    if found.not_checked:
        yield "Not checked:", found.not_checked


def _aims(planned: Iterable[_Part]) -> dict[str, Any]:
    """What each resource is to be, by the digest of its body; of several steps for one the last counts."""
    goal = {key_of(one.part.id): digest(one.part.body) for one in planned if isinstance(one.part, GuardPart)}
    removed = (one for one in planned if not isinstance(one.part, GuardPart) and one.step.verb.writes)
    return {"goal": goal, _REMOVED: sorted(key_of(one.part.id) for one in removed)}


def _states(planned: Iterable[_Part]) -> dict[str, str]:
    """How each was found."""
    return {key_of(one.part.id): _state(one.found) for one in planned}


def _state(found: Any) -> str:
    if found is None:
        return _ABSENT
    properties = dict(properties_of(found))
    if isinstance(metadata := properties.get("metadata"), Mapping):
        properties["metadata"] = {name: value for name, value in metadata.items() if name not in _STAMPS}
    return digest(properties)


def _costs(found: GuardPlan) -> dict[str, list[str]]:
    """What is lost or refused by it."""
    return {"lost": sorted(key_of(one.id) for one in found.lost), "refused": sorted(found.refused)}


def _others(proposed: Proposal, found: GuardPlan) -> Iterator[str]:
    bound, aims, costs = proposed.bound, _aims(found.planned), _costs(found)
    before, now = bound.get("goal") or {}, aims["goal"]
    yield from (f"{id_} is not part of the proposal." for id_ in now.keys() - before.keys())
    yield from (f"{id_} is part of the proposal, and would be left out." for id_ in before.keys() - now.keys())
    yield from (
        f"{id_} would become another one than was proposed."
        for id_ in now.keys() & before.keys()
        if now[id_] != before[id_]
    )
    for name, told in (
        (_REMOVED, "would be removed"),
        ("lost", "could very likely not be recovered any more"),
        ("refused", "could not be updated any more"),
    ):
        more = sorted({*(aims | costs)[name]} - {*(bound.get(name) or ())})
        yield from (f"{id_} {told}, and the proposal does not say so." for id_ in more)
    yield from _changed(proposed, found.planned)


def _changed(proposed: Proposal, planned: Sequence[_Part]) -> Iterator[str]:
    """What would be changed, and is neither as it was found then nor as the proposal itself was to leave it."""
    states = proposed.bound.get("states") or {}
    for one in planned:
        id_ = key_of(one.part.id)
        if not one.step.verb.writes:
            continue
        ours = [change.body for change in proposed.changes if key_of(change.id) == id_]
        if not ours:
            yield f"{one.part.id} was to stay as it is, and would be changed."
        elif _state(one.found) != states.get(id_) and not any(
            body is not None and not [*differences(body, one.found)] for body in ours
        ):
            yield f"{one.part.id} is not as it was when it was proposed: somebody changed it since."
