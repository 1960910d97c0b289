"""Keep new workspaces under the company's key by Azure Policy, and raise alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import join
from typing import Annotated

import typer

from amlmigrate.cli import commands, guardproposals, options, plans
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions, execute
from amlmigrate.cli.guardcallers import CALLERS, callers
from amlmigrate.cli.guardproposals import GuardInput
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.guard import (
    GuardAppliedView,
    GuardCheckView,
    GuardEmittedView,
    GuardPlanView,
    GuardProposed,
    GuardTestView,
)
from amlmigrate.cli.views.proposals import approved_by
from amlmigrate.cli.who import who
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.guarding import alarmtests, checking, stage, testing
from amlmigrate.guarding.alarmtests import AlarmTest
from amlmigrate.guarding.emitting import EmitFormat, emitted
from amlmigrate.guarding.progress import events
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.guarding.survey import SurveyPlaces, seen_before
from amlmigrate.guarding.wanted import Guardrail
from amlmigrate.ledger import files, proposals
from amlmigrate.ledger.proposals import Proposal
from amlmigrate.scanning import scanfile, standing

PLAN = """Say what a guardrail would change and refuse. Changes nothing.

Shows each resource of Azure Policy that would be made or changed, what Azure has judged not compliant, and which
workspaces could not be updated any more at the file's stage and at the next one. Ends with 0 where nothing is left
to do, with 3 where something is, with 4 where the stage is refused. With --out it also writes a proposal: a file
that another identity approves by its digest, and that apply then carries out exactly.

Example: migrate guard plan guard.yaml

Example: migrate guard plan guard.yaml --out guard-plan.json
"""
APPLY = """Make a guardrail in Azure as its file says, at the stage that it names. Run again, it changes nothing.

Nothing that exists is made weaker, and nothing that this tool did not make is touched. At a management group it
takes a proposal of guard plan --out that another identity has approved (migrate approve), and --confirm with the
scope. What would be done now has to be what was approved.

Example: migrate guard apply guard.yaml --yes

Example: migrate guard apply guard-plan.json --confirm /providers/Microsoft.Management/managementGroups/corp
"""
CHECK = """Check that a guardrail is there and as strict as its file asks for.

Also compares today's tags of the workspaces with those of the last two scans: says where the level of sensitivity
fell or the tag of production was taken away, and who did it, as far as the activity log shows. Compares them with
what owners decided by scans too, since a guardrail goes by tags. Ends with 3 where anything is missing or weaker,
or could not be read.

Example: migrate guard check guard.yaml
"""
EMIT = """Write a guardrail as files to check into git. Changes nothing in Azure.

Example: migrate guard emit guard.yaml --format terraform --out policies/
"""

TEST = """Send a test notification to everybody whom the alarms of a guardrail tell, and record who got it.

Azure sends it through each action group that the rules name. Whom it was sent to is added to
FILE.alarm-tests.jsonl, which guard check reads. Nothing shows whether anybody reads it: ask them. The action
groups have to be there: guard apply makes them. Ends with 3 where it was not sent to everybody, or that is not
known.

