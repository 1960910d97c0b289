"""A level that fell and a production tag that went: by the tags of scans and those of today, and who wrote them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.guarding.guards import S, workspace_id

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.guarding.changes import fallen
from amlmigrate.guarding.falls import TagFall, TaggedThen, falls
from amlmigrate.posture import tagging

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
THEN = NOW - 2 * DAY
WS = workspace_id("ws")
LOG = f"/subscriptions/{S}/providers/microsoft.insights/eventtypes/management/values"


def then(tags: Mapping[str, str], seen: datetime = THEN, id_: str = WS) -> TaggedThen:
    return TaggedThen(id_, tags, seen)


def now(tags: Mapping[str, str] | None, id_: str = WS) -> dict[str, Any]:
    return {"id": id_.upper(), "tags": tags}


def found(before: list[TaggedThen], *listed: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one.fact, one.then, one.now) for one in falls(tagging.read(), before, listed)]


SENSITIVE, PROD = {"data-classification": "restricted"}, {"environment": "prod"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (SENSITIVE, SENSITIVE, []),
        (SENSITIVE, {"Data-Classification": "RESTRICTED"}, []),
        (SENSITIVE, {"classification": "secret"}, []),
        (SENSITIVE, {"data-classification": "internal"}, [("sensitivity", "restricted", "internal")]),
        (SENSITIVE, {"data-classification": "whatever"}, [("sensitivity", "restricted", "")]),
        (SENSITIVE, {}, [("sensitivity", "restricted", "")]),
        (SENSITIVE, None, [("sensitivity", "restricted", "")]),
        ({"data-classification": "internal"}, SENSITIVE, []),
        ({}, {}, []),
        ({}, SENSITIVE, []),
        (PROD, {}, [("environment", "prod", "")]),
        (PROD, {"environment": "dev"}, [("environment", "prod", "dev")]),
        (PROD, {"env": "production"}, []),
        ({"environment": "test"}, {}, []),
        ({**SENSITIVE, **PROD}, {}, [("sensitivity", "restricted", ""), ("environment", "prod", "")]),
    ],
)
def test_what_fell(before: Mapping[str, str], after: Mapping[str, str] | None, told: list[Any]) -> None:
    assert found([then(before)], now(after)) == told


def test_the_highest_level_of_the_scans_counts_and_the_last_day_on_which_it_was_seen() -> None:
    older, newer = then(SENSITIVE, NOW - 9 * DAY), then({"data-classification": "public"}, NOW - DAY)
    [fell] = falls(tagging.read(), [older, newer], [now({"data-classification": "internal"})])
    assert (fell.then, fell.since) == ("restricted", NOW - 9 * DAY)
    [fell] = falls(tagging.read(), [older, then(SENSITIVE, NOW - DAY)], [now({})])
    assert fell.since == NOW - DAY
    assert found([older, newer], now(SENSITIVE)) == [], "it was put back"


def test_a_workspace_that_is_not_listed_is_not_told() -> None:
    assert found([then(SENSITIVE)], now({}, workspace_id("other"))) == []


def test_the_name_of_a_workspace_hides_no_tag_that_went() -> None:
    """By its name the standard takes `ml-prod` for production, with the tag and without."""
    id_ = workspace_id("ml-prod")
    assert found([then(PROD, id_=id_)], now({}, id_)) == [("environment", "prod", "")]


class Arm:
    """The workspaces as they are listed, and the activity log."""

    def __init__(self, listed: list[dict[str, Any]], events: Any = ()) -> None:
        self.listed = listed
        self.answers = {LOG.lower(): events}
        self.asked: list[tuple[str, str]] = []

    async def pages(self, path: str, query: Mapping[str, str] | None = None) -> AsyncIterator[Any]:
        self.asked.append((path, (query or {}).get("$filter", "")))
        answer = self.answers.get(path.lower(), [])
        if isinstance(answer, Exception):
            raise answer
        for one in answer:
            yield one


def event(operation: str = "Microsoft.Resources/tags/write", **more: Any) -> dict[str, Any]:
    return {
        "caller": "mallory@contoso.com",
        "operationName": {"value": operation},
        "status": {"value": "Succeeded"},
        "resourceId": f"{WS}/providers/Microsoft.Resources/tags/default",
        "eventTimestamp": "2026-11-29T10:00:00Z",
        **more,
    }


def told(arm: Arm, seen: datetime = THEN) -> dict[TagFall, str]:
    port: Any = arm
    return asyncio.run(fallen(port, tagging.read(), [then(SENSITIVE, seen)], arm.listed, NOW))


def sentence(arm: Arm, seen: datetime = THEN) -> str:
    [said] = told(arm, seen).values()
    return said


def test_who_wrote_the_tags_is_told_with_the_time() -> None:
    arm = Arm([now({})], [event(), event()])
    assert sentence(arm) == "Written since then by: mallory@contoso.com at 2026-11-29 10:00 UTC."
    [(_, asked)] = [one for one in arm.asked if one[0] == LOG]
    assert "eventTimestamp ge '2026-11-28T12:00:00Z'" in asked and "resourceGroupName eq 'old-rg'" in asked


def test_everybody_who_wrote_since_is_told_since_any_of_them_may_have_been_it() -> None:
    own = event("Microsoft.MachineLearningServices/workspaces/write", caller="pipeline", resourceId=WS.upper(),
                eventTimestamp="2026-11-29T09:00:00Z", status={"value": "Accepted"})  # fmt: skip
    assert sentence(Arm([now({})], [event(), own])) == (
        "Written since then by: pipeline at 2026-11-29 09:00 UTC; mallory@contoso.com at 2026-11-29 10:00 UTC."
    )


@pytest.mark.parametrize(
    "other",
    [
        event(resourceId=f"{workspace_id('ws2')}/providers/Microsoft.Resources/tags/default"),
        event(resourceId=f"{WS}/jobs/1"),
        event("Microsoft.Authorization/policyExemptions/write", resourceId=WS),
        event(status={"value": "Failed"}),
        event(status={"value": "Started"}),
        event("Microsoft.MachineLearningServices/workspaces/jobs/write", resourceId=WS),
        {},
    ],
)
def test_what_is_no_write_of_the_tags_is_nobody(other: dict[str, Any]) -> None:
    said = sentence(Arm([now({})], [other]))
    assert said == "By whom is not known: the activity log shows no write of its tags since 2026-11-28."


def test_an_event_without_a_caller_names_nobody() -> None:
    assert "somebody whom it does not name at an unknown time" in sentence(
        Arm([now({})], [event(caller=None, eventTimestamp=None)])
    )


def test_beyond_ninety_days_it_is_said_that_nothing_is_known() -> None:
    arm = Arm([now({})])
    said = sentence(arm, NOW - 200 * DAY)
    assert said == (
        "By whom is not known: the activity log shows no write of its tags since 2026-09-01 (it goes back 90 days)."
    )
    [(_, asked)] = [one for one in arm.asked if one[0] == LOG]
    assert "ge '2026-09-01T12:10:00Z'" in asked, "a request for older events is refused"
    late = sentence(Arm([now({})], [event()]), NOW - 200 * DAY)
    assert late.endswith("UTC. The activity log shows nothing from before 2026-09-01.")


@pytest.mark.parametrize("status", [401, 403, 404, 409])
def test_a_log_that_may_not_be_read_names_nobody_and_the_fall_is_told(status: int) -> None:
    refused = ServiceError(status, "AuthorizationFailed", "no", method="GET", url=LOG)
    assert sentence(Arm([now({})], refused)).startswith(
        "By whom is not known: the activity log could not be read."
    )


def test_nobody_is_asked_about_where_nothing_fell() -> None:
    arm = Arm([now(SENSITIVE)])
    assert told(arm) == {} and arm.asked == []


def test_what_is_transient_is_raised_and_no_answer() -> None:
    with pytest.raises(ServiceError):
        told(Arm([now({})], ServiceError(500, "InternalError", "no", method="GET", url=LOG)))


def test_a_fall_says_what_to_do() -> None:
    [fell] = falls(tagging.read(), [then(SENSITIVE)], [now({})])
    assert fell.text == "Its level of sensitivity was restricted on 2026-11-28, and its tags tell none now."
    assert f"--resource-id {WS} --operation Merge --tags data-classification=restricted" in fell.remedy
    [fell] = falls(tagging.read(), [then(PROD)], [now({"env": "dev"})])
    assert fell.text == "Its environment was prod on 2026-11-28 and is dev now."
