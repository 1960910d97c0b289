"""Take away, or give back, rights to write the source. For a source that is still in use, before its last plan.

Example: migrate freeze plans/old-ws --dry-run

Example: migrate freeze plans/old-ws

Example: migrate freeze plans/old-ws --back
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import BadInputError, ExitCode, MigrateError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from amlmigrate.cloud.session import Session
    from amlmigrate.core.by import By
    from amlmigrate.core.plan import Plan
    from amlmigrate.freezing.record import Assignment, Record
    from amlmigrate.freezing.writers import Writers
    from amlmigrate.ledger import Ledger
    from amlmigrate.ledger.evidence import Report
    from amlmigrate.ledger.lock import Lock


@options.shared
def command(
    plan: options.PlanFolder = None,
    back: Annotated[bool, typer.Option("--back", help="Give back exactly what was taken away.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the list, and change nothing.")] = False,
    force_unlock: options.ForceUnlock = False,
    *,
    shared: Shared,
) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cli import plans
        from amlmigrate.cli.signing import session
        from amlmigrate.ledger import Ledger
        from amlmigrate.ledger.lock import Lock

        folder, read = plans.load_own(plan)
        with Ledger(folder) as ledger:
            ledger.bind(read)
            with Lock(ledger, force=force_unlock) as lock:
                async with session(shared) as clouds:
                    one = Work(view, folder, read, ledger, clouds, shared)
                    async with _alone(one, lock, dry_run=dry_run, needed=not back):
                        return await (one.back if back else one.freeze)(dry_run=dry_run)

    execute(shared, work)


@asynccontextmanager
async def _alone(one: Work, lock: Lock, *, dry_run: bool, needed: bool) -> AsyncIterator[None]:
    """Holds the lease on the target; where nobody has it and it cannot be had, only what needs it is refused.

    Rights are given back also where the target, or the account of the lease, is no more.
    """
    from amlmigrate.cli.holding import holding

    async with AsyncExitStack() as stack:
        try:
            held = holding(one.clouds, one.plan, one.ledger, lock, "freeze", one.view, dry_run=dry_run)
            await stack.enter_async_context(held)
        except MigrateError as error:
            if needed or error.exit_code is ExitCode.LOCKED:
                raise
        yield


class Work:
    """One freeze of a plan's source, or the end of one."""

    def __init__(
        self, view: View, folder: Path, plan: Plan, ledger: Ledger, clouds: Session, shared: Shared
    ) -> None:
        from amlmigrate.ledger.evidence import Evidence

        self.view = view
        self._folder = folder
        self.plan = plan
        self.ledger = ledger
        self.clouds = clouds
        self._side = clouds.source
        self._shared = shared
        self._evidence = Evidence(folder, ledger)

    def _known(self) -> Record | None:
        """What was frozen before, where the record can be trusted. Raises RefusedError."""
        from amlmigrate.freezing import record

        return record.trusted(self._folder, self.ledger, self.plan, self._evidence.reports())

    def _keep(self, known: Record) -> None:
        from amlmigrate.freezing import record

        record.write(self._folder, self.ledger, known)

    async def freeze(self, *, dry_run: bool) -> ExitCode:
        """Finds the writers, shows them, records them, and takes their assignments away."""
        known = self._known()
        writers = await self._writers()
        told = Told(self.view, self._folder, writers)
        if dry_run:
            return told.dry(known)
        by = await self._by()
        if writers.removable:
            self.view.event(_listed(writers))
            known = self._record(writers.removable, known, by)
            self._keep(known)
            known = await self._take(known, writers, by)
        report = self._report("freeze", known, by, **_found(writers)) if known and known.taken else None
        return told.end(known, report)

    async def _take(self, known: Record, writers: Writers, by: By) -> Record:
        """Takes them away; where one cannot be, the report says which were. Raises as `take_away` does."""
        from amlmigrate.freezing import freeze, record

        try:
            return await freeze.take_away(self._side.roles, known, writers.removable, self._keep, self.view.event)
        except MigrateError as error:
            so_far = record.read(self._folder) or known
            self._report("freeze", so_far, by, **_found(writers), failed=error.summary)
            raise

    async def _by(self) -> By:
        from amlmigrate.cli.who import who

        return await who(self._shared, self._side.credential)

    async def back(self, *, dry_run: bool) -> ExitCode:
        """Gives back what `freeze.json` shows as taken; neither workspace has to be there for it."""
        from amlmigrate.freezing import freeze

        known = self._known()
        if known is None:
            raise self._nothing_frozen()
        if dry_run or not known.taken:
            if not dry_run:
                # Cut off between giving back and saying so, it still has to be said.
                self._report("back", known, await self._by())
            return _nothing_given(self.view, known)
        came = await freeze.give_back(self._side.roles, known, self._keep, self.view.event)
        failed = [{"id": one.id, "reason": why} for one, why in came.failed]
        report = self._report("back", came.record, await self._by(), failed=failed)
        return _given(self.view, self._folder, came, failed, report)

    async def _writers(self) -> Writers:
        from amlmigrate.cli.sides import read_pair
        from amlmigrate.cli.writing import writers

        source, _ = await read_pair(self.clouds, self.plan)
        return await writers(self._side, source, self.plan, self._evidence.reports())

    def _record(self, removable: list[Assignment], known: Record | None, by: By) -> Record:
        """What is taken away already, and what is to be; one whose deletion was cut off is both."""
        from datetime import UTC, datetime

        from amlmigrate.freezing.record import Record

        header = self.plan.header
        before = {one.key: one for one in (known.taken if known else ())}
        new = {
            one.key: replace(one, state=before[one.key].state) if one.key in before else one for one in removable
        }
        return Record(
            plan={"name": header.name, "sha256": self.plan.sha256},
            source={"id": header.source["id"], "workspaceId": header.source["workspaceId"]},
            assignments=tuple((before | new).values()),
            by=by.who(),
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _report(self, kind: str, known: Record | None, by: By, **more: Any) -> Report | None:
        """Adds the report, unless the last one is of this very record."""
        from amlmigrate.freezing.record import FILE
        from amlmigrate.ledger.decisions import freeze_state, of_file

        sha256 = of_file(self._folder / FILE)
        last = freeze_state(self._evidence.reports())
        if known is None or (last and last.content["file"]["sha256"] == sha256):
            return None
        file = {"name": FILE, "sha256": sha256}
        return self._evidence.add(kind, {**known.as_dict(), "by": by.as_dict(), **more, "file": file})

    def _nothing_frozen(self) -> BadInputError:
        from amlmigrate.freezing.record import frozen_beside

        beside = frozen_beside(self._folder, self.plan.header.source["workspaceId"])
        others = ", ".join(str(folder) for folder, _ in beside)
        remedy = f"It was frozen with {others}: name that plan." if others else "There is nothing to give back."
        return BadInputError("Nothing was frozen with this plan.", address=str(self._folder), remedy=remedy)


class Told:
    """What a freeze says at its end."""

    def __init__(self, view: View, folder: Path, writers: Writers) -> None:
        self._view = view
        self._folder = folder
        self._writers = writers

    def dry(self, known: Record | None) -> ExitCode:
        """Of what would be done."""
        text = f"Nothing was changed. {len(self._writers.removable)} role assignments would be taken away."
        self._tell("freeze.dry", text, f"migrate freeze {self._folder}", known, None)
        return ExitCode.DONE

    def end(self, known: Record | None, report: Report | None) -> ExitCode:
        """Of what was done."""
        count, stays = len(self._writers.removable), bool(self._writers.undecided)
        if count:
            text = f"Frozen: {count} role assignments were taken away. It takes some minutes until that counts."
        elif self._writers.staying:
            text = "Nothing was taken away."
        else:
            text = "Nothing to take away: no other role assignment lets anybody write the source."
        following = (
            f"get the rights that are missing, then migrate freeze {self._folder}"
            if stays
            else "migrate plan, run and verify once more"
        )
        self._tell("freeze.end", text, following, known, report)
        return ExitCode.INCOMPLETE if stays else ExitCode.DONE

    def _tell(self, name: str, text: str, following: str, known: Record | None, report: Report | None) -> None:
        writers = self._writers
        if stays := len(writers.undecided):
            text += (
                f" {stays} at the storage account stay: it is not known whether it serves another workspace too."
            )
        if others := writers.staying - stays:
            what = "assignment by which somebody may write stays"
            several = "assignments by which somebody may write stay"
            text += f" {others} role {what if others == 1 else several}: see the warnings."
        if known and known.taken:
            following += f"; to give all back: migrate freeze {self._folder} --back"
        warnings = (f"warning: {one.address}: {one.summary} {one.remedy}" for one in writers.findings)
        data: dict[str, Any] = {
            "text": text,
            "assignments": [one.as_dict() for one in writers.removable],
            "undecided": [one.as_dict() for one in writers.undecided],
            "findings": [finding.as_dict() for finding in writers.findings],
            "lines": [*map(str, writers.removable), *warnings],
            "files": {"Evidence": str(report.path)} if report else {},
            "next": following,
        }
        self._view.result(name, data)


def _nothing_given(view: View, known: Record) -> ExitCode:
    """Says what would be given back, or that all was."""
    count = len(known.taken)
    text = (
        f"Nothing was changed. {count} role assignments would be given back."
        if count
        else "Nothing is frozen any more: all was given back."
    )
    shown = known.taken or known.assignments
    assignments = {"assignments": [one.as_dict() for one in shown], "lines": [str(one) for one in shown]}
    view.result("back.dry" if count else "back.end", {"text": text, **assignments})
    return ExitCode.DONE


def _given(view: View, folder: Path, came: Any, failed: list[dict[str, str]], report: Report | None) -> ExitCode:
    """Says what was given back and what was not."""
    left = f"; {len(failed)} could not be given back" if failed else ""
    data = {
        "text": f"Given back: {len(came.made)} role assignments; {len(came.there)} were there already{left}.",
        "restored": [one.as_dict() for one in came.made],
        "renamed": [one.as_dict() for one in came.renamed],
        "failed": failed,
        "lines": [
            *(f"there under another name: {one}" for one in came.renamed),
            *(f"not given back: {one}: {why}" for one, why in came.failed),
        ],
        "files": {"Evidence": str(report.path)} if report else {},
    }
    if failed:
        data["next"] = f"set it right, then migrate freeze {folder} --back"
    view.result("back.end", data)
    if came.denied:
        return ExitCode.DENIED
    return ExitCode.INCOMPLETE if failed else ExitCode.DONE


def _found(writers: Writers) -> dict[str, Any]:
    return {"findings": [finding.as_dict() for finding in writers.findings]}


def _listed(writers: Writers) -> Any:
    from amlmigrate.core.events import Event

    lines = [str(one) for one in writers.removable]
    return Event("freeze.list", {"assignments": [one.as_dict() for one in writers.removable], "lines": lines})
