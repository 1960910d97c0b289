"""A guardrail's changes as a proposal, and whether what would be done now is what was proposed. Pure.

What a reviewer was shown counts, `changes` and `told`: whoever makes a proposal could write other digests into it.
Bound besides are the *goal*, what each resource is to be in the end, and the *states* in which they were found. An
interrupted apply left some of them as it was to leave them: that is as good as how they were found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.authorship import By
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.errors import RefusedError
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import DesiredStep
from amlmigrate.guarding.parts import GuardKnown, GuardPart, differences
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.ledger.proposals import Proposal, ProposedChange

COMMAND = "guard apply"
_ABSENT = "not there"
_GUARDRAIL = "The guardrail:"
_COMES = "What comes of it:"
_REFUSED = "Every update of these is refused:"
_LOST = "The recovery of these removed sources would very likely be refused:"
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
        bound={"goal": _goal(found.planned), "states": _states(found.planned)},
    )


def refuse_other_guardrail(path: str, proposed: Proposal, request: GuardRequest) -> None:
    """The same where what a reviewer was told that it is, and at which scope, is not what its file says.

    The command that proposes writes what is so; whoever makes a proposal by hand may write something else.
    """
    scope, lines = request.guardrail.scope, _named(request)
    reasons = []
    if key_of(proposed.scope) != key_of(scope):
        reasons.append(f"The proposal is for {proposed.scope}, and its file for {scope}.")
    if proposed.told.get(_GUARDRAIL) != lines:
        reasons.append(f"The proposal does not say: {_GUARDRAIL} {'; '.join(lines)}")
    _refuse(path, tuple(reasons), "; nothing was changed.")


def refuse_other(path: str, proposed: Proposal, found: GuardPlan) -> None:
    """Raises RefusedError with everything in which what would be done now is not what was proposed."""
    _refuse(path, tuple(_others(proposed, found)), "; nothing was changed.")


def is_done(proposed: Proposal, found: GuardPlan) -> bool:
    """Whether everything is as was proposed, and nothing is left to do."""
    return found.over and _bound(proposed, "goal") == _goal(found.planned)


def refuse_otherwise(path: str, proposed: Proposal, one: PlannedPart[GuardKnown]) -> None:
    """The same for one step, right before it is done: others have been done by then."""
    _refuse(path, tuple(filter(None, (_otherwise(proposed, one),))), ".")


def _refuse(path: str, reasons: tuple[str, ...], end: str) -> None:
    if reasons:
        raise RefusedError(
            f"What would be done now is not what was proposed{end}",
            reasons=reasons,
            address=path,
            remedy="Write a new proposal with migrate guard plan --out, and have that approved.",
        )


def _change(step: DesiredStep) -> ProposedChange:
    body = step.change.body if step.change else None
    return ProposedChange(step.verb.value, step.what, step.id, step.told, body)


def _told(request: GuardRequest, found: GuardPlan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a reviewer has to know besides."""
    yield _GUARDRAIL, _named(request)
    yield from _costs(found).items()
    if found.exempted:
        yield "Exempt until their day:", found.exempted
    if found.untold:
        yield "The file has nobody told of:", found.untold
    if found.not_checked:
        yield "Not checked:", found.not_checked


def _named(request: GuardRequest) -> tuple[str, ...]:
    guardrail = request.guardrail
    accepted = ("accepted: --accept-unrecoverable",) if request.accept_unrecoverable else ()
    return (f"name {guardrail.name}, stage {guardrail.stage.value}", *accepted)


def _costs(found: GuardPlan) -> dict[str, tuple[str, ...]]:
    """What comes of it, is refused and is lost, as it is shown."""
    lost = tuple(f"{one.id}, recoverable until {one.until:%Y-%m-%d}" for one in found.lost)
    every = {_COMES: found.asks, _REFUSED: found.refused, _LOST: lost}
    return {head: lines for head, lines in every.items() if lines}


def _goal(planned: Iterable[_Part]) -> dict[str, str]:
    """What each resource is to be, by the digest of its body; of several steps for one the last counts."""
    return {key_of(one.part.id): digest(one.part.body) for one in planned if isinstance(one.part, GuardPart)}


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


def _bound(proposed: Proposal, name: str) -> Mapping[str, Any]:
    """A member of what is bound; empty where whoever made the proposal wrote something else into it."""
    found = proposed.bound.get(name)
    return found if isinstance(found, Mapping) else {}


def _others(proposed: Proposal, found: GuardPlan) -> Iterator[str]:
    before, now = _bound(proposed, "goal"), _goal(found.planned)
    yield from (f"{id_} is not part of the proposal." for id_ in now.keys() - before.keys())
    yield from (f"{id_} is part of the proposal, and would be left out." for id_ in before.keys() - now.keys())
    yield from (
        f"{id_} would become another one than was proposed."
        for id_ in now.keys() & before.keys()
        if now[id_] != before[id_]
    )
    for head, lines in _costs(found).items():
        more = [line for line in lines if line not in proposed.told.get(head, ())]
        yield from (f"The proposal does not say: {head} {line}" for line in more)
    yield from filter(None, (_otherwise(proposed, one) for one in found.planned))


def _otherwise(proposed: Proposal, one: _Part) -> str:
    """Why a step is not one that was shown; empty where it is, and where nothing is changed.

    It is one where its thing is as it was found and the step is the same; or where its thing is as an earlier step
    of the proposal left it, and what is sent was shown.
    """
    if not one.step.verb.writes:
        return ""
    shown = [change for change in proposed.changes if key_of(change.id) == key_of(one.part.id)]
    if not shown:
        return f"{one.part.id} was to stay as it is, and would be changed."
    step = _change(one.step)
    if all(_sent(change) != _sent(step) for change in shown):
        return f"{one.part.id} would get something else than was shown."
    left_by_us = any(change.body is not None and _is(change.body, one.found) for change in shown)
    as_found = _state(one.found) == _bound(proposed, "states").get(key_of(one.part.id))
    if left_by_us or (as_found and step in shown):
        return ""
    return f"{one.part.id} is not as it was when it was proposed: somebody changed it since."


def _sent(change: ProposedChange) -> str:
    return "" if change.body is None else digest(change.body)


def _is(body: Document, found: Any) -> bool:
    """Whether what is there is what was sent."""
    return found is not None and not [*differences(body, found)]
