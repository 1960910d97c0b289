"""What a rule's query finds is what its condition holds for: on made-up rows of both tables, by the local Azure's engine."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.alarms.alarmed import CONTEXT, LONG_OID, STRANGER, VAULT, WORKSPACE_IDENTITY, own_row, shared_row

from amlmigrate.alarms.logrules import LogRule
from amlmigrate.alarms.predicates import Among, AtLeast, NotAmong, RowTest
from amlmigrate.alarms.rows import (
    CALLER,
    CHANGES,
    COPIES,
    KEY,
    OPERATION,
    OWN,
    SHARED,
    STATUS,
    USES,
    AuditRow,
    projected,
)
from amlmigrate.alarms.rules import LOG_RULES
from azsandbox.arm.logs.evaluating import Evaluation, Table
from azsandbox.arm.logs.parsing import parsed
from azsandbox.arm.logs.rows import COLUMNS

NOTICES = (
    *("KeyNearExpiryEventGridNotification", "KeyExpiredEventGridNotification"),
    "VaultAccessPolicyChangedEventGridNotification",
)
OPERATIONS = (*USES, *USES, *COPIES, *CHANGES, *NOTICES, "KeyGet", "SecretGet", "VaultPatch", "Authentication")
CALLERS = (WORKSPACE_IDENTITY, WORKSPACE_IDENTITY.lower(), STRANGER, "")
STATUSES = (200, 200, 399, 400, 401, 403, 429, 500)
VAULTS = (VAULT.lower(), VAULT, VAULT.upper(), f"{VAULT}2", "")


def generated(seed: int, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Tables with a row of each."""
    chance = random.Random(seed)
    for _ in range(count):
        operation, oid = chance.choice(OPERATIONS), chance.choice(CALLERS)
        vault, key = chance.choice(VAULTS), chance.choice(["", "https://kv/keys/a", "https://kv/keys/it's"])
        status = chance.choice(STATUSES)
        if chance.random() < 0.5:
            named = {LONG_OID: oid.upper()} if chance.random() < 0.3 else {"oid": oid}
            identity = None if chance.random() < 0.1 else {"claim": named}
            more = {"Identity": identity, "HttpStatusCode": None if chance.random() < 0.1 else status}
            yield OWN, own_row(operation, **more, Id=key, _ResourceId=vault)
        else:
            category = chance.choice(["AuditEvent", "AuditEvent", "AzurePolicyEvaluationDetails"])
            yield SHARED, shared_row(operation, status, oid, id_s=key, ResourceId=vault, Category=category)


ROWS = list(generated(17, 600))


@pytest.mark.parametrize("rule", LOG_RULES, ids=lambda rule: rule.id)
def test_a_query_finds_what_its_condition_holds_for(rule: LogRule) -> None:
    tables = {
        table: Table(COLUMNS[table], [row for name, row in ROWS if name == table]) for table in (OWN, SHARED)
    }
    found = Evaluation(tables, 0).run(parsed(rule.query(CONTEXT)))
    told = Counter(
        (row.operation, row.key or "none", row.status, row.caller or "none", row.vault)
        for table, raw in ROWS
        if table == OWN or raw["Category"] == "AuditEvent"
        if rule.fires(row := AuditRow.of(raw, table), CONTEXT)
    )
    assert 5 < sum(told.values()) < len(ROWS) / 2
    asked = ("OperationName", "KeyId", "Status", "Caller", "Vault")
    assert Counter(tuple(row[name] for name in asked) for row in found.rows) == told


SINGLE = (
    Among(STATUS, (401, 403)),
    NotAmong(STATUS, (401, 403)),
    AtLeast(STATUS, 400),
    Among(CALLER, (STRANGER.upper(), "")),
    NotAmong(CALLER, (WORKSPACE_IDENTITY, STRANGER)),
    Among(KEY, ("https://kv/keys/it's",)),
    NotAmong(OPERATION, USES),
)


@pytest.mark.parametrize("test", SINGLE, ids=lambda test: test.kql())
def test_each_kind_of_test_means_the_same_here_and_there(test: RowTest) -> None:
    raw = [row for table, row in ROWS if table == OWN]
    tables = {OWN: Table(COLUMNS[OWN], raw)}
    found = Evaluation(tables, 0).run(parsed(f"{projected(OWN)} | where {test.kql()}"))
    told = [one for one in (AuditRow.of(each, OWN) for each in raw) if test.holds(one)]
    assert 0 < len(told) < len(raw)
    assert [(row["OperationName"], row["Status"], row["Caller"]) for row in found.rows] == [
        (one.operation, one.status, one.caller) for one in told
    ]


@pytest.mark.parametrize("there", [(), (OWN,), (SHARED,)], ids=["none", "own", "shared"])
def test_a_table_that_is_not_there_takes_nothing_from_the_other(there: tuple[str, ...]) -> None:
    rows = {OWN: own_row("KeyUnwrap", 403, STRANGER), SHARED: shared_row("KeyUnwrap", 403, STRANGER)}
    tables = {table: Table(COLUMNS[table], [rows[table]]) for table in there}
    [rule] = (one for one in LOG_RULES if one.id == "use-refused")
    assert len(Evaluation(tables, 0).run(parsed(rule.query(CONTEXT))).rows) == len(there)
