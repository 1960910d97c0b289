"""Look at the evidence of a plan."""

from __future__ import annotations

from pathlib import Path

from amlmigrate.cli import commands, options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.evidence import CheckView
from amlmigrate.core.errors import BadInputError, ExitCode, RefusedError
from amlmigrate.ledger.checking import Check
from amlmigrate.ledger.checking import check as look
from amlmigrate.ledger.evidence import REMEDY

CHECK = """Check that the evidence of a plan is as it was written. Works on a copy that may not be written to.

Evidence is each report with its files, the plan, decisions and approvals in the ledger, the map of ids, and the
record of a freeze; not what is written for people alone (manual.md, by-hand/).

It reads no workspace and writes nothing. Ends with 0 where all is whole, with 3 where something could not be
checked, with 4 where something was altered, and with 2 where there is no evidence.

Example: migrate evidence check plans/old-ws
"""

app = commands.command_line()


@app.callback(help=__doc__)
def _root() -> None:
    """What stands before a subcommand."""


@app.command("check", help=CHECK)
@options.for_files
def check(plan: options.PlanFolder = None, *, shared: CommonOptions) -> None:
    async def work(view: View) -> ExitCode:
        folder, read = plans.load(plan)
        return _told(view, folder, look(read, folder))

    execute(shared, work)


def _told(view: View, folder: Path, found: Check) -> ExitCode:
    """Says what it came to. Raises RefusedError where something was altered, BadInputError without evidence."""
    if found.altered:
        raise RefusedError(
            "The evidence cannot be trusted: something was altered.",
            reasons=(*found.altered, *(f"not checked: {what}" for what in found.unchecked)),
            address=str(folder),
            remedy=REMEDY,
        )
    if not found.reports:
        raise BadInputError(
            "There is no evidence.", address=str(folder), remedy="`migrate run` and `migrate verify` make some."
        )
    view.show(CheckView(found))
    return ExitCode.INCOMPLETE if found.unchecked else ExitCode.DONE
