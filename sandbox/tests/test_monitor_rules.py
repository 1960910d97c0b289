"""Monitor's rules and action groups: what is taken, what is refused, and how each is answered."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SHARED, SUBSCRIPTION, ArmClient, client, principal
from monitor import (
    EMAIL,
    LOGS,
    RULES,
    VAULT,
    WHO,
    activity_body,
    group_body,
    metric_body,
    prepared,
    query_body,
)

from azsandbox.arm.access.evaluation import Terms
from azsandbox.arm.providers.diagnostics import categories_of
from azsandbox.arm.store import Record

METRIC, ACTIVITY, QUERIES, _ = RULES


@pytest.fixture
async def arm(bare: ArmClient) -> ArmClient:
    await bare.group()
    await prepared(bare)
    return bare


async def refused(arm: ArmClient, path: str, body: dict[str, Any], status: int = 400) -> tuple[str, str]:
    """Code and message of a refusal, whichever of the two shapes it has; nothing is made."""
    response = await arm.send("PUT", path, body)
    assert response.status == status, response.body.decode()
    told = json.loads(response.body)
    told = told.get("error", told)
    return told["code"], told["message"]


@pytest.mark.parametrize("path", RULES)
async def test_a_rule_is_made_read_listed_and_deleted(arm: ArmClient, path: str) -> None:
    if path == WHO:
        await arm.ok("DELETE", path)
    made = await arm.send("PUT", path, RULES[path])
    assert made.status == (200 if path == METRIC else 201)
    assert (await arm.send("PUT", path, RULES[path])).status == 200
    read = await arm.ok("GET", path)
    assert {**read, "systemData": None} == {**json.loads(made.body), "systemData": None}
    collection = path.rpartition("/")[0]
    for scope in (GROUP, f"/subscriptions/{SUBSCRIPTION}"):
        assert [one["id"] for one in await arm.every(collection.replace(GROUP, scope))] == [read["id"]]
    assert (await arm.send("DELETE", path)).status == 200
    assert (await arm.send("DELETE", path)).status == 204
    await arm.error(404, "GET", path, code="ResourceNotFound")


@pytest.mark.parametrize("path", RULES)
async def test_what_was_read_can_be_put_again(arm: ArmClient, path: str) -> None:
    await arm.ok("PUT", path, RULES[path])
    read = await arm.ok("GET", path)
    again = await arm.ok("PUT", path, read)
    assert again["properties"] == read["properties"]


async def test_answers_are_spelled_as_those_that_were_recorded(arm: ArmClient) -> None:
    """Azure/azure-cli's and azure-cli-extensions' recordings (AZ-MONITOR-42, 46, 49 and 60)."""
    shown = {path: await arm.ok("PUT", path, body) for path, body in RULES.items()}
    assert [(one["id"].rpartition("/providers/")[2], one["type"], one["location"]) for one in shown.values()] == [
        ("Microsoft.Insights/metricAlerts/rule", "Microsoft.Insights/metricAlerts", "global"),
        ("Microsoft.Insights/activityLogAlerts/rule", "Microsoft.Insights/ActivityLogAlerts", "Global"),
        ("microsoft.insights/scheduledqueryrules/rule", "Microsoft.Insights/scheduledQueryRules", "eastus2"),
        ("microsoft.insights/actionGroups/who", "Microsoft.Insights/ActionGroups", "Global"),
    ]
    group = shown[WHO]
    assert (group["kind"], group["tags"], group["identity"]) == (None, None, None)
    assert group["properties"]["emailReceivers"] == [{**EMAIL, "status": "Enabled"}]
    assert group["properties"]["smsReceivers"] == group["properties"]["armRoleReceivers"] == []
    assert "dimensions" not in shown[METRIC]["properties"]["criteria"]["allOf"][0]
    kept = shown[QUERIES]["properties"]
    assert (kept["createdWithApiVersion"], kept["skipQueryValidation"]) == ("2023-12-01", False)
    assert kept["checkWorkspaceAlertsStorageConfigured"] is False


async def test_a_receiver_by_webhook_comes_back_with_what_it_does_not_use(arm: ArmClient) -> None:
    hook = {"name": "hook", "serviceUri": "https://example.org/hook", "useCommonAlertSchema": True}
    shown = await arm.ok("PUT", WHO, group_body(webhookReceivers=[hook]))
    unused = {"useAadAuth": False, "objectId": None, "identifierUri": None, "tenantId": None}
    assert shown["properties"]["webhookReceivers"] == [{**hook, **unused}]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        (WHO, group_body(groupShortName="longer than twelve"), "maxLength"),
        (WHO, group_body(emailReceivers=[{"name": "nobody"}]), "emailAddress: it is required"),
        (WHO, group_body(emailReceivers=[EMAIL, EMAIL]), "unique"),
        (WHO, group_body(emailReciever=[EMAIL]), "emailReciever: it is not known"),
        (WHO, {"location": "Global"}, "properties"),
        (METRIC, metric_body(severity=5), "severity"),
        (METRIC, metric_body(scopes=[]), "scopes"),
        (METRIC, metric_body(windowSize="PT1M", evaluationFrequency="PT5M"), "window size"),
        (METRIC, metric_body(evaluationFrequency="PT2M"), "evaluationFrequency"),
        (METRIC, metric_body({"metricName": "Availabilty"}), "Couldn't find a metric named Availabilty"),
        (METRIC, metric_body({"metricNamespace": "Microsoft.Storage/storageAccounts"}), "metricnamespace"),
        (
            METRIC,
            metric_body({"dimensions": [{"name": "Colour", "operator": "Include", "values": ["*"]}]}),
            "Colour",
        ),
        (METRIC, metric_body({"criterionType": "Static"}), "criterionType"),
        (METRIC, metric_body(actions=[{"actionGroupId": f"{WHO}2"}]), "is invalid or in a different subscription"),
        (ACTIVITY, activity_body(scopes=[]), "must contain only one item"),
        (ACTIVITY, activity_body(scopes=[GROUP, VAULT]), "must contain only one item"),
        (ACTIVITY, activity_body(scopes=["/subscriptions/99999999-2222-3333-4444-555555555555"]), "subscription"),
        (ACTIVITY, activity_body({"field": "category", "equals": "x"}), "additional conditions"),
        (ACTIVITY, activity_body({"field": "operationName", "containsAny": ["a", "b"]}), "null or empty"),
        (ACTIVITY, activity_body({"field": "colour", "equals": "red"}), "colour"),
        (ACTIVITY, activity_body({"field": "status", "equals": "x", "containsAny": ["x"]}), "not supported"),
        (ACTIVITY, activity_body(condition={"allOf": [{"field": "status", "equals": "x"}]}), "category"),
        (QUERIES, query_body(ruleResolveConfiguration={"autoResolved": True}), "ruleResolveConfiguration"),
        (QUERIES, query_body(windowSize=None), "windowSize"),
        (QUERIES, query_body(autoMitigate=True, muteActionsDuration="PT30M"), "exclude"),
        (QUERIES, query_body({"query": "NoSuchTable | where 1 == 1"}), "NoSuchTable"),
        (QUERIES, query_body({"dimensions": [{"name": "Nope", "operator": "Include", "values": ["*"]}]}), "Nope"),
        (QUERIES, query_body({"timeAggregation": "Total"}), "metricMeasureColumn"),
        (QUERIES, query_body({"resourceIdColumn": "who"}), "ResourceIdColumn 'who' is missing"),
    ],
)
async def test_what_cannot_be_is_refused(arm: ArmClient, path: str, body: dict[str, Any], says: str) -> None:
    _, message = await refused(arm, path, body)
    assert says in message


async def test_an_empty_list_of_a_later_version_is_taken_and_left_out(arm: ArmClient) -> None:
    """As the Azure CLI 2.91.0 sends it."""
    shown = await arm.ok("PUT", WHO, group_body(incidentReceivers=[]))
    assert "incidentReceivers" not in shown["properties"]


async def test_what_a_rule_is_about_has_to_be_there(arm: ArmClient) -> None:
    assert (await refused(arm, METRIC, metric_body(scopes=[f"{VAULT}2"]), 404))[0] == "ResourceNotFound"
    assert (await refused(arm, QUERIES, query_body(scopes=[f"{LOGS}2"]), 404))[0] == "ResourceNotFound"
    assert (await refused(arm, QUERIES, query_body(actions={"actionGroups": [f"{WHO}2"]}), 404))[
        0
    ] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (METRIC, metric_body(scopes=[f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"])),
        (QUERIES, query_body(scopes=[VAULT])),
        (QUERIES, query_body({"query": "AZKVAuditLogs | top 5 by TimeGenerated"}, skipQueryValidation=True)),
        (QUERIES, query_body({"failingPeriods": {"numberOfEvaluationPeriods": 2, "minFailingPeriodsToAlert": 2}})),
    ],
)
async def test_what_is_not_built_is_refused_loudly(arm: ArmClient, path: str, body: dict[str, Any]) -> None:
    assert (await refused(arm, path, body, 501))[0] == "NotImplemented"


async def test_without_validation_a_table_that_does_not_exist_is_taken(arm: ArmClient) -> None:
    await arm.ok("PUT", QUERIES, query_body({"query": "NoSuchTable", "dimensions": []}, skipQueryValidation=True))


async def test_a_metric_that_is_not_known_is_taken_where_it_is_not_validated(arm: ArmClient) -> None:
    await arm.ok("PUT", METRIC, metric_body({"metricName": "Custom", "skipMetricValidation": True}))


async def test_a_rule_is_switched_off_by_patch_and_nothing_else_is_changed_so(arm: ArmClient) -> None:
    for path in (METRIC, ACTIVITY, QUERIES):
        before = await arm.ok("PUT", path, RULES[path])
        after = await arm.ok("PATCH", path, {"properties": {"enabled": False}})
        assert after["properties"] == {**before["properties"], "enabled": False}
        assert (await arm.send("PATCH", path, {"properties": {"severity": 4}})).status == 501


@pytest.mark.skipif(not SHARED.exists(), reason="no shared material beside the project")
async def test_the_descriptions_are_those_of_microsoft() -> None:
    from azsandbox.arm.bodies import gather
    from azsandbox.arm.bodies.descriptions import FOLDER, OF_MONITOR

    for version in sorted(set(OF_MONITOR.values())):
        made = gather.written(gather.of_monitor(SHARED / "specs", version))
        assert (FOLDER / f"insights-{version}.json").read_text(encoding="utf-8") == made


def _audit(name: str, category: str, logs: str = LOGS) -> tuple[str, dict[str, Any]]:
    path = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/{name}"
    return path, {"properties": {"workspaceId": logs, "logs": [{"category": category, "enabled": True}]}}


async def test_a_vault_logs_what_vaults_have_by_five_settings(arm: ArmClient) -> None:
    assert "AuditEvents" in (await refused(arm, *_audit("misspelt", "AuditEvents")))[1]
    for number in range(2, 7):
        logs = f"{LOGS}{number}"
        await arm.ok("PUT", logs, {"location": "eastus2", "properties": {}})
        if number < 6:
            await arm.ok("PUT", *_audit(f"audit{number}", "AuditEvent", logs))
    assert "limit of 5" in (await refused(arm, *_audit("sixth", "AuditEvent", f"{LOGS}6")))[1]


def test_a_hub_has_metrics_and_no_log() -> None:
    type_ = "microsoft.machinelearningservices/workspaces"
    for kind, expected in (("Hub", frozenset({"allmetrics"})), ("Default", None), ("Project", None)):
        assert categories_of(Record("k", type_, "p", "K", "K", {"kind": kind})) == expected
    assert "audit" in (
        categories_of(Record("k", "microsoft.keyvault/vaults", "p", "K", "K", {"kind": "Hub"})) or ()
    )


@pytest.mark.skipif(not SHARED.exists(), reason="no shared material beside the project")
async def test_every_body_that_was_composed_for_alarms_is_taken(bare: ArmClient) -> None:
    lines = (SHARED / "real" / "governance-examples.jsonl").read_text(encoding="utf-8").splitlines()
    groups = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups"
    vault = f"{groups}/rg-keys/providers/Microsoft.KeyVault/vaults/kv-aml-prod"
    tracked = {"location": "eastus2", "properties": {}}
    for path in ("rg-keys", "rg-logs"):
        await bare.ok("PUT", f"{groups}/{path}", {"location": "eastus2"})
    await bare.ok("PUT", vault, tracked)
    await bare.ok(
        "PUT", f"{groups}/rg-logs/providers/Microsoft.OperationalInsights/workspaces/law-central", tracked
    )
    composed = [one for one in map(json.loads, lines[:20]) if one["type"].startswith("Microsoft.Insights/")]
    assert len(composed) == 20
    for number, one in enumerate(composed):
        name = "ag-aml-keys" if one["type"].endswith("/actionGroups") else f"rule{number}"
        logged = one["type"].endswith("/diagnosticSettings") and "Dedicated" in str(one["body"])
        place = vault if logged else f"{groups}/rg-keys"
        await bare.ok("PUT", f"{place}/providers/{one['type']}/{name}", one["body"])


async def test_who_writes_a_rule_needs_rights_at_what_it_names(tmp_path: Path) -> None:
    arm = client(tmp_path, terms=Terms(lambda who: who == principal().object_id))
    await arm.group()
    await prepared(arm)
    writer = {
        "roleName": "w",
        "permissions": [{"actions": ["Microsoft.Insights/*/write"]}],
        "assignableScopes": [GROUP],
    }
    role = f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions/{uuid.uuid4()}"
    await arm.ok("PUT", role, {"properties": writer})
    given = {
        "roleDefinitionId": role,
        "principalId": principal("writer").object_id,
        "principalType": "ServicePrincipal",
    }
    path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    await arm.ok("PUT", path, {"properties": given})
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/kept"
    await arm.ok("PUT", account, {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"})
    sends, told = _audit("kept", "AuditEvent")
    kept = sends, {"properties": {"storageAccountId": account, "logs": told["properties"]["logs"]}}
    arm.who = principal("writer")
    for path, body, action in (
        (METRIC, metric_body(), "microsoft.keyvault/vaults/read"),
        (ACTIVITY, activity_body(), "microsoft.insights/actiongroups/read"),
        (QUERIES, query_body(), "workspaces/query/read"),
        (*_audit("mine", "AuditEvent", LOGS), "workspaces/sharedKeys/action"),
        (*kept, "storageAccounts/listKeys/action"),
    ):
        await arm.error(403, "PUT", path, body, code="LinkedAuthorizationFailed", says=action)


async def test_a_subscription_has_a_hundred_activity_log_alerts(arm: ArmClient) -> None:
    for number in range(100):
        await arm.ok("PUT", f"{ACTIVITY}{number}", activity_body())
    assert "100" in (await refused(arm, ACTIVITY, activity_body(), 409))[1]
    await arm.ok("PUT", f"{ACTIVITY}1", activity_body())
