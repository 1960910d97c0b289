"""Say what would stop a move before it starts. Looks at rights, network, keys, locks, policies and the posture of
the target, and changes nothing.

Example: migrate doctor --source old-rg/old-ws --target new-rg/new-ws

Example: migrate doctor --source old-rg/old-ws --target new-rg/new-ws --print-role > role.json
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.escapes import as_json
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.doctor import examine, least_role


@options.for_both_sides
def command(
    source: Annotated[
        str | None, typer.Option(help="The workspace to move: ARM id, SUB/GROUP/NAME or GROUP/NAME.", metavar="WS")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The workspace under a customer's key.", metavar="WS")] = None,
    print_role: Annotated[
        bool, typer.Option("--print-role", help="Write the least custom role as JSON, and nothing else.")
    ] = False,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        refs = _refs(source, target)
        if print_role:
            role = least_role(ref for ref in refs if ref)
            view.raw(as_json(role, indent=2) + "\n")
            return ExitCode.DONE
        return await _examine(view, shared, refs)

    execute(shared, work)


def _refs(source: str | None, target: str | None) -> tuple[Any, Any]:
    if not source and not target:
        raise BadInputError(
            "There is no workspace to look at.", remedy="Name --source, --target, or both as for `migrate plan`."
        )
    subscription = os.environ.get("AZURE_SUBSCRIPTION_ID")
    return tuple(WorkspaceRef.parse(name, subscription) if name else None for name in (source, target))  # type: ignore[return-value]


async def _examine(view: View, shared: CommonOptions, refs: tuple[Any, Any]) -> ExitCode:
    async with session(shared) as clouds:
        report = await examine(clouds, *refs)
    errors = sum(1 for finding in report.findings if finding.severity == "error")
    warnings = len(report.findings) - errors
    holding = sum(1 for claim in report.claims if claim.holds)
    view.findings(report.findings)
    view.result(
        "doctor.end",
        {
            "text": f"\n{errors} errors and {warnings} warnings; {holding} of {len(report.claims)} claims hold.",
            "errors": errors,
            "warnings": warnings,
            "identities": {
                side: who.as_dict() | {"tenant": report.tenants[side]} for side, who in report.identities.items()
            },
            "findings": [finding.as_dict() for finding in report.findings],
            "claims": [claim.as_dict() for claim in report.claims],
            "lines": [
                f"{side}: signed in as {who}, tenant {report.tenants[side]}"
                for side, who in report.identities.items()
            ],
            "next": _next(refs, errors),
        },
    )
    return ExitCode.REFUSED if errors else ExitCode.DONE


def _next(refs: tuple[Any, Any], errors: int) -> str:
    if errors:
        return "do what each error says, then run migrate doctor again"
    if all(refs):
        return f"migrate plan --source {refs[0].short} --target {refs[1].short}"
    return "name the other workspace too"
