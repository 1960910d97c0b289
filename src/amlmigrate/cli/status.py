"""Show how far a plan is, and how long it will take.

Example: migrate status plans/old-ws
"""

from __future__ import annotations

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import ExitCode


@options.shared
def command(plan: options.PlanFolder = None, *, shared: Shared) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cli import plans
        from amlmigrate.cli.holding import look
        from amlmigrate.core.state import Outcome
        from amlmigrate.ledger import Ledger
        from amlmigrate.ledger.items import eta_seconds, items, over_foreign_bytes, tally

        folder, read = plans.load(plan)
        lease = (await look(shared, read)).as_dict()
        if not (folder / "ledger.db").exists():
            view.result("status", {"text": "Nothing was run yet.", "items": tally(items(read, None)), **lease})
            return ExitCode.DONE
        with Ledger(folder) as ledger:
            ledger.bind(read)
            found = items(read, ledger)
            remaining = sum(1 for item in found if item.outcome is Outcome.REMAINING)
            eta = eta_seconds(ledger, remaining)
        left = [item for item in found if not item.outcome.settled]
        foreign = over_foreign_bytes(found)
        lines = [f"{item.outcome.value}: {item.address}: {item.detail}" for item in left]
        lines += [f"over foreign bytes: {item['address']}: {item['detail']}" for item in foreign]
        if remaining and eta is not None:
            lines.append(f"about {eta:.0f} s left at the rate of the last minutes")
        lines += lease["lines"]
        view.result(
            "status",
            {
                "text": f"Plan {read.header.name}",
                "items": tally(found),
                "remaining": remaining,
                "eta_seconds": eta,
                "left": [{"address": i.address, "outcome": i.outcome.value, "detail": i.detail} for i in left],
                "foreign_bytes": foreign,
                "lease": lease["lease"],
                "lines": lines,
            },
        )
        return ExitCode.DONE

    execute(shared, work)
