"""Show a plan as a person reads it. What is created, adopted, in conflict, left to do by hand, and its digest.

Of a proposal, a file that says what a command would change, it shows each change; with --all what is sent, too.

Example: migrate show plans/old-ws

Example: migrate show plans/old-ws models/credit-risk/3

Example: migrate show plans/old-ws --open --format csv > decisions.csv

Example: migrate show guard-plan.json --all
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.plans import PlanView
from amlmigrate.cli.views.proposals import ProposalView
from amlmigrate.cli.views.show import ItemView, OpenView, ShowView
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.plan import Plan
from amlmigrate.deciding import decisionfile
from amlmigrate.ledger import fileapprovals, proposals
from amlmigrate.planning import review


class ShowFormat(StrEnum):
    """As what it is shown."""

    TABLE = "table"
    CSV = "csv"


@options.for_files
def command(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PLAN|FILE|ADDRESS",
            autocompletion=options.plan_folders,
            help="The plan's folder (left out: the only one), or a proposal; then the address of an item or"
            " finding to show in full.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[str, typer.Option(help="Only items of this kind, such as models.", metavar="KIND")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every item, however many there are.")] = False,
    opened: Annotated[
        bool, typer.Option("--open", help="What is open, and which decisions wait for an approval.")
    ] = False,
    format_: Annotated[
        ShowFormat, typer.Option("--format", help="A table, or CSV; with --open one to fill in for --from.")
    ] = ShowFormat.TABLE,
    *,
    shared: CommonOptions,
) -> None:
    file = _file(arguments or [])

    async def work(view: View) -> ExitCode:
        if file:
            _refuse_of_plans(file, kind=kind, opened=opened, csv=format_ is ShowFormat.CSV)
            view.show(ProposalView(file, proposals.read(file), fileapprovals.approvals(file), every))
            return ExitCode.DONE
        folder, read, address = _named(arguments or [])
        if address:
            _refuse_of_lists(address, kind=kind, every=every, opened=opened, csv=format_ is ShowFormat.CSV)
            view.show(ItemView(review.item(folder, read, address)))
            return ExitCode.DONE
        chosen = _of_kind(read, kind)
        if opened:
            _open(view, folder, read, kind, csv=format_ is ShowFormat.CSV)
        elif format_ is ShowFormat.CSV:
            rows = ((str(step.address), step.action.value, step.reason) for step in chosen.steps)
            view.raw(decisionfile.written(rows, ("address", "action", "reason")))
        else:
            shown = PlanView(chosen, whole=True, every=every or bool(kind))
            view.show(ShowView(shown, folder, review.given(folder, read) if read.header.asks_approval else ()))
        return ExitCode.DONE

    execute(shared, work)


def _file(arguments: list[str]) -> Path | None:
    """The file that is meant, which is a proposal; None: a plan is, or an address that looks like a path."""
    if len(arguments) != 1 or not (path := Path(arguments[0])).is_file():
        return None
    return path if path.suffix == ".json" or proposals.is_one(path) else None


def _refuse_of_plans(file: Path, *, kind: str, opened: bool, csv: bool) -> None:
    """Raises BadInputError for options that are about a plan."""
    if kind or opened or csv:
        raise BadInputError(
            "--kind, --open and --format are about a plan, and this is a file.",
            address=str(file),
            remedy="Leave them out, or name the plan's folder.",
        )


def _refuse_of_lists(address: str, *, kind: str, every: bool, opened: bool, csv: bool) -> None:
    """Raises BadInputError for options that are about many items."""
    if kind or every or opened or csv:
        raise BadInputError(
            "--kind, --all, --open and --format are about many items, and an address names one.",
            address=address,
            remedy="Leave them out, or the address.",
        )


def _named(arguments: list[str]) -> tuple[Path, Plan, str]:
    """The plan that is meant, and the address. Raises BadInputError."""
    named, addresses = plans.divided(arguments)
    if len(addresses) > 1:
        raise BadInputError(
            f"'{addresses[0]}' and '{addresses[1]}' are two addresses, or no plans.",
            remedy="Name one plan's folder and one address.",
        )
    folder, read = plans.load(named)
    return folder, read, addresses[0] if addresses else ""


def _open(view: View, folder: Path, plan: Plan, kind: str, *, csv: bool) -> None:
    """What is open; as CSV with the decisions to fill in."""
    found = review.open_items(folder, plan, kind)
    if not csv:
        view.show(OpenView(folder, found, plan.header.require_approval))
        return
    rows = ((one.item.address, "", "", decisionfile.mark(one.sha256) if one.sha256 else "") for one in found.items)
    view.raw(decisionfile.written(rows, (*decisionfile.COLUMNS, decisionfile.SHOWN)))


def _of_kind(plan: Plan, kind: str) -> Plan:
    """The plan with the items of one kind alone. Raises BadInputError where it has none."""
    if not kind:
        return plan
    found = tuple(step for step in plan.steps if step.address.collection == kind)
    if not found:
        kinds = ", ".join(dict.fromkeys(step.address.collection for step in plan.steps))
        raise BadInputError(f"The plan has no item of kind '{kind}'.", remedy=f"It has {kinds}.")
    findings = tuple(one for one in plan.header.findings if one.about.partition("/")[0] == kind)
    return replace(plan, header=replace(plan.header, findings=findings), steps=found)
