"""The command `migrate key drill`: what stands in its way, what it would do, the drill itself, and its end by the
tag."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from shlex import join
from typing import Annotated

import isodate
import typer

from amlmigrate.cli.execute import READS, CommonOptions, execute
from amlmigrate.cli.keyoptions import KeyAsked, Rules, Scans, Workspaces, held_to, scope_of
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.drill import DrillPlanView, DrillRestoredView, DrillView
from amlmigrate.cli.who import who
from amlmigrate.cloud.session import Side
from amlmigrate.core import drilltag
from amlmigrate.core.errors import (
    BadInputError,
    DeniedError,
    ExitCode,
    InterruptedRunError,
    MigrateError,
    RefusedError,
)
from amlmigrate.core.few import many
from amlmigrate.core.stop import Stop
from amlmigrate.drilling import chain, facts, probes, refusing, restoring, stage, watcher
from amlmigrate.drilling.facts import Nearby
from amlmigrate.drilling.measuring import Watched
from amlmigrate.drilling.model import DEFAULT_LIMIT, LONGEST_LIMIT, SHORTEST_LIMIT, DrillOutcome, DrillRequest
from amlmigrate.drilling.port import VaultVersion, Watching, clock_of
from amlmigrate.drilling.refusing import DrillFacts
from amlmigrate.drilling.stage import DrillOrder, DrillPort
from amlmigrate.drilling.watching import WatcherTask
from amlmigrate.keys import reading
from amlmigrate.keys.reading import KeyRules
from amlmigrate.keys.scope import key_name
from amlmigrate.rotating import chain as rotations
from amlmigrate.rotating import order as orders
from amlmigrate.scanning import scanfile

DRILL = """Drill the revocation of a key: disable its version for a time, and see what refuses and returns.

It does not show that data is shredded. A drill is made only where the vault, and each workspace that stops with
the key, has the tag `aml-cmk-migrate-drill: allowed`, and nothing in production does; what else stands in its way
is told all at once. Before the version is disabled, a process that enables it at the limit is started: it goes on
when this command is killed. What is under the key is called until it refuses; then the version is enabled again,
and all of it is called until it answers. Ends with 0 where all of it was seen to refuse and to return, otherwise
with 3.

Example: migrate key drill --key https://my-vault.vault.azure.net/keys/my-key --dry-run

Example: migrate key drill --key https://my-vault.vault.azure.net/keys/my-key --confirm my-vault/my-key --limit
PT90M

