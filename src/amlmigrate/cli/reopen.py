"""Take decisions back: what was waived or done by hand is open again.

Example: migrate reopen blobs/azureml --reason "the team wants its logs after all"

Example: migrate reopen --from decisions.csv
"""

from __future__ import annotations

from amlmigrate.cli import deciding, options
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import ExitCode


@options.for_target
def command(
    arguments: deciding.Addresses = None,
    reason: deciding.Reason = "",
    from_: deciding.From = None,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        view.show(await deciding.decided(shared, DecisionVerb.REOPEN, arguments, reason, from_))
        return ExitCode.DONE

    execute(shared, work)
