"""Create a workspace under a customer's key. With it vault, key, identity, grants and storage, as a file says;
what others have made is not touched, unless it is adopted.

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

from amlmigrate.cli import options
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views import asking
from amlmigrate.cli.views.base import View
from amlmigrate.cloud.resources import Resources
from amlmigrate.core.errors import ExitCode, RefusedError
from amlmigrate.core.few import many
from amlmigrate.desired import deciding, ownership
from amlmigrate.desired.applying import Applied, apply
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import DesiredVerb
from amlmigrate.desired.usage import Estate
from amlmigrate.provisioning import reading, regions
from amlmigrate.provisioning.assemble import parts
from amlmigrate.provisioning.foreseeing import foreseen
from amlmigrate.provisioning.known import KnownValues
from amlmigrate.provisioning.telling import REFUSED, ProvisioningEvents
from amlmigrate.provisioning.wanted import WantedWorkspace

# For so many seconds a right that was given may take to arrive, where nothing else is said.
_PATIENCE = 600


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
    ] = _PATIENCE // 60,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        wanted = reading.read(file, subscription=os.environ.get("AZURE_SUBSCRIPTION_ID"), table=profiles)
        said = Said(
            str(file), tuple(adopt or ()), dry_run, yes, wait * 60, str(profiles) if profiles is not None else ""
        )
        return await _provision(view, shared, wanted, said)

    execute(shared, work, interrupted=READS if dry_run else CHANGES)


@dataclass(frozen=True, slots=True)
class Said:
    """The file's path and what was asked for; `patience` is in seconds, `profiles` a path or empty."""

    file: str
    adopt: tuple[str, ...]
    dry_run: bool
    yes: bool
    patience: float = _PATIENCE
    profiles: str = ""


async def _provision(view: View, shared: CommonOptions, wanted: WantedWorkspace, said: Said) -> ExitCode:
    async with session(shared) as clouds:
        side = clouds.target
        port = DesiredPort(Resources(side.arm), side.vaults, side, Estate(side))
        asked = parts(wanted, side.vaults.uri, side.login.cloud)
        word = ownership.word(wanted.owner, asked, said.adopt, wanted.allowed, said.file)
        await regions.check(side.arm, wanted, said.file)
        looker = deciding.Looker(port, word, ProvisioningEvents(view.event), KnownValues())
        planned = await foreseen(await looker.plan(asked, wait=not said.dry_run), port)
        _show(view, planned, wanted.subscription)
        deciding.check((each.step for each in planned), said.file, REFUSED)
        if said.dry_run:
            view.result("provision.dry", {"text": "Nothing was changed.", "next": _again(said)})
            return ExitCode.DONE
        await _agree(view, shared, planned, said)
        applied = await apply(planned, looker, patience=said.patience)
    _end(view, wanted, applied)
    return ExitCode.DONE


def _again(said: Said) -> str:
    """The same command as it is typed, with all that it was given and that decides what it does."""
    given = ("migrate", "provision", said.file, *(word for name in said.adopt for word in ("--adopt", name)))
    table = ("--profiles", said.profiles) if said.profiles else ()
    return join([*given, *table, *(("--wait", f"{said.patience / 60:g}") if said.patience != _PATIENCE else ())])


async def _agree(view: View, shared: CommonOptions, planned: list[PlannedPart[KnownValues]], said: Said) -> None:
    """Asks before what cannot be undone, or changes what others have or use. Raises RefusedError without a yes."""
    asked = tuple(dict.fromkeys(one for each in planned for one in each.asks))
    if not asked or said.yes:
        return
    if shared.json or not asking.possible():
        raise RefusedError(
            "Some of this cannot be undone, or changes what others have or use, and there is no terminal to ask"
            " at; nothing was changed.",
            reasons=asked,
            address=said.file,
            remedy=f"If every reason is meant: {_again(said)} --yes",
        )
    view.lines(
        ["", "This cannot be undone, or changes what others have or use:", *(f"  - {one}" for one in asked)]
    )
    if not await asking.yes("Continue? Type yes: "):
        raise RefusedError(
            "You did not answer yes; nothing was changed.",
            reasons=asked,
            address=said.file,
            remedy="Change the file, or run the same command again and answer with yes.",
        )


def _show(view: View, planned: list[PlannedPart[KnownValues]], subscription: str) -> None:
    lines = [f"In subscription {subscription}:"]
    for each in planned:
        step = each.step
        lines.append(
            f"{step.verb.value:>8}  {step.what}: {step.id.removeprefix(f'/subscriptions/{subscription}/')}"
        )
        lines += [f"{'':>10}- {note}" for note in step.told]
    changes = sum(1 for each in planned if each.step.verb.writes)
    refused = sum(1 for each in planned if each.step.verb is DesiredVerb.REFUSE)
    open_ = sum(1 for each in planned if each.step.verb is DesiredVerb.WAIT)
    if refused:
        lines += ["", f"{refused} refused, so nothing is done."]
    else:
        told = f"{changes} to do, {len(planned) - changes - open_} as they are" if changes else "Nothing to do"
        more = f"; {open_} not known yet, since Azure is still at work there" if open_ else ""
        lines += ["", f"{told}{more}."]
    steps = [each.step.as_dict() for each in planned]
    view.result("provision.plan", {"text": "\n".join(lines), "block": lines, "steps": steps, "changes": changes})


def _end(view: View, wanted: WantedWorkspace, applied: Applied) -> None:
    made = {
        "workspace": wanted.workspace.id,
        "key vault": wanted.vault.id,
        "key": wanted.key_id,
        "identity": wanted.identity.id,
        "storage account": wanted.storage.id,
    }
    target, done = (
        f"{wanted.subscription}/{wanted.ref.short}",
        f"{many(applied.changed, 'step')} changed something",
    )
    view.result(
        "provision.end",
        {
            "text": f"{wanted.ref.short} is there, under a customer's key; {done}.",
            "changed": applied.changed,
            "warnings": list(applied.warnings),
            "target": target,
            "ids": made,
            "lines": [f"{what}: {id_}" for what, id_ in made.items()] + [f"--target {target}", *applied.warnings],
            "next": f"migrate doctor --target {target}, then migrate plan --source GROUP/NAME --target {target}",
        },
    )
