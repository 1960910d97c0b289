"""Stop what the source does by itself, start it in the target, and record when.

Its schedules are disabled, then the target's are enabled; from then on people use the target, and the source must
stay as it is. Each setting is recorded before and after it is changed, and --back sets it back.

Example: migrate cutover plans/old-ws --dry-run

Example: migrate cutover plans/old-ws

Example: migrate cutover plans/old-ws --stop

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
from amlmigrate.cli.views.cutover import CutoverView, StoppedView, TakenBackView
from amlmigrate.cli.who import local
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.plan import Plan
from amlmigrate.cutover.stage import CutoverRequest, cut_over, take_back
from amlmigrate.cutover.stage import stop as stop_source
from amlmigrate.status.following import after


@options.for_both_sides
def command(
    plan: options.NeededPlanFolder,
    back: Annotated[
        bool, typer.Option("--back", help="Set back what the cutover changed; it carries no data back.")
    ] = False,
    stop: Annotated[
        bool,
        typer.Option(
            "--stop",
            help="Only stop what works by itself in the source, so that nothing new comes while a last plan moves"
            " the difference. Then run the same command without --stop, with the first plan or the last one.",
        ),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this item of those that take effect at the cutover; the rest stays to be done. May be"
            " repeated.",
            metavar="ADDRESS",
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
        others = {"--only": only, "--unfrozen": unfrozen}
        _refuse_beside("--back", "takes one back", given=back, others={"--stop": stop or None, **others})
        _refuse_beside("--stop", "only begins one", given=stop, others=others)
        folder, read = plans.load_own(plan)
        _refuse_options(read, folder, only or (), unfrozen)
        why = (unfrozen or "").strip()
        request = CutoverRequest(
            read, folder, local(shared), view.event, why, dry_run, force_unlock, tuple(only or ())
        )
        if back:
            taken = await take_back(request, lambda: session(shared))
            view.show(TakenBackView(folder, taken))
            return ExitCode.INCOMPLETE if taken.kept else ExitCode.DONE
        if stop:
            stopped = await stop_source(request, lambda: session(shared))
            view.show(StoppedView(folder, stopped))
            return ExitCode.DONE if dry_run or stopped.at_rest else ExitCode.INCOMPLETE
        done = await cut_over(request, lambda: session(shared))
        view.show(CutoverView(done, after(read, folder)))
        open_ = not dry_run and (done.todo or done.todo.left)
        return ExitCode.INCOMPLETE if open_ else ExitCode.DONE

    execute(shared, work, interrupted=READS if dry_run else CHANGES)


def _refuse_beside(option: str, does: str, *, given: bool, others: Mapping[str, object]) -> None:
    """Raises BadInputError for options that only a whole cutover has."""
    if named := [name for name, value in others.items() if given and value is not None]:
        raise BadInputError(
            f"{named[0]} is about a cutover that is made, and {option} {does}.",
            address=named[0],
            remedy="Leave one of them out.",
        )


def _refuse_options(plan: Plan, folder: Path, only: Iterable[str], unfrozen: str | None) -> None:
    if unfrozen is not None and not unfrozen.strip():
        raise BadInputError("--unfrozen needs a reason.", remedy='Give one with --unfrozen "...".')
    known = {name for step in plan.steps if step.cut_over for name in (str(step.address), str(step.address.item))}
    for address in only:
        if address not in known:
            raise BadInputError(
                f"The plan has nothing with the address '{address}' that takes effect at the cutover.",
                address=str(folder),
                remedy=f"`migrate show {folder}` lists what is cut over; without --only all of it is.",
            )
