"""Approve a plan, or decisions about one, that somebody else has made. For plans made with --require-approval.

Example: migrate approve plans/old-ws --digest 3f9c2a1b7d40e586 --comment "reviewed with the model owners"

Example: migrate approve plans/old-ws --decisions --digest 81c4e07a92bd35f6
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.tenants import refuse_unseeing
from amlmigrate.cli.views.base import View
from amlmigrate.cli.who import local
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.few import many
from amlmigrate.core.plan import Plan
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.approving import approve_decisions, approve_plan


@options.for_target
def command(
    plan: options.NeededPlanFolder,
    digest: Annotated[
        str, typer.Option(help="What is approved, by 8 digits or more that `migrate show` gave.", metavar="PREFIX")
    ],
    decisions: Annotated[
        bool, typer.Option("--decisions", help="All open decisions about the plan, instead of the plan.")
    ] = False,
    comment: Annotated[str, typer.Option(help="What was looked at.", metavar="TEXT")] = "",
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        folder, read = plans.load_own(plan)
        if not read.header.require_approval:
            raise BadInputError(
                "The plan does not ask for an approval.",
                address=str(folder),
                remedy="Make one that does, with `migrate plan --require-approval`.",
            )
        async with session(shared) as clouds:
            identity = await clouds.target.credential.identity()
            # Who approves looks at the very target, and with the rights that they have there themselves.
            await refuse_unseeing(clouds, read, identity)
        by = local(shared).signed(identity)
        with Ledger(folder) as ledger:
            ledger.bind(read)
            approved = _decisions if decisions else _plan
            view.result("approve", approved(folder, read, ledger, digest, by, comment.strip()))
        return ExitCode.DONE

    execute(shared, work)


def _plan(folder: Path, plan: Plan, ledger: Ledger, digest: str, by: By, comment: str) -> dict[str, Any]:
    made, new = approve_plan(plan, ledger, digest, by, comment)
    return {
        "text": f"Approved by {made.by}." if new else f"Approved already by {made.by} at {made.at}.",
        "of": "plan",
        "object_id": made.object_id,
        "by": made.by,
        "sha256": made.sha256,
        "new": new,
        "next": f"migrate run {folder}",
    }


def _decisions(folder: Path, plan: Plan, ledger: Ledger, digest: str, by: By, comment: str) -> dict[str, Any]:
    made, decided = approve_decisions(plan, ledger, digest, by, comment)
    return {
        "text": f"{many(len(decided), 'decision is', 'decisions are')} approved by {made.by}.",
        "of": "decisions",
        "object_id": made.object_id,
        "by": made.by,
        "sha256": made.sha256,
        "new": True,
        "lines": [f"{one.address}: {one.detail}" for one in decided],
    }
