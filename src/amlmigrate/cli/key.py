"""Show whether keys are rotated in time, and whether all that is under them uses the newest."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import commands, options
from amlmigrate.cli.execute import READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.key import KeyStatusView
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.subscriptions import workspace_ref
from amlmigrate.core import escapes
from amlmigrate.core.armid import ArmId
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.names import is_guid, is_name
from amlmigrate.core.workspacename import WorkspaceName
from amlmigrate.keys import judging, profiles, reading, record, revocation
from amlmigrate.keys.reading import KeyRules
from amlmigrate.keys.scope import KeyScope, key_name
from amlmigrate.posture import tagging
from amlmigrate.provisioning.reading import profiles_of
from amlmigrate.scanning.subscriptions import checked

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


@dataclass(frozen=True, slots=True)
class KeyAsked:
    """Which keys, as it was given."""

    workspaces: tuple[str, ...]
    subscriptions: tuple[str, ...]
    groups: tuple[str, ...]
    key: str


Workspaces = Annotated[
    list[str] | None,
    typer.Option(
        "--workspace",
        help="Only the keys of this one, its account and its registry. May be repeated.",
        metavar="WS",
    ),
]
Subscriptions = Annotated[
    list[str] | None,
    typer.Option(
        "--subscription",
        help="Only this one; may be repeated. Default: AZURE_SUBSCRIPTION_ID, or else all that you see.",
        metavar="ID",
    ),
]
Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        help="Only what lies in this resource group: NAME, or its ARM id. May be repeated.",
        metavar="GROUP",
    ),
]
Rules = Annotated[
    Path | None, typer.Option(help="The tagging standard to go by. Default: the shipped one.", metavar="FILE")
]
Profiles = Annotated[
    Path | None,
    typer.Option(help="Key profiles in addition to, or instead of, the shipped ones.", metavar="FILE"),
]


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
    format: Annotated[KeyFormat, typer.Option(help="How the keys are shown.")] = KeyFormat.TABLE,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        if shared.json and format is not KeyFormat.TABLE:
            raise BadInputError("--json and --format exclude each other.", remedy="Leave one of them out.")
        asked = KeyAsked(tuple(workspace or ()), tuple(subscription or ()), tuple(group or ()), key or "")
        held = _rules(rules, profiles, profile or "")
        async with session(shared) as clouds:
            scope = await scope_of(clouds.source, asked)
            survey = await reading.read(clouds.source, scope, datetime.now(UTC), held)
        verdicts = judging.judged(survey)
        of_one = revocation.of(survey.keys[0]) if scope.key else None
        told = KeyStatusView(survey, verdicts, of_one)
        if format is KeyFormat.MD:
            view.raw(record.document(survey, verdicts))
        elif format is KeyFormat.JSON:
            view.raw(escapes.as_json(told.whole(), indent=2) + "\n")
        else:
            view.show(told)
        return told.code

    execute(shared, work, interrupted=READS)


def _rules(rules: Path | None, own: Path | None, profile: str) -> KeyRules:
    """Raises BadInputError for a file that cannot be used, and for a profile that there is not."""
    table = profiles_of(own)
    return KeyRules(tagging.read(rules), table, profiles.checked(table, profile) if profile else "")


async def scope_of(side: Side, asked: KeyAsked) -> KeyScope:
    """What was asked for. Raises BadInputError for what names nothing."""
    default = os.environ.get("AZURE_SUBSCRIPTION_ID")
    key = key_name(asked.key, side.login.endpoints.vault_suffix) if asked.key else None
    if key and (asked.workspaces or asked.groups or asked.subscriptions):
        raise BadInputError(
            "--key names one key, and a place beside it says nothing more.",
            address="--key",
            remedy="Leave out --workspace, --group and --subscription.",
        )
    names = [WorkspaceName.parse(text, default) for text in asked.workspaces]
    refs = [await workspace_ref(side.arm, name) for name in names]
    named = checked(asked.subscriptions)
    if not (named or refs or asked.groups or key) and default:
        named = checked([default])
    groups = [_group(text, (*named, default or "")[0]) for text in asked.groups]
    return KeyScope(tuple(refs), tuple(named), tuple(groups), key)


def _group(text: str, subscription: str) -> str:
    """A group by its ARM id. Raises BadInputError."""
    id_ = ArmId.of(text)
    if id_.group and id_ == id_.group_id and is_guid(id_.subscription):
        return str(id_)
    if not is_name(text):
        raise BadInputError(
            f"'{text}' is not a resource group.", address="--group", remedy="Write its name or ARM id."
        )
    if not is_guid(subscription):
        raise BadInputError(
            f"'{text}' names no subscription.",
            address="--group",
            remedy="Add --subscription ID, set AZURE_SUBSCRIPTION_ID, or write the group's ARM id.",
        )
    return f"/subscriptions/{subscription}/resourceGroups/{text}"
