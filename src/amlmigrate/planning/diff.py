"""The diff of one asset of the source against what the target has: a verdict for each of its writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, overlaid, properties_of
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import CUTOVER, RUN, Action, Stage, Step
from amlmigrate.core.switched import Switched
from amlmigrate.core.translation import Difference
from amlmigrate.core.writes import Desired, Write
from amlmigrate.kinds import NO_NAMES, STATE, Kind

_NAMED = 3
_HIDDEN = "the target has one of that name, not created by this tool, and what it holds is not shown"
# What says that there is none: the service may keep what is not sent. Inferred (AZ-ASSET-21): it takes these for
# none.
_CLEARED: Document = {"description": "", "tags": {}}


@dataclass(frozen=True, slots=True)
class StepVerdict:
    """What is to be done, and why; `body` is the document to PUT where one is."""

    action: Action
    reason: str
    body: Document | None = None
    # The digest of the target's document that an update takes the place of, or of what a conflict is with.
    target_sha256: str = ""
    # Of a later write: its phase, what it comes after beside the earlier ones, and its stage.
    phase: str = ""
    after: tuple[Address, ...] = ()
    stage: Stage = RUN
    # Of one for the cutover: what alone it sets.
    changes: tuple[str, ...] = ()

    def of(self, step: Step) -> Step:
        """The step that carries it out."""
        return replace(
            step,
            action=self.action,
            reason=self.reason,
            body=self.body,
            target_sha256=self.target_sha256,
            stage=self.stage,
            changes=self.changes,
        )

    def for_(self, write: Write) -> StepVerdict:
        """The same for a write of a phase."""
        changes = write.changes if write.stage == CUTOVER else ()
        return replace(self, phase=write.phase, after=write.after, stage=write.stage, changes=changes)


def later(write: Write, body: Document | None = None) -> StepVerdict:
    """A later write, to be made as it is, or by a person."""
    action, reason = (Action.MANUAL, write.by_hand) if write.by_hand else (Action.UPDATE, write.reason)
    return StepVerdict(action, reason, body or write.body).for_(write)


def verdicts_on(
    kind: Kind,
    asset: Asset,
    desired: Desired,
    target: Asset | None,
    prior: OwnershipRecord,
    called: Address,
    names: Mapping[Address, Address] = NO_NAMES,
) -> tuple[list[StepVerdict], list[Finding]]:
    """What becomes of each write of an asset, and what a reviewer must know of the target's own.

    `called` is what the target calls it, and `names` what it calls whatever has another name there.
    """
    if not kind.inherent:
        return _verdicts(kind, desired, target, prior, called), []
    if target is None:
        # As where it is deleted meanwhile: it is never made.
        return [
            StepVerdict(Action.CONFLICT, "the target does not show it, which every workspace has by itself")
        ], []
    shortfalls = kind.shortfalls(asset, target.document, names)
    return [_inherent(shortfalls)], shortfalls


def _inherent(shortfalls: list[Finding]) -> StepVerdict:
    """What every workspace has by itself is never written; where it is not as good, findings say so."""
    grave = sum(one.severity != "warning" for one in shortfalls)
    told = "in every setting equal or stricter"
    if grave:
        told = f"which in {many(grave, 'setting')} is not as good as the source's: see its findings"
    return StepVerdict(Action.ADOPT, f"the target's own, {told}")


def _verdicts(
    kind: Kind, desired: Desired, target: Asset | None, prior: OwnershipRecord, called: Address
) -> list[StepVerdict]:
    item = replace(document_verdict(kind, desired, target, prior, called), stage=desired.first.stage)
    if target is None:
        return [item, *(later(one) for one in desired.writes[1:])]
    apart = desired.apart
    if item.action is Action.CONFLICT:
        why = f"the item is in conflict: {item.reason}"
        blocked = StepVerdict(Action.CONFLICT, why, target_sha256=item.target_sha256)
        return [item, *(blocked.for_(one) for one in apart)]
    found = [item]
    for place, write in enumerate(apart):
        verdict = _apart(kind, write, apart[place + 1 :], target.document, prior, called).for_(write)
        if any(one.action is Action.UPDATE for one in found):
            # What it takes the place of is what the update before leaves.
            verdict = replace(verdict, target_sha256="")
        found.append(verdict)
    return found


def of_its_users(kind: Kind, verdict: StepVerdict, there: Asset | None, live: Iterable[Switched]) -> StepVerdict:
    """A verdict on a later write: a conflict where a cutover has made it, and the target's users changed that.

    `live`: what cutovers that stand have made in the target.
    """
    if there is None or verdict.action is not Action.UPDATE or verdict.stage == RUN:
        return verdict
    changed = [one for one in live if one.address == there.address and not one.stands(there.document)]
    if not changed:
        return verdict
    named = ", ".join(pointer for one in changed for pointer in one.left)
    why = f"changed in the target since it was cut over: {named} differ"
    sha256 = kind.state(there.document)
    return replace(verdict, action=Action.CONFLICT, reason=why, body=None, target_sha256=sha256)


def document_verdict(
    kind: Kind, desired: Desired, target: Asset | None, prior: OwnershipRecord, called: Address
) -> StepVerdict:
    """Create what is absent, adopt what is equal, update what is ours and may change; all else is a conflict."""
    if target is None:
        return StepVerdict(Action.CREATE, "not in the target", desired.first.body)
    body, there = desired.at_once.body, target.document
    found, sha256 = _differences(kind, called, body, there, desired.apart), kind.state(there)
    if not found and kind.hides and not (kind.made(body, there) or prior.owns(called)):
        return StepVerdict(Action.CONFLICT, _HIDDEN, target_sha256=sha256)
    if not found:
        return StepVerdict(Action.ADOPT, "equal in the target", _left_as_is(body, there, desired.apart))
    if refused := _refused(kind, found, body, there, prior, called, desired.together[1:]):
        return StepVerdict(Action.CONFLICT, refused, target_sha256=sha256)
    return StepVerdict(Action.UPDATE, _why(found), _update(kind, desired, there), sha256)


def _apart(
    kind: Kind, write: Write, after: Iterable[Write], there: Document, prior: OwnershipRecord, called: Address
) -> StepVerdict:
    """What becomes of a later write of an item that is there: of what the write is about."""
    later_ones = tuple(after)
    found = [one for one in _differences(kind, called, write.body, there, later_ones) if write.about(one.field)]
    body = _left_as_is(write.body, there, later_ones)
    if not found:
        return StepVerdict(Action.ADOPT, "equal in the target", body)
    sha256 = kind.state(there)
    if refused := _refused(kind, found, write.body, there, prior, called, (write,)):
        return StepVerdict(Action.CONFLICT, refused, target_sha256=sha256)
    return replace(later(write, body), target_sha256=sha256)


def _differences(
    kind: Kind, called: Address, body: Document, there: Document, after: Iterable[Write]
) -> list[Difference]:
    """In what the target's differs, but for what later writes change anyway."""
    others = tuple(after)
    return [
        one for one in kind.differences(called, body, there) if not any(write.about(one.field) for write in others)
    ]


