"""Look at the evidence of a plan, or of the rotations of keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import commands, options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.evidence import CheckView
from amlmigrate.core.errors import BadInputError, ExitCode, RefusedError
from amlmigrate.ledger.checking import Check, check_rotations
from amlmigrate.ledger.checking import check as look
from amlmigrate.ledger.evidence import KEYS_REMEDY, REMEDY
from amlmigrate.planning import planfile

CHECK = """Check that the evidence of a plan, or of rotations of keys, is as it was written.

Evidence of a plan is each report with its files, the plan, decisions and approvals in the ledger, the map of ids,
and the record of a freeze; not what is written for people alone (manual.md, by-hand/). With --keys it is each
report of migrate key rotate and key drill.

It reads no workspace and no vault, writes nothing, and works on a copy that may not be written to. Ends
with 0 where all is whole, with 3 where something could not be checked, with 4 where something was altered, and
with 2 where there is no evidence.

Example: migrate evidence check plans/old-ws

Example: migrate evidence check --keys keys
"""


@dataclass(frozen=True, slots=True)
class _Whose:
    """What helps where evidence was altered, and where there is none."""

    altered: str
    none: str


_PLANS = _Whose(REMEDY, "`migrate run` and `migrate verify` make some.")
_ROTATIONS = _Whose(
    KEYS_REMEDY,
    "Name the folder that `migrate key rotate` or `migrate key drill` made: keys/ in the folder where it ran.",
)

app = commands.command_line()


@app.callback(help=__doc__)
def _root() -> None:
    """What stands before a subcommand."""


@app.command("check", help=CHECK)
@options.for_files
def check(
    plan: options.PlanFolder = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            help="Instead of a plan: the folder that migrate key rotate or key drill made, keys/ where it ran.",
            metavar="FOLDER",
        ),
    ] = None,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        if keys is not None:
            _refuse_plan(plan, keys)
            return _told(view, keys, check_rotations(keys), _ROTATIONS)
        folder, read = plans.load(plan)
        return _told(view, folder, look(read, folder), _PLANS)

    execute(shared, work)


def _refuse_plan(plan: str | None, keys: Path) -> None:
    """Raises BadInputError for a plan beside the folder of rotations, or in its place."""
    if plan is not None:
        raise BadInputError("A plan and --keys exclude each other.", remedy="Leave one of them out.")
    if (keys / planfile.FILE).exists():
        raise BadInputError(
            "That is a plan's folder.", address=str(keys), remedy=f"Check it with `migrate evidence check {keys}`."
        )


def _told(view: View, folder: Path, found: Check, whose: _Whose) -> ExitCode:
    """Says what it came to. Raises RefusedError where something was altered, BadInputError without evidence."""
    if found.altered:
        raise RefusedError(
            "The evidence cannot be trusted: something was altered.",
            reasons=(*found.altered, *(f"not checked: {what}" for what in found.unchecked)),
            address=str(folder),
            remedy=whose.altered,
        )
    if not found.reports:
        raise BadInputError("There is no evidence.", address=str(folder), remedy=whose.none)
    view.show(CheckView(found))
    return ExitCode.INCOMPLETE if found.unchecked else ExitCode.DONE
