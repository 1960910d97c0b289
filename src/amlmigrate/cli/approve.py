"""Approve a plan, or decisions about one, that somebody else has made. For plans made with --require-approval.

Example: migrate approve plans/old-ws --digest 3f9c2a1b7d40e586 --comment "reviewed with the model owners"

Example: migrate approve plans/old-ws --decisions --digest 81c4e07a92bd35f6
"""

from __future__ import annotations

from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.decisions import ApprovalView
from amlmigrate.cli.who import local
from amlmigrate.core.errors import ExitCode
from amlmigrate.deciding.approve import ApprovalRequest, approve


@options.for_target
def command(
    plan: options.NeededPlanFolder,
    digest: Annotated[
        str,
        typer.Option(
            help=("The digest of what is approved, as `migrate show` printed it; at least 8 digits."),
            metavar="PREFIX",
        ),
    ],
    decisions: Annotated[
        bool, typer.Option("--decisions", help="All open decisions about the plan, instead of the plan.")
    ] = False,
    comment: Annotated[str, typer.Option(help="What was reviewed.", metavar="TEXT")] = "",
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        folder, read = plans.load_own(plan)
        request = ApprovalRequest(read, folder, local(shared), digest, decisions, comment.strip())
        view.show(ApprovalView(folder, await approve(request, lambda: session(shared))))
        return ExitCode.DONE

    execute(shared, work)