Example: migrate key drill --restore --key https://my-vault.vault.azure.net/keys/my-key
"""
_LIMIT = "PT2H"


@dataclass(frozen=True, slots=True)
class DrillOptions:
    """What `key drill` is asked."""

    confirm: Annotated[
        str, typer.Option(help="Repeat the key, as VAULT/KEY: its version is disabled.", metavar="VAULT/KEY")
    ] = ""
    limit: Annotated[
        str,
        typer.Option(
            help="How long the version may be disabled at most, as ISO 8601: PT10S to PT4H.", metavar="DURATION"
        ),
    ] = _LIMIT
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done only.")] = False
    restore: Annotated[
        bool,
        typer.Option(
            "--restore", help="End a drill by the tag of the version, from any machine: enable what it disabled."
        ),
    ] = False


def drill(
    asked: DrillOptions,
    key: Annotated[str | None, typer.Option(help="The key, by its identifier.", metavar="ID")] = None,
    workspace: Workspaces = None,
    rules: Rules = None,
    scans: Scans = scanfile.ROOT,
    *,
    shared: CommonOptions,
) -> None:
    stop = Stop()

    async def work(view: View) -> ExitCode:
        limit = limit_of(asked.limit)
        given = KeyAsked(tuple(workspace or ()), (), (), key or "")
        _check(asked, given)
        async with session(shared) as clouds:
            side = clouds.source
            await side.credential.tenant()
            if asked.restore:
                return await _restored(view, shared, side, given.key)
            held = held_to(rules, scans)
            found = await _facts(side, given, held, limit)
            if asked.dry_run:
                return await _shown(view, side, found)
            return await _drilled(view, shared, side, asked, found, stop)

    execute(shared, work, stop, interrupted=READS if asked.dry_run else _cut_off(asked, key))


def _cut_off(asked: DrillOptions, key: str | None) -> InterruptedRunError:
    """What is said where a signal ends it at once, as the second one does."""
    restore = drilltag.restoring(key) if key else "migrate key drill --restore --key ID"
    if asked.restore:
        return InterruptedRunError("Interrupted before it was done.", remedy=f"Run it again: {restore}")
    return InterruptedRunError(
        "Interrupted. If the version was disabled, the watcher enables it at the limit.",
        remedy=f"To enable it now, run: {restore}",
    )


def limit_of(text: str) -> timedelta:
    """A duration that a drill may last. Raises BadInputError."""
    try:
        found = isodate.parse_duration(text.upper())
    except (ValueError, OverflowError):
        found = None
    if not isinstance(found, timedelta) or not SHORTEST_LIMIT <= found <= LONGEST_LIMIT:
        raise BadInputError(
            f"'{text}' is not a limit of a drill.",
            address="--limit",
            remedy=f"Write {chain.duration(SHORTEST_LIMIT)} to {chain.duration(LONGEST_LIMIT)}, as"
            f" {chain.duration(DEFAULT_LIMIT)}.",
        )
    return found


def _check(asked: DrillOptions, given: KeyAsked) -> None:
    """Raises BadInputError for options that do not go together; nothing was read by then."""
    if not given.key and not given.workspaces:
        raise BadInputError(
            "No key is named.", address="--key", remedy="Name one with --key, or with --workspace."
        )
    if asked.restore and (asked.confirm or asked.dry_run or given.workspaces or not given.key):
        raise BadInputError(
            "--restore takes a key and nothing else.", remedy="Run: migrate key drill --restore --key ID"
        )


async def _facts(side: Side, given: KeyAsked, held: KeyRules, limit: timedelta) -> DrillFacts:
    """The key with all that decides. Raises BadInputError where not one key is named."""
    # What is under it may lie in any subscription, and be production there.
    scope = replace(await scope_of(side, given), everywhere=True)
    survey = await reading.read(side, scope, clock_of(side).now(), held)
    if not survey.keys:
        raise DeniedError(
            "No key was found.", remedy="Sign in as somebody who may read it, or name it with --key."
        )
    if len(survey.keys) > 1:
        raise BadInputError(
            f"That is {many(len(survey.keys), 'key')}: {', '.join(one.name.id for one in survey.keys)}.",
            address="--key",
            remedy="Name one of them with --key.",
        )
    [key] = survey.keys
    if key.name.of_hsm:
        raise BadInputError(
            "The key lies in a managed HSM, and a workspace takes keys of key vaults only.",
            address=key.name.id,
            remedy="Name a key of a vault.",
        )
    now = clock_of(side).now()
    request = DrillRequest(key, key.goal(now), limit, now)
    nearby = Nearby(rotation=_rotation(key.name.id))
    return await facts.read(side, request, survey, held, nearby)


def _rotation(key: str) -> str:
    """A rotation that began here and did not end; no folder is made for that."""
    if not Path(rotations.ROOT).exists():
        return ""
    with rotations.opened() as evidence:
        return chain.rotation_under_way(evidence, key)


def _environment(found: DrillFacts) -> str:
    return orders.environment(found.request.key, found.standard)


async def _shown(view: View, side: Side, found: DrillFacts) -> ExitCode:
    reasons = refusing.reasons(found)
    calls = await probes.of(side, found.request) if found.request.version else []
    view.show(DrillPlanView(found, _environment(found), reasons, tuple(calls)))
    return ExitCode.REFUSED if reasons else ExitCode.DONE


async def _drilled(
    view: View, shared: CommonOptions, side: Side, asked: DrillOptions, found: DrillFacts, stop: Stop
) -> ExitCode:
    _refuse_unconfirmed(found.request, asked.confirm)
    reasons = refusing.reasons(found)
    if reasons:
        raise RefusedError(
            "The key is not drilled as it stands; nothing was changed.",
            reasons=reasons,
            address=found.request.key.name.id,
            remedy="Settle every reason, then run the same command again.",
        )
    calls = await probes.of(side, found.request)
    view.show(DrillPlanView(found, _environment(found), (), tuple(calls)))
    watched = await stage.prepared(calls, found.request.key.name.id)
    outcome = await _carried_out(view, shared, side, found, watched, stop)
    told = DrillView(outcome)
    view.show(told)
    if stop():
        raise _interrupted(outcome)
    return told.code


def _refuse_unconfirmed(request: DrillRequest, confirm: str) -> None:
    if confirm.lower() != request.confirmation.lower():
        raise BadInputError(
            f"--confirm says '{confirm}', and the key is '{request.confirmation}'.",
            address="--confirm",
            remedy="Repeat the key as VAULT/KEY if its version is to be disabled; --dry-run shows what is done.",
        )


async def _carried_out(
    view: View, shared: CommonOptions, side: Side, found: DrillFacts, watched: list[Watched], stop: Stop
) -> DrillOutcome:
    request, clock = found.request, clock_of(side)
    assert request.version is not None
    order = DrillOrder(uuid.uuid4().hex[:16], clock.now() + request.limit, found.caller)
    by = await who(shared, side.credential)
    version = VaultVersion(side, request.key.name, request.version.id)
    with rotations.opened() as evidence:
        first = chain.begun(evidence, found, order, by, _environment(found)).content

    async def watch(wanted: DrillOrder) -> Watching:
        task = WatcherTask.made(version.id, request.key.vault_id, wanted, side.login)
        return await watcher.start(task, rotations.ROOT / f"drill-{wanted.drill}.log")

    port = DrillPort(version, clock, watch, view.event, stop)
    try:
        with stop.obeyed(lambda: None):
            outcome = await stage.carry_out(port, request, order, watched)
    except MigrateError as error:
        with rotations.opened() as evidence:
            chain.failed(evidence, first, error.summary)
        raise
    with rotations.opened() as evidence:
        chain.ended(evidence, first, outcome)
    return outcome


def _interrupted(outcome: DrillOutcome) -> InterruptedRunError:
    key = outcome.request.key.name.id
    if outcome.restored:
        look = join(["migrate", "key", "status", "--key", key])
        return InterruptedRunError("Interrupted: the version is enabled again.", remedy=f"Look: {look}")
    return InterruptedRunError(
        "Interrupted, and the version is not shown to be enabled.", remedy=f"Run: {drilltag.restoring(key)}"
    )


async def _restored(view: View, shared: CommonOptions, side: Side, key: str) -> ExitCode:
    """Ends each drill that a version of the key is tagged with. Reads the vault alone, and no file.

    What came of it is written down after it was told: enabling a version waits for no disk.
    """
    name = key_name(key, side.login.endpoints.vault_suffix)
    versions = await side.vaults.versions(name.vault, name.name)
    clock = clock_of(side)
    ends = [
        (one, await restoring.end(VaultVersion(side, name, one.id), clock))
        for one in versions
        if drilltag.UNDER_WAY in one.tags
    ]
    told = DrillRestoredView(name.id, tuple(ends), join(["migrate", "key", "status", "--key", name.id]))
    view.show(told)
    if ends:
        by = await who(shared, side.credential)
        with rotations.opened() as evidence:
            for one, found in ends:
                chain.restored(evidence, name.id, one, found, by)
    return told.code
