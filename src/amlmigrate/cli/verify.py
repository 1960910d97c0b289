"""Compare both workspaces afresh, and keep evidence. Ends with 0 only when nothing differs and nothing is open.

Example: migrate verify plans/old-ws

Example: migrate verify plans/old-ws --depth metadata
"""

from __future__ import annotations

from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.verifications import VerifyView
from amlmigrate.cli.who import local
from amlmigrate.core.errors import ExitCode
from amlmigrate.status.following import after
from amlmigrate.verifying.report import Depth
from amlmigrate.verifying.stage import VerifyRequest, verify


@options.for_both_sides
def command(
    plan: options.PlanFolder = None,
    depth: Annotated[
        Depth,
        typer.Option(help="metadata: documents and listings; checksum: every byte; sdk: MLClient too."),
    ] = Depth.CHECKSUM,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        folder, read = plans.load_own(plan)
        request = VerifyRequest(read, folder, local(shared), depth, view.event)
        report = await verify(request, lambda: session(shared))
        shown = VerifyView(report, folder, after(read, folder))
        view.show(shown)
        return shown.code

    execute(shared, work)
