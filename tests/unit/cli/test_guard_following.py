"""What `guard plan` says comes next, as it is typed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from tests.unit.guarding.guards import SCOPE, guardrail

from amlmigrate.cli.guard import _following
from amlmigrate.cli.guardproposals import GuardInput, carrying
from amlmigrate.cloud.session import Side
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.guarding.compliance import Compliance
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.parts import GuardKnown, GuardPart
from amlmigrate.guarding.proposing import GuardProposing, proposal
from amlmigrate.guarding.stage import GuardPlan, GuardRequest

PART = GuardPart("definition", "/x", {"properties": {"metadata": {}}})
CREATED: PlannedPart[GuardKnown] = PlannedPart(PART, None, PART.create({}))
GROUP = "/providers/Microsoft.Management/managementGroups/corp"


@pytest.mark.parametrize(
    ("scope", "scan", "accept", "typed"),
    [
        (SCOPE, None, False, "migrate guard apply 'my guard.yaml'"),
        (
            SCOPE,
            Path("s.jsonl"),
            True,
            "migrate guard apply 'my guard.yaml' --scan s.jsonl --accept-unrecoverable",
        ),
        # There it is a proposal that is applied, once another identity has approved it.
        (
            GROUP,
            Path("s.jsonl"),
            True,
            "migrate guard plan 'my guard.yaml' --scan s.jsonl --accept-unrecoverable --out guard-plan.json",
        ),
    ],
)
def test_what_is_planned_is_done_by_the_command_that_can(
    scope: str, scan: Path | None, accept: bool, typed: str
) -> None:
    met = GuardedEstate("", ())
    request = GuardRequest(guardrail(scope=scope), met, datetime(2026, 12, 1, tzinfo=UTC), accept)
    file = Path("my guard.yaml")
    found = GuardPlan((CREATED,), (), Compliance({}), (), (), ())
    assert _following(GuardInput(file, file, scan, request), found, None, None) == typed
    nothing = GuardPlan((), (), Compliance({}), (), (), ())
    assert _following(GuardInput(file, file, scan, request), nothing, None, None) == ""


def test_a_proposal_that_says_another_scope_is_not_carried_out(tmp_path: Path) -> None:
    """It is refused before anybody is asked who signed in, let alone whether somebody approved it."""
    request = GuardRequest(guardrail(scope=GROUP), GuardedEstate("", ()), datetime(2026, 12, 1, tzinfo=UTC))
    found = GuardPlan((CREATED,), (), Compliance({}), (), (), ())
    about = GuardProposing("guard.yaml", None, "tenant-1", By("m", "h", "1", Identity("m-id")), "")
    made = replace(proposal(request, found, about), scope=SCOPE)
    wanted = GuardInput(tmp_path / "p.json", tmp_path / "guard.yaml", None, request, made)
    with pytest.raises(RefusedError, match="not what was proposed") as refused:
        asyncio.run(carrying(cast(Side, None), wanted, found))
    assert refused.value.reasons == (f"The proposal is for {SCOPE}, and its file for {GROUP}.",)
