"""Remove, or restore, the rights to write to the source. For a source that is still in use, before its last plan.

Example: migrate freeze plans/old-ws --dry-run

Example: migrate freeze plans/old-ws

Example: migrate freeze plans/old-ws --back

Example: migrate freeze plans/old-ws --back --give frozen/0b4a7a52-9c1c-4b0e-8a0a-2f6d7e1c9a35
"""

from __future__ import annotations

from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.freeze import FreezeView, GiveBackView
from amlmigrate.cli.who import local
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.freezing.stage import FreezeRequest, freeze_source, give_rights_back


@options.for_both_sides
def command(
    plan: options.PlanFolder = None,
    back: Annotated[bool, typer.Option("--back", help="Restore exactly what was removed.")] = False,
    give: Annotated[
        list[str] | None,
        typer.Option(
            help="With --back: restore this one too, although it is not known who removed it.", metavar="ADDRESS"
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
        request = FreezeRequest(
            read, folder, local(shared), view.event, give or (), dry_run=dry_run, force_unlock=force_unlock
        )
        told: FreezeView | GiveBackView
        if back:
            told = GiveBackView(folder, await give_rights_back(request, lambda: session(shared)))
        else:
            told = FreezeView(folder, await freeze_source(request, lambda: session(shared)))
        view.show(told)
        return told.code

    execute(shared, work, interrupted=READS if dry_run else CHANGES)
