"""Find workspaces and rank them by risk. Says whose key each is under and how old that is, which networks reach
it, and what is in the way of a move. Changes nothing, unless --write-tags is given.

Example: migrate scan

Example: migrate scan --decisions decisions.csv --write-tags --dry-run

Example: migrate scan --management-group contoso-ml --format csv > workspaces.csv
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.scans import ScanEndView, WorkspacesView
from amlmigrate.cloud.arm import Arm
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.progress import ScanKept, TagsDue, TagsTold
from amlmigrate.posture import tagging
from amlmigrate.posture.tagging import Standard
from amlmigrate.scanning import decisions, rows, scanfile, tags
from amlmigrate.scanning.decisions import OwnersDecisions
from amlmigrate.scanning.scan import Scan, ScanRequest, ScanScope, scan
from amlmigrate.scanning.scanfile import ScanFile
from amlmigrate.scanning.subscriptions import checked, group_name


class ScanFormat(StrEnum):
    """How the workspaces are shown."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What `scan` is asked."""

    subscription: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this one; may be repeated. Default: AZURE_SUBSCRIPTION_ID, or else all that are visible.",
            metavar="ID",
        ),
    ] = None
    management_group: Annotated[
        list[str] | None,
        typer.Option(help="Every subscription below it, at any depth. May be repeated.", metavar="ID"),
    ] = None
    rules: Annotated[
        Path | None, typer.Option(help="The tagging standard to go by. Default: the shipped one.", metavar="FILE")
    ] = None
    decisions: Annotated[
        Path | None,
        typer.Option(
            help="What owners decided, such as that a workspace is prod: CSV with the columns workspace, level,"
            " owner and date.",
            metavar="FILE",
        ),
    ] = None
    sizes: Annotated[
        bool,
        typer.Option(
            "--sizes", help="Count blobs and bytes too. Slow: it lists every blob of the default containers."
        ),
    ] = False
    write_tags: Annotated[
        bool, typer.Option("--write-tags", help="Give workspaces the tags of the standard that they lack.")
    ] = False
    guesses: Annotated[
        bool,
        typer.Option("--guesses", help="With --write-tags: also write what only a rule tells, marked as a guess."),
    ] = False
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="With --write-tags: also change a value that says the level in other words (PRD for prod), or"
            " another level than its owner decided.",
        ),
    ] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --write-tags: show the tags only.")] = False
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where the scan is kept: a file that ends in .jsonl, or a folder. Default: scans/.",
            metavar="PATH",
        ),
    ] = None
    format: Annotated[ScanFormat, typer.Option(help="How the workspaces are shown.")] = ScanFormat.TABLE

    @property
    def scope(self) -> ScanScope:
        """Where to look. Raises BadInputError for what is no id."""
        groups = tuple(map(group_name, self.management_group or ()))
        named, default = checked(self.subscription or ()), os.environ.get("AZURE_SUBSCRIPTION_ID")
        return ScanScope(tuple(named or checked([default] if default and not groups else [])), groups)


@options.for_one_side
def command(asked: ScanOptions, *, shared: CommonOptions) -> None:
    async def work(view: View) -> ExitCode:
        return await _scan(view, shared, asked)

    execute(shared, work, interrupted=CHANGES if asked.write_tags and not asked.dry_run else READS)


async def _scan(view: View, shared: CommonOptions, wanted: ScanOptions) -> ExitCode:
    scope = wanted.scope
    _check(shared, wanted)
    standard = tagging.read(wanted.rules)
    decided = _decided(wanted, standard)
    # Before anything is read: a place that is taken would make all of it vain.
    scanfile.check(wanted.out)
    async with session(shared) as clouds:
        # Who is not signed in lacks no role: this says so.
        await clouds.source.credential.tenant()
        found = await scan(clouds.source, ScanRequest(scope, standard, decided, wanted.sizes), view.event)
        path = scanfile.place(wanted.out, found.started)
        sha256 = scanfile.write(path, scanfile.header(found, standard, sizes=wanted.sizes), found)
        kept = scanfile.read(path)
        if shared.json or wanted.format is not ScanFormat.TABLE:
            # The end of the table says it too.
            view.event(ScanKept(str(path), sha256))
        _show(view, wanted.format, kept)
        tagged = not wanted.write_tags or await _tags(view, clouds.source.arm, found, standard, wanted)
    if wanted.format is ScanFormat.TABLE:
        view.show(ScanEndView(found, path))
    return ExitCode.DONE if found.complete and tagged and not found.undecided else ExitCode.INCOMPLETE


def _decided(wanted: ScanOptions, standard: Standard) -> OwnersDecisions:
    """What owners decided. Raises BadInputError."""
    if wanted.decisions is None:
        return OwnersDecisions()
    subscription = os.environ.get("AZURE_SUBSCRIPTION_ID")
    return decisions.read(wanted.decisions, standard, subscription, datetime.now(UTC))


def _check(shared: CommonOptions, wanted: ScanOptions) -> None:
    """Refuses options that do not go together. Raises BadInputError."""
    if shared.json and wanted.format is not ScanFormat.TABLE:
        raise BadInputError("--json and --format exclude each other.", remedy="Leave one of them out.")
    if (wanted.overwrite or wanted.guesses or wanted.dry_run) and not wanted.write_tags:
        raise BadInputError(
            "--overwrite, --guesses and --dry-run are about tags, and a scan by itself changes nothing.",
            remedy="Add --write-tags, or leave them out.",
        )


def _show(view: View, form: ScanFormat, kept: ScanFile) -> None:
    if form is ScanFormat.CSV:
        view.raw(rows.as_csv(kept.workspaces))
    elif form is ScanFormat.JSON:
        view.raw(rows.as_json(kept.header, kept.workspaces))
    else:
        view.show(WorkspacesView(kept.workspaces))


async def _tags(view: View, arm: Arm, found: Scan, standard: Standard, wanted: ScanOptions) -> bool:
    """Shows what becomes of each tag, and writes it unless it is a dry run; whether all is as it was to be."""
    changes = tags.changes(found.workspaces, standard, overwrite=wanted.overwrite, guess=wanted.guesses)
    for change in changes:
        stays = {name: list(one) for name, one in change.kept.items()}
        view.event(TagsDue(change.id, dict(change.tags), dict(change.before), stays))
    failed = {} if wanted.dry_run else await tags.write(arm, changes, view.event)
    due = [change for change in changes if change.tags]
    view.event(
        TagsTold(
            wanted=len(due),
            written=0 if wanted.dry_run else len(due) - len(failed),
            failed=len(failed),
            added=sum(len(change.tags) - len(change.before) for change in due),
            changed=sum(len(change.before) for change in due),
            kept=sum(len(change.kept) for change in changes),
        )
    )
    return not failed
