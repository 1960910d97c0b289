"""Create a workspace under a customer's key. With it vault, key, identity, grants and storage, as a file says;
what is there already stays.

Example: migrate provision workspace.yaml --dry-run
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import ExitCode

if TYPE_CHECKING:
    from amlmigrate.cmk.provisioning.planning import Planned
    from amlmigrate.cmk.provisioning.wanted import Wanted


@options.shared
def command(
    file: Annotated[Path, typer.Argument(help="What is to be there, in YAML or JSON.", metavar="FILE")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, and change nothing.")] = False,
    profiles: Annotated[
        Path | None,
        typer.Option(help="Profiles of keys beside, or in place of, the shipped ones.", metavar="FILE"),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(help="Minutes that a right that was given may take to arrive.", min=0, metavar="MINUTES"),
    ] = 10,
    *,
    shared: Shared,
) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cmk.provisioning import reading

        wanted = reading.read(file, subscription=os.environ.get("AZURE_SUBSCRIPTION_ID"), table=profiles)
        return await _provision(view, shared, wanted, str(file), dry_run=dry_run, patience=wait * 60)

    execute(shared, work)


async def _provision(
    view: View, shared: Shared, wanted: Wanted, file: str, *, dry_run: bool, patience: float
) -> ExitCode:
    from amlmigrate.cli.signing import session
    from amlmigrate.cloud.resources import Resources
    from amlmigrate.cmk.provisioning import planning
    from amlmigrate.cmk.provisioning.applying import apply
    from amlmigrate.cmk.provisioning.assemble import parts
    from amlmigrate.cmk.provisioning.parts.base import Port

    async with session(shared) as clouds:
        side = clouds.target
        port = Port(Resources(side.arm), side.vaults, side)
        asked = parts(wanted, side.vaults.uri, side.login.cloud)
        planned = await planning.plan(asked, port, view.event, wait=not dry_run)
        _show(view, planned, wanted.subscription)
        planning.check((each.step for each in planned), file)
        if dry_run:
            view.result("provision.dry", {"text": "Nothing was changed.", "next": f"migrate provision {file}"})
            return ExitCode.DONE
        changed = await apply(planned, port, view.event, patience=patience)
    _end(view, wanted, changed)
    return ExitCode.DONE


def _show(view: View, planned: list[Planned], subscription: str) -> None:
    from amlmigrate.cmk.provisioning.steps import Verb

    lines = [f"In subscription {subscription}:"]
    for each in planned:
        step = each.step
        lines.append(
            f"{step.verb.value:>8}  {step.what}: {step.id.removeprefix(f'/subscriptions/{subscription}/')}"
        )
        lines += [f"{'':>10}- {note}" for note in step.notes]
    changes = sum(1 for each in planned if each.step.verb.writes)
    refused = sum(1 for each in planned if each.step.verb is Verb.REFUSE)
    if refused:
        lines += ["", f"{refused} refused, so nothing is done."]
    else:
        lines += ["", f"{changes} to do, {len(planned) - changes} as they are." if changes else "Nothing to do."]
    steps = [each.step.as_dict() for each in planned]
    told = {"text": "\n".join(lines), "block": lines}
    view.result("provision.plan", {**told, "steps": steps, "changes": changes})


def _end(view: View, wanted: Wanted, changed: int) -> None:
    made = {
        "workspace": wanted.workspace.id,
        "key vault": wanted.vault.id,
        "key": wanted.key_id,
        "identity": wanted.identity.id,
        "storage account": wanted.storage.id,
    }
    target = f"{wanted.subscription}/{wanted.ref.short}"
    view.result(
        "provision.end",
        {
            "text": f"{wanted.ref.short} is there, under a customer's key; {changed} steps changed something.",
            "changed": changed,
            "target": target,
            "ids": made,
            "lines": [f"{what}: {id_}" for what, id_ in made.items()] + [f"--target {target}"],
            "next": f"migrate doctor --target {target}, then migrate plan --source GROUP/NAME --target {target}",
        },
    )
