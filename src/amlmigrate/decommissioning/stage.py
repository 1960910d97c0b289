"""A removal from its beginning to its tombstone: begun, taken up where it was cut off, or added to later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.operations import Ending
from amlmigrate.cloud.session import Session
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.asset import Inventory
from amlmigrate.core.authorship import By
from amlmigrate.core.clock import Clock
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.events import Emit
from amlmigrate.core.plan import Plan
from amlmigrate.decommissioning import exemptions, guards, removal, tombstone
from amlmigrate.decommissioning.containers import Deleted, Deletion, KeptContainer
from amlmigrate.decommissioning.copy_proof import CopyProof
from amlmigrate.decommissioning.gone import SETTLING, GoneLook, GoneResult, Sight, absent_for_long, settled
from amlmigrate.decommissioning.progress import LossesListed, Removing
from amlmigrate.decommissioning.references import SeenTarget
from amlmigrate.decommissioning.surroundings import Surroundings
from amlmigrate.evidence import Decommission, Verify
from amlmigrate.evidence.decommission import ExemptionRecord, LastLook, RemainingRecord, RestsOn
from amlmigrate.evidence.headline import of_evidence
from amlmigrate.kinds import settling
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence, EvidenceFile, last
from amlmigrate.ledger.items import decided, items
from amlmigrate.ledger.removal import RemovalRecord

_OPEN = "The gate is open: nothing stands in the way. Nothing was removed."


@dataclass(frozen=True, slots=True)
class RemovalOptions:
    """What the user asked for: `purge` and `delete` (its containers) come once the workspace is gone."""

    purge: bool = False
    dry_run: bool = False
    delete: bool = False
    accepted_unseen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DecommissionResult:
    """The tombstone, or what a dry run has to say; `refused`: why something that was asked for was not done."""

    report: EvidenceFile[Decommission] | None = None
    text: str = ""
    listing: Document | None = None
    refused: tuple[str, ...] = ()


class Gate(Protocol):
    """What is read afresh; it lies above the stage, since it takes an inventory."""

    async def passed(
        self, reports: list[EvidenceFile], before: RemovalRecord | None
    ) -> tuple[Inventory, Surroundings]:
        """The source, if it may be removed, and what dies with it, stays and is held. Raises RefusedError."""
        ...

    async def target(self, reports: list[EvidenceFile]) -> tuple[SeenTarget, CopyProof]:
        """The target as it is once the source has gone, and whether all that was moved is still there."""
        ...

    async def remains(self, found: RemovalRecord) -> tuple[RemainingRecord, ...]:
        """What a removal left, as it is now; what cannot be read as it was told."""
        ...


@dataclass(frozen=True, slots=True)
class Removal:
    """One call of `decommission`. `hold` is called before each deletion and raises where the plan is another's."""

    plan: Plan
    ledger: Ledger
    evidence: Evidence
    clouds: Session
    gate: Gate
    wanted: RemovalOptions
    by: By
    emit: Emit
    hold: Callable[[], object]
    clock: Clock

    async def decommission(self) -> DecommissionResult:
        """Removes the source if the gate lets it, and writes the tombstone."""
        reports = self.evidence.reports()
        before = tombstone.begun(self.ledger)
        begun = await self._taken_up(before) or await self._remove(reports, before)
        if isinstance(begun, DecommissionResult):
            return begun
        return await self._finish(begun, tombstone.ended(begun, reports))

    # The workspace itself.

    @property
    def _port(self) -> WorkspaceClient:
        return self.clouds.source.workspace(self.plan.header.source_ref)

    async def _look(self) -> GoneLook:
        return await removal.look(self._port, str(self.plan.header.source["workspaceId"]))

    async def _taken_up(self, before: RemovalRecord | None) -> RemovalRecord | None:
        """What an earlier removal began, where that is shown to be over; None where the gate is to be passed."""
        if before is None:
            return None
        if before.gone:
            # What somebody has recovered since is removed anew; all that is left to do has guards of its own.
            back = (await self._look()).sight in (Sight.LIVING, Sight.GOING)
            return None if back else before
        ending, _ = await self._ending(before.operation)
        if self.wanted.dry_run and ending is not Ending.SUCCEEDED:
            return self._supposed(before, await self._look())
        found, _ = await settled(ending, self._look, self.clock, settling=0.0)
        return None if found is GoneResult.STANDS else self._note_gone(before, found)

    @staticmethod
    def _supposed(before: RemovalRecord, look: GoneLook) -> RemovalRecord | None:
        """What a dry run takes for so: it does not wait until that is shown."""
        return replace(before, by_us=False) if look.sight is Sight.ABSENT else None

    async def _ending(self, accepted: Document | None) -> tuple[Ending, ServiceError | None]:
        return await removal.ending(self._port, accepted, self.clock)

    def _note_gone(self, begun: RemovalRecord, found: GoneResult) -> RemovalRecord:
        return tombstone.note(self.ledger, begun, gone=tombstone.now(), by_us=found is GoneResult.GONE)

    async def _remove(
        self, reports: list[EvidenceFile], before: RemovalRecord | None
    ) -> RemovalRecord | DecommissionResult:
        """Through the gate, and the workspace away; a dry run ends there."""
        looked = self.clock.today()
        try:
            source, around = await self.gate.passed(reports, before)
        except MigrateError as error:
            if isinstance(error, RefusedError) and before and before.gone and not self.wanted.dry_run:
                # It was read whole: somebody has recovered it, and may have put something into it.
                before = tombstone.seen_back(self.ledger, before)
            # What was asked for before may have ended while the workspace was read.
            taken_up = await self._taken_up(before)
            if taken_up is None:
                raise
            return taken_up
        if self.wanted.dry_run:
            return DecommissionResult(text=_OPEN, listing=around.event())
        self.emit(LossesListed(around.event()))
        # A workspace that was recovered is removed anew.
        earlier = before if before and not tombstone.ended(before, reports) else None
        begun = tombstone.begin(self.ledger, self.plan, source, around, before=earlier)
        # Who passed the gate with which options stays in the tombstone, whoever goes on after a kill.
        begun = tombstone.note(self.ledger, begun, begun_by=self.by, verified=_verified(reports))
        if removal.blocking(source):
            await removal.clear(self._port, source, self.emit)
            # That may take an hour, in which nobody looked at the source.
            looked = self.clock.today()
            await self.gate.passed(reports, begun)
        return await self._delete_workspace(self._note_code_bytes(begun, looked))

    def _note_code_bytes(self, begun: RemovalRecord, looked: datetime) -> RemovalRecord:
        """Records how the look at the code bytes stands. `looked`: when the last passing of the gate began."""
        settled = decided(items(self.plan, self.ledger))
        look = settling(self.plan, self.ledger.done_at(), looked, settled)
        told = LastLook(**look.as_dict(), told=look.too_early) if look else None
        return tombstone.note(self.ledger, begun, code_bytes=told)

    async def _delete_workspace(self, begun: RemovalRecord) -> RemovalRecord:
        """Raises MigrateError where the service took it and still shows the workspace, or says that it failed."""
        self.emit(Removing(self._port.ref.id))
        self.hold()
        begun = tombstone.deleting(self.ledger, begun)
        accepted = await removal.delete(self._port, self._same)
        # As soon as it is answered: a resume polls it, whatever happens next.
        begun = tombstone.note(self.ledger, begun, operation=accepted)
        ending, error = await self._ending(accepted)
        if error:
            raise error
        found, look = await settled(ending, self._look, self.clock, settling=SETTLING)
        if found is GoneResult.STANDS:
            raise MigrateError(
                f"The deletion of the workspace is not shown to have come about: {look}.",
                address=self._port.ref.id,
                remedy="Look at its activity log in the Azure portal, then run the same command again.",
            )
        return self._note_gone(begun, found)

    # What was asked for beside it, and the tombstone.

    async def _finish(self, begun: RemovalRecord, before: EvidenceFile[Decommission] | None) -> DecommissionResult:
        purge = self.wanted.purge and not begun.purged
        delete = begun.deletable if self.wanted.delete else {}
        if self.wanted.dry_run and (before is None or purge or delete):
            return DecommissionResult(text=_left(begun, purge=purge, delete=delete))
        if not self.wanted.dry_run and exemptions.due(begun.exemptions):
            begun = await self._exemptions(begun)
        if before and not (purge or delete or self.wanted.dry_run):
            # Whoever has put it under a key since, or removed it, has it told.
            begun = tombstone.note(self.ledger, begun, remains=await self.gate.remains(begun))
        if (purge or delete) and not begun.by_us:
            return self._not_ours(begun, before, delete)
        done = Deleted([], [], [])
        if purge or delete:
            self._refuse(guards.of_look(await absent_for_long(self._look, self.clock)))
            target, copied = await self._target(delete)
            if purge:
                begun = await self._purge(begun, copied)
            if purge and delete:
                # That may take an hour, in which nobody looked at the copies.
                target, copied = await self._target(delete)
            if delete:
                done = await self._delete(begun, delete, target, copied)
        if before and not purge and not done.deleted and tombstone.tells(before.content, begun):
            if done.kept:
                names, why = (
                    ", ".join(one.id for one in done.kept),
                    [why for one in done.kept for why in one.reasons],
                )
                raise refused("The containers must not be deleted.", names, why)
            return DecommissionResult(before)
        return DecommissionResult(self._tombstone(begun, done))

    async def _exemptions(self, begun: RemovalRecord) -> RemovalRecord:
        """What has become of the workspace's exemptions from policies, however Azure answers."""
        found = begun

        def keep(now: tuple[ExemptionRecord, ...]) -> None:
            nonlocal found
            found = tombstone.note(self.ledger, found, exemptions=now)

        arm, known = self.clouds.source.arm, begun.exemptions
        await exemptions.settle(arm, known, self._absent, keep, by_us=begun.by_us)
        return found

    def _not_ours(
        self, begun: RemovalRecord, before: EvidenceFile[Decommission] | None, delete: dict[str, str]
    ) -> DecommissionResult:
        """Purging and deleting take that it was us who removed the workspace."""
        why = "It is not shown that this plan's own deletion removed the workspace."
        if before:
            raise refused("Nothing more is removed.", self._port.ref.id, [why])
        kept = Deleted([], [KeptContainer(name, (why,)) for name in delete], [])
        return DecommissionResult(
            self._tombstone(begun, kept), refused=(f"not purged: {why}",) * self.wanted.purge
        )

    def _tombstone(self, begun: RemovalRecord, done: Deleted) -> EvidenceFile[Decommission]:
        report = self.evidence.add(tombstone.tombstone(begun, done, self.by))
        tombstone.without(self.ledger, begun, done)
        return report

    async def _target(self, delete: dict[str, str]) -> tuple[SeenTarget, CopyProof]:
        """The target and the copies in it before what cannot be undone. Raises RefusedError."""
        target, copied = await self.gate.target(self.evidence.reports())
        if delete:
            self._refuse(guards.of_target(target))
        return target, copied

    def _refuse(self, why: Iterable[str]) -> None:
        if reasons := tuple(why):
            raise refused("Nothing more is removed.", self._port.ref.id, reasons)

    async def _purge(self, begun: RemovalRecord, copied: CopyProof) -> RemovalRecord:
        """For good. Raises RefusedError where a guard or the service refuses."""
        port = self._port
        if begun.purging is None:
            self._refuse(guards.of_time(tombstone.recoverable_until(begun), tombstone.now()))
            self._refuse(guards.of_purge(copied, await removal.held_by(self.clouds.source.arm, port.ref)))
            self.emit(Removing(port.ref.id))
            accepted = await removal.delete(port, self._absent, purge=True)
            if accepted is None:
                raise removal.not_purged(port.ref)
            begun = tombstone.note(self.ledger, begun, purging=accepted)
        ending, error = await self._ending(begun.purging)
        begun = tombstone.note(self.ledger, begun, purging=None, purged=ending is Ending.SUCCEEDED)
        if error or not begun.purged:
            raise error or removal.not_shown_purged(port.ref)
        return begun

    async def _delete(
        self, begun: RemovalRecord, wanted: dict[str, str], target: SeenTarget, copied: CopyProof
    ) -> Deleted:
        source = tombstone.source_of(self.plan, begun)
        accepted = self.wanted.accepted_unseen
        deletion = Deletion(self.clouds, source, target, copied, accepted)
        return await deletion.delete(wanted, self.emit, self._absent)

    async def _same(self) -> None:
        """Right before each attempt to delete it: what has its name is it. Raises RefusedError."""
        self.hold()
        self._refuse(guards.of_source(await self._look()))

    async def _absent(self) -> None:
        """Right before each attempt to purge it, or to delete a container: nobody has it again."""
        self.hold()
        self._refuse(guards.of_look(await self._look()))


def _verified(reports: list[EvidenceFile]) -> RestsOn | None:
    """The verification that a removal rests on, and what it showed."""
    newest = last(reports, Verify)
    if newest is None:
        return None
    return RestsOn(report=newest.path.name, sha256=newest.sha256, says=of_evidence(newest.content))


def refused(summary: str, address: str, why: Iterable[str]) -> RefusedError:
    """A refusal with all its reasons."""
    return RefusedError(
        summary,
        reasons=tuple(dict.fromkeys(why)),
        address=address,
        remedy="Settle every reason, then run the same command again.",
    )


def _left(begun: RemovalRecord, *, purge: bool, delete: dict[str, str]) -> str:
    """What is still to be done once the workspace has gone."""
    if not begun.by_us:
        return (
            "The source is absent, which is not shown to be by this plan: only a tombstone that says so would be"
            " written, nothing purged and no container deleted. Nothing was removed."
        )
    names = ", ".join(delete)
    rest = f"the containers {names} would be deleted" if names else "no container would be deleted"
    more = ", the workspace purged" if purge else ""
    more += ", its exemptions removed" if exemptions.removable(begun.exemptions) else ""
    return f"The source is gone: {rest}{more}, and the tombstone written. Nothing was removed."
