"""Keep new workspaces under the company's key by Azure Policy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from shlex import join
from typing import Annotated

import typer

from amlmigrate.cli import asked, commands, options, plans
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.guard import GuardAppliedView, GuardCheckView, GuardEmittedView, GuardPlanView
from amlmigrate.core.errors import BadInputError, ExitCode, RefusedError
from amlmigrate.guarding import checking, reading, stage
from amlmigrate.guarding.emitting import EmitFormat, emitted
from amlmigrate.guarding.progress import events
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.guarding.survey import SurveyPlaces, survey
from amlmigrate.guarding.wanted import Guardrail
from amlmigrate.ledger import files
from amlmigrate.scanning import scanfile

PLAN = """Say what a guardrail would change and refuse. Changes nothing.

Shows each resource of Azure Policy that would be made or changed, what Azure has judged not compliant, and which
workspaces could not be updated any more at the file's stage and at the next one. Ends with 0 where nothing is left
to do, with 3 where something is, with 4 where the stage is refused.

Example: migrate guard plan guard.yaml
"""
APPLY = """Bring a guardrail to the stage of its file. Run again, it changes nothing.

Nothing that exists is made weaker, and nothing that this tool did not make is touched.

Example: migrate guard apply guard.yaml --yes
"""
CHECK = """Check that a guardrail is there and as strict as its file asks for.

Ends with 3 where anything is missing or weaker, or could not be read.

Example: migrate guard check guard.yaml
"""
EMIT = """Write a guardrail as files to check into git. Changes nothing in Azure.

Example: migrate guard emit guard.yaml --format terraform --out policies/
"""

app = commands.command_line()

GuardFile = Annotated[
    Path, typer.Argument(help="The description of the guardrail, in YAML or JSON.", metavar="FILE")
]
ScanPath = Annotated[
    Path | None, typer.Option(help="The scan that counts. Default: the latest one below scans/.", metavar="SCAN")
]
Unrecoverable = Annotated[
    bool,
    typer.Option(
        "--accept-unrecoverable", help="Accept that removed sources can very likely not be recovered any more."
    ),
]


@app.callback(help=__doc__)
def _root() -> None:
    """What stands before a subcommand."""


@app.command("plan", help=PLAN)
@options.for_one_side
def plan(
    file: GuardFile,
    scan: ScanPath = None,
    accept_unrecoverable: Unrecoverable = False,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        async with session(shared) as clouds:
            request = _request(file, scan, accept_unrecoverable=accept_unrecoverable)
            found = await stage.plan(clouds.target, request, events(view.event))
        following = _following(request, file, scan) if found.changes else ""
        view.show(GuardPlanView(request.guardrail, found, following))
        return _planned(found)

    execute(shared, work, interrupted=READS)


def _following(request: GuardRequest, file: Path, scan: Path | None) -> str:
    """How what was planned is done; at a management group it is handed over to whoever owns it, as files."""
    if request.guardrail.at_management_group:
        return _again("emit", file, scan)
    return _again("apply", file, scan, accept_unrecoverable=request.accept_unrecoverable)


def _planned(found: GuardPlan) -> ExitCode:
    if found.reasons:
        return ExitCode.REFUSED
    return ExitCode.INCOMPLETE if found.changes else ExitCode.DONE


@app.command("apply", help=APPLY)
@options.for_one_side
def apply(
    file: GuardFile,
    scan: ScanPath = None,
    accept_unrecoverable: Unrecoverable = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to a stage that refuses, and ask nothing.")] = False,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        request = _request(file, scan, accept_unrecoverable=accept_unrecoverable)
        guardrail = request.guardrail
        _refuse_management_group(guardrail, file)
        async with session(shared) as clouds:
            telling = events(view.event)
            found = await stage.plan(clouds.target, request, telling)
            view.show(GuardPlanView(guardrail, found))
            stage.refuse(found, guardrail)
            again = _again("apply", file, scan, accept_unrecoverable=accept_unrecoverable)
            await asked.agree(view, shared, found.asks, asked.Agreement(str(file), again, yes=yes))
            applied = await stage.carry_out(clouds.target, request, found, telling)
        view.show(GuardAppliedView(guardrail, applied, _again("check", file, scan)))
        return ExitCode.DONE

    execute(shared, work, interrupted=CHANGES)


@app.command("check", help=CHECK)
@options.for_one_side
def check(file: GuardFile, scan: ScanPath = None, *, shared: CommonOptions) -> None:
    async def work(view: View) -> ExitCode:
        request = _request(file, scan)
        async with session(shared) as clouds:
            found = await checking.check(clouds.target, request.guardrail, request.estate, request.now)
        told = GuardCheckView(request.guardrail, found)
        view.show(told)
        return told.code

    execute(shared, work, interrupted=READS)


@app.command("emit", help=EMIT)
@options.for_files
def emit(
    file: GuardFile,
    scan: ScanPath = None,
    format: Annotated[EmitFormat, typer.Option(help="What the files are for.")] = EmitFormat.JSON,
    out: Annotated[
        Path, typer.Option(help="The folder for them; what is there already is not overwritten.", metavar="DIR")
    ] = Path("guard"),
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        request = _request(file, scan)
        stage.refuse_stage(request)
        written = emitted(request.guardrail, request.exempt, format)
        _write(out, written)
        view.show(GuardEmittedView(str(out), tuple(written)))
        return ExitCode.DONE

    execute(shared, work)


def _request(file: Path, scan: Path | None, *, accept_unrecoverable: bool = False) -> GuardRequest:
    guardrail = reading.read(file, subscription=os.environ.get("AZURE_SUBSCRIPTION_ID"))
    met = survey(guardrail, SurveyPlaces(scanfile.ROOT, plans.ROOT, scan))
    return GuardRequest(guardrail, met, datetime.now(UTC), accept_unrecoverable)


def _again(verb: str, file: Path, scan: Path | None, *, accept_unrecoverable: bool = False) -> str:
    """A command as it is typed, with all that it was given."""
    more = ("--scan", str(scan)) if scan else ()
    accepted = ("--accept-unrecoverable",) if accept_unrecoverable else ()
    return join(["migrate", "guard", verb, str(file), *more, *accepted])


def _refuse_management_group(guardrail: Guardrail, file: Path) -> None:
    """Raises RefusedError: what holds for many subscriptions is applied by whoever owns them, from files."""
    if guardrail.at_management_group:
        raise RefusedError(
            "This version applies no guardrail at a management group.",
            address=guardrail.scope,
            remedy=f"Write files for whoever owns it: migrate guard emit {file} --format terraform",
        )


def _is_other(folder: Path, name: Path, text: str) -> bool:
    """Whether there is something else at a path: another text, a folder, or a link on the way."""
    path = folder / name
    if any((folder / one).is_symlink() for one in (name, *name.parents[:-1])):
        return True
    try:
        return path.read_bytes() != text.encode()
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _write(folder: Path, written: Mapping[str, str]) -> None:
    """Writes files that are not there yet. Raises BadInputError before anything is written where one is."""
    if taken := [name for name, text in written.items() if _is_other(folder, Path(name), text)]:
        raise BadInputError(
            f"There are other files already: {', '.join(taken)}.",
            address=str(folder),
            remedy="Name another folder with --out, or remove them.",
        )
    for name, text in written.items():
        files.write(folder / name, text.encode())
