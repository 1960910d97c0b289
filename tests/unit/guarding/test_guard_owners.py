"""A guardrail goes by tags: what an owner decided beyond them is told, and what of it is not known too."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.unit.guarding.guards import GuardedArm, guarded_side, guardrail, workspace_id

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.armid import key_of
from amlmigrate.guarding.checking import GuardCheck, check
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.falls import TaggedThen, falls
from amlmigrate.guarding.owners import unwritten
from amlmigrate.posture.tagging import ENVIRONMENT, SENSITIVITY
from amlmigrate.scanning.standing import StandingDecision, StandingDecisions

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WS = workspace_id("ws")
SCAN = "SCAN-1.jsonl"


def decisions(fact: str, level: str, **more: Any) -> StandingDecisions:
    one = StandingDecision(level, "ana@contoso.com", date(2026, 11, 20), SCAN)
    return StandingDecisions(newest=NOW, found={(key_of(WS), fact): one}, **more)


def listed(**tags: str) -> dict[str, Any]:
    return {"id": WS.upper(), "tags": tags, "systemData": {"createdAt": "2026-11-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("fact", "level", "tags", "untagged", "told"),
    [
        (ENVIRONMENT, "prod", {"environment": "dev"}, True, True),
        # An environment that no tag tells counts as production already.
        (ENVIRONMENT, "prod", {}, True, False),
        (ENVIRONMENT, "prod", {"env": "PRD"}, True, False),
        (ENVIRONMENT, "test", {"environment": "dev"}, True, False),
        (ENVIRONMENT, "dev", {"environment": "prod"}, True, False),
        (SENSITIVITY, "restricted", {"data-classification": "internal"}, True, True),
        (SENSITIVITY, "internal", {"data-classification": "public"}, True, True),
        (SENSITIVITY, "internal", {"data-classification": "restricted"}, True, False),
        (SENSITIVITY, "restricted", {"data-classification": "restricted"}, True, False),
        # Where nothing tells it the guardrail asks for a key, or does not, as the file says.
        (SENSITIVITY, "restricted", {}, True, False),
        (SENSITIVITY, "restricted", {}, False, True),
        (SENSITIVITY, "internal", {}, False, False),
    ],
)
def test_only_what_asks_for_more_than_the_tags_is_told(
    fact: str, level: str, tags: dict[str, str], *, untagged: bool, told: bool
) -> None:
    wanted = guardrail(untagged_needs_key=untagged)
    found = unwritten(wanted, decisions(fact, level), [listed(**tags)], [])
    assert [one.code for one in found.gaps] == (["decided"] if told else [])
    assert found.not_checked == ()


def test_who_decided_what_the_tags_say_and_what_to_do_is_told() -> None:
    [gap] = unwritten(guardrail(), decisions(ENVIRONMENT, "prod"), [listed(environment="dev")], []).gaps
    assert gap.text == (
        f"Its environment is prod by its owner (ana@contoso.com decided it on 2026-11-20, by the scan {SCAN}), and its"
        " tags say dev: a guardrail goes by tags."
    )
    assert gap.remedy.endswith(
        f"az tag update --resource-id {WS.upper()} --operation Merge --tags environment=prod"
    )


def test_what_is_told_as_fallen_is_not_told_twice() -> None:
    now = [listed(environment="dev")]
    fell = list(falls(guardrail().standard, [TaggedThen(WS, {"environment": "prod"}, NOW)], now))
    assert unwritten(guardrail(), decisions(ENVIRONMENT, "prod"), now, fell).gaps == ()


@pytest.mark.parametrize(
    ("decided", "why"),
    [
        (StandingDecisions(doubts={key_of(WS): SCAN}), "could not read it"),
        (decisions(ENVIRONMENT, "live"), "'live', which the tagging standard does not have"),
    ],
)
def test_what_is_not_known_is_no_missing_decision(decided: StandingDecisions, why: str) -> None:
    found = unwritten(guardrail(), decided, [listed(environment="dev")], [])
    assert found.gaps == () and len(found.not_checked) == 1
    assert why in found.not_checked[0] and WS.upper() in found.not_checked[0]


def checked(arm: GuardedArm, decided: StandingDecisions) -> GuardCheck:
    wanted = guardrail()
    return asyncio.run(check(guarded_side(arm), wanted, GuardedEstate("x", ()), NOW, (), decided))


def test_a_check_tells_it_and_how_old_the_scan_is() -> None:
    arm = GuardedArm(listed(environment="dev"))
    found = checked(arm, decisions(ENVIRONMENT, "prod"))
    assert "decided" in [one.code for one in found.gaps]
    old = checked(arm, StandingDecisions(newest=NOW - timedelta(days=3)))
    assert "decided" not in [one.code for one in old.gaps]
    assert any("3 days old" in one for one in old.notes)


def test_a_list_that_may_not_be_read_is_not_checked() -> None:
    arm = GuardedArm()
    kept = arm._page

    def refused(path: str) -> Any:
        if path.endswith("MachineLearningServices/workspaces"):
            raise ServiceError(403, "AuthorizationFailed", "no", method="GET", url=path)
        return kept(path)

    arm._page = refused  # type: ignore[method-assign]  # a list that is refused
    found = checked(arm, decisions(ENVIRONMENT, "prod"))
    assert any(one.startswith("the tags of today: ") for one in found.not_checked)
