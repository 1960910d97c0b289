"""Approve a plan that somebody else has made. For plans made with --require-approval.

Example: migrate approve plans/old-ws --comment "reviewed with the model owners"
"""

from __future__ import annotations

from typing import Annotated

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import BadInputError, ExitCode


@options.shared
def command(
    plan: Annotated[str, typer.Argument(help="The plan's folder.", metavar="PLAN")],
    comment: Annotated[str, typer.Option(help="What was looked at.", metavar="TEXT")] = "",
    *,
    shared: Shared,
) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cli import plans
        from amlmigrate.cli.signing import session
        from amlmigrate.ledger import Ledger, decisions

        folder, read = plans.load_own(plan)
        if not read.header.require_approval:
            raise BadInputError(
                "The plan does not ask for an approval, and does not say who made it.",
                address=str(folder),
                remedy="Make one that does, with `migrate plan --require-approval`.",
            )
        async with session(shared) as clouds:
            identity = await clouds.target.credential.identity()
        with Ledger(folder) as ledger:
            ledger.bind(read)
            made, new = decisions.approve(read, ledger, identity, comment.strip())
        view.result(
            "approve",
            {
                "text": f"Approved by {made.by}." if new else f"Approved already by {made.by} at {made.at}.",
                "object_id": made.object_id,
                "by": made.by,
                "plan_sha256": made.plan_sha256,
                "new": new,
                "next": f"migrate run {folder}",
            },
        )
        return ExitCode.DONE

    execute(shared, work)
