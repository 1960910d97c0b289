"""Carry out a plan, with retries and checkpoints. A run that ended early goes on with --resume.

Example: migrate run plans/old-ws

Example: migrate run plans/old-ws --resume

Example: migrate run plans/old-ws --secrets secrets.csv
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views import runs
from amlmigrate.cli.views.base import View
from amlmigrate.cli.who import local
from amlmigrate.cloud.givensecrets import taken
from amlmigrate.core import secretsources
from amlmigrate.core.errors import ExitCode, InterruptedRunError
from amlmigrate.core.stop import Stop
from amlmigrate.planning import earlier_plans
from amlmigrate.running.stage import RunRequest, run

INTERRUPTED = InterruptedRunError(
    "Interrupted before it was done. The calls that were under way may have been carried out all the same.",
    remedy="Go on with `migrate run --resume`: it looks what became of them, and does what is left.",
)


@options.for_both_sides
def command(
    plan: options.PlanFolder = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a run that was begun.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all that a run checks, and change nothing.")
    ] = False,
    secrets: Annotated[
        Path | None,
        typer.Option(
            help="CSV or YAML: where the secrets are that the plan was told of. Never a secret itself.",
            metavar="FILE",
        ),
    ] = None,
    force_unlock: options.ForceUnlock = False,
    jobs: Annotated[int, typer.Option(help="Steps at a time.", min=1, max=128, metavar="N")] = 32,
    *,
    shared: CommonOptions,
) -> None:
    stop = Stop()

    async def work(view: View) -> ExitCode:
        folder, read = plans.load_own(plan)
        sources = secretsources.read(secrets) if secrets else secretsources.NO_SECRETS
        ids = (read.header.source["workspaceId"], read.header.target["workspaceId"])
        request = RunRequest(
            read,
            folder,
            local(shared),
            earlier=partial(earlier_plans.ownership, folder.parent, *ids, own=folder),
            emit=view.event,
            stop=stop,
            jobs=jobs,
            resume=resume,
            dry_run=dry_run,
            force_unlock=force_unlock,
            secrets=sources,
            variables=taken(sources, os.environ),
        )
        outcome = await run(request, lambda: session(shared))
        view.show(runs.view_of(outcome))
        if outcome.lost:
            view.error(outcome.lost)
        return outcome.code

    execute(shared, work, stop, interrupted=READS if dry_run else INTERRUPTED)
