"""What `guard plan` says comes next, as it is typed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.guarding.guards import SCOPE, guardrail

from amlmigrate.cli.guard import _following
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.stage import GuardRequest

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
        # Nothing is applied there: whoever owns it gets files.
        (GROUP, Path("s.jsonl"), True, "migrate guard emit 'my guard.yaml' --scan s.jsonl"),
    ],
)
def test_what_is_planned_is_done_by_the_command_that_can(
    scope: str, scan: Path | None, accept: bool, typed: str
) -> None:
    met = GuardedEstate("", ())
    request = GuardRequest(guardrail(scope=scope), met, datetime(2026, 12, 1, tzinfo=UTC), accept)
    assert _following(request, Path("my guard.yaml"), scan) == typed
