"""Show whether keys are rotated in time, and whether all that is under them uses the newest."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from amlmigrate.cli import commands, options
from amlmigrate.cli.execute import READS, CommonOptions, execute
from amlmigrate.cli.keydrill import DRILL, drill
from amlmigrate.cli.keyoptions import (
    Groups,
    KeyAsked,
    Profiles,
    Rules,
    Scans,
    Subscriptions,
    Workspaces,
    held_to,
    scope_of,
)
from amlmigrate.cli.keyrotate import ROTATE, rotate
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.key import KeyStatusView
from amlmigrate.core import escapes
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.keys import judging, reading, record, revocation
from amlmigrate.scanning import scanfile

STATUS = """Show every customer's key in use, and whether all that is under it uses the newest version.

Names the versions in use, the age against the cryptoperiod, the expiry, the rotation policy, who may change the
key, and the backups and restores in the vault's log. Ends with 0 where nothing is due, with 3 where something is
overdue, left behind, still to go over or not known. Changes nothing.

Example: migrate key status --workspace my-rg/my-ws

Example: migrate key status --format md > keys.md

Example: migrate key status --key https://my-vault.vault.azure.net/keys/my-key
"""

app = commands.command_line()


class KeyFormat(StrEnum):
    """How keys are shown."""

    TABLE = "table"
    JSON = "json"
    MD = "md"


@app.callback(help=__doc__)
def _root() -> None:
    """What stands before a subcommand."""


@app.command("status", help=STATUS)
@options.for_one_side
def status(
    workspace: Workspaces = None,
    subscription: Subscriptions = None,
    group: Groups = None,
    key: Annotated[
        str | None,
        typer.Option(
            help="One key, by its identifier: all that is under it, and the commands that would revoke it.",
            metavar="ID",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="The profile that all keys are held to, whatever their tags say.", metavar="NAME"),
    ] = None,
    profiles: Profiles = None,
    rules: Rules = None,
    scans: Scans = scanfile.ROOT,
    format: Annotated[KeyFormat, typer.Option(help="How the keys are shown.")] = KeyFormat.TABLE,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        if shared.json and format is not KeyFormat.TABLE:
            raise BadInputError("--json and --format exclude each other.", remedy="Leave one of them out.")
        asked = KeyAsked(tuple(workspace or ()), tuple(subscription or ()), tuple(group or ()), key or "")
        held = held_to(rules, scans, profiles, profile or "")
        async with session(shared) as clouds:
            scope = await scope_of(clouds.source, asked)
            survey = await reading.read(clouds.source, scope, datetime.now(UTC), held)
        verdicts = judging.judged(survey)
        of_one = revocation.of(survey.keys[0], survey.unread) if scope.key else None
        told = KeyStatusView(survey, verdicts, of_one)
        if format is KeyFormat.MD:
            view.raw(record.document(survey, verdicts))
        elif format is KeyFormat.JSON:
            view.raw(escapes.as_json(told.whole(), indent=2) + "\n")
        else:
            view.show(told)
        return told.code

    execute(shared, work, interrupted=READS)


app.command("rotate", help=ROTATE)(options.for_one_side(rotate))
app.command("drill", help=DRILL)(options.for_one_side(drill))
