"""Every kind compares what was sent with what is there: nothing of the service's doing, and every change else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from tests.builders.world import CONTEXT, TARGET, archiving
from tests.contract.kinds.examples import NEW, changed, every_asset, every_kind, filled, kind_of
from tests.contract.kinds.service import answered

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.kinds import Kind, all_kinds

# What the service does not keep as it was sent (AZ-ASSET-5), and the one time that changes by itself.
UNKEPT = {"/componentSpec/name", "/componentSpec/version", "/properties/migratedFrom.lastModifiedAt"}
# What a name of versions shows is that of its newest version (AZ-LIST-16).
OF_NEWEST = {"/properties/migratedFrom.createdAt", "/properties/migratedFrom.createdBy"}


def _body(asset: Asset) -> Document:
    return kind_of(asset).desired(asset, CONTEXT).first.body


def _answer(asset: Asset, body: Document | None = None) -> Document:
    return answered(TARGET.id, asset.address, body or _body(asset))


def _unkept(asset: Asset) -> set[str]:
    name = kind_of(asset).versioned and asset.address.version is None
    return UNKEPT | OF_NEWEST if name else UNKEPT


def _leaves(value: Any, where: str = "") -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from _leaves(child, f"{where}/{key}")
    elif isinstance(value, list) and value:
        for index, child in enumerate(value):
            yield from _leaves(child, f"{where}/{index}")
    else:
        yield where


def _set(document: Document, pointer: str, change: Any) -> Document:
    """The document with what stands below `properties` at a pointer changed, or removed when the change is None."""
    made = copy.deepcopy(document)
    *path, last = pointer.split("/")[1:]
    inner: Any = made["properties"]
    for part in path:
        inner = inner[int(part)] if isinstance(inner, list) else inner[part]
    key: Any = int(last) if isinstance(inner, list) else last
    if change is None:
        del inner[key]
    else:
        inner[key] = change(inner[key])
    return made


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value}x" if isinstance(value, str) else ["x"]


@every_asset
def test_what_the_service_answers_is_what_was_sent(asset: Asset) -> None:
    body = _body(asset)
    assert kind_of(asset).differences(asset.address, body, _answer(asset, body)) == []
    assert kind_of(asset).differences(asset.address, body, body) == []


@every_asset
def test_what_the_service_answers_of_an_archived_one_is_what_was_sent(asset: Asset) -> None:
    kind = kind_of(asset)
    archived = archiving(asset)
    if archived is None:
        return
    assert kind.differences(asset.address, archived, _answer(asset, archived)) == []
    assert kind.differences(asset.address, archived, _answer(asset)) != []
    assert kind.differences(asset.address, _body(asset), _answer(asset, archived)) != []


@every_asset
def test_every_changed_field_is_found_and_named(asset: Asset) -> None:
    body, answer = _body(asset), _answer(asset)
    unkept = _unkept(asset)
    hidden = ("/secrets", "$secret")
    sent = [
        where
        for where in _leaves(body["properties"])
        if where not in unkept and not any(one in where for one in hidden)
    ]
    assert sent
    for where in sent:
        if where == "/condaFile":
            continue
        found = kind_of(asset).differences(asset.address, body, _set(answer, where, _other))
        assert found, where
        member = where.split("/")[1]
        assert {difference.field.split("/")[2] for difference in found} == {member}
        assert {difference.address for difference in found} == {str(asset.address)}


@every_asset
def test_every_missing_field_is_found_unless_it_says_nothing(asset: Asset) -> None:
    body, answer = _body(asset), _answer(asset)
    for where in _leaves(body["properties"]):
        value = body["properties"]
        for part in where.split("/")[1:]:
            value = value[int(part)] if isinstance(value, list) else value[part]
        # Says what is so without it: empty, false, or the service's own default.
        nothing = value in ("", [], {}, "None", "Linux", "Disabled") or value is False
        default = where.endswith(("/optional", "/instance_count")) and value in ("False", "1")
        unkept = _unkept(asset) | {"/properties/migratedFrom.id"}
        hidden = "/secrets" in where or "$secret" in where or where == "/trigger/timeZone"
        if nothing or default or hidden or where in unkept:
            continue
        assert kind_of(asset).differences(asset.address, body, _set(answer, where, None)), where


@every_asset
def test_a_field_too_many_is_found(asset: Asset) -> None:
    body, answer = _body(asset), _answer(asset)
    for value in ("x", 1, True, ["x"], {"x": "y"}):
        more = {**answer, "properties": answer["properties"] | {"somethingNew": value}}
        found = kind_of(asset).differences(asset.address, body, more)
        assert [(one.field.split("/")[2], one.field.split("/")[1]) for one in found] == [
            ("somethingNew", "properties")
        ]


@every_asset
@pytest.mark.parametrize("member", ["description", "tags", "properties", "isArchived"])
@pytest.mark.parametrize("nothing", [None, "as it is said"])
def test_what_only_the_target_says_is_found(asset: Asset, member: str, nothing: Any) -> None:
    kind = kind_of(asset)
    if member == "description" and "componentSpec" in asset.properties:
        return  # the service keeps none (AZ-ASSET-6)
    said: dict[str, Any] = {"description": "x", "tags": {"x": "y"}, "properties": {"x": "y"}, "isArchived": True}
    none = None if nothing is None or member not in said else type(said[member])()
    expected = _body(changed(asset, {member: none}))
    there = _answer(asset, expected)
    before = there["properties"].get(member)
    there["properties"][member] = {**before, "x": "y"} if isinstance(before, dict) else said[member]
    [found] = kind.differences(asset.address, expected, there)
    assert found.field.startswith(f"/properties/{member}")


@every_asset
def test_comparing_is_symmetric_and_changes_nothing(asset: Asset) -> None:
    body, answer = _body(asset), _answer(asset)
    told = next(
        one
        for one in ("description", "target", "contentType", "notes", "workspaceId", "level")
        if one in answer["properties"]
    )
    answer = _set(answer, f"/{told}", lambda _: "other")
    before = copy.deepcopy((body, answer))
    forth = kind_of(asset).differences(asset.address, body, answer)
    back = kind_of(asset).differences(asset.address, answer, body)
    assert (body, answer) == before
    assert [(one.field, one.expected, one.actual) for one in forth] == [
        (one.field, one.actual, one.expected) for one in back
    ]


@every_asset
def test_an_asset_that_was_there_before_needs_no_provenance(asset: Asset) -> None:
    body, answer = _body(asset), _answer(asset)
    if not kind_of(asset).fields.provenance:
        return
    told = answer["properties"]["properties"]
    plain = {key: value for key, value in told.items() if not key.startswith("migratedFrom.")}
    answer["properties"]["properties"] = plain
    assert kind_of(asset).differences(asset.address, body, answer) == []
    answer["properties"]["properties"] = told | {"migratedFrom.id": "/somewhere/else"}
    assert [one.field for one in kind_of(asset).differences(asset.address, body, answer)] == [
        "/properties/properties/migratedFrom.id"
    ]


@every_kind
def test_a_difference_may_be_updated_in_what_every_asset_may_change_and_in_no_bytes(kind: Kind) -> None:
    asset = filled(kind.example())
    body, answer = _body(asset), _answer(asset)
    inner = answer["properties"]
    labels = ("tags", "metadata", "contentType", "condition", "notes", "logs")
    label = next((f"/{one}" for one in labels if one in inner), "/properties/scaleSettings")
    tags = kind.differences(asset.address, body, _set(answer, label, lambda _: {"new": "tag"}))
    assert tags
    assert all(one.changeable for one in tags)
    for pointer in kind.fields.uris:
        if pointer.strip("/") in body["properties"]:
            bytes_ = kind.differences(asset.address, body, _set(answer, pointer, _other))
            assert not any(one.changeable for one in bytes_)


EQUAL = [
    ("models", "modelUri", "azureml://subscriptions/S/resourcegroups/r/workspaces/w/datastores/d/paths/P",
     "azureml://subscriptions/S/resourceGroups/r/workspaces/w/datastores/d/paths/P"),
    ("codes", "codeUri", "https://acct.blob.core.windows.net:443/c/src", "https://acct.blob.core.windows.net/c/src"),
    ("components", "componentSpec", {"code": f"azureml:{NEW.id}/codes/c/versions/1"}, {"code": f"{NEW.id}/codes/c/versions/1"}),
    ("components", "componentSpec", {"is_deterministic": True, "limits": {"timeout": 60}, "inputs": {"a": {"optional": False}}},
     {"is_deterministic": "True", "limits": {"timeout": "60"}, "inputs": {"a": {}}}),
    ("components", "componentSpec", {"type": "command", "resources": {"instance_count": 1}}, {"type": "command"}),
    ("environments", "condaFile", "channels:\n- a\ndependencies:\n- python=3.10\n- pip:\n  - b==1.0\n",
     '{\n  "channels": [\n    "a"\n  ],\n  "dependencies": ["python=3.10", {"pip": ["b==1.0"]}]\n}'),
    ("environments", "condaFile", "{name: a, python: 3.10, flag: yes}", '{"python": "3.10", "name": "a", "flag": "yes"}'),
    ("environments", "properties", {"azureml.labels": "latest"}, {"azureml.labels": ""}),
    ("environments", "autoRebuild", "Disabled", None),
    ("models", "stage", "Development", None),
    ("models", "stage", "Archived", "Development"),
    ("models", "nextVersion", "2", "2026-03-27-04-08-37-9797176"),
    ("data", "tags", {}, None),
    ("codes", "isAnonymous", True, False),
    ("datastores", "serviceDataAccessAuthIdentity", "None", None),
    ("components", "componentSpec", {"type": "a", "inputs": {}, "outputs": {}}, {"type": "a"}),
    ("components", "componentSpec", {"inputs": {"resources": {"optional": "False"}}}, {"inputs": {"resources": {}}}),
    ("environments", "inferenceConfig", {"livenessRoute": None, "port": 1}, {"port": 1}),
]  # fmt: skip
UNEQUAL = [
    ("environments", "condaFile", "dependencies:\n- python=3.10\n", "dependencies:\n- python=3.1\n"),
    ("environments", "condaFile", "python: 3.10", "python: 3.1"),
    ("environments", "condaFile", "a: [1, 2]", "a: [2, 1]"),
    ("environments", "condaFile", "a: b", "a: [b"),
    ("models", "stage", "Production", "Development"),
    ("models", "modelUri", "azureml://datastores/d/paths/P", "azureml://datastores/d/paths/p"),
    (
        "codes",
        "codeUri",
        "https://acct.blob.core.windows.net:444/c/src",
        "https://acct.blob.core.windows.net/c/src",
    ),
    (
        "components",
        "componentSpec",
        {"version": "1", "a": {"version": "1"}},
        {"version": "2", "a": {"version": "2"}},
    ),
    ("components", "componentSpec", {"resources": {"instance_count": 2}}, {}),
    ("components", "componentSpec", {"inputs": {"a": {"optional": True}}}, {"inputs": {"a": {}}}),
    ("datastores", "credentials", {"credentialsType": "Sas"}, {"credentialsType": "AccountKey"}),
    ("data", "isAnonymous", True, False),
    ("components", "componentSpec", {"outputs": {"a": None}}, {"outputs": {}}),
    ("components", "componentSpec", {"outputs": {"a": None}}, {"outputs": {"a": "None"}}),
    ("components", "componentSpec", {"outputs": {"a": None}}, {"outputs": {"a": {}}}),
    ("components", "componentSpec", {"inputs": {"a": {}}}, {}),
    (
        "components",
        "componentSpec",
        {"jobs": {"j": {"inputs": {"inputs": None}}}},
        {"jobs": {"j": {"inputs": {}}}},
    ),
    ("components", "tags", {"a": None}, {}),
    ("models", "flavors", {"f": {"data": None}}, {"f": {}}),
    ("data", "properties", {"a": None}, {"a": ""}),
]


@pytest.mark.parametrize(("kind", "member", "left", "right"), EQUAL)
def test_the_spellings_of_one_thing_are_no_difference(kind: str, member: str, left: Any, right: Any) -> None:
    address = Address.of(kind, "n", "1")
    documents = ({"properties": {member: left}}, {"properties": {member: right}})
    assert all_kinds()[kind].differences(address, *documents) == []
    assert all_kinds()[kind].differences(address, *reversed(documents)) == []


@pytest.mark.parametrize(("kind", "member", "left", "right"), UNEQUAL)
def test_two_things_are_a_difference_however_alike(kind: str, member: str, left: Any, right: Any) -> None:
    address = Address.of(kind, "n", "1")
    documents = ({"properties": {member: left}}, {"properties": {member: right}})
    assert all_kinds()[kind].differences(address, *documents) != []
    assert all_kinds()[kind].differences(address, *reversed(documents)) != []


@every_kind
def test_another_asset_is_never_the_same(kind: Kind) -> None:
    asset = filled(kind.example())
    for other in (
        changed(asset, {"description": "Another", "tags": {"x": "y"}}),
        changed(asset, {"tags": {"x": ""}}),
    ):
        assert kind.differences(asset.address, _body(asset), _answer(other)) != []
