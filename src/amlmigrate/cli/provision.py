"""Create a workspace under a customer's key. Also creates its key vault, key, identity, role assignments and
storage, as a file says. What others have made is not touched, unless it is adopted.

Example: migrate provision workspace.yaml --dry-run

Example: migrate provision workspace.yaml --adopt kv-shared --yes
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from shlex import join
from typing import Annotated

import typer

from amlmigrate.cli import asked, options
from amlmigrate.cli.asked import Agreement
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.provision import ProvisionDryView, ProvisionPlanView, ProvisionView
from amlmigrate.core.errors import ExitCode
from amlmigrate.provisioning import reading
from amlmigrate.provisioning.stage import PATIENCE, ProvisionRequest, provisioning
from amlmigrate.provisioning.wanted import WantedWorkspace


@options.for_one_side
def command(
    file: Annotated[
        Path, typer.Argument(help="The description of the workspace, in YAML or JSON.", metavar="FILE")
    ],
    adopt: Annotated[
        list[str] | None,
        typer.Option(
            help="Use an existing resource that was not created for this workspace; its users are listed, and"
            " only what the file's `adopted` allows is changed. By name, or kind/name. May be repeated.",
            metavar="NAME",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what cannot be undone, and ask nothing.")] = False,
    profiles: Annotated[
        Path | None,
        typer.Option(help="Key profiles in addition to, or instead of, the shipped ones.", metavar="FILE"),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(help="Minutes to wait until an assigned role takes effect.", min=0, metavar="MINUTES"),
    ] = PATIENCE // 60,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        wanted = reading.read(file, subscription=os.environ.get("AZURE_SUBSCRIPTION_ID"), table=profiles)
        said = Said(str(file), tuple(adopt or ()), yes, wait * 60, str(profiles) if profiles is not None else "")
        return await _provision(view, shared, wanted, said, dry_run=dry_run)

    execute(shared, work, interrupted=READS if dry_run else CHANGES)


@dataclass(frozen=True, slots=True)
class Said:
    """The file's path and what was asked for; `patience` is in seconds, `profiles` a path or empty."""

    file: str
    adopt: tuple[str, ...]
    yes: bool
    patience: float = PATIENCE
    profiles: str = ""


async def _provision(
    view: View, shared: CommonOptions, wanted: WantedWorkspace, said: Said, *, dry_run: bool
) -> ExitCode:
    async with session(shared) as clouds:
        request = ProvisionRequest(wanted, said.file, said.adopt, view.event, said.patience)
        found = await provisioning(request, clouds, wait=not dry_run)
        view.show(ProvisionPlanView(found.steps, wanted.subscription))
        found.check()
        if dry_run:
            view.show(ProvisionDryView(_again(said)))
            return ExitCode.DONE
        await asked.agree(view, shared, found.asks, Agreement(said.file, _again(said), yes=said.yes))
        applied = await found.apply()
    view.show(ProvisionView(wanted, applied))
    return ExitCode.DONE


def _again(said: Said) -> str:
    """The same command as it is typed, with all that it was given and that decides what it does."""
    given = ("migrate", "provision", said.file, *(word for name in said.adopt for word in ("--adopt", name)))
    table = ("--profiles", said.profiles) if said.profiles else ()
    return join([*given, *table, *(("--wait", f"{said.patience / 60:g}") if said.patience != PATIENCE else ())])