Example: migrate guard test guard.yaml
"""

app = commands.command_line()

GuardFile = Annotated[
    Path, typer.Argument(help="The description of the guardrail, in YAML or JSON.", metavar="FILE")
]
ScanPath = Annotated[
    Path | None,
    typer.Option(
        help="The scan that says which workspaces there were before. Default: the latest one below scans/.",
        metavar="SCAN",
    ),
]
Unrecoverable = Annotated[
    bool,
    typer.Option(
        "--accept-unrecoverable",
        help="Accept that a stage that refuses very likely also refuses the recovery of removed sources.",
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
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write what would be done as a proposal, for somebody else to approve.", metavar="PROPOSAL"
        ),
    ] = None,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        if out:
            proposals.check_free(out)
        made = None
        async with session(shared) as clouds:
            wanted = guardproposals.given(file, scan, accept_unrecoverable=accept_unrecoverable)
            found = await stage.plan(clouds.target, wanted.request, events(view.event))
            if out and found.changes and not found.reasons:
                made = await guardproposals.write(clouds.target, out, wanted, found, shared)
        proposed = GuardProposed(str(out) if out else "", made.sha256 if made else "")
        view.show(GuardPlanView(wanted.request.guardrail, found, _following(wanted, found, out, made), proposed))
        return _planned(found)

    execute(shared, work, interrupted=READS)


def _following(wanted: GuardInput, found: GuardPlan, out: Path | None, made: Proposal | None) -> str:
    """How what was planned is done; at a management group somebody else approves it first."""
    if out and made:
        return approved_by(out, made)
    if found.reasons:
        return f"do what each reason says, or change the file, then run: {wanted.again('plan')}"
    return "" if found.over else _applied_by(wanted)


def _applied_by(wanted: GuardInput) -> str:
    """The command that applies the file, or at a management group proposes it."""
    if wanted.request.guardrail.at_management_group:
        return wanted.again("plan", "--out", "guard-plan.json")
    return wanted.again("apply")


def _planned(found: GuardPlan) -> ExitCode:
    if found.reasons:
        return ExitCode.REFUSED
    return ExitCode.DONE if found.over else ExitCode.INCOMPLETE


@app.command("apply", help=APPLY)
@options.for_one_side
def apply(
    file: Annotated[
        Path,
        typer.Argument(help="The description of the guardrail, or an approved proposal.", metavar="FILE|PROPOSAL"),
    ],
    scan: ScanPath = None,
    accept_unrecoverable: Unrecoverable = False,
    confirm: Annotated[
        str | None,
        typer.Option(help="Repeat the scope; needed at a management group.", metavar="SCOPE"),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Agree to a stage that refuses, without being asked.")
    ] = False,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        wanted = guardproposals.given_or_proposed(file, scan, accept_unrecoverable=accept_unrecoverable)
        request, guardrail = wanted.request, wanted.request.guardrail
        guardproposals.refuse_unconfirmed(guardrail, confirm)
        async with session(shared) as clouds:
            telling = events(view.event)
            found = await stage.plan(clouds.target, request, telling)
            view.show(GuardPlanView(guardrail, found, fails=True))
            stage.refuse(found, guardrail)
            carrying = await guardproposals.carrying(clouds.target, wanted, found)
            await guardproposals.agree(view, shared, wanted, found, yes=yes)
            with carrying.alone():
                applied = await stage.carry_out(clouds.target, request, found, telling, carrying.allowed)
        view.show(GuardAppliedView(guardrail, applied, wanted.again("check")))
        return ExitCode.DONE

    execute(shared, work, interrupted=CHANGES)


@app.command("check", help=CHECK)
@options.for_one_side
def check(
    file: GuardFile,
    scan: ScanPath = None,
    scans: Annotated[
        Path,
        typer.Option(help="The folder of the scans with which the tags of today are compared.", metavar="DIR"),
    ] = scanfile.ROOT,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        wanted = guardproposals.given(file, scan, scans=scans)
        request, apply_ = wanted.request, _applied_by(wanted)
        then = seen_before(request.guardrail, SurveyPlaces(scans, plans.ROOT, scan))
        decided = standing.read(scans, request.now, *([scan] if scan else []))
        async with session(shared) as clouds:
            found = await checking.check(
                clouds.target,
                request.guardrail,
                request.estate,
                request.now,
                then,
                decided,
                apply=apply_,
                tests=alarmtests.read(file),
                test=join(["migrate", "guard", "test", str(file)]),
            )
        told = GuardCheckView(request.guardrail, found)
        view.show(told)
        return told.code

    execute(shared, work, interrupted=READS)


@app.command("test", help=TEST)
@options.for_one_side
def test(file: GuardFile, *, shared: CommonOptions) -> None:
    async def work(view: View) -> ExitCode:
        guardrail, alarms = guardproposals.alarms_of(file, "there is nobody to send a test to")
        alarmtests.check_writable(file)
        async with session(shared) as clouds:
            side = clouds.target
            tested = await testing.test(side.arm, alarms, str(await who(shared, side.credential)))
        following = _after_test(file, guardrail, tested)
        told = GuardTestView(tested, str(alarmtests.add(file, tested)), following)
        view.show(told)
        return told.code

    execute(shared, work, interrupted=READS)


def _after_test(file: Path, guardrail: Guardrail, tested: Sequence[AlarmTest]) -> str:
    """What comes next: the check, or what has to be there before a test can be sent."""
    again = join(["migrate", "guard", "test", str(file)])
    if all(one.whole for one in tested):
        return join(["migrate", "guard", "check", str(file)])
    if any(one.refused == testing.NOT_MADE for one in tested):
        verb = (
            ("plan", str(file), "--out", "guard-plan.json")
            if guardrail.at_management_group
            else ("apply", str(file))
        )
        return f"{join(['migrate', 'guard', *verb])}, then: {again}"
    return f"do what each line says, then run: {again}"


app.command("callers", help=CALLERS)(options.for_one_side(callers))


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
        request = guardproposals.given(file, scan).request
        stage.refuse_stage(request)
        written = emitted(request.guardrail, request.exempt, format)
        _write(out, written)
        view.show(GuardEmittedView(str(out), tuple(written), _elsewhere(request)))
        return ExitCode.DONE

    execute(shared, work)


def _elsewhere(request: GuardRequest) -> str:
    """What nobody has asked Azure: which of the exempt workspaces lie below the management group."""
    if not (request.guardrail.at_management_group and request.exempt):
        return ""
    return (
        "Every old workspace of the scan has an exemption, since Azure was not asked what lies below the"
        " management group: remove those of workspaces elsewhere."
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