def _refused(
    kind: Kind,
    found: list[Difference],
    body: Document,
    there: Document,
    prior: OwnershipRecord,
    called: Address,
    phases: Iterable[Write],
) -> str:
    """Why what is there may not be changed; empty where it may."""
    if not prior.owns(called):
        return f"the target has a different one, not created by this tool: {_fields(found)} differ"
    # A phase of what the tool made takes nothing from anybody, however it was left: as archiving it.
    only = kind.made(body, there) and any(one.is_all({each.field for each in found}) for one in phases)
    known = prior.knows(called)
    if not prior.untouched(called, kind.state(there)) and (known or not only):
        why = (
            "changed in the target since it was moved"
            if known
            else "not known how this tool left it in the target"
        )
        return f"{why}: {_fields(found)} differ"
    if not all(one.changeable for one in found):
        return f"the target's cannot be changed any more: {_fields(found)} differ"
    return ""


def _update(kind: Kind, desired: Desired, there: Document) -> Document:
    """The body that brings what is there in line, without what later writes are for."""
    body, properties = desired.at_once.body, properties_of(there)
    cleared = {name: none for name, none in _CLEARED.items() if (properties.get(name) or none) != none}
    own = own_bag(kind, there)
    return _left_as_is(body | {"properties": cleared | body["properties"] | own}, there, desired.apart)


def _left_as_is(body: Document, there: Document, after: Iterable[Write]) -> Document:
    """A body that leaves alone what only later writes are for: an earlier plan, or people, may have made it so."""
    for write in after:
        body = overlaid(body, there, write.changes)
    return body


def own_bag(kind: Kind, there: Document) -> Document:
    """Properties are create-only for some kinds: an update sends the target's own back."""
    bag = kind.fields.provenance
    if not bag:
        return {}
    return {bag: kind.storable(properties_of(there).get(bag) or {}, f"/properties/{bag}")}


def _why(found: list[Difference]) -> str:
    """Why the tool's own is written again."""
    if [one.field for one in found] == [STATE]:
        return f"made before, and not finished in the target: it is {found[0].actual}"
    return f"changed in the source: {_fields(found)}"


def _fields(found: list[Difference]) -> str:
    return ", ".join(difference.field for difference in found[:_NAMED])
