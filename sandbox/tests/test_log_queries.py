"""The audit log of a vault as rows: who writes which, in which table, and who may query them by what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from azsandbox.arm.logs.evaluating import Evaluation, Table
from azsandbox.arm.logs.parsing import BadQuery, parsed
from azsandbox.arm.logs.rows import COLUMNS, OWN, SHARED

NOW = 1_700_000_000.0
ROW: dict[str, Any] = {
    "TimeGenerated": "2023-11-14T22:00:00.0000000Z",
    "OperationName": "KeyWrap",
    "HttpStatusCode": 403,
    "Identity": {
        "claim": {"http://schemas.microsoft.com/identity/claims/objectidentifier": "OID", "appid": "app"}
    },
    "Id": "https://kv.vault.azure.net/keys/k/v",
    "_ResourceId": "/subscriptions/s/vaults/kv",
}


def ask(text: str, tables: Mapping[str, list[dict[str, Any]]] | None = None) -> list[list[Any]]:
    """The rows of a query."""
    known = {name: Table(COLUMNS[name], rows) for name, rows in (tables or {OWN: [ROW]}).items()}
    found = Evaluation(known, NOW).run(parsed(text))
    return [[row.get(name) for name in found.columns] for row in found.rows]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"{OWN} | project OperationName", [["KeyWrap"]]),
        (f"{OWN} | where OperationName == 'KeyUnwrap' | project OperationName", []),
        (f"{OWN} | where OperationName == 'keywrap' | project OperationName", []),
        (f"{OWN} | where OperationName =~ 'keywrap' | project OperationName", [["KeyWrap"]]),
        (f"{OWN} | where OperationName in ('a', 'KeyWrap') and HttpStatusCode >= 400 | project Id", [[ROW["Id"]]]),
        (f"{OWN} | where HttpStatusCode < 400 or OperationName != 'KeyWrap' | project Id", []),
        (f"{OWN} | where TimeGenerated > ago(1d) | project S = toint(HttpStatusCode)", [[403]]),
        (f"{OWN} | where TimeGenerated > ago(1m) | project S = toint(HttpStatusCode)", []),
        (f"{OWN} | project A = tostring(Identity.claim.appid), B = tostring(Identity.claim.oid)", [["app", ""]]),
        (
            f"{OWN} | project O = tolower(coalesce(tostring(Identity.claim.oid),"
            " tostring(Identity.claim['http://schemas.microsoft.com/identity/claims/objectidentifier'])))",
            [["oid"]],
        ),
        (
            f"{OWN} | summarize N = count(), R = countif(HttpStatusCode >= 400) by OperationName",
            [["KeyWrap", 1, 1]],
        ),
        (f"{OWN} | extend K = iff(OperationName in ('x'), Id, '') | project K", [[""]]),
        (f"{OWN} | project X = tostring(column_ifexists('nope', 'none'))", [["none"]]),
        ("datatable(OperationName: string)[] | project OperationName", []),
        (f"{OWN} | project OperationName | take 1", [["KeyWrap"]]),
        (f"{OWN} | where OperationName !in ('KeyWrap') | project OperationName", []),
        (f"{OWN} | where OperationName in~ ('keywrap') | project OperationName", [["KeyWrap"]]),
        (f"{OWN} | where OperationName !in (dynamic(['a', 'b'])) | project OperationName", [["KeyWrap"]]),
        (
            f"{OWN} | where Id has 'KV' and Id !has 'vaul' and Id contains 'VAUL' | project OperationName",
            [["KeyWrap"]],
        ),
        (f"{OWN} | where DurationMs != 5 and not(isempty(Id)) | project OperationName", [["KeyWrap"]]),
        (f"union isfuzzy=true {SHARED}, ({OWN} | project A = OperationName)", [["KeyWrap"]]),
        (
            f"union ({OWN} | project A = Id), ({OWN} | project A = HttpStatusCode)",
            [[ROW["Id"], None], [None, 403]],
        ),
        (f"union ({OWN} | project A = 'x'), (datatable(A: string)[]) | summarize N = count() by A", [["x", 1]]),
    ],
)
def test_what_of_the_language_is_understood(text: str, rows: list[list[Any]]) -> None:
    assert ask(text) == rows


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "SyntaxError"),
        (f"{OWN} |", "SyntaxError"),
        (f"{OWN} | where", "SyntaxError"),
        (f"{OWN} | top 5 by TimeGenerated", "SyntaxError"),
        (f"{OWN} where OperationName == 'x'", "SyntaxError"),
        (f"{OWN} | where OperationName == \"x' | take 1", "SyntaxError"),
        (f"{OWN} | project toint(HttpStatusCode)", "SyntaxError"),
        (f"{OWN} | where Nope == 'x'", "SemanticError"),
        (f"{OWN} | where OperationName == 5", "SemanticError"),
        (f"{OWN} | where OperationName", "SemanticError"),
        (f"{OWN} | project A = Id.claim", "SemanticError"),
        (f"{OWN} | project A = strlen(Id)", "SemanticError"),
        (f"{OWN} | project A = toint(Id)", "SemanticError"),
        (f"{OWN} | summarize A = dcount(Id) by Id", "SemanticError"),
        (SHARED, "SemanticError"),
        (f"union {OWN}, {SHARED}", "SemanticError"),
        (f"union isfuzzy=true {SHARED}", "SemanticError"),
        (f"union kind=outer {OWN}", "SyntaxError"),
        (f"{OWN} | where HttpStatusCode has 'x'", "SemanticError"),
        (f"{OWN} | where HttpStatusCode in ('x')", "SemanticError"),
    ],
)
def test_all_else_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadQuery) as refused:
        ask(text)
    assert refused.value.code == code
