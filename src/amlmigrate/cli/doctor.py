"""Say what would stop a move before it starts. Looks at rights, network, keys, locks, policies and the posture of
the target, and changes nothing.

Example: migrate doctor --source old-rg/old-ws --target new-rg/new-ws

Example: migrate doctor --source old-rg/old-ws --target new-rg/new-ws --print-role > role.json

Example: migrate doctor --target new-rg/new-ws --print-role --for key > custodian.json
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.doctor import DoctorView
from amlmigrate.cloud.subscriptions import workspace_ref
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.escapes import as_json
from amlmigrate.core.workspacename import WorkspaceName
from amlmigrate.doctor import Duty, duty_role, examine, least_role


@options.for_both_sides
def command(
    source: Annotated[
        str | None,
        typer.Option(
            help="The workspace to move: ARM id, SUB/GROUP/NAME, GROUP/NAME, or its URL in the studio.",
            metavar="WS",
        ),
    ] = None,
    target: Annotated[str | None, typer.Option(help="The workspace under a customer's key.", metavar="WS")] = None,
    print_role: Annotated[
        bool,
        typer.Option(
            "--print-role", help=("Write the custom role with the least rights as JSON, and nothing else.")
        ),
    ] = False,
    duty: Annotated[
        Duty | None,
        typer.Option(
            "--for",
            help=(
                "With --print-role: the role of one duty alone (docs/how-to/doctor.md). `key` changes keys,"
                " `adopt` points workspaces to their new versions, `audit` only reads. None both changes keys and"
                " writes to a workspace."
            ),
        ),
    ] = None,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        if duty and not print_role:
            raise BadInputError("--for says whose role is printed.", address="--for", remedy="Add --print-role.")
        source_name, target_name = _names(source, target)
        async with session(shared) as clouds:
            old = await workspace_ref(clouds.source.arm, source_name) if source_name else None
            new = await workspace_ref(clouds.target.arm, target_name) if target_name else None
            if print_role:
                refs = [ref for ref in (old, new) if ref]
                role = duty_role(duty, refs) if duty else least_role(refs)
                view.raw(as_json(role, indent=2) + "\n")
                return ExitCode.DONE
            found = DoctorView(await examine(clouds, old, new), old, new)
        view.show(found)
        return ExitCode.REFUSED if found.errors else ExitCode.DONE

    execute(shared, work)


def _names(source: str | None, target: str | None) -> tuple[WorkspaceName | None, WorkspaceName | None]:
    """How the workspaces are named. Raises BadInputError for none of them, and for what is no name of one."""
    if not source and not target:
        raise BadInputError(
            "No workspace was given.", remedy="Name --source, --target, or both as for `migrate plan`."
        )
    subscription = os.environ.get("AZURE_SUBSCRIPTION_ID")
    one, other = (WorkspaceName.parse(text, subscription) if text else None for text in (source, target))
    return one, other
