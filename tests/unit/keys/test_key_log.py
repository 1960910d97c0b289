"""The query over a vault's audit log, on the engine of the local Azure, and what is made of its answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.keys.keyed import NOW, VAULT, VAULT_ID

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.logs import _rows
from amlmigrate.core.errors import DeniedError
from amlmigrate.keys import auditlog
from amlmigrate.keys.model import AuditLog, KeyName
from amlmigrate.posture.reading import Read
from azsandbox.arm.logs.evaluating import Evaluation, Table
from azsandbox.arm.logs.parsing import BadQuery, parsed
from azsandbox.arm.logs.rows import COLUMNS, OWN, SHARED

WORKSPACE = "/logs/a"
LONG = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def own(operation: str, hour: int, status: int = 200, **more: Any) -> dict[str, Any]:
    return {
        "TimeGenerated": f"2026-11-30T{hour:02}:00:00.0000000Z",
        "OperationName": operation,
        "HttpStatusCode": status,
        "Identity": {"claim": {"oid": "OID", "appid": "app"}},
        "Id": f"{VAULT}/keys/cmk/v",
        "_ResourceId": VAULT_ID.lower(),
        **more,
    }


def shared(operation: str, hour: int, **more: Any) -> dict[str, Any]:
    return {
        "TimeGenerated": f"2026-11-30T{hour:02}:00:00.0000000Z",
        "OperationName": operation,
        "ResourceProvider": "MICROSOFT.KEYVAULT",
        "Category": "AuditEvent",
        "ResourceId": VAULT_ID.upper(),
        "httpStatusCode_d": 200.0,
        "identity_claim_oid_g": "oid",
        "identity_claim_appid_g": "app",
        "id_s": f"{VAULT}/keys/cmk/v",
        **more,
    }


class Logs:
    """Log Analytics workspaces by `customerId`: their tables, or what a query of them raises."""

    def __init__(self, **places: Any) -> None:
        self._places = places

    async def query(self, customer_id: str, text: str, span: object) -> list[dict[str, Any]]:
        held = self._places[customer_id]
        if isinstance(held, Exception):
            raise held
        known = {name: Table(COLUMNS[name], rows) for name, rows in held.items() if isinstance(rows, list)}
        table = text.partition(" ")[0]
        if isinstance(held.get(table), Exception):
            raise held[table]
        try:
            found = Evaluation(known, NOW.timestamp()).run(parsed(text))
        except BadQuery as problem:
            raise refusal(400, "BadArgumentError", f"The request is invalid: {problem.message}") from problem
        return [{name: row.get(name) for name in found.columns} for row in found.rows]


class Arm:
    """A vault whose settings send its log to the workspaces `/logs/NAME`."""

    def __init__(self, *places: str, settings: Any = None) -> None:
        self._settings = settings
        self._made = [
            {"properties": {"workspaceId": f"/logs/{one}", "logs": [{"categoryGroup": "audit", "enabled": True}]}}
            for one in places
        ]

    async def pages(self, path: str) -> Any:
        assert path == f"{VAULT_ID}/providers/Microsoft.Insights/diagnosticSettings"
        if isinstance(self._settings, Exception):
            raise self._settings
        for one in self._made if self._settings is None else self._settings:
            yield one

    async def get(self, id_: str) -> Any:
        return {"properties": {"customerId": id_.rpartition("/")[2]}}


def read(arm: Arm, **places: Any) -> Read[AuditLog]:
    side: Any = SimpleNamespace(arm=arm, logs=Logs(**places))
    return asyncio.run(auditlog.read(side, VAULT_ID, NOW))


def refusal(status: int, code: str = "Code", told: str = "no") -> ServiceError:
    return ServiceError(status, code, told, method="POST", url="https://logs")


def test_calls_are_summed_up_by_operation_key_and_caller_from_either_table() -> None:
    rows = {
        OWN: [
            own("KeyWrap", 3),
            own("KeyWrap", 5, status=403),
            own("KeyWrap", 6, Identity={"claim": {LONG: "Other"}}),
            own("KeyBackup", 4, Id=f"{VAULT}/keys/cmk"),
            own("SecretGet", 1),
            own("KeyWrap", 2, _ResourceId="/another/vault"),
        ],
        SHARED: [shared("KeyRestore", 7), shared("KeyRestore", 8, Category="AzurePolicyEvaluationDetails")],
    }
    log = read(Arm("a"), a=rows).value
    assert log
    told = {
        (one.operation, one.caller): (one.calls, one.refused, one.first.hour, one.last.hour) for one in log.uses
    }
    assert told == {
        ("KeyWrap", "oid"): (2, 1, 3, 5),
        ("KeyWrap", "other"): (1, 0, 6, 6),
        ("KeyBackup", "oid"): (1, 0, 4, 4),
        ("KeyRestore", "oid"): (1, 0, 7, 7),
    }
    assert log.since == datetime(2026, 11, 30, 1, tzinfo=UTC)
    assert {one.application for one in log.uses if one.caller == "oid"} == {"app"}


@pytest.mark.parametrize("tables", [{}, {OWN: []}, {SHARED: []}, {OWN: [], SHARED: []}])
def test_without_a_row_a_log_is_not_known_as_whoever_may_not_read_a_table_sees_none(
    tables: dict[str, Any],
) -> None:
    found = read(Arm("a"), a=tables)
    assert found.value is None and "or you may not read them" in found.refused


def test_a_row_of_another_vault_shows_nothing_of_this_one() -> None:
    found = read(Arm("a"), a={OWN: [own("KeyWrap", 3, _ResourceId="/another/vault")]})
    assert found.value is None and "No row of this vault" in found.refused


@pytest.mark.parametrize("table", [OWN, SHARED])
@pytest.mark.parametrize(
    "error",
    [
        refusal(400, "BadArgumentError", "'where' operator: Failed to resolve scalar expression named 'Id'"),
        refusal(400, "BadArgumentError", "Failed to resolve table or column expression named 'Other'"),
        refusal(403, "InsufficientAccessError"),
        refusal(200, "PartialError"),
        OutOfReachError("broke", method="POST", url="u"),
        DeniedError("no token"),
        KeyError("Calls"),
    ],
    ids=["a-column", "another-table", "no-access", "partial", "dropped", "no-token", "other-columns"],
)
def test_one_table_that_cannot_be_read_is_told_beside_what_the_other_has(table: str, error: Exception) -> None:
    rows = {OWN: [own("KeyWrap", 3)], SHARED: [shared("KeyBackup", 3)]}
    found = read(Arm("a"), a={**rows, table: error})
    assert found.value
    assert [one.operation for one in found.value.uses] == ["KeyWrap" if table == SHARED else "KeyBackup"]
    assert found.refused.startswith(f"/logs/a: {table}: ")


@pytest.mark.parametrize("table", [OWN, SHARED])
def test_one_table_that_is_refused_beside_one_without_a_row_shows_nothing(table: str) -> None:
    found = read(Arm("a"), a={OWN: [], SHARED: [], table: refusal(403, "InsufficientAccessError")})
    assert found.value is None and found.refused.startswith(f"/logs/a: {table}: ")


@pytest.mark.parametrize("missing", [OWN, SHARED])
def test_a_table_that_is_not_there_takes_nothing_from_the_other(missing: str) -> None:
    rows = {OWN: [own("KeyWrap", 3)], SHARED: [shared("KeyWrap", 3)]}
    found = read(Arm("a"), a={name: held for name, held in rows.items() if name != missing})
    assert found.value and len(found.value.uses) == 1 and not found.refused


def test_what_is_refused_of_a_whole_workspace_is_told_once() -> None:
    found = read(Arm("a"), a=refusal(403, "InsufficientAccessError"))
    assert found.refused.count("403") == 1 and OWN not in found.refused


LONG_COLUMN = "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"


@pytest.mark.parametrize(
    "named", [{"identity_claim_oid_g": "OID"}, {"identity_claim_oid_g": "", LONG_COLUMN: "Oid"}]
)
def test_the_shared_table_names_a_caller_by_either_claim(named: dict[str, str]) -> None:
    log = read(Arm("a"), a={SHARED: [shared("KeyUnwrap", 3, **named)]}).value
    assert log and [one.caller for one in log.uses] == ["oid"]


def test_of_both_tables_of_a_place_the_calls_are_summed() -> None:
    log = read(Arm("a"), a={OWN: [own("KeyWrap", 3)], SHARED: [shared("KeyWrap", 7)]}).value
    assert log
    assert [(one.calls, one.first.hour, one.last.hour) for one in log.uses] == [(2, 3, 7)]


def test_of_several_places_each_counts_and_no_call_twice() -> None:
    here, there = {OWN: [own("KeyWrap", 3), own("KeyWrap", 4)]}, {OWN: [own("KeyWrap", 4), own("KeyBackup", 1)]}
    log = read(Arm("a", "b"), a=here, b=there).value
    assert log
    assert {one.operation: one.calls for one in log.uses} == {"KeyWrap": 2, "KeyBackup": 1}
    assert log.places == ("/logs/a", "/logs/b")


def test_a_place_that_cannot_be_read_is_told_beside_what_others_have() -> None:
    found = read(Arm("a", "b"), a={OWN: [own("KeyWrap", 3)]}, b=refusal(403, "InsufficientAccessError"))
    assert found.value and len(found.value.uses) == 1
    assert found.refused.startswith("/logs/b: ") and "403" in found.refused


@pytest.mark.parametrize(
    "error",
    [
        *(refusal(status) for status in (401, 403, 404, 429, 500)),
        refusal(200, "PartialError"),
        OutOfReachError("broke", method="POST", url="u"),
        DeniedError("no token"),
        KeyError("Calls"),
    ],
    ids=["401", "403", "404", "429", "500", "partial", "dropped", "no-token", "other-columns"],
)
def test_a_log_that_cannot_be_read_is_not_known_and_never_empty(error: Exception) -> None:
    found = read(Arm("a"), a=error)
    assert found.value is None and found.refused


def test_without_a_setting_that_sends_it_there_is_no_log() -> None:
    logs = [{"category": "AuditEvent", "enabled": False}, {"category": "Other", "enabled": True}]
    settings = [
        {"properties": {"workspaceId": "/logs/a", "logs": logs}},
        {"properties": {"storageAccountId": "/s", "logs": [{"categoryGroup": "allLogs", "enabled": True}]}},
    ]
    assert read(Arm(settings=settings)).code == "NoAuditLog"


def test_settings_that_may_not_be_read_are_told() -> None:
    found = read(Arm(settings=refusal(403, "AuthorizationFailed")))
    assert found.value is None and "diagnostic settings cannot be read" in found.refused


def test_a_name_with_a_quote_stays_a_text() -> None:
    for table, row in ((OWN, own("KeyWrap", 1)), (SHARED, shared("KeyWrap", 1))):
        text = auditlog.query(table, "/x' or true | take 1 //\\")
        assert Evaluation({table: Table(COLUMNS[table], [row])}, 0).run(parsed(text)).rows == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            {"tables": [{"columns": [{"name": "A"}], "rows": [[1]]}], "error": {"message": "cut short"}},
            "PartialError",
        ),
        ({"tables": []}, "NoTable"),
        ({}, "NoTable"),
        ([], "NoTable"),
        ({"tables": [{"columns": [{"name": "A"}], "rows": [[1, 2]]}]}, "NoTable"),
        ({"tables": [{"rows": []}]}, "NoTable"),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error(answer: Any, code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        _rows(200, {}, answer, "https://logs")
    assert refused.value.code == code


def test_what_is_wrong_with_a_query_is_told_in_the_innermost_words() -> None:
    inner = {"code": "SemanticError", "message": "A.", "innererror": {"code": "SEM", "message": "no such column"}}
    body = {"error": {"code": "BadArgumentError", "message": "Bad.", "innererror": inner}}
    with pytest.raises(ServiceError, match="Bad: A: no such column"):
        _rows(400, {}, body, "https://logs")


@pytest.mark.parametrize("vault", [VAULT, f"{VAULT}:443", VAULT.upper()])
@pytest.mark.parametrize("kept", ["keys", "deletedkeys"])
def test_a_use_is_about_its_key_and_no_other_of_a_longer_name(kept: str, vault: str) -> None:
    log = read(Arm("a"), a={OWN: [own("KeyPurge", 1, Id=f"{vault}/{kept}/cmk")]}).value
    assert log
    [one] = log.uses
    assert [one.about(KeyName(VAULT, name)) for name in ("cmk", "cm", "cmk2")] == [True, False, False]
