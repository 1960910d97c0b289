"""A dry run takes no lease and asks nobody; a command that changes something holds it while it works."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import plan, step
from tests.unit.leasing.leased import CONTAINER, LeasedBlob

from amlmigrate.cloud.fence import Fence
from amlmigrate.core.events import ignore
from amlmigrate.core.workspace import Location
from amlmigrate.leasing.hold import holding
from amlmigrate.ledger import Ledger

PLAN = plan(step("models/m/1"))


@pytest.mark.parametrize("dry_run", [True, False])
async def test_only_what_changes_something_holds_the_lease(dry_run: bool, tmp_path: Path) -> None:
    async def default_container() -> Location:
        return CONTAINER

    blob, worked = LeasedBlob(), False
    target = SimpleNamespace(leases=blob, workspace=lambda _: SimpleNamespace(default_container=default_container))
    clouds: Any = SimpleNamespace(target=target, fence=Fence())
    lock: Any = SimpleNamespace(forced=False)
    with Ledger(tmp_path) as ledger:
        ledger.bind(PLAN)
        async with holding(clouds, PLAN, ledger, lock, "run", ignore, dry_run=dry_run) as lease:
            worked = True
            assert (lease is None) is dry_run
            assert blob.id == ("" if lease is None else lease.id)
    assert worked and blob.id == "" and bool(blob.calls) is not dry_run
