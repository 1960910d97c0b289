"""Show where a plan stands, what comes next, and how long it will take. With --all every plan below a folder.

Example: migrate status plans/old-ws

Example: migrate status --all

Example: migrate status moves --all
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.holding import look
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.status import OverviewView, StatusView
from amlmigrate.core.errors import ExitCode
from amlmigrate.ledger.items import eta_seconds
from amlmigrate.ledger.read_only_copy import for_reading
from amlmigrate.status.overview import overview
from amlmigrate.status.stages import stages


@options.for_both_sides
def command(
    plan: options.PlanFolder = None,
    every: Annotated[
        bool, typer.Option("--all", help="A line for each plan below PLAN, a folder; left out, below plans/.")
    ] = False,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        if every:
            return _all(view, plan)
        return await _one(view, shared, plan)

    execute(shared, work)


async def _one(view: View, shared: CommonOptions, plan: str | None) -> ExitCode:
    folder, read = plans.load(plan)
    with for_reading(folder, read) as ledger:
        found = stages(read, folder, ledger)
        eta = eta_seconds(ledger, found.run.remaining) if ledger else None
    looked = await look(shared, found)
    view.show(StatusView(looked.on(found), looked.lease, eta, looked.early_ends))
    return ExitCode.DONE


def _all(view: View, root: str | None) -> ExitCode:
    found = overview(Path(root) if root else plans.ROOT)
    view.show(OverviewView(found))
    return ExitCode.INCOMPLETE if found.broken else ExitCode.DONE
