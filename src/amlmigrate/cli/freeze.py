"""Take away, or give back, rights to write the source. For a source that is still in use, before its last plan.

Example: migrate freeze plans/old-ws --dry-run

Example: migrate freeze plans/old-ws

Example: migrate freeze plans/old-ws --back

Example: migrate freeze plans/old-ws --back --give frozen/0b4a7a52-9c1c-4b0e-8a0a-2f6d7e1c9a35
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Container, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CHANGES, CommonOptions, execute
from amlmigrate.cli.freezesource import read
from amlmigrate.cli.freezetold import FreezeReport, given, listed, nothing_given
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.who import who
from amlmigrate.cloud.session import Session
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, ExitCode, MigrateError
from amlmigrate.core.few import many
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.evidence.freezing import NotGiven
from amlmigrate.evidence.frozen import FreezeRecord
from amlmigrate.freezing import freeze, record
from amlmigrate.freezing.assignment_ends import ending
from amlmigrate.freezing.freeze import TakenRights
from amlmigrate.freezing.give_back import LetGo, Source, give_back
from amlmigrate.freezing.record import Deeds, beside
from amlmigrate.freezing.source_writers import writers
from amlmigrate.freezing.writers import Writers
from amlmigrate.inventory.sides import read_pair
from amlmigrate.leasing import anchoring
from amlmigrate.leasing.hold import Lease, holding
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.decision_subjects import of_frozen
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.lock import Lock
from amlmigrate.ledger.valid_decisions import Standing


@options.for_both_sides
def command(
    plan: options.PlanFolder = None,
    back: Annotated[bool, typer.Option("--back", help="Give back exactly what was taken away.")] = False,
    give: Annotated[
        list[str] | None,
        typer.Option(
            help="With --back: give this one back too, of which it is not known who took it.", metavar="ADDRESS"
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the list, and change nothing.")] = False,
    force_unlock: options.ForceUnlock = False,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        if give and not back:
            raise BadInputError("--give needs --back.", remedy="Run `migrate freeze PLAN --back --give ADDRESS`.")
        folder, read = plans.load_own(plan)
        with Ledger(folder) as ledger:
            ledger.bind(read)
            with Lock(ledger, force=force_unlock) as lock:
                async with session(shared) as clouds:
                    ledger.clock = clouds.source.arm.service_clock.now
                    one = FreezeWork(view, folder, read, ledger, clouds, shared)
                    alone = _alone(one, lock, dry_run=dry_run, needed=not back)
                    async with alone as lease, one.anchored(lease):
                        if back:
                            return await one.back(give or (), dry_run=dry_run)
                        return await one.freeze(dry_run=dry_run)

    execute(shared, work, interrupted=CHANGES)


@asynccontextmanager
async def _alone(one: FreezeWork, lock: Lock, *, dry_run: bool, needed: bool) -> AsyncIterator[Lease | None]:
    """Holds the lease on the target; where nobody has it and it cannot be had, only what needs it is refused.

    Rights are given back also where the target, or the account of the lease, is no more.
    """
    lease = None
    async with AsyncExitStack() as stack:
        try:
            held = holding(one.clouds, one.plan, one.ledger, lock, "freeze", one.view.event, dry_run=dry_run)
            lease = await stack.enter_async_context(held)
        except MigrateError as error:
            if needed or error.exit_code is ExitCode.LOCKED:
                raise
            one.not_compared = error.summary
        yield lease


class FreezeWork:
    """One freeze of a plan's source, or the end of one."""

    def __init__(
        self, view: View, folder: Path, plan: Plan, ledger: Ledger, clouds: Session, shared: CommonOptions
    ) -> None:
        self.view = view
        self._folder = folder
        self.plan = plan
        self.ledger = ledger
        self.clouds = clouds
        self._side = clouds.source
        self._shared = shared
        self._evidence = Evidence(folder, ledger)
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

    async def freeze(self, *, dry_run: bool) -> ExitCode:
        """Takes away what may write the source and can be taken."""
        known = self._known()
        source, writers = await self._writers()
        told = FreezeReport(self.view, self._folder, writers, self._elsewhere())
        if dry_run:
            return told.dry(known)
        by = await self._by()
        book = self._deeds(known, by, source.storage_account_id)
        if writers.removable:
            self.view.event(listed(writers))
        came = await self._take(book, writers)
        report = book.frozen(writers.findings)
        return told.end(book.record, came, report)

    async def _take(self, book: Deeds, writers: Writers) -> TakenRights:
        """Takes them away; where one cannot be, the report says which were. Raises as `take_away` does."""
        roles = self._side.roles
        try:
            return await freeze.take_away(roles, book, writers.removable, ending(roles), self.view.event)
        except MigrateError as error:
            book.frozen(writers.findings, failed=error.summary)
            raise

    async def _by(self) -> By:
        return await who(self._shared, self._side.credential)

    async def back(self, give: Sequence[str], *, dry_run: bool) -> ExitCode:
        """Gives back what the evidence shows as taken; neither workspace has to be there for it."""
        known = self._known()
        if known is None:
            raise self._nothing_frozen()
        if dry_run:
            return nothing_given(self.view, known, self._let_go())
        source, account = await self._source(known)
        book = self._deeds(known, await self._by(), account)
        if not book.record.owed:
            # Cut off between giving back and saying so, it still has to be said.
            book.given_back()
            return nothing_given(self.view, book.record, {})
        let_go = self._let_go()
        decided = LetGo(let_go, await self._wanted(book, give, let_go))
        roles = self._side.roles
        came = await give_back(roles, book, source, decided, ending(roles), self.view.event, self.ledger.moment())
        report = book.given_back(NotGiven(id=one.id, address=one.address, reason=why) for one, why in came.left)
        return given(self.view, self._folder, came, source, let_go, report, self.not_compared)

    async def _source(self, known: FreezeRecord | None) -> tuple[Source, str]:
        """The source as it is, and its storage account. Raises RefusedError where evidence has another."""
        return await read(self._side, self.plan, self._folder, self._evidence.reports(), known)

    async def _wanted(self, book: Deeds, give: Sequence[str], let_go: Container[str]) -> dict[str, str]:
        """What is given though nobody knows who took it, by whose word; raises as `decisions.wanted` does."""
        known = {one.address for one in book.record.owed}
        for address in give:
            if address not in known or address in let_go:
                why = "was let go" if address in let_go else "is not to be given back"
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
        return await who(self._shared, self.clouds.target.credential)

    def _let_go(self) -> dict[str, str]:
        """By address what somebody decided about what is owed: it is not given back."""
        standing = Standing(self.plan, self.ledger)
        subjects = of_frozen(self._evidence.reports())
        return {one.address: decision.detail for one in subjects.values() if (decision := standing.of(one))}

    async def _writers(self) -> tuple[Workspace, Writers]:
        source, _ = await read_pair(self.clouds, self.plan)
        return source, await writers(self._side, source, self.plan, self._evidence.reports())

    def _elsewhere(self) -> list[str]:
        """What other plans hold of the same source, and whose word is not taken."""
        found, doubts = beside(self._folder, self.plan.header.source["workspaceId"])
        others = [(folder, record) for folder, record in found if folder != self._folder]
        return [
            *(f"{folder} holds {many(len(one.owed), 'role assignment')} of this source: give back with that plan"
              for folder, one in others),
            *(f"warning: not counted: {doubt}" for doubt in doubts),
        ]  # fmt: skip

    def _nothing_frozen(self) -> BadInputError:
        found, _ = beside(self._folder, self.plan.header.source["workspaceId"])
        others = ", ".join(str(folder) for folder, _ in found)
        remedy = f"It was frozen with {others}: name that plan." if others else "There is nothing to give back."
        return BadInputError("Nothing was frozen with this plan.", address=str(self._folder), remedy=remedy)


def _tell_not_kept(error: MigrateError) -> None:
    text = (
        "What was done now is not recorded in the target, so an older copy of the plan's folder may not be known"
        " as one until the next `migrate freeze`: %s"
    )
    logging.getLogger(__name__).warning(text, error.summary)
