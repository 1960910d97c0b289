"""The options that every command has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from amlmigrate.cli.execute import CommonOptions

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
ForceUnlock = Annotated[
    bool, typer.Option("--force-unlock", help="Take the plan over from a run on another host that is gone.")
]


def _every_command_has(
    json: Json = False,
    verbose: Verbose = False,
    tenant: Tenant = None,
    client_id: ClientId = None,
    cloud: CloudName = "AzureCloud",
    source_tenant: SourceTenant = None,
    target_tenant: TargetTenant = None,
) -> CommonOptions:
    return CommonOptions(json, verbose, tenant, client_id, cloud, source_tenant, target_tenant)


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that every command has; it takes them as its parameter `shared`."""
    own, common = _parameters(command), _parameters(_every_command_has)
    del own["shared"]

    @wraps(command)
    def wrapper(**given: Any) -> None:
        said = {name: given[name] for name in common}
        every = replace(_every_command_has(**said), options=given)
        command(**{name: given[name] for name in own}, shared=every)

    parameters = [*own.values(), *common.values()]
    # What typer reads the options from.
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {one.name: one.annotation for one in parameters}
    return wrapper


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    found = inspect.signature(function).parameters
    return {
        name: one.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, one in found.items()
    }
