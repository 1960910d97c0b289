"""Show a plan as a person reads it. What is created, adopted, in conflict, left to do by hand, and whether it is
approved.

Example: migrate show plans/old-ws
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from amlmigrate.core.plan import Plan


@options.shared
def command(plan: options.PlanFolder = None, *, shared: Shared) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cli import plans

        folder, read = plans.load(plan)
        view.plan(read)
        if read.header.require_approval:
            _approval(view, folder, read)
        return ExitCode.DONE

    execute(shared, work)


def _approval(view: View, folder: Path, plan: Plan) -> None:
    """Says whether the approval that the plan needs was given."""
    from amlmigrate.ledger import Ledger
    from amlmigrate.ledger.decisions import approvals

    given = []
    if (folder / "ledger.db").exists():
        with Ledger(folder) as ledger:
            ledger.bind(plan)
            given = approvals(plan, ledger)
    lines = [f"approved by {one.by} at {one.at}{one.comment and ': '}{one.comment}" for one in given]
    data = {
        "text": f"\nIt must be approved by somebody other than its planner, {plan.header.planner}.",
        "approved": bool(given),
        "approvals": [{"object_id": one.object_id, "by": one.by, "at": one.at} for one in given],
        "lines": lines or ["not approved yet"],
    }
    view.result("show.approval", data if given else data | {"next": f"migrate approve {folder}"})
