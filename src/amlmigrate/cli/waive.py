"""Record that one item may stay as it is, by whom and why.

Example: migrate waive jobs --reason "run history was exported, ticket 4711"
"""

from __future__ import annotations

import getpass
import socket
from typing import Annotated

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import BadInputError, ExitCode


def command(
    address: Annotated[str, typer.Argument(help="One address, as `migrate show` writes it.", metavar="ADDRESS")],
    plan: options.PlanFolder = None,
    reason: Annotated[str, typer.Option(help="Why it may stay as it is.", metavar="TEXT")] = ...,  # type: ignore[assignment]
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cli import plans
        from amlmigrate.core.address import Address
        from amlmigrate.ledger import Ledger

        if any(sign in address for sign in "*?["):
            raise BadInputError(
                "A waiver is for one address; globs are refused.", remedy="Waive each one by itself."
            )
        if not reason.strip():
            raise BadInputError("A waiver needs a reason.", remedy='Give one with --reason "...".')
        folder, read = plans.load_own(plan)
        wanted = Address.parse(address)
        if read.step(wanted) is None:
            raise BadInputError(
                f"The plan has no item '{wanted}'.",
                address=str(folder),
                remedy="Copy the address from `migrate show`.",
            )
        by = f"{getpass.getuser()}@{socket.gethostname()}"
        with Ledger(folder) as ledger:
            ledger.bind(read)
            ledger.waive(wanted, reason.strip(), by)
        view.result("waive", {"text": f"Waived {wanted}.", "address": str(wanted), "reason": reason, "by": by})
        return ExitCode.DONE

    execute(Shared(json, verbose), work)
