"""The activity log: who changed what, and when; what may be asked of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient, principal
from policies import CMK, SUBSCRIBED, VAULT, assign, define, exempt, managed

LOG = f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.insights/eventtypes/management/values"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TAGS = f"{WORKSPACE}/providers/Microsoft.Resources/tags/default"


def ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def events(arm: ArmClient, more: str = "", query: str = "") -> list[dict[str, Any]]:
    """What ended, the newest first."""
    found = await arm.every(f"{LOG}?$filter=eventTimestamp ge '{ago(hours=1)}'{more}{query}")
    return [each for each in found if each.get("eventName", {}).get("value") != "BeginRequest"]


@pytest.fixture
async def arm(arm: ArmClient) -> ArmClient:
    await arm.workspace()
    return arm


async def test_who_wrote_tags_assignments_and_exemptions_is_told(arm: ArmClient) -> None:
    somebody = principal("somebody")
    arm.who = somebody
    assigned = await assign(arm, CMK)
    made = await exempt(arm, assigned)
    merged = {"operation": "Merge", "properties": {"tags": {"owner": "ml"}}}
    await arm.ok("PATCH", TAGS, merged)
    await arm.ok("DELETE", made)
    found = (await events(arm))[:4]
    assert [(each["operationName"]["value"], each["resourceId"]) for each in found] == [
        ("Microsoft.Authorization/policyExemptions/delete", made),
        ("Microsoft.Resources/tags/write", TAGS),
        ("Microsoft.Authorization/policyExemptions/write", made),
        ("Microsoft.Authorization/policyAssignments/write", assigned),
    ]
    for each in found:
        assert each["caller"] == each["claims"][OBJECT_ID] == somebody.object_id
        assert each["status"]["value"] == "Succeeded"
        assert each["authorization"]["action"] == each["operationName"]["value"]
    assert found[2]["subStatus"] == {"value": "Created", "localizedValue": "Created (HTTP Status Code: 201)"}
    assert re.fullmatch(rf"{TAGS}/events/[0-9a-f-]+/ticks/\d{{18}}", found[1]["id"])


async def test_begin_and_end_of_a_change_belong_together(arm: ArmClient) -> None:
    await arm.send("PATCH", WORKSPACE, {"tags": {"a": "b"}})
    every = await arm.every(
        f"{LOG}?$filter=eventTimestamp ge '{ago(hours=1)}' and resourceUri eq '{WORKSPACE.upper()}'"
    )
    end, begin = every[:2]
    assert [each["status"]["value"] for each in (begin, end)] == ["Started", "Accepted"]
    assert begin["correlationId"] == end["correlationId"]
    same = await events(arm, f" and correlationId eq '{end['correlationId']}'")
    # Its operation may have ended since.
    assert [one for one in same if one["status"]["value"] != "Succeeded"] == [end]


async def test_what_was_refused_has_failed(arm: ArmClient) -> None:
    await assign(arm, await define(arm), parameters={"effect": "Deny"})
    await arm.error(403, "DELETE", TAGS)
    [first, *_] = await events(arm)
    assert (first["operationName"]["value"], first["status"]["value"], first["level"]) == (
        "Microsoft.Resources/tags/delete",
        "Failed",
        "Error",
    )
    assert first["subStatus"]["value"] == "Forbidden"


async def test_reading_and_what_lies_in_a_workspace_are_no_events(arm: ArmClient) -> None:
    before = await events(arm)
    await arm.ok("GET", WORKSPACE)
    await arm.ok("PUT", f"{WORKSPACE}/models/m", {"properties": {}})
    asked = {"resourceDetails": {"resourceContent": {"type": "x"}}}
    await arm.ok("POST", f"{GROUP}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions", asked)
    assert await events(arm) == before
    await arm.ok("POST", f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct/listKeys")
    [first, *_] = await events(arm)
    assert first["operationName"]["value"].lower() == "microsoft.storage/storageaccounts/listkeys/action"
    assert "key1" not in str(first)


async def test_events_are_found_by_what_they_are_about(arm: ArmClient) -> None:
    await arm.ok("PATCH", VAULT, {"tags": {"a": "b"}})
    await arm.ok("PUT", f"{SUBSCRIBED}/resourceGroups/other", {"location": "eastus2"})
    for more, operations in (
        (" and resourceGroupName eq 'OTHER'", {"Microsoft.Resources/subscriptions/resourceGroups/write"}),
        (f" and resourceUri eq '{VAULT}'", {"Microsoft.KeyVault/vaults/write"}),
        (" and resourceProvider eq 'Microsoft.KeyVault'", {"Microsoft.KeyVault/vaults/write"}),
        (" and eventChannels eq 'Admin, Operation' and resourceGroupName eq 'none'", set()),
        (f" and eventTimestamp le '{ago(minutes=30)}'", set()),
    ):
        found = {each["operationName"]["value"] for each in await events(arm, more)}
        assert found == operations, more
    chosen = await events(arm, query="&$select=caller, eventTimestamp")
    assert {tuple(sorted(each)) for each in chosen} == {("caller", "eventTimestamp")}


async def test_the_log_comes_in_pages(arm: ArmClient) -> None:
    url = f"{LOG}?$filter=eventTimestamp ge '{ago(hours=1)}' and resourceUri eq '{VAULT}'"
    before = len(await arm.every(url))
    for number in range(110):
        await arm.ok("PATCH", VAULT, {"tags": {"a": str(number)}})
    first = await arm.ok("GET", url)
    assert (len(first["value"]), "nextLink" in first) == (200, True)
    every = await arm.every(url)
    assert len({each["eventDataId"] for each in every}) == len(every) == before + 220


@pytest.mark.parametrize(
    ("filter_", "status"),
    [
        ("", 400),
        ("?$filter=resourceGroupName eq 'rg'", 400),
        (f"?$filter=eventTimestamp ge '{ago(days=91)}'", 400),
        ("?$filter=eventTimestamp ge 'yesterday'", 400),
        (f"?$filter=eventTimestamp ge '{ago(hours=1)}' and caller eq 'x'", 400),
        (f"?$filter=eventTimestamp ge '{ago(hours=1)}' and resourceGroupName eq 'a' and resourceUri eq 'b'", 400),
    ],
    ids=["nothing", "no time", "too long ago", "no date", "by whom", "two"],
)
async def test_a_filter_that_the_log_does_not_have_is_refused(arm: ArmClient, filter_: str, status: int) -> None:
    response = await arm.send("GET", f"{LOG}{filter_}")
    assert (response.status, b'"code": "BadRequest"' in response.body) == (status, True)


async def test_the_log_of_a_management_group_is_not_here(arm: ArmClient) -> None:
    scope = await managed(arm)
    url = f"{scope}/providers/microsoft.insights/eventtypes/management/values"
    await arm.error(501, "GET", f"{url}?$filter=eventTimestamp ge '{ago(hours=1)}'")


async def test_who_may_not_read_the_subscription_reads_no_log(arm: ArmClient) -> None:
    nobody = principal("nobody")
    arm.arm._context.access._seen.add(nobody.object_id)
    arm.who = nobody
    await arm.error(403, "GET", f"{LOG}?$filter=eventTimestamp ge '{ago(hours=1)}'")
