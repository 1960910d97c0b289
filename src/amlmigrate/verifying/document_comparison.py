"""Compares the documents of both sides, translated anew from the source as it is now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import MARK, Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import MOVED, RUN, Action, Plan, Step
from amlmigrate.core.plan_mapping import mapping_of
from amlmigrate.core.seal import comparable
from amlmigrate.core.translation import Difference
from amlmigrate.core.writes import Desired
from amlmigrate.inventory.lessened import lessened
from amlmigrate.kinds import Context, document_digests, moving_kinds, planned_digests

_OVERTAKEN = "latest-overtaken"


@dataclass(frozen=True, slots=True)
class DocumentComparison:
    """What comparing the documents came to, and both sides' digests by address.

    It does without the documents: they would take as much memory as all else, beside the listings of blobs.
    """

    mapping: Mapping
    source: dict[str, str]
    target: dict[str, str]
    differences: list[Difference]
    # The addresses of those that were compared and are the same.
    same: frozenset[str] = frozenset()
    # Of what was let go, the digests of what the target has instead; and what is no longer done by hand.
    theirs: dict[str, str] = field(default_factory=dict)
    undone: tuple[Finding, ...] = ()
    # What differs and somebody let go, while the rest of the document was compared.
    tolerated: tuple[Difference, ...] = ()
    # The addresses of the steps that would archive what the target has archived already.
    archived: frozenset[str] = frozenset()
    # What came into the source or went from it since the plan, or is less there by now, and no difference.
    since: tuple[Finding, ...] = ()
    # What could not be compared, a sentence each.
    not_compared: tuple[str, ...] = ()

    def with_secrets(self, differing: Sequence[Difference], not_compared: tuple[str, ...]) -> DocumentComparison:
        """The same with what comparing their secrets came to."""
        other = {one.address for one in differing}
        return replace(
            self,
            differences=[*self.differences, *differing],
            same=self.same - other,
            not_compared=not_compared,
        )


def compare_documents(
    plan: Plan,
    source: Inventory,
    target: Inventory,
    waived: frozenset[str] = frozenset(),
    by_hand: frozenset[str] = frozenset(),
) -> DocumentComparison:
    """Everything in which the source is not the plan's, or the target is not the source's.

    Of what is waived only the source is compared: the waiver was for what it was then. Findings may be among it;
    `by_hand` are those that somebody says to have set right, or made.
    """
    mapping = mapping_of(plan, source.workspace, target.workspace)
    moved = {step.address for step in plan.steps if step.action in MOVED}
    adopted = {str(step.address) for step in plan.steps if step.action is Action.ADOPT}
    moving = [asset for address, asset in source.assets.items() if address in moved]
    context = Context(mapping, moving, plan.header.switched, plan.header.allowed)
    # Without a digest it may come and go, as a lock does.
    documents = (step for step in plan.steps if not step.is_bytes and not step.address.phase)
    steps = {str(step.address): step for step in documents if step.source_sha256}
    now = planned_digests(source, plan.header.switched)
    planned, now = comparable({address: str(step.source_sha256) for address, step in steps.items()}, now)
    found: list[Difference] = []
    same: set[str] = set()
    let_go: list[Difference] = []
    for address in planned:
        step = steps[address]
        if now.get(address) != step.source_sha256:
            found.append(Difference(address, "source", step.source_sha256, now.get(address)))
        elif step.action in MOVED and address not in waived:
            asset = source.assets.get(step.address)
            if asset is None:
                found.append(Difference(address, "source", "what can be moved", _why_not(source, step.address)))
                continue
            desired = moving_kinds()[step.address.kind].desired(context.wished(asset), context)
            differing = _between(step, _expected(desired, step.address, adopted | by_hand), target)
            there = target.assets.get(mapping.called(asset.address))
            differing += _not_as_good(plan, mapping, asset, there, by_hand)
            left = [one for one in desired.writes if str(step.address.at(one.phase)) in waived]
            counted = [one for one in differing if not any(write.about(one.field) for write in left)]
            found += counted
            let_go += [one for one in differing if one not in counted]
            # What every workspace has by itself may be stricter, which is not the same.
            same |= set() if differing or moving_kinds()[step.address.kind].inherent else {address}
    found += [*_passing(plan, source, target, context, waived), *_newest(plan, source, target, waived)]
    added = sorted(now.keys() - planned.keys())
    found += [Difference(address, "source", None, now[address]) for address in added]
    archived = frozenset(str(address.archived()) for address, asset in target.assets.items() if asset.archived)
    return DocumentComparison(
        mapping,
        document_digests(source),
        document_digests(target),
        found,
        frozenset(same),
        tolerated=tuple(let_go),
        archived=archived,
        since=(*_since(plan, source), *lessened(plan, source)),
    )


def _not_as_good(
    plan: Plan, mapping: Mapping, asset: Asset, there: Asset | None, by_hand: frozenset[str]
) -> list[Difference]:
    """What the target's own lacks of the source's as both are now, but for what the plan told of just so.

    That is a finding of the plan, and open or let go as such; one that was set right by hand must be gone.
    """
    kind = moving_kinds()[asset.address.kind]
    return [
        Difference(str(asset.address), one.code, "equal or stricter", one.summary)
        for one in (kind.shortfalls(asset, there.document, mapping.names) if there else ())
        if one.severity != "warning" and (one.address in by_hand or one not in plan.header.findings)
    ]


def _why_not(source: Inventory, address: Address) -> str:
    """Why what was to be moved cannot be any more."""
    return next((left.reason for left in source.by_hand if left.address == address), "it is not there")


def _newest(plan: Plan, source: Inventory, target: Inventory, waived: frozenset[str]) -> list[Difference]:
    """Names of which another version is the newest in the target: `latest` means the newest by creation.

    That it would be so was an error of the plan, which somebody may have let go.
    """
    names: dict[Address, list[Address]] = defaultdict(list)
    for step in plan.steps:
        address = step.address
        moved = step.action in MOVED and not address.phase
        if moved and address.version is not None and address in source.assets and address in target.assets:
            names[address.container].append(address)
    found = []
    for name, versions in names.items():
        if any(f"{address}{MARK}{_OVERTAKEN}" in waived for address in versions):
            continue
        left, right = (_latest(versions, side.assets) for side in (source, target))
        if left and right and left != right and not _alone(name, source):
            found.append(Difference(str(name), "latest", left.version, right.version))
    return found


def _alone(name: Address, source: Inventory) -> bool:
    """Whether the versions of a name have nothing to do with each other, as those of an anonymous one."""
    kind = moving_kinds()[name.kind]
    return any(
        asset.address.version is not None and kind.sequence(asset) is None
        for asset in source.assets.values()
        if asset.address.container == name
    )


def _latest(versions: list[Address], assets: dict[Address, Asset]) -> Address | None:
    """The newest by creation; None where that is not known, as with two of one time."""
    times = sorted((assets[address].created_at, address) for address in versions)
    tied = len(times) > 1 and times[-1][0] == times[-2][0]
    return None if tied or not times[-1][0] else times[-1][1]


def _expected(desired: Desired, address: Address, there: Container[str]) -> Document | None:
    """What the target is to have: what `run` makes, and of what is for the cutover only what was there before.

    `there`: the addresses of what was, or what somebody made there by hand.
    """
    bodies = [one.body for one in desired.writes if one.stage == RUN or str(address.at(one.phase)) in there]
    return bodies[-1] if bodies else None


def _between(step: Step, expected: Document | None, target: Inventory) -> list[Difference]:
    address = step.address
    if expected is None:
        return []
    there = target.assets.get(step.called)
    if there is None:
        return [Difference(str(address), "target", "present", "missing")]
    return moving_kinds()[address.kind].differences(address, expected, there.document)


def _passing(
    plan: Plan, source: Inventory, target: Inventory, context: Context, waived: frozenset[str]
) -> list[Difference]:
    """Of what may come and go in the source: the target is held to it, or to the plan where it has gone."""
    found = []
    for step in _without_digest(plan):
        if step.action in MOVED and str(step.address) not in waived:
            kind, asset = moving_kinds()[step.address.kind], source.assets.get(step.address)
            desired = kind.desired(asset, context) if asset else None
            found += _between(step, desired.ran if desired else step.body, target)
    return found


def _since(plan: Plan, source: Inventory) -> Iterator[Finding]:
    """What of the source came or went since the plan, of what may do so and is told of all the same."""
    told = {name for name, kind in moving_kinds().items() if kind.held}
    steps = {step.address: step for step in _without_digest(plan) if step.address.kind in told}
    unlisted = {left.address.kind for left in source.by_hand if not left.address.path}
    for address in sorted(source.assets.keys() - steps.keys()):
        if address.kind in told:
            yield Finding(
                "blocks",
                str(address),
                "It came into the source since the plan was made, and nothing moves it.",
                "Make a new plan, which does; or waive this, if it is there for the move alone.",
                code="came-since-plan",
            )
    there = {*source.assets, *(left.address for left in source.by_hand)}
    for address, step in steps.items():
        if step.action in MOVED and address not in there and address.kind not in unlisted:
            yield Finding(
                "blocks",
                str(address),
                "It went from the source since the plan was made, and the target has it.",
                "If it was given just now, wait some minutes and verify again. Else remove it from the target too"
                " and make a new plan, or waive this, if the target is to keep it.",
                code="went-since-plan",
            )


def _without_digest(plan: Plan) -> Iterator[Step]:
    """The steps of what may come and go in the workspace; what is given elsewhere is the cutover's to look at."""
    here = (one for one in plan.steps if one.address.kind in moving_kinds())
    return (one for one in here if not one.is_bytes and not one.address.phase and not one.source_sha256)
