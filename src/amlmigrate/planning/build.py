"""From two inventories to a plan: lists the containers, lets the planner decide, sums up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from amlmigrate.bytes.listings import Listing, not_sorted
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.cloud.pacing import floor_seconds
from amlmigrate.core.address import Address
from amlmigrate.core.allowed import NOTHING, Allowed
from amlmigrate.core.armid import ArmId
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.events import Emit, ignore
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding, by_weight
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Header, Step, read_in_lists
from amlmigrate.core.progress import ContainerListed
from amlmigrate.core.select import Selection
from amlmigrate.core.switched import SOURCE, TARGET, Switched, of_side
from amlmigrate.core.tool import tool
from amlmigrate.core.workspace import Workspace, address_of
from amlmigrate.kinds import NO_NAMES, moving_kinds
from amlmigrate.planning.asset_findings import left_behind, without_twin
from amlmigrate.planning.planner import NOBODY, Planner, counts
from amlmigrate.planning.unmoved_blobs import OtherUsers

NOBODY_ELSE: Mapping[str, str] = {}
_PLAIN = "default"
# The header's member that says who made what is left to do by hand.
_MADE_BY = "made_by"
# Names in a page of a list (AZ-LIST-1).
_PAGE = 50


def check_pair(left: Workspace, right: Workspace) -> None:
    """Refuses two workspaces that are one, and kinds other than a plain workspace."""
    if ArmId.of(left.id) == ArmId.of(right.id) or left.workspace_id.lower() == right.workspace_id.lower():
        raise BadInputError(
            "Source and target are one workspace.",
            address=left.id,
            remedy="Name a target that was created with a customer's key.",
        )
    for workspace in (left, right):
        if workspace.kind.lower() != _PLAIN:
            raise BadInputError(
                f"'{workspace.ref.short}' is of kind {workspace.kind}; only plain workspaces can be moved.",
                address=workspace.id,
                remedy="Hubs, projects and feature stores hold things that this tool does not know.",
            )


def build(
    source: Inventory,
    target: Inventory,
    containers: Containers,
    *,
    name: str,
    selection: Selection,
    prior: OwnershipRecord,
    copy_unreferenced: bool = False,
    delete: bool = False,
    others: OtherUsers = NOBODY,
    posture: tuple[Finding, ...] = (),
    extra: dict[str, Any] | None = None,
    names: Mapping[Address, Address] = NO_NAMES,
    principals: Mapping[str, str] = NOBODY_ELSE,
    switched: tuple[Switched, ...] = (),
    allowed: Allowed = NOTHING,
    emit: Emit = ignore,
) -> tuple[Header, list[Step]]:
    """The header and the steps of a plan. Raises BadInputError for a pair that cannot be one.

    `names`: what the target calls items with another name there; `principals`: who has another id there.
    `switched`: what a cutover has changed.

    The files among the bytes that name other places have to be read after `containers` was listed: one that is
    written in between is then another than the listing's, by which every run finds the change.
    """
    check_pair(source.workspace, target.workspace)
    planner = Planner(
        source,
        target,
        selection=selection,
        prior=prior,
        copy_unreferenced=copy_unreferenced,
        others=others,
        delete=delete,
        names=dict(names),
        principals=dict(principals),
        switched=switched,
        allowed=allowed,
    )
    _tell(containers, emit)
    steps, findings = planner.steps(containers)
    findings += _of_listings(source, planner, containers)
    copies = [step.bytes for step in steps if step.bytes and step.action is Action.COPY]
    header = Header(
        name=name,
        tool=tool(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        source=source.workspace.header(),
        target=target.workspace.header(),
        inventory_sha256=planner.inventory_digest(containers),
        counts=counts(steps),
        blobs=sum(amount.blobs for amount in copies),
        bytes=sum(amount.bytes for amount in copies),
        estimate=_estimate(source, steps, apart=_apart(source.workspace, target.workspace)),
        findings=(*posture, *others.findings(source.workspace), *_sorted(findings)),
        extra=_extra(extra, of_side(switched, SOURCE), allowed) | _makers(source, steps),
    )
    return header, steps


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: (by_weight(f), f.address, f.summary))


def _tell(containers: Containers, emit: Emit) -> None:
    for listing in containers.source.values():
        emit(ContainerListed(listing.place.container, len(listing.blobs)))


def _extra(extra: dict[str, Any] | None, switched: tuple[Switched, ...], allowed: Allowed) -> dict[str, Any]:
    """What else the header says."""
    found = (extra or {}) | ({"switched": [one.as_dict() for one in switched]} if switched else {})
    return found | ({"allowed": allowed.as_dict()} if allowed else {})


def makers(header: Header) -> dict[str, list[str]]:
    """Who made what is left to do by hand, to the addresses; without those whom Azure does not name."""
    return header.extra.get(_MADE_BY) or {}


def _makers(source: Inventory, steps: Iterable[Step]) -> dict[str, Any]:
    """Who made what is left to do by hand, by name or id, to the addresses; nothing where Azure names nobody."""
    left_by_hand = {step.address for step in steps if step.action is Action.MANUAL}
    found: dict[str, list[str]] = defaultdict(list)
    for left in source.by_hand:
        if left.owner and left.address in left_by_hand:
            found[left.owner].append(str(left.address))
    told = {owner: sorted(addresses) for owner, addresses in sorted(found.items())}
    return {_MADE_BY: told} if told else {}


def _of_listings(source: Inventory, planner: Planner, containers: Containers) -> Iterator[Finding]:
    for asset in source.assets.values():
        yield from without_twin(asset, planner.mapping, containers.source)
    for listing in containers.source.values():
        yield from left_behind(listing)
        if not listing.tagged:
            yield _untagged(listing)
    yield from not_sorted([*containers.source.values(), *containers.target.values()])


def _untagged(listing: Listing) -> Finding:
    return Finding(
        "blocks",
        str(address_of(listing.place.at(""))),
        f"The index tags of its {many(len(listing.blobs), 'blob')} cannot be read: they would not be copied.",
        "Grant Storage Blob Data Owner on the source's account, or make sure that there are none.",
        code="index-tags-unread",
    )


def _apart(source: Workspace, target: Workspace) -> bool:
    """Whether they are in two subscriptions, each of which has its own limits (AZ-PACE-1)."""
    return source.ref.subscription.lower() != target.ref.subscription.lower()


def _estimate(source: Inventory, steps: list[Step], *, apart: bool = False) -> dict[str, float]:
    written = sum(
        step.run and step.action.writes and not step.is_bytes and not step.comes_with_version for step in steps
    )
    names = len({address.container for address in source.assets})
    looked = [step for step in steps if step.run and not step.is_bytes and not _in_list(step)]
    # Of some a list shows the source, in place of a call for each.
    of_source = names + len(looked) + sum(_pages(count) - count for count in read_in_lists(steps).values())
    of_target = sum(map(_reads_of_target, looked)) + _pages(sum(map(_in_list, steps)))
    calls = {SOURCE: (of_source, 0), TARGET: (of_target, written)}
    if not apart:
        calls = {TARGET: (of_source + of_target, written)}
    return {
        "arm_reads": of_source + of_target,
        **({"arm_reads_source": of_source} if apart else {}),
        "arm_writes": written,
        "floor_seconds": round(floor_seconds(calls.values()), 1),
        "blob_deletes": sum(len(step.gone) for step in steps if step.action is Action.DELETE),
    }


def _pages(items: int) -> int:
    return -(-items // _PAGE)


def _reads_of_target(step: Step) -> int:
    """It is read back, or compared; some look at it before they write as well. The source is read once."""
    return 1 + (
        step.action is Action.UPDATE
        or (step.action is Action.CREATE and moving_kinds()[step.address.kind].read_before_put(step.address))
    )


def _in_list(step: Step) -> bool:
    """Whether it is a name that has only to be there as it is: a list shows all names of a kind."""
    kind = moving_kinds().get(step.address.kind)
    adopted = step.action is Action.ADOPT and step.address.version is None
    return step.comes_with_version or bool(adopted and kind and kind.versioned)
