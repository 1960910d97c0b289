"""Every query over a vault's audit log, bound to the tables' schemas by Microsoft's language service of Kusto."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.unit.alarms.alarmed import CONTEXT, VAULT

from amlmigrate.alarms.logrules import LogRule
from amlmigrate.alarms.rows import OWN, SHARED, TABLES
from amlmigrate.alarms.rules import LOG_RULES
from amlmigrate.keys import auditlog
from azsandbox.arm.logs.rows import COLUMNS
from azsandbox.nodepackages import node, node_modules

# learn.microsoft.com/azure/azure-monitor/reference/tables/azkvauditlogs
AUDIT_COLUMNS = {
    **dict.fromkeys(
        [
            *("AddressAuthorizationType", "Algorithm", "AppliedAssignmentId", "CallerIpAddress", "ClientInfo"),
            *("CorrelationId", "HsmPoolResourceId", "Id", "_IsBillable", "OperationName", "OperationVersion"),
            *("RequestUri", "_ResourceId", "ResultDescription", "ResultSignature", "ResultType", "SourceSystem"),
            *("SubnetId", "_SubscriptionId", "TenantId", "Tlsversion", "TrustedService", "Type"),
        ],
        "string",
    ),
    **dict.fromkeys(
        ["Identity", "KeyProperties", "NetworkAcls", "Properties", "Sku", "VaultProperties"], "dynamic"
    ),
    **dict.fromkeys(["DurationMs", "HttpStatusCode", "SoftDeleteRetentionInDays"], "int"),
    **dict.fromkeys(["IsAccessPolicyMatch", "IsAddressAuthorized", "IsRbacAuthorized"], "bool"),
    "_BilledSize": "real",
    "TimeGenerated": "datetime",
}
# What AzureDiagnostics has of every service. All else is added by the rows that need it.
COMMON = ("TimeGenerated", "ResourceId", "ResourceProvider", "Category", "OperationName", "Type")


def schema(columns: dict[str, str]) -> str:
    return f"({', '.join(f'{name}: {type_}' for name, type_ in columns.items())})"


NARROW = {name: type_ for name, type_ in COLUMNS[SHARED].items() if name in COMMON}
BOTH = {OWN: schema(AUDIT_COLUMNS), SHARED: schema(dict(COLUMNS[SHARED]))}
PLACES = {
    "both": BOTH,
    "that of another service": {SHARED: schema(NARROW)},
}
ALARMS = {one.id: one.query(CONTEXT) for one in LOG_RULES}
LOGGED = {table: auditlog.query(table, VAULT) for table in TABLES}
SLIPS = {
    "misspelt": ALARMS["use-refused"].replace("HttpStatusCode", "HttpStatus"),
    "cased": ALARMS["use-refused"].replace("CallerIpAddress", "CallerIPAddress", 1),
    "typed": ALARMS["use-refused"]
    .replace("tostring(Id)", "Id")
    .replace("where Vault", "where KeyId > 4 and Vault"),
    "two-types": ALARMS["use-refused"].replace("toint(HttpStatusCode)", "tolong(HttpStatusCode)"),
    "unprojected": ALARMS["use-refused"].replace("Status >= 400", "HttpStatusCode >= 400"),
    "unclosed": ALARMS["use-refused"].replace(" | where Vault", ") | where Vault"),
}


def bound(asked: list[tuple[dict[str, str], str]]) -> list[dict[str, Any]]:
    """What the language service says of queries, by one process for all."""
    script, given = Path(__file__).parent / "kql.js", [{"tables": tables, "query": text} for tables, text in asked]
    command = [str(node()), str(script), str(node_modules())]
    ended = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{ended.stderr[-800:]}; run: make venv"
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    return found


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], dict[str, Any]]:
    """By place and name of the query, or by `slip` and its name."""
    asked = {(place, name): (tables, text) for place, tables in PLACES.items() for name, text in ALARMS.items()}
    asked |= {("log", table): (BOTH, text) for table, text in LOGGED.items()}
    asked |= {("slip", name): (BOTH, text) for name, text in SLIPS.items()}
    return dict(zip(asked, bound(list(asked.values())), strict=True))


@pytest.mark.parametrize("place", PLACES)
def test_an_alarm_can_be_asked_for(answers: dict[tuple[str, str], dict[str, Any]], place: str) -> None:
    missing = [one for one in TABLES if one not in PLACES[place]]
    for rule in LOG_RULES:
        found = answers[place, rule.id]
        assert len(found["problems"]) == len(missing), found["problems"]
        for table, problem in zip(missing, found["problems"], strict=True):
            assert problem.startswith(f"Warning: The fuzzy name '{table}' ")


@pytest.mark.parametrize("rule", LOG_RULES, ids=lambda rule: rule.id)
def test_an_alarm_is_split_by_columns_that_are_texts(
    answers: dict[tuple[str, str], dict[str, Any]], rule: LogRule
) -> None:
    [(_, body)] = rule.bodies(CONTEXT)
    [criterion] = body["properties"]["criteria"]["allOf"]
    for name in (criterion["resourceIdColumn"], *(one["name"] for one in criterion["dimensions"])):
        assert answers["both", rule.id]["columns"][name] == "string"


def test_what_a_vaults_log_is_read_by_can_be_asked_for(answers: dict[tuple[str, str], dict[str, Any]]) -> None:
    for table in TABLES:
        found = answers["log", table]
        assert found["problems"] == []
        assert found["columns"] == {
            **dict.fromkeys(["OperationName", "KeyId", "Caller", "Application"], "string"),
            **dict.fromkeys(["Calls", "Refused"], "long"),
            **dict.fromkeys(["First", "Last"], "datetime"),
        }


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_found(answers: dict[tuple[str, str], dict[str, Any]], slip: str) -> None:
    assert SLIPS[slip] != ALARMS["use-refused"]
    assert any(one.startswith("Error: ") for one in answers["slip", slip]["problems"])


def test_the_local_azure_has_no_column_of_its_own() -> None:
    assert COLUMNS[OWN].items() <= AUDIT_COLUMNS.items()
