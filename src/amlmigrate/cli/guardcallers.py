"""Show who uses the keys of the vaults that a guardrail's alarms watch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import guardproposals
from amlmigrate.cli.execute import READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.guardcallers import GuardCallersView
from amlmigrate.core.errors import ExitCode
from amlmigrate.guarding import learning

CALLERS = """Show who uses the keys, for the alarms to know who is expected. Changes nothing.

Reads the audit logs of the vaults that the file's alarms watch, and everything under keys that you see. Says of
each caller what it did and what names its identity, and prints the lines by which the file would name it. Who is
expected is for a person to confirm: the alarm on strangers is made once the file has alarms.callers. Who may use a
key and never did is not seen. Ends with 0 where the file has everybody, with 3 where somebody is to be confirmed,
a log is younger than a week, or something could not be read.

Example: migrate guard callers guard.yaml
"""


def callers(
    file: Annotated[
        Path, typer.Argument(help="The description of the guardrail, in YAML or JSON.", metavar="FILE")
    ],
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        _, alarms = guardproposals.alarms_of(file, "there is no vault whose callers count")
        async with session(shared) as clouds:
            learnt = await learning.learn(clouds.target, alarms, datetime.now(UTC))
        told = GuardCallersView(learnt)
        view.show(told)
        return told.code

    execute(shared, work, interrupted=READS)
