"""Reads both sides afresh for the gate of `decommission`, and what can be asked only before the source goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from amlmigrate.bytes.binding import bound
from amlmigrate.bytes.storage_containers import Containers, list_both, list_places
from amlmigrate.cloud.session import Session
from amlmigrate.cloud.workspaces import InventoryPort
from amlmigrate.core.asset import Inventory
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan
from amlmigrate.core.plan_mapping import mapping_of
from amlmigrate.core.seal import changes
from amlmigrate.core.workspace import Location
from amlmigrate.cutover.evidence_checks import still_expected
from amlmigrate.cutover.record import active
from amlmigrate.cutover.taken_down import may_be_gone
from amlmigrate.cutover.target_since import lost
from amlmigrate.decommissioning import containers, copy_proof, gate, remaining_resources, removal, stopped
from amlmigrate.decommissioning.collected import collected
from amlmigrate.decommissioning.deletion_policies import of_deletion
from amlmigrate.decommissioning.recovery import Recovery, recovery_of
from amlmigrate.decommissioning.recovery_policies import with_policies
from amlmigrate.decommissioning.references import SeenTarget, accepted, dangling, unlisted
from amlmigrate.decommissioning.remaining_again import again
from amlmigrate.decommissioning.remaining_resources import Remaining
from amlmigrate.decommissioning.stage import RemovalOptions, refused
from amlmigrate.decommissioning.surroundings import Surroundings, read
from amlmigrate.evidence.decommission import RemainingRecord
from amlmigrate.freezing.record import owed_beside
from amlmigrate.inventory import foreign_blobs, take, waived_items
from amlmigrate.inventory.done_by_hand import undone
from amlmigrate.inventory.listing import by_hand_kinds, in_order, scan, without_datastores
from amlmigrate.inventory.sides import read_both, read_source
from amlmigrate.inventory.unlisted import could_not_be_listed
from amlmigrate.kinds import document_digests, own_places
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import EvidenceFile
from amlmigrate.ledger.items import Item, decided, items
from amlmigrate.ledger.removal import RemovalRecord
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.policies.exemptions import Exemption, exemptions_of
from amlmigrate.policies.exemptions import own as own_exemptions
from amlmigrate.posture import before_removal, dataprotection, let_go
from amlmigrate.posture.reading import NOTHING, Read
from amlmigrate.posture.target_claims import target_claims


@dataclass(frozen=True, slots=True)
class Afresh:
    """The gate of a removal: everything read again each time that it is asked."""

    clouds: Session
    plan: Plan
    folder: Path
    ledger: Ledger
    wanted: RemovalOptions
    soak: timedelta
    accept_unrecoverable: bool = False

    async def passed(
        self, reports: list[EvidenceFile], before: RemovalRecord | None
    ) -> tuple[Inventory, Surroundings]:
        """The source, if it may be removed, and what dies with it, stays and is held. Raises RefusedError."""
        found = await check_gate(
            self.clouds,
            self.plan,
            self.folder,
            self.ledger,
            reports,
            soak=self.soak,
            wanted=self.wanted,
            accept_unrecoverable=self.accept_unrecoverable,
            before=before,
        )
        return found.source, await surroundings(self.clouds, self.folder, found)

    async def target(self, reports: list[EvidenceFile]) -> tuple[SeenTarget, copy_proof.CopyProof]:
        """The target as it is now, and whether all that was moved is still there, and all else let go still."""
        seen = await read_target(self.clouds, self.plan)
        copied = await copy_proof.read(self.clouds.target, self.plan, self.ledger, reports, seen.inventory)
        let_go = await _late(self.clouds, self.plan, self.ledger, reports, seen.inventory)
        still_open = gate.undecided(self.plan, self.ledger, reports, let_go)
        return seen, replace(copied, unproven=(*copied.unproven, *still_open))

    async def remains(self, found: RemovalRecord) -> tuple[RemainingRecord, ...]:
        """What a removal left, as it is now; what cannot be read as it was told."""
        return await again(self.clouds.source, found.remains)


@dataclass(frozen=True, slots=True)
class PassedGate:
    """What was read of a source that may be removed, and which of its containers may go with it."""

    source: Inventory
    listed: Containers
    deletable: list[Location]
    # The resources that it is made of, and what is documented of its recovery.
    parts: list[Remaining]
    recovery: Recovery
    # Until when the target's key holds: once the source is gone nothing else does.
    ends: tuple[str, ...] = ()
    # Its exemptions from policies, or why they are not known.
    exempt: Read[list[Exemption]] = NOTHING
    # What is not known of whether policies deny its deletion, and in whose name something works in the target.
    doubts: tuple[str, ...] = ()


async def check_gate(
    clouds: Session,
    plan: Plan,
    folder: Path,
    ledger: Ledger,
    reports: list[EvidenceFile],
    *,
    soak: timedelta,
    wanted: RemovalOptions,
    accept_unrecoverable: bool,
    before: RemovalRecord | None,
) -> PassedGate:
    """Raises RefusedError with every reason why the source must stay. `before`: what an earlier removal began."""
    source, target = await read_both(clouds, plan)
    seen = await _seen(clouds, plan, target)
    mapping = mapping_of(plan, source.workspace, target.workspace)
    listed = await list_both(mapping, clouds.source, clouds.target, own_places, past=wanted.delete)
    standing = Standing(plan, ledger)
    facts = await _facts(clouds, plan, source, target, listed, soak, before, standing)
    lost_, unseen = await lost(clouds, plan, ledger, reports, (source, target), listed)
    facts = _by_stage(facts, plan, listed, items(plan, ledger, standing), living=active(reports) is not None)
    facts = replace(facts, lost=lost_, let_go=await _let_go(clouds, plan, ledger, reports, target, listed))
    why = gate.reasons(plan, ledger, reports, facts)
    ends = await dataprotection.ending(clouds.target, mapping, plan.places(source=True))
    let_be = standing.settled([*plan.header.findings, *ends])
    why += [f"{one.address}: {one.summary} {one.remedy}" for one in ends if one.address not in let_be]
    why += await dataprotection.unwritable(clouds.target, mapping.target)
    why += dangling(source.workspace, seen, accepted(plan, standing))
    why += [
        f"Whether {left.address} in the target refer to the source is not known: {left.reason}."
        for left in unlisted(seen)
        # The same service gives the same answer for both; of the source's somebody has said that it may be so.
        if str(left.address) not in standing.counting()
    ]
    parts = await remaining_resources.parts(clouds.source, source.workspace)
    recovery = recovery_of(source.workspace.document, parts, accepted=accept_unrecoverable)
    exempt = await exemptions_of(clouds.source.arm, source.workspace.id)
    recovery = await with_policies(clouds.source.arm, source.workspace, recovery, exempt)
    denying = await of_deletion(clouds.source.arm, source, exempt, facts.now, accepted=accept_unrecoverable)
    why += [*recovery.reasons(), *denying.reasons()]
    own = containers.deletable(source.workspace, (one.place for one in listed.source.values() if one.exists))
    cutover = active(reports)
    why += await stopped.by_others(clouds.target, plan, source, cutover.content.time if cutover else "")
    why += await removal.not_in_list(clouds.source.workspace(plan.header.source_ref))
    if wanted.delete:
        listings = [listed.source[place.key] for place in own]
        copied = copy_proof.planned(plan, ledger)
        deletion = containers.Deletion(clouds, source.workspace, seen, copied, wanted.accepted_unseen)
        why += await deletion.reasons(listings)
    if not why:
        # Listing may take its time, in which the source was not looked at.
        then, now = document_digests(source), document_digests(await read_source(clouds, plan))
        then = still_expected(then, now, facts.removed)
        why += [f"While the blobs were listed, {what}." for what in changes(then, now)]
    if why:
        # A lock on the group is one on the workspace and on its account: a reason is told once.
        raise refused("The source must not be removed yet.", source.workspace.id, why)
    return PassedGate(
        source, listed, own, parts, recovery, _ends(facts.posture), exempt, (*denying.told(), *unseen)
    )


def _by_stage(
    facts: gate.GateFacts, plan: Plan, listed: Containers, ended: list[Item], *, living: bool
) -> gate.GateFacts:
    """With what people may take down in the source from a cutover on, and what the service may collect before it.

    After it `lost` looks at each proven blob, and what of them was let go.
    """
    if living:
        return replace(facts, removed=facts.removed | may_be_gone(ended))
    return replace(facts, collected=collected(plan, listed, decided(ended)))


def _ends(posture: list[Finding]) -> tuple[str, ...]:
    """What is told of the day on which the target's key version ends, which alone does not keep the source."""
    return tuple(f"the target: {one.summary}" for one in posture if one.code in ("key.expiry", "key.pinned"))


