"""The model of a provision file and the schema that is made of it take and refuse the same, each with its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.provisioning.provisioned import FILE

from amlmigrate.core import schemas
from amlmigrate.provisioning import reading

ID = f"/subscriptions/{FILE['subscription']}/resourceGroups/g/providers"
ENDPOINT = {
    "name": "pe-one",
    "subnet": f"{ID}/Microsoft.Network/virtualNetworks/v/subnets/s",
    "dnsZones": [f"{ID}/Microsoft.Network/privateDnsZones/privatelink.azurecr.io"],
}
NETWORK = {"publicAccess": "Enabled", "defaultAction": "Deny", "trustedServices": True, "ipRules": ["1.2.3.4"]}
EVERYTHING: dict[str, Any] = {
    **FILE,
    "tags": {**FILE["tags"], "env": "prod"},
    "adopted": {"stone": {"allow": ["encryption", "grants"]}},
    "profiles": {"house": {"type": "RSA", "size": 4096, "expires": "P1Y", "reasons": {"size": "so"}}},
    "keyVault": {"name": "kv-keys", "softDeleteDays": 30, "access": "roles", "network": NETWORK},
    "key": {"name": "k", "type": "RSA-HSM", "size": 3072, "expires": "P90D", "rotate": "P2M", "notify": "P10D"},
    "storage": {"name": "stone", "sku": "Standard_ZRS", "privateEndpoints": {"blob": ENDPOINT}, "sharedKey": True},
    "registry": {"name": "crone", "adminUser": False, "publicAccess": "Disabled", "privateEndpoint": ENDPOINT},
    "logAnalytics": {"id": f"{ID}/Microsoft.OperationalInsights/workspaces/logs"},
    "workspace": {
        "name": "one",
        "keyVault": {"id": f"{ID.upper()}/MICROSOFT.KEYVAULT/VAULTS/kv", "access": "policies"},
        "encryption": {"mode": "classic", "cosmosDbPrincipalId": FILE["subscription"]},
        "managedNetwork": "Disabled",
        "hbiWorkspace": True,
        "privateEndpoint": ENDPOINT,
    },
}
SCHEMA = reading.schema()
ODD = [
    *(None, True, False, 0, 1, 7, 7.0, 7.5, 2048, 3072.0, 30.0, 91, "", "x", "-", "a" * 200, "x\n", "a--b", "/x"),
    *(
        "roles",
        "Enabled",
        "service-side",
        "classic",
        "RSA",
        "P1Y",
        "P",
        "P1Y\n",
        "Standard_LRS",
        ID,
        f"{ID}/a/b/c",
    ),
    *([], ["x"], [None], ["keys"], {}, {"x": 1}, {"name": "one"}, {"id": "x"}, {"name": "one", "id": "x"}),
    *({"allow": []}, {"mode": "classic"}, ENDPOINT, NETWORK, EVERYTHING["keyVault"]),
]
NAMES = [
    "id",
    "name",
    "profile",
    "colour",
    "network",
    "sku",
    "soft_delete_days",
    "softDeleteDays",
    "retentionDays",
]


def _ways(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    for key, child in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _ways(child, (*way, key))


WAYS = [way for way in _ways(EVERYTHING) if way]


def _refused_by_the_schema(document: Any) -> bool:
    return next(schemas.validator(SCHEMA).iter_errors(document), None) is not None


@st.composite
def files_of_people(draw: st.DrawFn) -> dict[str, Any]:
    """The file with everything, in some places something else, or nothing, or more."""
    document = copy.deepcopy(EVERYTHING)
    for _ in range(draw(st.integers(1, 3))):
        way, value = draw(st.sampled_from(WAYS)), copy.deepcopy(draw(st.sampled_from(ODD)))
        what = draw(st.sampled_from(["change", "drop", "add"]))
        *above, last = way
        held: Any = document
        for key in above:
            held = (
                held[key]
                if isinstance(held, dict | list) and key in (held if isinstance(held, dict) else range(len(held)))
                else None
            )
        if isinstance(held, dict):
            if what == "drop":
                held.pop(last, None)
            else:
                held[draw(st.sampled_from(NAMES)) if what == "add" else last] = value
        elif isinstance(held, list) and what == "change":
            held[:] = [value]
    return document


def test_the_file_with_everything_is_taken() -> None:
    assert reading.problems(EVERYTHING) == []
    assert not _refused_by_the_schema(EVERYTHING)


@settings(max_examples=400, deadline=None)
@given(files_of_people())
def test_the_schema_refuses_what_the_model_refuses_and_nothing_else(document: dict[str, Any]) -> None:
    assert bool(reading.problems(document)) == _refused_by_the_schema(document)


@given(files_of_people())
def test_every_problem_is_told_with_a_place_that_the_file_has(document: dict[str, Any]) -> None:
    for place, told in reading.problems(document):
        held: Any = document
        for name in place.split(".") if place else ():
            held = held[int(name)] if isinstance(held, list) else held[name]
        assert told
        assert "\n" not in told


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"location": 5}, [("location", "5 is not a text")]),
        ({"keyVault": {"name": "kv-keys", "softDeleteDays": 5}}, [("keyVault.softDeleteDays", "5 is less than the minimum of 7")]),
        ({"keyVault": {"name": "kv-keys", "softDeleteDays": 91}}, [("keyVault.softDeleteDays", "91 is greater than the maximum of 90")]),
        ({"keyVault": {"name": "kv-keys", "softDeleteDays": "30"}}, [("keyVault.softDeleteDays", "'30' is not a whole number")]),
        ({"keyVault": {"name": "kv-keys", "softDeleteDays": 30.0}}, []),
        ({"key": {"name": "k", "size": 1024}}, [("key.size", "1024 is not one of [2048, 3072, 4096]")]),
        ({"key": {"name": "k", "size": True}}, [("key.size", "true is not one of [2048, 3072, 4096]")]),
        ({"registry": {"name": "crone", "adminUser": "yes"}}, [("registry.adminUser", "'yes' is not true or false")]),
        ({"registry": None}, [("registry", "null is not a map")]),
        ({"tags": ["a"]}, [("tags", "['a'] is not a map")]),
        ({"tags": {**FILE["tags"], "a": 1}}, [("tags.a", "1 is not a text")]),
        ({"tags": {"owner": "risk"}}, [("tags", "'contact' is missing")]),
        ({"tags": {**FILE["tags"], "owner": " "}}, [("tags.owner", "' ' is not one line of text")]),
        ({"adopted": {"kv": {"allow": "keys"}}}, [("adopted.kv.allow", "'keys' is not a list")]),
        ({"registry": {"name": "crone", "privateEndpoint": {**ENDPOINT, "dnsZones": []}}}, [("registry.privateEndpoint.dnsZones", "it is empty, and needs one entry")]),
        ({"key": {}}, [("key", "'name' is missing")]),
        ({"a": 1, "b": 2}, [("", "the members 'a', 'b' are unknown")]),
        ({"key_vault": {"name": "kv-keys"}}, [("", "the member 'key_vault' is unknown")]),
        ({"storage": {"name": "st"}}, [("storage.name", "'st' is not a name of 3 to 24 lower-case letters and digits (example: stworkspace1)")]),
        (
            {"storage": {"id": "x", "sku": "y"}},
            [("storage.id", "'x' is not the ARM id of a storage account (example: /subscriptions/0"), ("storage.sku", "'y' is not one of ['Standard_LRS', "), ("storage.sku", "not together with `id`")],
        ),
        ({"identity": {"name": "id-one", "id": "x"}}, [("identity", "give either `name` or `id`"), ("identity.id", "'x' is not the ARM id of a user-assigned identity (")]),
    ],
)  # fmt: skip
def test_each_problem_is_told_at_its_place(changed: dict[str, Any], told: list[tuple[str, str]]) -> None:
    found = reading.problems({**FILE, **changed})
    assert [place for place, _ in found] == [place for place, _ in told]
    assert all(text.startswith(start) for (_, text), (_, start) in zip(sorted(found), sorted(told), strict=True))


def test_the_shipped_schema_is_made_of_the_model() -> None:
    shipped = (files("amlmigrate.provisioning") / "file.schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == SCHEMA, "run `make docs`"


def test_the_documented_example_holds_to_the_schema_too() -> None:
    example = Path(__file__).parents[3] / "docs" / "how-to" / "provision-example.yaml"
    assert not _refused_by_the_schema(yaml.safe_load(example.read_text()))
