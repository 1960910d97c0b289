"""Take away, or give back, rights to write the source. For a source that is still in use, before its last plan.

Example: migrate freeze plans/old-ws --dry-run

Example: migrate freeze plans/old-ws

Example: migrate freeze plans/old-ws --thaw
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import BadInputError, ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from amlmigrate.cloud.session import Session
    from amlmigrate.core.finding import Finding
    from amlmigrate.core.identity import Identity
    from amlmigrate.core.plan import Plan
    from amlmigrate.core.workspace import Workspace
    from amlmigrate.freezing.record import Record
    from amlmigrate.freezing.writers import Writers
    from amlmigrate.ledger import Ledger


@options.shared
def command(
    plan: options.PlanFolder = None,
    thaw: Annotated[bool, typer.Option("--thaw", help="Give back exactly what was taken away.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the list, and change nothing.")] = False,
    force_unlock: options.ForceUnlock = False,
    *,
    shared: Shared,
) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cli import plans
        from amlmigrate.cli.holding import holding
        from amlmigrate.cli.sides import read_pair
        from amlmigrate.cli.signing import session
        from amlmigrate.ledger import Ledger
        from amlmigrate.ledger.lock import Lock

        folder, read = plans.load_own(plan)
        with Ledger(folder) as ledger:
            ledger.bind(read)
            with Lock(ledger, force=force_unlock) as lock:
                async with (
                    session(shared) as clouds,
                    holding(clouds, read, ledger, lock, "freeze", view, dry_run=dry_run),
                ):
                    source, _ = await read_pair(clouds, read)
                    one = Work(view, folder, read, ledger, clouds, source)
                    return await (one.thaw if thaw else one.freeze)(dry_run=dry_run)

    execute(shared, work)


class Work:
    """One freeze or thaw of a plan's source."""

    def __init__(
        self, view: View, folder: Path, plan: Plan, ledger: Ledger, clouds: Session, source: Workspace
    ) -> None:
        self._view = view
        self._folder = folder
        self._plan = plan
        self._ledger = ledger
        self._side = clouds.source
        self._source = source

    async def freeze(self, *, dry_run: bool) -> ExitCode:
        """Finds the writers, shows them, records them, and takes their assignments away."""
        from amlmigrate.freezing import freeze, record

        caller = await self._side.credential.identity()
        known = record.read(self._folder)
        before = known.assignments if known and known.state == "frozen" else ()
        writers = await self._writers(caller)
        if dry_run or not (writers.removable or before):
            return self._told("freeze.dry" if dry_run else "freeze.end", writers, [], None, dry_run=dry_run)
        if writers.removable:
            keys = {one.key for one in before}
            new = tuple(one for one in writers.removable if one.key not in keys)
            self._view.event(_listed(writers))
            known = self._record((*before, *new), caller)
            record.write(self._folder, known)
            await freeze.take_away(self._side.roles, writers.removable, self._view.event)
        path = self._evidence("freeze", known, caller, writers.findings)
        return self._told("freeze.end", writers, writers.removable, path, dry_run=False)

    async def thaw(self, *, dry_run: bool) -> ExitCode:
        """Gives back what `freeze.json` holds."""
        from amlmigrate.freezing import freeze, record

        known = record.read(self._folder)
        if known is None:
            raise self._nothing_frozen()
        if dry_run or known.state != "frozen":
            text = "Nothing is frozen any more: all was given back." if known.state != "frozen" else (
                f"Nothing was changed. {len(known.assignments)} role assignments would be given back."
            )  # fmt: skip
            if not dry_run:
                # Cut off between giving back and saying so, it still has to be said.
                self._evidence("thaw", known, await self._side.credential.identity(), [])
            self._view.result("thaw.dry" if dry_run else "thaw.end", {"text": text, **_lines(known.assignments)})
            return ExitCode.DONE
        came = await freeze.put_back(self._side.roles, known.assignments, self._view.event)
        failed = [{"id": one.id, "reason": why} for one, why in came.failed]
        data = {
            "text": f"Given back: {len(came.made)} role assignments; {len(came.there)} were there already.",
            "restored": [one.as_dict() for one in came.made],
            "renamed": [one.as_dict() for one in came.renamed],
            "failed": failed,
            "lines": [
                *(f"there under another name: {one}" for one in came.renamed),
                *(f"not given back: {one}: {why}" for one, why in came.failed),
            ],
        }
        if failed:
            self._view.result(
                "thaw.end", data | {"next": f"set it right, then migrate freeze {self._folder} --thaw"}
            )
            return ExitCode.INCOMPLETE
        known = known.thawed()
        record.write(self._folder, known)
        path = self._evidence("thaw", known, await self._side.credential.identity(), [])
        self._view.result("thaw.end", data | {"files": {"Evidence": str(path)} if path else {}})
        return ExitCode.DONE

    async def _writers(self, caller: Identity) -> Writers:
        from amlmigrate.cli.writing import writers

        return await writers(self._side, self._source, caller.object_id)

    def _record(self, assignments: tuple[Any, ...], caller: Identity) -> Record:
        from datetime import UTC, datetime

        from amlmigrate.freezing.record import Record

        header = self._plan.header
        return Record(
            plan={"name": header.name, "sha256": self._plan.sha256},
            source={"id": self._source.id, "workspaceId": self._source.workspace_id},
            assignments=assignments,
            by=caller.as_dict(),
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _evidence(self, kind: str, known: Record | None, caller: Identity, findings: list[Finding]) -> Path | None:
        """Adds the report, unless the last one is of this very record."""
        from amlmigrate.freezing.record import FILE
        from amlmigrate.ledger.decisions import freeze_state, of_file
        from amlmigrate.ledger.evidence import Evidence

        evidence = Evidence(self._folder, self._ledger)
        sha256 = of_file(self._folder / FILE)
        last = freeze_state(evidence.reports())
        if known is None or (last and last.content["file"]["sha256"] == sha256):
            return None
        content = {
            **known.as_dict(),
            "by": caller.as_dict(),
            "findings": [finding.as_dict() for finding in findings],
            "file": {"name": FILE, "sha256": sha256},
        }
        return evidence.add(kind, content).path

    def _nothing_frozen(self) -> BadInputError:
        from amlmigrate.freezing.record import frozen_beside

        others = [str(folder) for folder, _ in frozen_beside(self._folder, self._source.workspace_id)]
        remedy = (
            f"It was frozen with {', '.join(others)}: name that plan." if others else "There is nothing to thaw."
        )
        return BadInputError("Nothing was frozen with this plan.", address=str(self._folder), remedy=remedy)

    def _told(
        self, name: str, writers: Writers, removed: list[Any], path: Path | None, *, dry_run: bool
    ) -> ExitCode:
        from amlmigrate.freezing import record

        count = len(writers.removable)
        if dry_run:
            text = f"Nothing was changed. {count} role assignments would be taken away."
        elif removed:
            text = f"Frozen: {count} role assignments were taken away. It takes some minutes until that counts."
        else:
            text = "Nothing to take away: no other role assignment of the source's own lets anybody write it."
        if stays := len(writers.undecided):
            text += (
                f" {stays} at the storage account stay: it is not known whether it serves another workspace too."
            )
        lines = [
            *map(str, writers.removable),
            *(f"warning: {f.address}: {f.summary} {f.remedy}" for f in writers.findings),
        ]
        following = f"migrate freeze {self._folder}" if dry_run else "migrate plan, run and verify once more"
        if stays and not dry_run:
            following = f"get the rights that are missing, then migrate freeze {self._folder}"
        known = record.read(self._folder)
        if known and known.state == "frozen":
            following += f"; to give all back: migrate freeze {self._folder} --thaw"
        data: dict[str, Any] = {
            "text": text,
            "assignments": [one.as_dict() for one in writers.removable],
            "undecided": [one.as_dict() for one in writers.undecided],
            "findings": [finding.as_dict() for finding in writers.findings],
            "lines": lines,
            "files": {"Evidence": str(path)} if path else {},
            "next": following,
        }
        self._view.result(name, data)
        return ExitCode.INCOMPLETE if stays and not dry_run else ExitCode.DONE


def _listed(writers: Writers) -> Any:
    from amlmigrate.core.events import Event

    lines = [str(one) for one in writers.removable]
    return Event("freeze.list", {"assignments": [one.as_dict() for one in writers.removable], "lines": lines})


def _lines(assignments: tuple[Any, ...]) -> dict[str, Any]:
    return {"assignments": [one.as_dict() for one in assignments], "lines": [str(one) for one in assignments]}
