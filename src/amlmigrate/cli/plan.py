"""Read both workspaces and write a plan to review. With --fleet a plan for each movable workspace of a scan.

Example: migrate plan --source old-rg/old-ws --target new-rg/new-ws

Example: migrate plan --source old-rg/old-ws --target new-rg/new-ws --secrets secrets.csv --computes instances

Example: migrate plan --source old-rg/old-ws --target new-rg/new-ws --select "models/*" --exclude models/churn

Example: migrate plan --fleet scans/SCAN.jsonl --targets targets.csv --out moves
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.fleets import FleetView
from amlmigrate.cli.views.plans import PlanWrittenView
from amlmigrate.cli.who import local
from amlmigrate.cloud.subscriptions import workspace_ref
from amlmigrate.core import log_context, secretsources
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.select import Selection
from amlmigrate.core.workspacename import WorkspaceName
from amlmigrate.fleet.stage import FleetFiles, FleetRequest, plan_fleet
from amlmigrate.planning import planfile, principals, renames, vault_secrets
from amlmigrate.planning.renames import Renames
from amlmigrate.planning.stage import PlanChoices, PlanRequest, create_plan


class Unreferenced(StrEnum):
    """What becomes of blobs that no asset refers to."""

    LIST = "list"
    COPY = "copy"


class Instances(StrEnum):
    """Which computes move that stay by hand otherwise."""

    INSTANCES = "instances"


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What `plan` is asked."""

    source: Annotated[
        str | None,
        typer.Option(
            help="The workspace to move: ARM id, SUB/GROUP/NAME, GROUP/NAME, or its URL in the studio.",
            metavar="WS",
        ),
    ] = None
    target: Annotated[str | None, typer.Option(help="The workspace under a customer's key.", metavar="WS")] = None
    fleet: Annotated[
        Path | None, typer.Option(help="Instead: plan every movable workspace of a scan.", metavar="SCAN")
    ] = None
    targets: Annotated[
        Path | None,
        typer.Option(
            help="With --fleet: CSV with the columns source and target, or YAML `SOURCE: TARGET`.", metavar="FILE"
        ),
    ] = None
    waves: Annotated[
        Path | None,
        typer.Option(
            help="With --fleet: CSV with the columns source and wave, or YAML `SOURCE: NUMBER`.", metavar="FILE"
        ),
    ] = None
    wave_size: Annotated[
        int | None, typer.Option(help="With --fleet: at most this many workspaces per wave.", min=1, metavar="N")
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(help="The plan's folder; for a fleet, the folder above all its plans.", metavar="DIR"),
    ] = None
    select: Annotated[
        list[str] | None,
        typer.Option(
            help="Only addresses that match, and what they refer to; put it in quotes. May be repeated.",
            metavar="GLOB",
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Not addresses that match, even if something refers to them. May be repeated.", metavar="GLOB"
        ),
    ] = None
    rename: Annotated[
        Path | None,
        typer.Option(
            help="CSV with the columns address and name: what items whose names are unique in a region, such as"
            " computes, are called in the target.",
            metavar="FILE",
        ),
    ] = None
    unreferenced: Annotated[
        Unreferenced, typer.Option(help="What becomes of blobs that no asset refers to: list them, or copy them.")
    ] = Unreferenced.LIST
    delete: Annotated[
        bool,
        typer.Option(
            "--delete", help="Plan to delete blobs of the target that this tool copied, and whose source is gone."
        ),
    ] = False
    vault_secrets: Annotated[
        Path | None,
        typer.Option(
            help="Move these secrets of the workspace's vault: a file with their names, one on each line.",
            metavar="FILE",
        ),
    ] = None
    secrets: Annotated[
        Path | None,
        typer.Option(
            help="CSV or YAML: where `run` finds the secrets that no answer shows. Never a secret itself.",
            metavar="FILE",
        ),
    ] = None
    computes: Annotated[
        Instances | None,
        typer.Option(help="Also create compute instances, stopped, for their owners. Their disks stay behind."),
    ] = None
    grants: Annotated[
        bool,
        typer.Option(
            "--grants",
            help="Have the cutover give the target's identities what the source's may do elsewhere. Somebody else"
            " has to approve the plan for that.",
        ),
    ] = False
    principals: Annotated[
        Path | None,
        typer.Option(
            help="CSV of old and new object ids of people. Needed if the target is in another tenant.",
            metavar="FILE",
        ),
    ] = None
    require_approval: Annotated[
        bool,
        typer.Option("--require-approval", help="Require somebody else's approval before the plan is run."),
    ] = False

    @property
    def choices(self) -> PlanChoices:
        """What a plan is to take in, and how."""
        selection = Selection(tuple(self.select or ()), tuple(self.exclude or ()))
        copied = self.unreferenced is Unreferenced.COPY
        names = renames.read(self.rename, _subscription()) if self.rename else Renames()
        named = vault_secrets.read(self.vault_secrets)
        sources = secretsources.read(self.secrets) if self.secrets else secretsources.NO_SECRETS
        # Such an option is called as the kind is.
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        asked = {name: frozenset({one.value}) for name, one in told.items() if isinstance(one, Instances)}
        who = principals.read(self.principals)
        return PlanChoices(
            selection, copied, self.delete, self.require_approval, names, named, sources, asked, self.grants, who
        )


