"""The command `migrate key rotate`: which keys, which half, by which proposal; then one key after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from shlex import join
from typing import Annotated

import typer

from amlmigrate.cli import rotation
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions, execute
from amlmigrate.cli.keyoptions import (
    KeyAsked,
    Profiles,
    Rules,
    Scans,
    Subscriptions,
    Workspaces,
    held_to,
    scope_of,
)
from amlmigrate.cli.login import session
from amlmigrate.cli.rotation import RotationInput
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.rotation import NothingDueView
from amlmigrate.cloud.session import Side
from amlmigrate.core.errors import BadInputError, DeniedError, ExitCode, RefusedError
from amlmigrate.core.few import many
from amlmigrate.keys import reading
from amlmigrate.keys.model import KeyInUse, KeySurvey
from amlmigrate.keys.reading import KeyRules
from amlmigrate.keys.scope import KeyScope
from amlmigrate.ledger import proposals
from amlmigrate.rotating import alone, order, proposing
from amlmigrate.rotating.stage import Half, clock_of
from amlmigrate.scanning import scanfile

ROTATE = """Make a new version of a key, and have all that is under it use that version. Disables no version.

Two identities can do the halves: --make needs only rights on the key, --adopt none but to read it. Without
either, both are done. Each workspace, account, scope and registry is read back; nothing else under the key is
looked at. What switches to the new version by
itself is waited for: the command ends with 3 and says until when, and the same command continues. In production
it takes a proposal that another identity has approved: --dry-run --out writes it, migrate approve approves it,
key rotate PROPOSAL carries it out. Production is what tags, rules or an owner's decision in a scan call so.

Example: migrate key rotate --key https://my-vault.vault.azure.net/keys/my-key --dry-run --out rotation.json

Example: migrate key rotate rotation.json --make

Example: migrate key rotate --overdue
"""


OwnProfile = Annotated[
    str | None,
    typer.Option(help="The profile that the keys are held to, whatever their tags say.", metavar="NAME"),
]

OwnId = Annotated[
    str | None,
    typer.Option(
        help="An id of your own for this rotation, such as a ticket. A key whose newest version is within its"
        " cryptoperiod and was made by this tool gets another one only with an id.",
        metavar="ID",
    ),
]

Most = Annotated[
    int | None, typer.Option(help="With --overdue: at most so many keys. Default: 1.", min=1, metavar="N")
]


@dataclass(frozen=True, slots=True)
class RotateOptions:
    """The command's own options, as they were given; `beside`, as they are typed, those that tell levels."""

    asked: KeyAsked
    held: KeyRules
    half: Half
    named: str
    overdue: bool
    most: int | None
    dry_run: bool
    out: Path | None
    proposal: Path | None
    beside: tuple[str, ...] = ()


def rotate(
    proposal: Annotated[
        Path | None,
        typer.Argument(
            help="An approved proposal of --dry-run --out: which key, and what was agreed to.", metavar="PROPOSAL"
        ),
    ] = None,
    key: Annotated[str | None, typer.Option(help="The key, by its identifier.", metavar="ID")] = None,
    workspace: Workspaces = None,
    subscription: Subscriptions = None,
    make: Annotated[bool, typer.Option("--make", help="Only make the new version.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Only have what is under the key use its newest version.")
    ] = False,
    rotation: OwnId = None,
    overdue: Annotated[
        bool,
        typer.Option(
            "--overdue", help="The keys that are overdue or left behind, development first, one at a time."
        ),
    ] = False,
    max: Most = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done only.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="With --dry-run: write it as a proposal, for somebody else to approve.", metavar="PROPOSAL"
        ),
    ] = None,
    profile: OwnProfile = None,
    profiles: Profiles = None,
    rules: Rules = None,
    scans: Scans = scanfile.ROOT,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        wanted = RotateOptions(
            KeyAsked(tuple(workspace or ()), tuple(subscription or ()), (), key or ""),
            held_to(rules, scans, profiles, profile or ""),
            _half(make=make, adopt=adopt),
            rotation_id(rotation or ""),
            overdue,
            max,
            dry_run,
            out,
            proposal,
            _beside(rules, scans),
        )
        _check(wanted)
        async with session(shared) as clouds:
            return await _rotated(view, shared, clouds.source, wanted)

    execute(shared, work, interrupted=READS if dry_run else CHANGES)


def _beside(rules: Path | None, scans: Path) -> tuple[str, ...]:
    """The options by which levels are told, as they are typed again."""
    ruled = ("--rules", str(rules)) if rules else ()
    return ruled if scans == scanfile.ROOT else (*ruled, "--scans", str(scans))


def _half(*, make: bool, adopt: bool) -> Half:
    return Half.BOTH if make == adopt else Half.MAKE if make else Half.ADOPT


def rotation_id(text: str) -> str:
    """An id as a tag of a key version can have it. Raises BadInputError."""
    # learn.microsoft.com, about-keys: a tag's value has 256 characters at most.
    if text != text.strip() or len(text) > 256 or not text.isprintable():
        raise BadInputError(
            f"'{text}' is no id of a rotation.", address="--rotation", remedy="Use up to 256 letters and digits."
        )
    return text


