"""Record that one item may stay as it is, by whom and why.

Example: migrate waive blobs/azureml --reason "job logs, kept in the old account"
"""

from __future__ import annotations

import getpass
import os
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import BadInputError, ExitCode, MigrateError

if TYPE_CHECKING:
    from amlmigrate.core.identity import Identity

# What in the environment is a credential by itself; az login is not looked for, that takes a call.
_AT_HAND = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
)


@options.shared
def command(
    address: Annotated[str, typer.Argument(help="One address, as `migrate show` writes it.", metavar="ADDRESS")],
    plan: options.PlanFolder = None,
    *,
    reason: Annotated[str, typer.Option(help="Why it may stay as it is.", metavar="TEXT")],
    shared: Shared,
) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cli import plans
        from amlmigrate.core.address import Address
        from amlmigrate.ledger import Ledger, decisions

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
        identity, why = await _identity(shared)
        with Ledger(folder) as ledger:
            ledger.bind(read)
            made = decisions.waive(read, ledger, (str(wanted), reason.strip(), by), identity)
        view.result(
            "waive",
            {
                "text": f"Waived {wanted}.",
                "address": str(wanted),
                "reason": made.reason,
                "by": by,
                "object_id": made.object_id,
                "lines": [why] if why else [],
            },
        )
        return ExitCode.DONE

    execute(shared, work)


async def _identity(shared: Shared) -> tuple[Identity | None, str]:
    """Who signs in, where the options or the environment name a credential; without one nothing is asked.

    A waiver does not fail for want of Entra: the second value says why it has no identity.
    """
    if not (shared.tenant or shared.target_tenant or shared.client_id or any(map(os.environ.get, _AT_HAND))):
        return None, ""
    from amlmigrate.cli.signing import session

    try:
        async with session(shared) as clouds:
            return await clouds.target.credential.identity(), ""
    except MigrateError as error:
        return None, f"Recorded without an identity of Entra: {error.summary}"
