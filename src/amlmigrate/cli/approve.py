"""Approve a plan, decisions about one, or a proposal, that somebody else has made.

By the digest that `migrate show` printed. Plans are those made with --require-approval. A proposal is a file that
says what a command would change: `migrate guard plan --out` writes one.

Example: migrate approve plans/old-ws --digest 3f9c2a1b7d40e586 --comment "reviewed with the model owners"

Example: migrate approve plans/old-ws --decisions --digest 81c4e07a92bd35f6

Example: migrate approve guard-plan.json --digest 5d20c7e1f08ab394
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.decisions import ApprovalView
from amlmigrate.cli.views.proposals import FileApprovalView
from amlmigrate.cli.who import local
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.deciding.approve import ApprovalRequest, approve
from amlmigrate.deciding.approvefile import FileApprovalRequest, approve_file


@options.for_target
def command(
    plan: Annotated[
        str,
        typer.Argument(
            help="The plan's folder, or the proposal.", metavar="PLAN|FILE", autocompletion=options.plan_folders
        ),
    ],
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
    file = Path(plan) if Path(plan).is_file() else None

    async def work(view: View) -> ExitCode:
        if file:
            _refuse_decisions(plan, decisions=decisions)
            wanted = FileApprovalRequest(file, local(shared), digest, comment.strip())
            view.show(FileApprovalView(wanted.path, await approve_file(wanted, lambda: session(shared))))
            return ExitCode.DONE
        folder, read = plans.load_own(plan)
        request = ApprovalRequest(read, folder, local(shared), digest, decisions, comment.strip())
        view.show(ApprovalView(folder, await approve(request, lambda: session(shared))))
        return ExitCode.DONE

    execute(shared, work)


def _refuse_decisions(plan: str, *, decisions: bool) -> None:
    """Raises BadInputError: a proposal has none."""
    if decisions:
        raise BadInputError(
            "--decisions is about a plan, and this is a file.",
            address=plan,
            remedy="Name the plan's folder, or leave --decisions out.",
        )
