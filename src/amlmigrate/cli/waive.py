"""Record that items, findings or what was left behind may stay as they are, by whom and why.

Example: migrate waive blobs/azureml jobs --reason "job logs, kept in the old account"

Example: migrate waive frozen/0b4a7a52-9c1c-4b0e-8a0a-2f6d7e1c9a35 plans/old-ws --reason "she has left"

Example: migrate waive --from decisions.csv
"""

from __future__ import annotations

from typing import Annotated

import typer

from amlmigrate.cli import deciding, options
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import ExitCode


@options.for_target
def command(
    arguments: deciding.Addresses = None,
    reason: deciding.Reason = "",
    until: Annotated[
        str,
        typer.Option(help="The last day on which it counts, such as 2027-01-31.", metavar="DATE"),
    ] = "",
    from_: deciding.From = None,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        view.show(await deciding.decided(shared, DecisionVerb.WAIVE, arguments, reason, from_, until))
        return ExitCode.DONE

    execute(shared, work)
