"""Record that items were moved by hand, or findings fixed. It looks into the target where it can.

Example: migrate done schedules/nightly --reason "created again with az ml"

Example: migrate done --from decisions.csv
"""

from __future__ import annotations

from amlmigrate.cli import deciding, options
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import ExitCode


@options.for_both_sides
def command(
    arguments: deciding.Addresses = None,
    reason: deciding.Reason = "",
    from_: deciding.From = None,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        view.show(await deciding.decided(shared, DecisionVerb.DONE, arguments, reason, from_))
        return ExitCode.DONE

    execute(shared, work)
