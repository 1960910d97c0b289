"""`decommission` in this process, with a clock that does not wait: its real clients against the local Azure."""

from __future__ import annotations

import asyncio
import io
import os
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import aiohttp.connector
from tests.acceptance.world import Result, World

from amlmigrate.cli import plans
from amlmigrate.cli.views.decommission import DecommissionView
from amlmigrate.cli.views.json_lines import JsonView
from amlmigrate.cloud import transport
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.session import Logins, Session
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import ExitCode, MigrateError
from amlmigrate.decommissioning.decommission import DecommissionRequest, removal_of
from amlmigrate.decommissioning.gone import Clock
from amlmigrate.decommissioning.neighbours import scope
from amlmigrate.decommissioning.stage import RemovalOptions
from amlmigrate.ledger import Ledger


@dataclass
class Fast:
    """Time that a pause moves on at once; each pause takes a moment, in which the local Azure gets on."""

    time: float = 0.0
    pauses: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.pauses.append(seconds)
        await asyncio.sleep(min(seconds, 0.05))

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.time, self.sleep)


def here(world: World, *more: str, fast: Fast | None = None) -> Result:
    """What `decommission --soak 0 --json` and these options do, but for the lock and the lease."""
    aiohttp.connector._SSL_CONTEXT_VERIFIED.load_verify_locations(world.env["SSL_CERT_FILE"])
    out = io.StringIO()
    with patch.dict(os.environ, world.env), redirect_stdout(out):
        transport.proxy_of.cache_clear()
        view = JsonView()
        try:
            code = asyncio.run(_removed(world, view, more, fast or Fast()))
        except MigrateError as error:
            view.error(error)
            code = int(error.exit_code)
        finally:
            transport.proxy_of.cache_clear()
        view.ended(ExitCode(code))
    return Result(code, out.getvalue(), "")


async def _removed(world: World, view: JsonView, more: tuple[str, ...], fast: Fast) -> int:
    folder, plan = plans.load_own(str(world.folder / "plans" / world.source))
    unseen = frozenset(scope(more[at + 1]) for at, word in enumerate(more) if word == "--accept-unseen")
    wanted = RemovalOptions("--purge" in more, "--dry-run" in more, "delete" in more, unseen)
    with Ledger(folder) as ledger:
        ledger.bind(plan)
        async with Session(Logins(Login(), Login())) as clouds:
            by = By("tests", "here", "0", options={"soak": 0.0})
            accepted = "--accept-unrecoverable" in more
            request = DecommissionRequest(
                plan, folder, by, wanted, timedelta(0), view.event, accept_unrecoverable=accepted
            )
            removal = removal_of(request, clouds, ledger, by=by, hold=_nothing, clock=fast.clock)
            told = DecommissionView(plan, await removal.decommission())
            view.show(told)
            return int(told.code)


def _nothing() -> Any:
    return None
