"""A rotation as a proposal, and whether what would be done now is what was proposed. Pure.

Bound are the key, the rotation's id, the version that it replaces or has adopted, what lies under the key, and the
changes that are shown: what came to lie under it since, and a change that was not shown, were approved by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import RefusedError
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import DesiredVerb
from amlmigrate.keys.model import LIMITS
from amlmigrate.ledger.proposals import Proposal, ProposedChange
from amlmigrate.rotating import order, setback
from amlmigrate.rotating.aim import TAG
from amlmigrate.rotating.known import RotationKnown
from amlmigrate.rotating.stage import RotationPlan

COMMAND = "key rotate"
# What of a new version does not tell the time.
_MATERIAL = ("kty", "key_size", "key_ops")


@dataclass(frozen=True, slots=True)
class RotationProposing:
    """What a proposal needs beside the plan: environment, tenant, who makes it, when, what could not be read.

    `notes` say what kept owners' decisions from counting.
    """

    environment: str
    tenant_id: str
    by: By
    created: str
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def proposal(found: RotationPlan, about: RotationProposing) -> Proposal:
    """What `key rotate` would do."""
    key = found.request.key
    return Proposal(
        COMMAND,
        key.vault_id,
        about.tenant_id,
        about.created,
        about.by.who(),
        given={"key": key.name.id},
        changes=tuple(_changes(found.planned)),
        told=dict(_told(found, about)),
        bound=_bound(found, about.environment),
    )


def rotation_of(proposed: Proposal) -> tuple[str, str]:
    """The key and the rotation's id that a proposal is of; no id where it is about a version that was there."""
    bound = proposed.bound
    return str(bound.get("key") or ""), "" if bound.get("version") else str(bound.get("rotation") or "")


def refuse_other(path: str, proposed: Proposal, found: RotationPlan) -> None:
    """Raises RefusedError with everything in which what would be done now is not what was proposed."""
    if reasons := (*_others(proposed.bound, found), *_unshown(proposed, found)):
        raise RefusedError(
            "What would be done now is not what was proposed; nothing was changed.",
            reasons=reasons,
            address=path,
            remedy="Write a new proposal with migrate key rotate --dry-run --out, and have that approved.",
        )


def _bound(found: RotationPlan, environment: str) -> dict[str, Any]:
    asked = found.aim
    return {
        "key": found.request.key.name.id,
        "rotation": asked.rotation,
        "replaces": asked.replaces.id if asked.replaces else "",
        "version": asked.version.id if asked.version else "",
        "environment": environment,
        "dependants": _under(found),
    }


def _under(found: RotationPlan) -> dict[str, str]:
    """What becomes of each thing under the key."""
    return {key_of(one.id): "follows" if one.follows else "is pointed" for one in found.request.key.dependants}


def _changes(planned: Iterable[PlannedPart[RotationKnown]]) -> Iterator[ProposedChange]:
    for one in (one for one in planned if one.step.verb.writes):
        body = one.step.change.body if one.step.change else None
        yield ProposedChange(one.step.verb.value, one.step.what, one.step.id, one.step.told, body)


def _told(found: RotationPlan, about: RotationProposing) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a reviewer has to know besides."""
    yield "The rotation:", (f"id {found.aim.rotation}, environment {about.environment}", found.aim.told)
    if says := (*order.who_says(found.request.key, about.environment), *about.notes):
        yield "Who says the environment:", says
    if waits := [one.step for one in found.planned if one.step.verb is DesiredVerb.WAIT]:
        yield "What goes over by itself:", tuple(f"{one.what} {one.id}: {'; '.join(one.notes)}" for one in waits)
    if back := tuple(setback.told(found.request.key.dependants)):
        yield "What infrastructure code will want to set back:", back
    yield "What is not looked at:", (LIMITS,)
    if about.unread:
        yield "Not known: whether more lies under the key, since this could not be read:", about.unread


def _others(bound: Mapping[str, Any], found: RotationPlan) -> Iterator[str]:
    asked, key = found.aim, found.request.key
    if key.name.id != bound.get("key"):
        yield f"It is about the key {bound.get('key')}."
    if asked.to_make and asked.replaces and asked.replaces.id != bound.get("replaces"):
        yield f"Version {asked.replaces.version} was made since: another one would be replaced."
    now = asked.version
    if now and now.id != bound.get("version") and now.tags.get(TAG) != bound.get("rotation"):
        yield f"Version {now.version} is newer than what was proposed, and was made by another rotation."
    if found.request.half.adopts:
        yield from _strangers(bound.get("dependants") or {}, _under(found))


def _unshown(proposed: Proposal, found: RotationPlan) -> Iterator[str]:
    """What whoever approved was not shown: of `--make` alone no other half, and nothing of a list that was cut.

    A file can say one thing in what is read by people and another in what binds.
    """
    key = found.request.key
    if name_of(proposed.scope).lower() != key.name.vault_name or proposed.given.get("key") != key.name.id:
        yield f"It was approved as one about {proposed.given.get('key')} in {proposed.scope}."
    yield from _otherwise(proposed, _changes(found.planned))


def refuse_unshown(path: str, proposed: Proposal, one: PlannedPart[RotationKnown]) -> None:
    """Raises RefusedError for a step that a proposal does not show: what is due may change until it is done."""
    if reasons := tuple(_otherwise(proposed, _changes([one]))):
        raise RefusedError(
            "What would be done now is not what was proposed; it was not done.",
            reasons=reasons,
            address=path,
            remedy="Write a new proposal with migrate key rotate --dry-run --out, and have that approved.",
        )


def _otherwise(proposed: Proposal, changes: Iterable[ProposedChange]) -> Iterator[str]:
    shown = {(one.action, key_of(one.id)): one.body or {} for one in proposed.changes}
    for one in changes:
        body = shown.get((one.action, key_of(one.id)))
        if body is None:
            yield f"It does not show this change: {one.action} {one.what} {one.id}."
        elif other := [part for part in _MATERIAL if (one.body or {}).get(part) != body.get(part)]:
            yield f"It shows the {one.what} with another {' and '.join(other)}."


def _strangers(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for id_, becomes in now.items():
        if id_ not in before:
            yield f"{id_} lies under the key, and the proposal does not name it."
        elif before[id_] != becomes:
            yield f"{id_} {becomes} by now, and the proposal says that it {before[id_]}."