def _check(wanted: RotateOptions) -> None:
    """Raises BadInputError for options that do not go together; nothing was read by then."""
    asked = wanted.asked
    named = bool(asked.key or asked.workspaces or asked.subscriptions or wanted.named or wanted.overdue)
    if wanted.proposal and (named or wanted.dry_run):
        raise BadInputError(
            "A proposal says by itself which key, and by which id.",
            address=str(wanted.proposal),
            remedy="Leave all options out but --make and --adopt.",
        )
    if wanted.overdue and (asked.key or wanted.named):
        raise BadInputError(
            "--overdue chooses keys and ids by itself.", remedy="Leave out --key and --rotation, or --overdue."
        )
    if wanted.most is not None and not wanted.overdue:
        raise BadInputError(
            "--max says how many keys --overdue takes.",
            address="--max",
            remedy="Add --overdue, or leave --max out.",
        )
    if wanted.out and not wanted.dry_run:
        raise BadInputError("--out writes what a dry run shows.", remedy="Add --dry-run.")
    if wanted.out:
        proposals.check_free(wanted.out)


async def _rotated(view: View, shared: CommonOptions, side: Side, wanted: RotateOptions) -> ExitCode:
    # Who is not signed in lacks no role: this says so.
    await side.credential.tenant()
    proposed = proposals.read(wanted.proposal, proposing.COMMAND) if wanted.proposal else None
    named, id_ = proposing.rotation_of(proposed) if proposed else (wanted.asked.key, wanted.named)
    asked = KeyAsked(wanted.asked.workspaces, wanted.asked.subscriptions, (), named)
    # Subscriptions select keys: what is under one of them may lie in any other, and be production there.
    scope = replace(await scope_of(side, asked), everywhere=True)
    survey = await _survey(side, scope, wanted)
    chosen = _chosen(survey, wanted, clock_of(side)())
    if not chosen:
        view.show(NothingDueView(len(survey.keys)))
    for one in chosen:
        given = RotationInput(
            one,
            _unread(survey),
            wanted.held.standard,
            wanted.half,
            id_,
            wanted.proposal,
            proposed,
            survey.looked,
            survey.notes,
        )
        if wanted.dry_run:
            code = await rotation.shown(view, shared, side, given, wanted.out)
        else:
            code = await rotation.rotated(view, shared, side, given, _again(wanted, one))
        if code is not ExitCode.DONE:
            return code
    return ExitCode.DONE


async def _survey(side: Side, scope: KeyScope, wanted: RotateOptions) -> KeySurvey:
    """The keys with all that is under them; of who keeps a key and sees nothing else, the key alone.

    Raises BadInputError for what is not there.
    """
    try:
        return await reading.read(side, scope, clock_of(side)(), wanted.held)
    except BadInputError:
        if scope.key is None or wanted.half is not Half.MAKE:
            raise
    return await alone.read(side, scope.key, clock_of(side)(), wanted.held)


def _chosen(survey: KeySurvey, wanted: RotateOptions, now: datetime) -> list[KeyInUse]:
    """Raises BadInputError for several keys without --overdue, RefusedError where due keys may be missing."""
    if not wanted.overdue:
        if len(survey.keys) == 1:
            return list(survey.keys)
        if not survey.keys:
            raise DeniedError(
                f"No key was found, and not every place could be read: {'; '.join(_unread(survey))}",
                remedy="Sign in as somebody who may read them, or name a key with --key.",
            )
        raise BadInputError(
            f"That is {many(len(survey.keys), 'key')}: {', '.join(one.name.id for one in survey.keys)}.",
            address="--key",
            remedy="Name one of them with --key, or let --overdue choose.",
        )
    if reasons := (*_unread(survey), *_undated(survey)):
        raise RefusedError(
            "Which keys are due, and where, is not known: some places could not be read.",
            reasons=reasons,
            remedy="Sign in as somebody who may read them, or name one key with --key.",
        )
    return order.due(survey.keys, wanted.held.standard, now)[: wanted.most or 1]


def _unread(survey: KeySurvey) -> tuple[str, ...]:
    return tuple(f"{one.id}: {one.reason} ({one.action})" for one in survey.unread)


def _undated(survey: KeySurvey) -> tuple[str, ...]:
    """The keys of which nobody can tell how old they are: without versions nothing is ever due."""
    unread = (one for one in survey.keys if one.versions.value is None and not one.name.of_hsm)
    return tuple(f"{one.name.id}: {one.versions.refused}" for one in unread if one.versions.code != reading.NO_KEY)


def _again(wanted: RotateOptions, key: KeyInUse) -> str:
    """The command that continues with one key, as it is typed."""
    half: Iterable[str] = () if wanted.half is Half.BOTH else (f"--{wanted.half.value}",)
    if wanted.proposal:
        return join(["migrate", "key", "rotate", str(wanted.proposal), *half, *wanted.beside])
    named = ("--rotation", wanted.named) if wanted.named else ()
    return join(["migrate", "key", "rotate", "--key", key.name.id, *named, *half, *wanted.beside])
