"""What `guard plan` says comes next, as it is typed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.guarding.guards import SCOPE, guardrail

from amlmigrate.cli.guard import _following
from amlmigrate.cli.guardproposals import GuardInput
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.guarding.compliance import Compliance
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.parts import GuardKnown, GuardPart
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