async def _let_go(
    clouds: Session, plan: Plan, ledger: Ledger, reports: list[EvidenceFile], target: Inventory, listed: Containers
) -> tuple[Finding, ...]:
    """What is not as it was when somebody let something go for it, or did it by hand."""
    standing, living = Standing(plan, ledger), active(reports) is not None
    ended = items(plan, ledger, standing)
    waived = waived_items.waived(plan, ended)
    now = waived_items.of_documents(plan, waived, target) | waived_items.of_bytes(waived, listed)
    found = waived_items.findings(waived, standing, now, reports, living=living)
    found += foreign_blobs.findings(plan, ended, ledger.stayed(), listed, living=living)
    return (*found, *await undone(clouds, plan, ended, living=living))


async def _late(
    clouds: Session, plan: Plan, ledger: Ledger, reports: list[EvidenceFile], target: Inventory
) -> list[Finding]:
    """What was let go for something that is gone by now: once its source's bytes go too nobody has either."""
    standing = Standing(plan, ledger)
    ended, stayed = items(plan, ledger, standing), ledger.stayed()
    waived = waived_items.waived(plan, ended)
    goals = {one.bytes.target.at("") for one in waived if one.bytes}
    goals |= foreign_blobs.goals(plan, ended, stayed)
    listed = Containers({}, await list_places(clouds.target, goals))
    now = waived_items.of_documents(plan, waived, target) | waived_items.of_bytes(waived, listed)
    found = waived_items.findings(waived, standing, now, reports, living=True)
    return found + foreign_blobs.findings(plan, ended, stayed, listed, living=True)


