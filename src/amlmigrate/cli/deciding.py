"""What `done`, `waive` and `reopen` have in common: how decisions are typed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.login import session
from amlmigrate.cli.views.decisions import DecisionView
from amlmigrate.cli.who import local
from amlmigrate.core import waiver_end
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.deciding.decide import DecisionRequest, decide, rows_of
from amlmigrate.status.following import after

# What in the environment is a credential by itself; az login is not looked for, that takes a call.
_AT_HAND = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
)
Addresses = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ADDRESS|PLAN",
        autocompletion=options.plan_folders,
        help="Addresses as `migrate show` writes them; the plan's folder, unless it is the only one.",
        show_default=False,
    ),
]
Reason = Annotated[str, typer.Option(help="The reason; with --from, for rows without one.", metavar="TEXT")]
From = Annotated[
    Path | None,
    typer.Option("--from", help="Read the decisions from a CSV with address, decision, reason.", metavar="FILE"),
]


async def decided(
    shared: CommonOptions,
    verb: DecisionVerb,
    arguments: Sequence[str] | None,
    reason: str,
    file: Path | None,
    until: str = "",
) -> DecisionView:
    """Records what was typed; `until` is a day or a time. Raises as `decide` does, and BadInputError."""
    named, addresses = plans.divided(list(arguments or ()))
    ends = waiver_end.end(until)
    rows = rows_of(verb, addresses, reason, file)
    folder, plan = plans.load_own(named)
    signs = bool(shared.tenant or shared.target_tenant or shared.client_id or any(map(os.environ.get, _AT_HAND)))
    request = DecisionRequest(
        plan, folder, local(shared), verb, tuple(rows), typed=bool(addresses), until=ends, signs=signs
    )
    result = await decide(request, lambda: session(shared))
    return DecisionView(result, after(plan, folder) if result.opened else "")