@options.for_both_sides
def command(asked: PlanOptions, *, shared: CommonOptions) -> None:
    async def work(view: View) -> ExitCode:
        _check(asked)
        if asked.fleet is not None and asked.targets is not None:
            files = FleetFiles(asked.fleet, asked.targets, asked.waves, asked.wave_size)
            return await _plan_fleet(view, shared, files, asked)
        return await _plan(view, shared, asked)

    execute(shared, work)


def _check(asked: PlanOptions) -> None:
    """Refuses options that do not go together. Raises BadInputError."""
    if asked.fleet is None:
        if any(option is not None for option in (asked.targets, asked.waves, asked.wave_size)):
            raise BadInputError(
                "--targets, --waves and --wave-size go with --fleet.", remedy="Name the scan with --fleet."
            )
        if not asked.source or not asked.target:
            raise BadInputError(
                "A plan needs --source and --target.", remedy="Name both, or a scan with --fleet and --targets."
            )
    elif asked.secrets:
        raise BadInputError(
            "--secrets goes with one pair: in each workspace of a fleet an address is another item.",
            remedy="Plan those that need it one by one.",
        )
    elif asked.source or asked.target:
        raise BadInputError(
            "--fleet plans many pairs: --source and --target do not go with it.",
            remedy="Leave --source and --target out; for one pair leave --fleet out.",
        )
    elif asked.targets is None:
        raise BadInputError("--fleet needs --targets.", remedy="docs/how-to/fleet.md shows what the file holds.")
    elif asked.vault_secrets is not None:
        raise BadInputError(
            "--vault-secrets does not go with --fleet: each workspace's vault has secrets of its own.",
            remedy="Make the plan of such a workspace by itself.",
        )
    elif asked.waves is not None and asked.wave_size is not None:
        raise BadInputError("--waves and --wave-size exclude each other.", remedy="Leave one out.")


def _subscription() -> str | None:
    """That of workspaces which are named without one."""
    return os.environ.get("AZURE_SUBSCRIPTION_ID")


async def _plan(view: View, shared: CommonOptions, asked: PlanOptions) -> ExitCode:
    sides = (str(asked.source), str(asked.target))
    names = [WorkspaceName.parse(text, _subscription()) for text in sides]
    choices = asked.choices
    folder = asked.out or plans.free_folder(names[0].name)
    planfile.check_folder(folder)
    log_context.bind(plan=str(folder))
    async with session(shared) as clouds:
        source = await workspace_ref(clouds.source.arm, names[0])
        target = await workspace_ref(clouds.target.arm, names[1])
        choices.renames.refuse_none_of(source)
        await create_plan(clouds, PlanRequest(source, target, folder, choices, local(shared)), view.event)
    view.show(PlanWrittenView(planfile.read(folder), folder))
    return ExitCode.DONE


async def _plan_fleet(view: View, shared: CommonOptions, files: FleetFiles, asked: PlanOptions) -> ExitCode:
    request = FleetRequest(files, asked.out or plans.ROOT, asked.choices, local(shared), _subscription())
    async with session(shared) as clouds:
        outcome = await plan_fleet(clouds, request, view.event)
    view.show(FleetView(outcome))
    return ExitCode.DONE if outcome.complete else ExitCode.INCOMPLETE
