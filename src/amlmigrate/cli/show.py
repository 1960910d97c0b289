"""Show a plan as a person reads it: what is created, adopted, in conflict, left to do by hand.

Example: migrate show plans/old-ws
"""

from __future__ import annotations

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import ExitCode


def command(plan: options.PlanFolder = None, json: options.Json = False, verbose: options.Verbose = False) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cli import plans

        view.plan(plans.load(plan)[1])
        return ExitCode.DONE

    execute(Shared(json, verbose), work)