async def surroundings(clouds: Session, folder: Path, passed: PassedGate) -> Surroundings:
    """What the tombstone tells of, as long as it can be asked."""
    before, doubts = owed_beside(folder, passed.source.workspace.workspace_id)
    listed, own = passed.listed.source, passed.deletable
    found = await read(clouds, passed.source, passed.parts, listed, own, recovery=passed.recovery, frozen=before)
    doubtful = [f"what another plan froze: {one}" for one in doubts]
    exempt = passed.exempt.value
    if exempt is None:
        doubtful.append(f"its exemptions from policies, which are not removed: {passed.exempt.refused}")
    doubtful += passed.doubts
    at_it = tuple(own_exemptions(exempt or (), passed.source.workspace.id))
    return replace(found, not_known=(*found.not_known, *doubtful), ends=passed.ends, exempt=at_it)


async def read_target(clouds: Session, plan: Plan) -> SeenTarget:
    """The target as it is once the source has gone."""
    port = clouds.target.workspace(plan.header.target_ref)
    return await _seen(clouds, plan, await take(port, asked=plan.header.asked))


async def _seen(clouds: Session, plan: Plan, target: Inventory) -> SeenTarget:
    """The target with what no kind is for, and with what of that the service does not list."""
    port = InventoryPort(clouds.target.arm, plan.header.target_ref, vaults=clouds.target.vault_of)
    listed = in_order(await scan(by_hand_kinds(refers=True, needs_on=True), port))
    found = without_datastores(listed, target.workspace.datastores)
    return SeenTarget(target, (*found, *could_not_be_listed(port.unlisted)))


async def _facts(
    clouds: Session,
    plan: Plan,
    source: Inventory,
    target: Inventory,
    listed: Containers,
    soak: timedelta,
    before: RemovalRecord | None,
    standing: Standing,
) -> gate.GateFacts:
    now = bound(plan, (document_digests(source), document_digests(target)), listed)
    unproven = before_removal(
        await target_claims(clouds.target, plan, (source.workspace, target.workspace), listed)
    )
    return gate.GateFacts(
        source=source,
        digests=now.digests,
        parts=now.parts,
        posture=let_go(unproven, standing.settled(unproven)),
        locks=await removal.locks(clouds.source.arm, source.workspace.id),
        soak=soak,
        now=clouds.target.arm.service_clock.now() or datetime.now(UTC),
        removed=frozenset(before.removed_first if before else ()),
    )
