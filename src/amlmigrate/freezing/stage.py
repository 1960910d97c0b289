"""A freeze of a plan's source, and the end of one, from the plan's folder to the report."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Container, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from amlmigrate.cloud.credentials import signed
from amlmigrate.cloud.session import Session
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, ExitCode, MigrateError
from amlmigrate.core.events import Emit
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding
from amlmigrate.core.periods import needed_until
from amlmigrate.core.plan import Plan
from amlmigrate.evidence import Freeze
from amlmigrate.evidence import GiveBackRecord as BackReport
from amlmigrate.evidence.freezing import NotGiven
from amlmigrate.evidence.frozen import FreezeRecord
from amlmigrate.freezing import freeze, plan_source, record
from amlmigrate.freezing.assignment_ends import ending
from amlmigrate.freezing.freeze import TakenRights
from amlmigrate.freezing.give_back import Back, LetGo, Source, give_back
from amlmigrate.freezing.progress import RightsListed
from amlmigrate.freezing.record import Deeds, beside
from amlmigrate.freezing.source_writers import writers
from amlmigrate.freezing.writers import Writers
from amlmigrate.inventory.sides import read_pair
from amlmigrate.leasing import anchoring
from amlmigrate.leasing.hold import Lease, holding
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.decision_subjects import of_frozen
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.lock import Lock
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.policies.endings import early_ends


@dataclass(frozen=True, slots=True)
class FreezeRequest:
    """Whose writers lose their rights, or have them back; `by` is who asks, before they sign in.

    `give`: addresses to be given back though nobody knows who took them.
    """

    plan: Plan
    folder: Path
    by: By
    emit: Emit
    give: Sequence[str] = ()
    dry_run: bool = False
    force_unlock: bool = False


@dataclass(frozen=True, slots=True)
class FreezeResult:
    """Who writes the source, what was taken of that, and the report; `elsewhere`: what other plans hold of it.

    `known`: how all stands by the evidence. Of a dry run nothing was taken.
    """

    writers: Writers
    elsewhere: tuple[str, ...]
    known: FreezeRecord | None
    dry_run: bool = False
    came: TakenRights = field(default_factory=TakenRights)
    report: EvidenceFile[Freeze] | None = None
    # Exemptions of the source that end before the move is over.
    early_ends: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class GiveBackResult:
    """How all stands by the evidence, and what was let go of it; `came` is None where nothing was to be given.

    `not_compared`: why the target did not tell whether the folder is the newest, where it did not.
    """

    known: FreezeRecord
    let_go: Mapping[str, str]
    came: Back | None = None
    source: Source | None = None
    report: EvidenceFile[BackReport] | None = None
    not_compared: str = ""


async def freeze_source(request: FreezeRequest, sign_in: Callable[[], Session]) -> FreezeResult:
    """Takes away what may write the source and can be taken.

    Raises RefusedError for a record that cannot be trusted, PlanLockedError while somebody else changes the plan
    or its target, DeniedError, and what Azure says.
    """
    async with _alone(request, sign_in, needed=True) as work:
        return await work.freeze()


async def give_rights_back(request: FreezeRequest, sign_in: Callable[[], Session]) -> GiveBackResult:
    """Gives back what the evidence shows as taken; neither workspace has to be there for it.

    Raises BadInputError where nothing was frozen with the plan, and for an address that is not to be given, and as
    `freeze_source` does.
    """
    async with _alone(request, sign_in, needed=False) as work:
        return await work.back()


@asynccontextmanager
async def _alone(
    request: FreezeRequest, sign_in: Callable[[], Session], *, needed: bool
) -> AsyncIterator[FreezeWork]:
    """While the plan is nobody else's. `needed`: nothing is done without the lease on the target."""
    with Ledger(request.folder) as ledger:
        ledger.bind(request.plan)
        with Lock(ledger, force=request.force_unlock) as lock:
            async with sign_in() as clouds:
                ledger.clock = clouds.source.arm.service_clock.now
                work = FreezeWork(request, ledger, clouds)
                async with leased(work, lock, needed=needed) as lease, work.anchored(lease):
                    yield work


