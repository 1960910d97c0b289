"""Look at the evidence of a plan, or of the rotations of keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import commands, options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.controls import ControlsView
from amlmigrate.cli.views.evidence import CheckView
from amlmigrate.controls import catalogue, facts, judging
from amlmigrate.controls.facts import FolderEvidence
from amlmigrate.controls.judging import Verdict
from amlmigrate.core.errors import BadInputError, ExitCode, RefusedError
from amlmigrate.ledger.checking import Check, check_rotations
from amlmigrate.ledger.checking import check as look
from amlmigrate.ledger.evidence import KEYS_REMEDY, REMEDY
from amlmigrate.planning import planfile

CHECK = """Check that the evidence of a plan, or of rotations of keys, is as it was written.

Evidence of a plan is each report with its files, the plan, decisions and approvals in the ledger, the map of ids,
and the record of a freeze; not what is written for people alone (manual.md, by-hand/). With --keys it is each
report of migrate key rotate and key drill.

It reads no workspace and no vault, writes nothing, and works on a copy that may not be written to. Ends
with 0 where all is whole, with 3 where something could not be checked, with 4 where something was altered, and
with 2 where there is no evidence.

Example: migrate evidence check plans/old-ws

Example: migrate evidence check --keys keys
"""
CONTROLS = """Say which controls of standards the evidence of a plan supports, and what it does not show.

For each control of PCI DSS, HIPAA, NIST SP 800-53, ISO 27001 and SOC 2 that keys and encryption touch: which
claims and reports support it, which speak against it, what is missing, and what no file of this tool shows. It
supports controls, and establishes no compliance.

It checks the evidence first and reads no workspace. Ends with 0 where each control is supported by all that it
rests on, with 3 where one is not or something could not be checked, with 4 where the evidence was altered, and
with 2 where there is none.

Example: migrate evidence controls plans/old-ws

Example: migrate evidence controls plans/old-ws --keys keys --standard pci --format csv > pci.csv
"""


class ControlsFormat(StrEnum):
    """As what the controls are shown."""

    TEXT = "text"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class _Whose:
    """What helps where evidence was altered, and where there is none."""

    altered: str
    none: str


_PLANS = _Whose(REMEDY, "`migrate run` and `migrate verify` make some.")
_ROTATIONS = _Whose(
    KEYS_REMEDY,
    "Name the folder that `migrate key rotate` or `migrate key drill` made: keys/ in the folder where it ran.",
)

app = commands.command_line()


@app.callback(help=__doc__)
def _root() -> None:
    """What stands before a subcommand."""


@app.command("check", help=CHECK)
@options.for_files
def check(
    plan: options.PlanFolder = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            help="Instead of a plan: the folder that migrate key rotate or key drill made, keys/ where it ran.",
            metavar="FOLDER",
        ),
    ] = None,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        if keys is not None:
            _refuse_plan(plan, keys)
            return _told(view, keys, check_rotations(keys), _ROTATIONS)
        folder, read = plans.load(plan)
        return _told(view, folder, look(read, folder), _PLANS)

    execute(shared, work)


@app.command("controls", help=CONTROLS)
@options.for_files
def controls(
    plan: options.PlanFolder = None,
    standard: Annotated[
        str, typer.Option(help="Only this one: pci, hipaa, nist, iso or soc2.", metavar="STANDARD")
    ] = "",
    keys: Annotated[
        Path | None,
        typer.Option(
            help="The folder of rotations and drills, whose reports about the target's keys count too.",
            metavar="FOLDER",
        ),
    ] = None,
    format_: Annotated[
        ControlsFormat, typer.Option("--format", help="Text, or CSV for a spreadsheet.")
    ] = ControlsFormat.TEXT,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        _refuse_standard(standard)
        if shared.json and format_ is ControlsFormat.CSV:
            raise BadInputError("--json and --format exclude each other.", remedy="Leave one of them out.")
        folder, read = plans.load(plan)
        found = _whole(folder, look(read, folder), _PLANS)
        of_keys = _whole(keys, check_rotations(keys), _ROTATIONS) if keys else None
        unchecked = [*found.unchecked, *(of_keys.unchecked if of_keys else ())]
        evidence = FolderEvidence(found.reports, found.unchecked, of_keys.reports if of_keys else None)
        rows = judging.rows(catalogue.controls(standard), facts.held(evidence))
        verify = evidence.last_verify
        told = ControlsView(str(folder), rows, verify.content.moment if verify else "", unchecked)
        if format_ is ControlsFormat.CSV:
            view.raw(told.as_csv())
        else:
            view.show(told)
        done = not unchecked and all(one.verdict is Verdict.SUPPORTED for one in rows)
        return ExitCode.DONE if done else ExitCode.INCOMPLETE

    execute(shared, work)


def _refuse_standard(named: str) -> None:
    """Raises BadInputError for one that nobody knows."""
    known = catalogue.standards()
    if named and named not in known:
        raise BadInputError(f"There is no standard '{named}'.", remedy=f"There are {', '.join(known)}.")


def _refuse_plan(plan: str | None, keys: Path) -> None:
    """Raises BadInputError for a plan beside the folder of rotations, or in its place."""
    if plan is not None:
        raise BadInputError("A plan and --keys exclude each other.", remedy="Leave one of them out.")
    if (keys / planfile.FILE).exists():
        raise BadInputError(
            "That is a plan's folder.", address=str(keys), remedy=f"Check it with `migrate evidence check {keys}`."
        )


def _told(view: View, folder: Path, found: Check, whose: _Whose) -> ExitCode:
    """Says what it came to. Raises as `_whole` does."""
    view.show(CheckView(_whole(folder, found, whose)))
    return ExitCode.INCOMPLETE if found.unchecked else ExitCode.DONE


def _whole(folder: Path, found: Check, whose: _Whose) -> Check:
    """The same. Raises RefusedError where something was altered, BadInputError without evidence."""
    if found.altered:
        raise RefusedError(
            "The evidence cannot be trusted: something was altered.",
            reasons=(*found.altered, *(f"not checked: {what}" for what in found.unchecked)),
            address=str(folder),
            remedy=whose.altered,
        )
    if not found.reports:
        raise BadInputError("There is no evidence.", address=str(folder), remedy=whose.none)
    return found
