"""The table of what counts as absent: each recorded form, and the same 404s that are about something else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.builders.errors import refusal

from amlmigrate.cloud import absence, declared
from amlmigrate.cloud.absence import AbsenceVerdict, judged
from amlmigrate.cloud.arm import Answer, Arm
from amlmigrate.cloud.errors import ServiceError, of_answer
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document

GROUP = "/subscriptions/5b1c7e90-2f4d-4a86-b3c9-8d06e2f7a154/resourceGroups/rg"
WS = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
GATE = {"x-ms-failure-cause": "gateway"}
_INFO = [{"type": "ComponentName", "info": {"value": "managementfrontend"}}]


def _gateway(code: str, message: str) -> Document:
    return {"error": {"code": code, "message": message}}


def _not_found(what: str, group: str = "rg") -> Document:
    text = f"The Resource '{what}' under resource group '{group}' was not found. For more details please go to"
    return _gateway("ResourceNotFound", f"{text} https://aka.ms/ARMResourceNotFoundFix")


def _front(message: str, *inner: str, code: str = "UserError", detail: tuple[str, str] | None = None) -> Document:
    nested: Any = None
    for one in reversed(inner):
        nested = {"code": one, "innerError": nested}
    info = [*_INFO, {"type": "InnerError", "info": {"value": nested}}] if inner else _INFO
    details = [{"code": detail[0], "message": detail[1], "details": [], "additionalInfo": []}] if detail else []
    return {"error": {"code": code, "message": message, "details": details, "additionalInfo": info}}


def _connection(name: str) -> Document:
    error = {"code": "UserError", "message": f"Connection {name} can't be found in this workspace", "details": [],
             "innerError": {"code": "NotFoundError", "innerError": None}, "additionalInfo": None}  # fmt: skip
    return {"error": error, "componentName": "account-rp", "statusCode": 404}


def _error(body: Any, headers: Mapping[str, str] | None = None, status: int = 404) -> ServiceError:
    return of_answer(status, headers or {}, body, method="GET", url="https://management.azure.com/x")


def _model(name: str) -> Document:
    detail = ("ModelNotFound", f"Model container with name: {name} not found.")
    return _front("The specified resource was not found.", detail=detail)


def _endpoint(name: str) -> Document:
    detail = ("NoSuchEndpoint", f"There is no endpoint with name: {name} in ws")
    return _front("The specified resource was not found.", code="NotFound", detail=detail)


NO_WORKSPACE = _not_found("Microsoft.MachineLearningServices/workspaces/ws")
NO_GROUP = _gateway("ResourceGroupNotFound", "Resource group 'rg' could not be found.")
NO_SUBSCRIPTION = _gateway("SubscriptionNotFound", "The subscription '5b1c7e90' could not be found.")
NO_PARENT = _gateway(
    "ParentResourceNotFound",
    "Can not perform requested operation on nested resource. Parent resource 'ws' not found.",
)
PROXY = {"error": {"code": "404", "message": f"<html><h1>Not Found</h1>{WS}/datastores/lake was not found</html>"}}
ROLE = f"{WS}/providers/Microsoft.Authorization/roleAssignments/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
KEY = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv/keys/k"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"

ABSENT: list[tuple[str, Document, Mapping[str, str]]] = [
    (WS, NO_WORKSPACE, GATE),
    (WS.replace("resourceGroups", "resourcegroups").upper(), NO_WORKSPACE, GATE),
    (f"{WS}?api-version=2025-12-01", NO_WORKSPACE, GATE),
    (ACCOUNT, _not_found("Microsoft.Storage/storageAccounts/acct"), {}),
    (KEY, _not_found("Microsoft.KeyVault/vaults/kv/keys/k"), GATE),
    (GROUP, NO_GROUP, GATE),
    (f"{WS}/models/m", _model("m"), {}),
    (f"{WS}/models/m/versions/1", _model("m"), {}),
    (
        f"{WS}/environments/py",
        _front("No environment exists for name: py, version: , label: ", "NotFoundError"),
        {},
    ),
    (f"{WS}/environments/py/versions/1",
     _front("No environment exists for name: py, version: 1, label: ", "NotFoundError"), {}),
    (f"{WS}/components/c/versions/azureml_default",
     _front("Not found component c.", "NotFound", "ComponentNotFound"), {}),
    (f"{WS}/batchEndpoints/b", _endpoint("b"), {}),
    (f"{WS}/onlineEndpoints/b/deployments/blue", _endpoint("b"), {}),
    (f"{WS}/connections/git", _connection("git"), {}),
    (ROLE, _gateway("RoleAssignmentNotFound", f"The role assignment '{ROLE.rpartition('/')[2]}' is not found."), {}),
    (f"{WS}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7",
     _gateway("RoleDefinitionDoesNotExist", "The specified role definition with ID 'ACDD72A7' does not exist."), {}),
    ("/providers/Microsoft.Authorization/policyDefinitions/deny",
     _gateway("PolicyDefinitionNotFound", "The policy definition 'deny' could not be found."), {}),
    (f"{GROUP}/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/kv",
     _gateway("DeletedVaultNotFound", "The specified deleted vault 'kv' does not exist."), {}),
    (SUBNET, _gateway("NotFound", f"Resource {SUBNET} not found."), {}),
]  # fmt: skip

BY_CALL: list[tuple[str, Document, AbsenceVerdict]] = [
    (f"{WS}/datastores/lake", _front("No datastore exists for name: lake", "NotFoundError"), AbsenceVerdict.BY_LIST),
    (f"{WS}/data/d", _front("No data exists for name: d.", "NotFoundError"), AbsenceVerdict.BY_LIST),
    (f"{WS}/data/d/versions/1", _front("No data exists for name: d, version: 1.", "NotFound"), AbsenceVerdict.BY_LIST),
    # Another version of it, or one where the name itself was asked for.
    (f"{WS}/environments/py/versions/1",
     _front("No environment exists for name: py, version: 2, label: ", "NotFoundError"), AbsenceVerdict.BY_LIST),
    (f"{WS}/environments/py",
     _front("No environment exists for name: py, version: 1, label: ", "NotFoundError"), AbsenceVerdict.BY_LIST),
    (WS, NO_GROUP, AbsenceVerdict.BY_GROUP),
    (f"{WS}/datastores/lake", NO_PARENT, AbsenceVerdict.BY_PARENT),
    (ROLE, NO_PARENT, AbsenceVerdict.BY_PARENT),
]  # fmt: skip

NO_KNOWLEDGE: list[tuple[str, Any, Mapping[str, str]]] = [
    # Somebody else's name, type, group; words of the gateway that the gateway did not say.
    (WS, _not_found("Microsoft.MachineLearningServices/workspaces/other"), GATE),
    (WS, _not_found("Microsoft.MachineLearningServices/workspaces/ws", "rg2"), GATE),
    (WS, _not_found("Microsoft.MachineLearningServices/workspaces/ws2"), GATE),
    (WS, NO_WORKSPACE, {}),
    (WS, NO_WORKSPACE, {"x-ms-failure-cause": "service"}),
    (WS, _gateway("ResourceNotFound", "not found"), GATE),
    (WS, _gateway("NotFound", f"Resource {WS} not found."), GATE),
    (WS, NO_SUBSCRIPTION, GATE),
    (GROUP, NO_SUBSCRIPTION, GATE),
    (GROUP, _gateway("ResourceGroupNotFound", "Resource group 'rg2' could not be found."), GATE),
    (WS, _gateway("ResourceGroupNotFound", "Resource group 'rg2' could not be found."), GATE),
    *((path, _gateway("ResourceGroupNotFound", "It could not be found."), GATE) for path in (WS, GROUP)),
    # An item's 404 that is about the workspace, or another item.
    (f"{WS}/datastores/lake", NO_WORKSPACE, GATE),
    (f"{WS}/models/m", _model("mm"), {}),
    (f"{WS}/models/m", _front("The specified resource was not found."), {}),
    (f"{WS}/datastores/lake", _front("Datastore's secret is not found for lake-2", "NotFoundError"), {}),
    (f"{WS}/environments/py/versions/1",
     _front("No environment exists for name: pyx, version: 1, label: ", "NotFoundError"), {}),
    (f"{WS}/batchEndpoints/b", _endpoint("c"), {}),
    (f"{WS}/connections/git", _connection("other"), {}),
    (ROLE, _gateway("RoleAssignmentNotFound", "The role assignment 'other' is not found."), {}),
    (SUBNET, _gateway("NotFound", f"Resource {SUBNET}2 not found."), {}),
    # What is not Azure's at all.
    *((path, PROXY, {}) for path in (WS, f"{WS}/datastores/lake", GROUP, ACCOUNT)),
    *((path, body, {}) for path in (WS, f"{WS}/datastores/lake") for body in (None, "", [], {}, {"error": "no"})),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "headers"), ABSENT)
def test_each_form_of_the_table_is_of_that_very_thing(path: str, body: Any, headers: Mapping[str, str]) -> None:
    assert judged(_error(body, headers), path) is AbsenceVerdict.ABSENT
    for status in (400, 403, 409, 410, 500):
        assert judged(_error(body, headers, status), path) is AbsenceVerdict.UNKNOWN


@pytest.mark.parametrize(("path", "body", "headers"), NO_KNOWLEDGE)
def test_any_other_404_is_no_knowledge(path: str, body: Any, headers: Mapping[str, str]) -> None:
    error = _error(body, headers)
    assert judged(error, path) is AbsenceVerdict.UNKNOWN
    assert "does not show that it is not there" in error.remedy
    with pytest.raises(ServiceError) as raised:
        asyncio.run(Told({path: error}).get(path))
    assert raised.value is error


@pytest.mark.parametrize(("path", "body", "verdict"), BY_CALL)
def test_some_take_a_second_call(path: str, body: Any, verdict: AbsenceVerdict) -> None:
    assert judged(_error(body), path) is verdict


class Told(Arm):
    """Answers by path, without its query: an error, or a body."""

    _endpoint = "https://management.azure.com"

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    async def call(
        self, method: str, path: str, body: Document | None = None, *, query: Mapping[str, str] | None = None
    ) -> Answer:
        self.asked.append((path, (query or {}).get("listViewType", "")))
        answer = self.answers[path]
        if isinstance(answer, ServiceError):
            raise answer
        return Answer(200, {}, answer)


def _list(*names: str) -> Document:
    return {"value": [{"name": name} for name in names]}


def _get(path: str, answers: dict[str, Any]) -> tuple[Document | None, Told]:
    arm = Told(answers)
    return asyncio.run(arm.get(path)), arm


def test_an_item_that_nobody_has_recorded_is_absent_if_its_parents_list_lacks_it_too() -> None:
    path, unsaid = f"{WS}/data/d", _error(_front("No data exists for name: d.", "NotFoundError"))
    found, arm = _get(path, {path: unsaid, f"{WS}/data": _list("e", "D", "dd")})
    assert found is None and arm.asked[1] == (f"{WS}/data", "All")
    with pytest.raises(ServiceError):
        _get(path, {path: unsaid, f"{WS}/data": _list("e", "d")})
    version = f"{path}/versions/1"
    told = {version: unsaid, f"{path}/versions": unsaid, f"{WS}/data": _list("e")}
    assert _get(version, told)[0] is None
    with pytest.raises(ServiceError):
        _get(version, {**told, f"{WS}/data": _list("d")})
    with pytest.raises(ServiceError):
        _get(version, {**told, f"{path}/versions": _error(PROXY)})
    with pytest.raises(ServiceError):
        _get(version, {**told, f"{path}/versions": _list("2", "1")})


def test_a_group_that_is_not_found_takes_its_resources_along_only_if_it_is_not_listed() -> None:
    groups = f"/subscriptions/{GROUP.split('/')[2]}/resourcegroups"
    assert _get(WS, {WS: _error(NO_GROUP, GATE), groups: _list("other")})[0] is None
    for listed in (_list("other", "RG"), _error(NO_SUBSCRIPTION, GATE), _error(_front("no"), status=403)):
        with pytest.raises(ServiceError):
            _get(WS, {WS: _error(NO_GROUP, GATE), groups: listed})


def test_a_parent_that_is_not_found_takes_its_child_along_only_if_it_says_so_itself() -> None:
    path = f"{WS}/datastores/lake"
    assert _get(path, {path: _error(NO_PARENT, GATE), WS: _error(NO_WORKSPACE, GATE)})[0] is None
    with pytest.raises(ServiceError):
        _get(path, {path: _error(NO_PARENT, GATE), WS: {"name": "ws"}})


@pytest.mark.parametrize("body", [None, [], "text"])
def test_a_200_that_is_no_document_is_an_error(body: Any) -> None:
    with pytest.raises(ServiceError, match="NotADocument"):
        _get(WS, {WS: body})


@pytest.mark.parametrize("body", [None, [], {}, {"value": None}, {"value": {}}, {"values": []}])
def test_an_answer_without_a_list_is_never_an_empty_one(body: Any) -> None:
    async def names() -> list[str]:
        return [str(item["name"]) async for item in Told({f"{WS}/data": body}).pages(f"{WS}/data")]

    with pytest.raises(ServiceError, match="NotAList"):
        asyncio.run(names())


@pytest.mark.parametrize(("path", "body", "headers"), ABSENT[:3] + ABSENT[6:7])
def test_deleting_what_is_not_there_is_done_and_any_other_404_is_not(
    path: str, body: Any, headers: Mapping[str, str]
) -> None:
    asyncio.run(Told({path: _error(body, headers)}).delete(path))
    with pytest.raises(ServiceError):
        asyncio.run(Told({path: _error(PROXY)}).delete(path))


def test_every_form_names_its_source() -> None:
    every = (*absence.FORMS, *declared.forms())
    assert all(form.source for _, form in every) and all(absence.NO_COLLECTION.values())


def test_what_a_path_names() -> None:
    asked = ArmId.at(f"https://management.azure.com{ROLE}?api-version=1")
    assert (asked.type, asked.names, asked.group, str(asked.parent)) == (
        "microsoft.authorization/roleassignments", (ROLE.rpartition("/")[2],), "rg", WS
    )  # fmt: skip
    assert str(ArmId.at(SUBNET).parent) == SUBNET.rpartition("/subnets/")[0]


def _storage(code: str, status: int = 404) -> ServiceError:
    return refusal(status, code, "The specified thing does not exist.")


def test_storage_says_it_by_code() -> None:
    assert absence.of_blob(_storage("BlobNotFound")) and absence.of_blob(_storage("ContainerNotFound"))
    assert absence.of_container(_storage("ContainerNotFound"))
    assert absence.of_share(_storage("ShareNotFound")) and not absence.of_share(_storage("ResourceNotFound"))
    assert all(absence.of_file(_storage(f"{what}NotFound")) for what in ("Share", "Parent", "Resource"))
    assert not absence.of_file(_storage("404")) and not absence.of_file(_storage("ShareNotFound", 409))
    for error in (_storage("404"), _storage("ResourceNotFound"), _storage("ContainerBeingDeleted", 409)):
        assert not absence.of_blob(error) and not absence.of_container(error)
        assert not absence.of_share(error)
    assert not absence.of_container(_storage("BlobNotFound"))


def test_a_vault_says_it_of_the_key_that_was_asked() -> None:
    def told(name: str, code: str = "KeyNotFound") -> ServiceError:
        message = f"A key with (name/id) {name} was not found in this key vault. If you recently deleted it"
        return refusal(404, code, message)

    assert absence.of_key(told("cmk"), "cmk") and absence.of_key(told("cmk/0123"), "cmk")
    for error in (told("cmk-2"), told("other"), told("cmk", "404"), told("cmk", "VaultNotFound")):
        assert not absence.of_key(error, "cmk")
