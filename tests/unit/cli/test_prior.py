"""What several ledgers know of one target: the latest counts, whatever their folders are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.world import plan, step

from amlmigrate.cli import plans
from amlmigrate.core.address import Address
from amlmigrate.core.plan import Plan
from amlmigrate.core.prior import Copied
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger
from amlmigrate.ledger import ledger as module
from amlmigrate.ledger import made as made_by
from amlmigrate.planning import planfile

CONTAINER = Location("acct", "c")
MODEL = Address.parse("models/m/1")


def _plan(beside: Path, name: str, made: Plan) -> Ledger:
    folder = beside / name
    folder.mkdir(parents=True)
    planfile.write(folder, made.header, made.steps)
    ledger = Ledger(folder)
    ledger.bind(made)
    return ledger


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=["in order", "in reverse order"])
def test_of_several_plans_the_latest_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    made = plan(step("models/m/1"))
    for hour, name in enumerate(names):
        at = f"2026-01-01T0{hour}:00:00.000+00:00"
        monkeypatch.setattr(module, "_now", lambda at=at: at)
        monkeypatch.setattr(made_by, "now", lambda at=at: at)
        with _plan(tmp_path, name, made) as ledger:
            ledger.move(MODEL, State.DONE, target_sha256=f"left {hour}")
            # The source's ETag of the later copy sorts first, as any may.
            ledger.copied(CONTAINER, [("p", Copied(f'"{9 - hour}"', f'"t{hour}"'))])
    ids = (made.header.source["workspaceId"], made.header.target["workspaceId"])
    found = plans.prior(tmp_path, *ids)
    assert found.copied(CONTAINER.below("p")) == Copied('"8"', '"t1"')
    assert found.untouched(MODEL, "left 1") and not found.untouched(MODEL, "left 0")
    assert plans.prior(tmp_path, "another", ids[1]).copied(CONTAINER.below("p")) is None
