"""Costs: what is asked of Cost Management, how it is answered, and who asks too often."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient, Time, client, principal

from azsandbox.arm.access.evaluation import Terms

QUERY = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CostManagement/query"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct".lower()
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv".lower()


@pytest.fixture
def arm(timed: ArmClient) -> ArmClient:
    return timed


def body(
    days: int = 30, by: str = "ResourceId", dataset: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A question about days of January 2027, of which the 15th is today."""
    filled = {
        "aggregation": {"totalCost": {"name": "PreTaxCost", "function": "Sum"}},
        "grouping": [{"type": "Dimension", "name": by}] if by else [],
        **(dataset or {}),
    }
    period = {"from": "2026-12-16T00:00:00+00:00", "to": f"2027-01-{days - 16:02}T23:59:59+00:00"}
    return {"type": "ActualCost", "timeframe": "Custom", "timePeriod": period, "dataset": filled, **more}


def of(*ids: str) -> dict[str, Any]:
    """A filter by ids."""
    return {"filter": {"dimensions": {"name": "ResourceId", "operator": "In", "values": list(ids)}}}


async def rows(arm: ArmClient, question: dict[str, Any], path: str = QUERY) -> list[list[Any]]:
    """All rows, page by page."""
    found: list[list[Any]] = []
    link: str | None = path
    while link:
        properties = (await arm.ok("POST", link, question))["properties"]
        found += properties["rows"]
        link = properties["nextLink"]
    return found


async def test_a_question_is_answered_as_those_that_were_recorded(arm: ArmClient) -> None:
    told = await arm.ok("POST", QUERY, body(dataset={"granularity": "Daily"}))
    assert told["id"].startswith(f"subscriptions/{SUBSCRIPTION}/providers/Microsoft.CostManagement/query/")
    assert told["properties"]["columns"] == [
        {"name": "PreTaxCost", "type": "Number"},
        {"name": "UsageDate", "type": "Number"},
        {"name": "ResourceId", "type": "String"},
        {"name": "Currency", "type": "String"},
    ]
    assert told["properties"]["rows"][0][1:2] + told["properties"]["rows"][0][3:] == [20261216, "USD"]


async def test_sums_are_of_the_days_and_of_what_is_asked_about(arm: ArmClient) -> None:
    assert await rows(arm, body(dataset=of(ACCOUNT))) == [[22.2, ACCOUNT, "USD"]]
    assert await rows(arm, body(17, dataset=of(ACCOUNT.upper()))) == [[12.58, ACCOUNT, "USD"]]
    assert await rows(arm, body(dataset=of(f"{ACCOUNT}2"))) == []
    assert await rows(arm, body(by="ServiceName")) == [[0.36, "Key Vault", "USD"], [22.2, "Storage", "USD"]]
    assert await rows(arm, body(), f"{GROUP}/providers/Microsoft.CostManagement/query") == await rows(arm, body())


async def test_a_day_to_come_is_not_billed(arm: ArmClient) -> None:
    assert await rows(arm, body(47, dataset=of(ACCOUNT))) == [[22.94, ACCOUNT, "USD"]]


async def test_what_is_deleted_is_billed_up_to_that_day(arm: ArmClient, time: Time) -> None:
    await arm.ok("DELETE", ACCOUNT)
    time.seconds += 5 * 86_400
    assert await rows(arm, body(36, dataset=of(ACCOUNT))) == [[22.94, ACCOUNT, "USD"]]


async def test_a_workspace_is_billed_when_it_is_under_a_customers_key(arm: ArmClient, time: Time) -> None:
    made = await arm.send("PUT", WORKSPACE, arm.workspace_body())
    time.seconds += 5
    await arm.finish(made)
    assert await rows(arm, body(dataset=of(WORKSPACE.lower()))) == []
    record = arm.arm._context.store.get(WORKSPACE.lower())
    assert record
    properties = {**record.properties, "encryption": {"status": "Enabled"}}
    record.document = {**record.document, "properties": properties}
    assert await rows(arm, body(dataset=of(WORKSPACE.lower()))) == [[72.0, WORKSPACE.lower(), "USD"]]


async def test_long_answers_have_pages(arm: ArmClient) -> None:
    for number in range(40):
        path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/more{number}"
        await arm.ok("PUT", path, {"location": "eastus2", "properties": {}})
    found = await rows(arm, body(dataset={"granularity": "Daily"}))
    assert len(found) == 30 * 42
    assert len({(row[1], row[2]) for row in found}) == len(found)


async def test_whoever_asks_often_is_told_to_wait_by_headers_of_its_own(arm: ArmClient, time: Time) -> None:
    header = "x-ms-ratelimit-microsoft.costmanagement-qpu"
    for left in range(11, -1, -1):
        response = await arm.send("POST", QUERY, body())
        assert response.status == 200
        assert response.headers[f"{header}-remaining"].endswith(f"QueriesPer10Sec:{left}")
    time.seconds += 4
    refused = await arm.send("POST", QUERY, body())
    assert (refused.status, refused.headers[f"{header}-retry-after"]) == (429, "6")
    assert "Retry-After" not in refused.headers
    assert json.loads(refused.body)["error"] == {"code": "429", "message": "Too many requests. Please retry."}
    time.seconds += 6
    assert (await arm.send("POST", QUERY, body())).status == 200


async def test_who_may_not_read_is_refused(tmp_path: Path) -> None:
    arm = client(tmp_path, terms=Terms(lambda who: who == principal().object_id))
    await arm.group()
    arm.who = principal("stranger")
    await arm.error(403, "POST", QUERY, body(), code="AuthorizationFailed", says="query/read")


@pytest.mark.parametrize(
    "question",
    [
        body(type="Guess"),
        body(timeframe="Forever"),
        body(timePeriod={}),
        body(timePeriod={"from": "2027-01-02", "to": "2027-01-01"}),
        body(timePeriod={"from": "2020-01-02", "to": "2027-01-01"}),
        body(by="Colour"),
        body(dataset={"granularity": "Hourly"}),
        body(dataset={"aggregation": {"a": {"name": "Usage", "function": "Sum"}}}),
        body(dataset={"grouping": [{"type": "TagKey", "name": "owner"}]}),
        body(dataset={"filter": {"tags": {}}}),
        body(dataset=of()),
    ],
)
async def test_what_cannot_be_asked_is_refused(arm: ArmClient, question: dict[str, Any]) -> None:
    await arm.error(400, "POST", QUERY, question, code="BadRequest")
