"""Record that people use the target from now on. From then on the source must stay as it was.

Example: migrate cutover plans/old-ws --dry-run

Example: migrate cutover plans/old-ws

Example: migrate cutover plans/old-ws --unfrozen "the team was told; owners cannot be frozen"

Example: migrate cutover plans/old-ws --back
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.cutover import CutoverView, TakenBackView
from amlmigrate.cli.who import local
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.plan import Plan
from amlmigrate.cutover.refusals import NOT_MADE
from amlmigrate.cutover.stage import CutoverRequest, cut_over, take_back


@options.for_both_sides
def command(
    plan: options.NeededPlanFolder,
    back: Annotated[bool, typer.Option("--back", help="Take the cutover back; it carries no data back.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this item of those that take effect at the cutover. May be repeated.", metavar="ADDRESS"
        ),
    ] = None,
    unfrozen: Annotated[
        str | None,
        typer.Option(help="Why it does not matter that others may still write to the source.", metavar="REASON"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, and record nothing.")] = False,
    force_unlock: options.ForceUnlock = False,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        _refuse_beside_back(back=back, others={"--only": only, "--unfrozen": unfrozen})
        folder, read = plans.load_own(plan)
        _refuse_options(read, folder, only or (), unfrozen)
        why = (unfrozen or "").strip()
        request = CutoverRequest(
            read, folder, local(shared), view.event, why, dry_run=dry_run, force_unlock=force_unlock
        )
        if back:
            view.show(TakenBackView(folder, await take_back(request, lambda: session(shared))))
        else:
            view.show(CutoverView(read, folder, await cut_over(request, lambda: session(shared))))
        return ExitCode.DONE

    execute(shared, work, interrupted=READS if dry_run else CHANGES)


def _refuse_beside_back(*, back: bool, others: Mapping[str, object]) -> None:
    """Raises BadInputError for options that only a cutover has."""
    if named := [name for name, given in others.items() if back and given is not None]:
        raise BadInputError(
            f"{named[0]} is about a cutover that is made, and --back takes one back.",
            address=named[0],
            remedy="Leave one of them out.",
        )


def _refuse_options(plan: Plan, folder: Path, only: Iterable[str], unfrozen: str | None) -> None:
    if unfrozen is not None and not unfrozen.strip():
        raise BadInputError("--unfrozen needs a reason.", remedy='Give one with --unfrozen "...".')
    for address in only:
        if any(step.for_cutover and address in (str(step.address), str(step.address.item)) for step in plan.steps):
            raise BadInputError(
                f"'{address}' has to be made at the cutover, and this version cannot do that.",
                address=str(folder),
                remedy=f"Leave --only out, and {NOT_MADE.format(address)}",
            )
        raise BadInputError(
            f"The plan has nothing with the address '{address}' that takes effect at the cutover.",
            address=str(folder),
            remedy="Leave --only out: then the cutover records the moment, and changes nothing else.",
        )
