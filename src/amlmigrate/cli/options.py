"""The options that every command has."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON event a line on standard output.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="Log each call to standard error; tracebacks for failures.")
]
Tenant = Annotated[
    str | None, typer.Option("--tenant", help="Entra tenant to sign in to, for both sides.", metavar="ID")
]
ClientId = Annotated[
    str | None,
    typer.Option("--client-id", help="Client id of a user-assigned or workload identity.", metavar="ID"),
]
CloudName = Annotated[
    str, typer.Option("--cloud", help="AzureCloud, AzureUSGovernment or AzureChinaCloud.", metavar="CLOUD")
]
SourceTenant = Annotated[
    str | None, typer.Option("--source-tenant", help="Entra tenant of the source.", metavar="ID")
]
TargetTenant = Annotated[
    str | None, typer.Option("--target-tenant", help="Entra tenant of the target.", metavar="ID")
]
PlanFolder = Annotated[
    str | None,
    typer.Argument(
        metavar="PLAN",
        help="The plan's folder; left out, the only one below plans/ that is not yet decommissioned.",
    ),
]
