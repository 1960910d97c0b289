"""The options that commands have in common: how they tell, and how they sign in where they do."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.planning import planfile

Json = Annotated[bool, typer.Option("--json", help="Write one JSON event per line to standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log each call to standard error, and show tracebacks.")]
LogFile = Annotated[
    Path | None,
    typer.Option(help="Add what is done, and each call, to this file as JSON lines.", metavar="FILE"),
]
Tenant = Annotated[
    str | None,
    typer.Option(
        "--tenant", help="Entra tenant to sign in to; where there are two sides, for both.", metavar="ID"
    ),
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


def plan_folders(incomplete: str) -> list[str]:
    """What the beginning of a plan's folder may be completed to: those below plans/, or below what is typed."""
    typed = Path(incomplete or "plans/")
    above = typed if incomplete.endswith("/") or not incomplete else typed.parent
    plans = (path.parent for path in above.glob(f"*/{planfile.FILE}"))
    return sorted(str(one) for one in plans if str(one).startswith(incomplete))


PlanFolder = Annotated[
    str | None,
    typer.Argument(
        metavar="PLAN",
        autocompletion=plan_folders,
        help="The plan's folder; left out, the only one below plans/ that is not yet decommissioned.",
    ),
]
NeededPlanFolder = Annotated[
    str, typer.Argument(help="The plan's folder.", metavar="PLAN", autocompletion=plan_folders)
]
ForceUnlock = Annotated[
    bool,
    typer.Option("--force-unlock", help=("Take over the plan from a run on another host that no longer exists.")),
]


def _common(
    json: Json = False,
    verbose: Verbose = False,
    log_file: LogFile = None,
    tenant: Tenant = None,
    client_id: ClientId = None,
    cloud: CloudName = "AzureCloud",
    source_tenant: SourceTenant = None,
    target_tenant: TargetTenant = None,
) -> CommonOptions:
    return CommonOptions(json, verbose, tenant, client_id, cloud, source_tenant, target_tenant, log_file=log_file)


Command = Callable[..., None]


def _having(*names: str) -> Callable[[Command], Command]:
    """Gives a command these of the common options; it takes them as its parameter `shared`.

    Of its own, a parameter whose type is a dataclass is a group: each of its fields is an option of the command.
    """

    def decorator(command: Command) -> Command:
        own, common = _parameters(command), _parameters(_common)
        del own["shared"]
        groups: dict[str, Any] = {
            name: one.annotation for name, one in own.items() if is_dataclass(one.annotation)
        }
        options = [
            option
            for name, one in own.items()
            for option in (_parameters(groups[name]).values() if name in groups else (one,))
        ]

        @wraps(command)
        def wrapper(**given: Any) -> None:
            every = replace(_common(**{name: given[name] for name in names}), options=given)
            grouped = {
                name: group(**{one.name: given[one.name] for one in fields(group)})
                for name, group in groups.items()
            }
            command(**{name: given[name] for name in own if name not in groups}, **grouped, shared=every)

        parameters = [*options, *(common[name] for name in names)]
        # What typer reads the options from.
        vars(wrapper)["__signature__"] = inspect.Signature(parameters)
        wrapper.__annotations__ = {one.name: one.annotation for one in parameters}
        return wrapper

    return decorator


_OUTPUT = ("json", "verbose", "log_file")
_SIGN_IN = ("tenant", "client_id", "cloud")
# A command that reads files alone signs in nowhere.
for_files = _having(*_OUTPUT)
# One that has a single side to sign in to, and no plan.
for_one_side = _having(*_OUTPUT, *_SIGN_IN)
# One that has a plan, and needs its target alone.
for_target = _having(*_OUTPUT, *_SIGN_IN, "target_tenant")
for_both_sides = _having(*_OUTPUT, *_SIGN_IN, "source_tenant", "target_tenant")


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    found = inspect.signature(function).parameters
    return {
        name: one.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, one in found.items()
    }
