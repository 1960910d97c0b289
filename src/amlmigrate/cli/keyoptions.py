"""The options that the commands of `migrate key` have in common: which keys, and what they are held to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cloud.session import Side
from amlmigrate.cloud.subscriptions import workspace_ref
from amlmigrate.core.armid import ArmId
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.few import many
from amlmigrate.core.names import is_guid, is_name
from amlmigrate.core.workspacename import WorkspaceName
from amlmigrate.keys import profiles
from amlmigrate.keys.reading import KeyRules
from amlmigrate.keys.scope import KeyScope, key_name
from amlmigrate.posture import tagging
from amlmigrate.provisioning.reading import profiles_of
from amlmigrate.scanning import standing
from amlmigrate.scanning.subscriptions import checked


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
Scans = Annotated[
    Path,
    typer.Option(help="The folder that has the scans: by them owners decided about levels.", metavar="DIR"),
]
Profiles = Annotated[
    Path | None,
    typer.Option(help="Key profiles in addition to, or instead of, the shipped ones.", metavar="FILE"),
]


def held_to(rules: Path | None, scans: Path, own: Path | None = None, profile: str = "") -> KeyRules:
    """What keys are held to. Raises BadInputError for a file, a scan or a profile that cannot be used."""
    table = profiles_of(own)
    decisions = standing.read(scans, datetime.now(UTC))
    return KeyRules(tagging.read(rules), table, profiles.checked(table, profile) if profile else "", decisions)


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
    _refuse_beside(asked)
    names = [WorkspaceName.parse(text, default) for text in asked.workspaces]
    refs = [await workspace_ref(side.arm, name) for name in names]
    named = checked(asked.subscriptions)
    if not (named or refs or asked.groups or key) and default:
        named = checked([default])
    groups = [_group(text, (*named, default or "")[0]) for text in asked.groups]
    return KeyScope(tuple(refs), tuple(named), tuple(groups), key)


def _refuse_beside(asked: KeyAsked) -> None:
    """Raises BadInputError for places of which one would not count."""
    if asked.workspaces and (asked.groups or asked.subscriptions):
        raise BadInputError(
            "--workspace names the keys of one workspace, and a place beside it says nothing more.",
            address="--workspace",
            remedy="Leave out --group and --subscription; a workspace may be written SUBSCRIPTION/GROUP/NAME.",
        )
    ids = [one for one in asked.groups if ArmId.of(one).subscription]
    if asked.subscriptions and ids:
        raise BadInputError(
            f"'{ids[0]}' says its subscription by itself.",
            address="--group",
            remedy="Leave --subscription out, or write the group's name alone.",
        )
    if asked.groups and len(asked.subscriptions) > 1:
        raise BadInputError(
            f"'{asked.groups[0]}' may lie in each of {many(len(asked.subscriptions), 'subscription')}.",
            address="--group",
            remedy="Write the ARM ids of the groups that are meant, and leave --subscription out.",
        )


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
