"""A row means the same from either table; and what a query makes of a column is what reading it makes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.alarms.alarmed import KEY_ID, LONG_OID, STRANGER, VAULT, own_row, shared_row

from amlmigrate.alarms.callers import KeyCaller, callers
from amlmigrate.alarms.rows import COLUMNS, OWN, SHARED, AuditRow, projected


def test_one_call_is_one_row_from_either_table() -> None:
    found = AuditRow.of(own_row("KeyUnwrap", 403, STRANGER), OWN)
    assert found == AuditRow.of(shared_row("KeyUnwrap", 403, STRANGER), SHARED)
    assert found == AuditRow(
        datetime(2026, 11, 30, 12, tzinfo=UTC),
        "KeyUnwrap",
        KEY_ID,
        403,
        STRANGER,
        "app",
        "203.0.113.7",
        VAULT.lower(),
    )
    assert (found.calls, found.refused) == (1, 1)


def test_a_caller_is_named_by_either_claim() -> None:
    own = own_row("KeyWrap", Identity={"claim": {LONG_OID: STRANGER.upper()}})
    both = own_row("KeyWrap", Identity={"claim": {"oid": STRANGER, LONG_OID: "another"}})
    shared = shared_row("KeyWrap", oid="")
    shared["identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"] = STRANGER
    rows = [AuditRow.of(own, OWN), AuditRow.of(both, OWN), AuditRow.of(shared, SHARED)]
    assert [one.caller for one in rows] == [STRANGER] * 3


@pytest.mark.parametrize("identity", [None, {}, {"claim": None}, {"claim": {"oid": None}}, "text"])
def test_who_is_not_named_is_nobody(identity: Any) -> None:
    found = AuditRow.of(own_row("KeyNearExpiryEventGridNotification", None, Identity=identity), OWN)
    assert (found.caller, found.application, found.status, found.refused) == ("", "", None, 0)


def test_a_column_that_a_workspace_never_needed_is_asked_for_with_care() -> None:
    text = projected(SHARED)
    for column in COLUMNS:
        for name in column.shared:
            plain = text.replace(f"'{name}'", "")
            assert name in ("OperationName", "ResourceId") or name not in plain.replace("OperationName", "")


def test_callers_are_counted_with_what_they_did() -> None:
    rows = [
        *(AuditRow.of(own_row("KeyUnwrap", 200), OWN),) * 3,
        AuditRow.of(shared_row("KeyWrap", 429), SHARED),
        AuditRow.of(own_row("KeyUnwrap", 403, STRANGER), OWN),
        AuditRow.of(own_row("KeyBackup", 200, STRANGER), OWN),
        AuditRow.of(own_row("KeyGet", 200, "somebody"), OWN),
    ]
    expected, stranger = callers(rows)
    assert expected == KeyCaller("aaaaaaaa-0000-4000-8000-00000000000a", "app", {"KeyUnwrap": 3, "KeyWrap": 1}, 1)
    assert stranger == KeyCaller(STRANGER, "app", {"KeyUnwrap": 1}, 1)
    assert (expected.calls, stranger.calls) == (4, 1)
