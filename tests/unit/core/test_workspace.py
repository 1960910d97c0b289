"""Workspaces: the three ways to name one, and what a document says of it."""

from __future__ import annotations

import pytest
from tests.builders.world import SOURCE

from amlmigrate.core.errors import BadInputError
from amlmigrate.core.workspace import Location, Workspace, WorkspaceRef

SUBSCRIPTION = "11111111-aaaa-4bbb-8ccc-000000000001"
REF = WorkspaceRef(SUBSCRIPTION, "rg", "ws")
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        ID.lower(),
        ID.lstrip("/"),
        f"{ID}/",
        ID.replace("resourceGroups", "resourcegroups"),
        f"{SUBSCRIPTION}/rg/ws",
        f"/{SUBSCRIPTION}/rg/ws/",
    ],
)
def test_a_workspace_is_named_by_its_id_or_by_three_parts(text: str) -> None:
    assert WorkspaceRef.parse(text) == REF


def test_two_parts_need_a_subscription_from_elsewhere() -> None:
    assert WorkspaceRef.parse("rg/ws", SUBSCRIPTION) == REF
    with pytest.raises(BadInputError, match="names no subscription") as caught:
        WorkspaceRef.parse("rg/ws")
    assert "AZURE_SUBSCRIPTION_ID" in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ws",
        "/",
        f"{SUBSCRIPTION}//ws",
        "a/b/c/d",
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg",
        ID.replace("workspaces", "registries"),
        f"{ID}/models/m",
        ID.replace("/providers", "/providers/Microsoft.Compute/virtualMachines/vm/providers"),
        f"{ID}/providers/Microsoft.MachineLearningServices/workspaces/other",
        "https://ml.azure.com/x/y",
    ],
)
def test_anything_else_is_no_workspace(text: str) -> None:
    with pytest.raises(BadInputError, match="is not a workspace"):
        WorkspaceRef.parse(text, SUBSCRIPTION)


def test_id_and_short_name_are_made_of_the_parts() -> None:
    assert REF.id == ID
    assert REF.short == "rg/ws"


def test_a_workspace_says_what_its_document_says() -> None:
    assert SOURCE.storage_account == "acct"
    assert SOURCE.location == "westeurope"
    assert SOURCE.kind == "Default"
    assert SOURCE.header() == {
        "id": SOURCE.ref.id,
        "workspaceId": SOURCE.workspace_id,
        "location": "westeurope",
        "encryption": None,
    }


@pytest.mark.parametrize(
    ("encryption", "encrypted"),
    [
        ({"status": "Enabled"}, True),
        ({"status": "enabled"}, True),
        ({"status": "Disabled"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_workspace_is_encrypted_when_it_says_so(encryption: object, encrypted: bool) -> None:
    assert Workspace(REF, {"properties": {"encryption": encryption}}).encrypted is encrypted
    assert Workspace(REF, {}).encrypted is False


def test_a_datastore_is_found_by_its_whole_name_in_any_case() -> None:
    assert SOURCE.datastore("lake") is not None
    assert SOURCE.datastore("Lake") is SOURCE.datastore("LAKE") is SOURCE.datastore("lake")
    assert SOURCE.datastore("lak") is None


@pytest.mark.parametrize(
    ("root", "path", "found"),
    [("", "", ""), ("", "a/b", "a/b"), ("a", "", "a"), ("a", "b/", "a/b/"), ("a/", "b", "a/b")],
)
def test_a_place_below_another_has_one_slash_between(root: str, path: str, found: str) -> None:
    assert Location("acct", "c", root).below(path) == Location("acct", "c", found)