@asynccontextmanager
async def leased(work: FreezeWork, lock: Lock, *, needed: bool) -> AsyncIterator[Lease | None]:
    """Holds the lease on the target; where nobody has it and it cannot be had, only what needs it is refused.

    Rights are given back also where the target, or the account of the lease, is no more.
    """
    lease, request = None, work.request
    async with AsyncExitStack() as stack:
        try:
            held = holding(
                work.clouds, request.plan, work.ledger, lock, "freeze", request.emit, dry_run=request.dry_run
            )
            lease = await stack.enter_async_context(held)
        except MigrateError as error:
            if needed or error.exit_code is ExitCode.LOCKED:
                raise
            work.not_compared = error.summary
        yield lease


class FreezeWork:
    """One freeze of a plan's source, or the end of one, under way."""

    def __init__(self, request: FreezeRequest, ledger: Ledger, clouds: Session) -> None:
        self.request = request
        self.plan = request.plan
        self.ledger = ledger
        self.clouds = clouds
        self._folder = request.folder
        self._side = clouds.source
        self._evidence = Evidence(request.folder, ledger)
        # Why the target was not asked whether the folder is older than it was.
        self.not_compared = ""

    @asynccontextmanager
    async def anchored(self, lease: Lease | None) -> AsyncIterator[None]:
        """Refuses evidence older than what the target's lease knows of, and has that know how far it came."""
        if lease is None:
            yield
            return
        self.not_compared = await anchoring.refuse_older(lease, self.plan.sha256, self._evidence.reports())
        try:
            yield
        finally:
            try:
                await anchoring.keep(lease, self.plan.sha256, self._evidence.reports())
            except MigrateError as error:
                # It is told, and hides nothing that went wrong before.
                _tell_not_kept(error)

    def _known(self) -> FreezeRecord | None:
        """What was frozen before, where the record can be trusted. Raises RefusedError."""
        reports = self._evidence.reports()
        decisions.refuse_unlike_people(self.ledger, reports)
        known = record.trusted(self.ledger, self.plan, reports)
        if known:
            record.show(self.ledger, reports, known)
        return known

    def _deeds(self, known: FreezeRecord | None, by: By, account: str) -> Deeds:
        """The book of deeds. Raises RefusedError for what no freeze of this source would hold."""
        book = record.Deeds(self.ledger, self.plan, by, known, account)
        record.refuse_strange(self._folder, book.record, self.plan.header.source["id"], account)
        return book

    async def freeze(self) -> FreezeResult:
        """Takes away what may write the source and can be taken."""
        known = self._known()
        source, _ = await read_pair(self.clouds, self.plan)
        found = await writers(self._side, source, self.plan, self._evidence.reports())
        elsewhere, ends = tuple(self._elsewhere()), tuple(await self._early_ends())
        if self.request.dry_run:
            return FreezeResult(found, elsewhere, known, dry_run=True, early_ends=ends)
        book = self._deeds(known, await self._by(), source.storage_account_id)
        if found.removable:
            self.request.emit(RightsListed.of(found.removable))
        came = await self._take(book, found)
        report = book.frozen(found.findings)
        return FreezeResult(found, elsewhere, book.record, came=came, report=report, early_ends=ends)

    async def _early_ends(self) -> list[Finding]:
        """The exemptions of the source that end before the move is over: it is frozen, and has yet to move."""
        now = self._side.arm.service_clock.now() or datetime.now(UTC)
        until = needed_until(now, self.plan.header.estimate.get("floor_seconds") or 0.0)
        return await early_ends(self._side.arm, self.plan.header.source_ref.id, until, now)

    async def _take(self, book: Deeds, found: Writers) -> TakenRights:
        """Takes them away; where one cannot be, the report says which were. Raises as `take_away` does."""
        roles = self._side.roles
        try:
            return await freeze.take_away(roles, book, found.removable, ending(roles), self.request.emit)
        except MigrateError as error:
            book.frozen(found.findings, failed=error.summary)
            raise

    async def _by(self) -> By:
        return await signed(self.request.by, self._side.credential)

    async def back(self) -> GiveBackResult:
        """Gives back what the evidence shows as taken."""
        known = self._known()
        if known is None:
            raise self._nothing_frozen()
        if self.request.dry_run:
            return GiveBackResult(known, self._let_go())
        # The source as it is; raises RefusedError where the evidence has another storage account.
        reports = self._evidence.reports()
        source, account = await plan_source.read(self._side, self.plan, self._folder, reports, known)
        book = self._deeds(known, await self._by(), account)
        if not book.record.owed:
            # Cut off between giving back and saying so, it still has to be said.
            book.given_back()
            return GiveBackResult(book.record, {})
        let_go = self._let_go()
        decided = LetGo(let_go, await self._wanted(book, self.request.give, let_go))
        roles, emit = self._side.roles, self.request.emit
        came = await give_back(roles, book, source, decided, ending(roles), emit, self.ledger.moment())
        report = book.given_back(NotGiven(id=one.id, address=one.address, reason=why) for one, why in came.left)
        return GiveBackResult(book.record, let_go, came, source, report, self.not_compared)

    async def _wanted(self, book: Deeds, give: Sequence[str], let_go: Container[str]) -> dict[str, str]:
        """What is given though nobody knows who took it, by whose word; raises as `decisions.wanted` does."""
        known = {one.address for one in book.record.owed}
        for address in give:
            if address not in known or address in let_go:
                why = "was let go" if address in let_go else "is not to be restored"
                raise BadInputError(
                    f"'{address}' {why}.",
                    address=address,
                    remedy=f"Take that back first: migrate reopen {address} {self._folder}"
                    if address in let_go
                    else f"`migrate freeze {self._folder} --back --dry-run` lists the addresses.",
                )
        if give:
            # Who approves sees what is given to whom, and approves this taking of it and no later one.
            meant = sorted((one for one in book.record.owed if one.address in give), key=lambda one: one.key)
            shown = "; ".join(f"{one.address}, {one}" for one in meant)
            about = [one.decided() for one in meant]
            decisions.wanted(self.plan, self.ledger, "freeze", {"--give": shown}, await self._decider(), about)
        return dict.fromkeys(give, f"decided by {book.who}")

    async def _decider(self) -> By:
        """Who decides, as an approval knows them: by the target's tenant."""
        if not self.plan.header.require_approval:
            return await self._by()
        return await signed(self.request.by, self.clouds.target.credential)

    def _let_go(self) -> dict[str, str]:
        """By address what somebody decided about what is owed: it is not given back."""
        standing = Standing(self.plan, self.ledger)
        subjects = of_frozen(self._evidence.reports())
        return {one.address: decision.detail for one in subjects.values() if (decision := standing.of(one))}

    def _elsewhere(self) -> list[str]:
        """What other plans hold of the same source, and whose word is not taken."""
        found, doubts = beside(self._folder, self.plan.header.source["workspaceId"])
        others = [(folder, record) for folder, record in found if folder != self._folder]
        return [
            *(f"{folder} holds {many(len(one.owed), 'role assignment')} of this source: restore with that plan"
              for folder, one in others),
            *(f"warning: not counted: {doubt}" for doubt in doubts),
        ]  # fmt: skip

    def _nothing_frozen(self) -> BadInputError:
        found, _ = beside(self._folder, self.plan.header.source["workspaceId"])
        others = ", ".join(str(folder) for folder, _ in found)
        remedy = f"It was frozen with {others}: name that plan." if others else "There is nothing to restore."
        return BadInputError("Nothing was frozen with this plan.", address=str(self._folder), remedy=remedy)


def _tell_not_kept(error: MigrateError) -> None:
    text = (
        "What was done now is not recorded in the target, so an older copy of the plan's folder may not be known"
        " as one until the next `migrate freeze`: %s"
    )
    logging.getLogger(__name__).warning(text, error.summary)
