"""A cutover of a plan that asks for approvals waits for that of another identity, and for no other cutover's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.people import ANN, BEN, asking
from tests.builders.reports import report
from tests.builders.world import plan, step

from amlmigrate.core.authorship import By
from amlmigrate.core.decision import open_digest
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.core.plan import Plan
from amlmigrate.cutover import stage
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.approving import approve_decisions
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.valid_decisions import Standing

PLAN = plan(step("models/m/1"))
ASKING = asking(PLAN)


class Clouds:
    """Somebody who signed in to two tenants, and is another one in each."""

    def __init__(self) -> None:
        self.source, self.target = SimpleNamespace(credential="source"), SimpleNamespace(credential="target")


def _request(folder: Path, of: Plan, unfrozen: str = "") -> stage.CutoverRequest:
    return stage.CutoverRequest(of, folder, By("nobody", "here", "1"), ignore, unfrozen)


async def test_a_cutover_goes_on_once_somebody_else_has_approved_it(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ann(_: Any, credential: str) -> By:
        # Approvals are asked of who it is in the target's tenant.
        return {"target": ANN, "source": BEN}[credential]

    monkeypatch.setattr(stage, "signed", ann)
    clouds: Any = Clouds()

    async def ask(unfrozen: str) -> None:
        reports = Evidence(tmp_path, ledger).reports()
        await stage.refuse_unapproved(_request(tmp_path, ASKING, unfrozen), clouds, ledger, reports)

    with pytest.raises(RefusedError) as refused:
        await ask("")
    digest = open_digest(Standing(ASKING, ledger).pending())
    assert digest[:16] in refused.value.remedy
    approve_decisions(ASKING, ledger, digest, BEN, "")
    await ask("")
    # One that somebody may write to is another decision, and so is another reason for it.
    with pytest.raises(RefusedError, match="all were told"):
        await ask("all were told")
    await stage.refuse_unapproved(_request(tmp_path, PLAN), clouds, ledger, [])
    # Once it was taken back the next cutover is another one, and so is the one after that.
    for _ in range(2):
        await ask("")
        Evidence(tmp_path, ledger).add(report("cutover-back"))
        with pytest.raises(RefusedError):
            await ask("")
        approve_decisions(ASKING, ledger, open_digest(Standing(ASKING, ledger).pending()), BEN, "")
