"""Steps and headers: as they are written, so they are read; anything else is bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.builders.world import OLD, header, step

from amlmigrate.core.address import Address
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.plan import FORMAT, Action, Bytes, Header, Plan, Step
from amlmigrate.core.workspace import Location

DOCUMENT = step(
    "models/m/3",
    "models/m/2",
    "blobs/azureml/a",
    action=Action.UPDATE,
    reason="changed",
    source_id="/old",
    target_id="/new",
    source_sha256="ab" * 32,
    body={"properties": {"tags": {"é": "\u2028"}, "n": [1, 2.5, None, True]}},
    rewrites=(Rewrite("/properties/modelUri", "from", "to"),),
)
COPY = step(
    "blobs/azureml/a/b",
    action=Action.COPY,
    source_sha256="cd" * 32,
    bytes=Bytes(Location("acct", "azureml", "a/b"), Location("cmkacct", "azureml", "a/b"), 3, 2**40),
    rewrites=(Rewrite("a/b/MLTable:3", "- file: from\n", "- file: to\n"),),
)
STEPS = [DOCUMENT, COPY, step("models/m/3#archive", "models/m/3"), step("jobs", action=Action.MANUAL)]
HEADER = header(
    counts={"models": {"create": 2}},
    estimate={"arm_reads": 1.0},
    findings=(
        Finding("warning", "models/m/3", "what", "remedy", "names-source"),
        Finding("error", "", "what", "remedy", ""),
    ),
    extra={"example": True, "note": {"a": [1]}},
)


@pytest.mark.parametrize("one", STEPS, ids=str)
def test_a_step_reads_as_it_was_written(one: Step) -> None:
    assert Step.of_dict(json.loads(json.dumps(one.as_dict()))) == one


def test_a_header_reads_as_it_was_written() -> None:
    assert Header.of_dict(json.loads(json.dumps(HEADER.as_dict()))) == HEADER


def test_the_members_of_a_step_are_the_contracts() -> None:
    line = {
        "record",
        "address",
        "action",
        "reason",
        "source_id",
        "target_id",
        "source_sha256",
        "after",
        "rewrites",
    }
    assert set(DOCUMENT.as_dict()) == line | {"body"}
    assert DOCUMENT.as_dict()["rewrites"] == [{"where": "/properties/modelUri", "from": "from", "to": "to"}]
    assert set(COPY.as_dict()) == line | {"blobs", "bytes", "from", "to"}
    assert (COPY.as_dict()["blobs"], COPY.as_dict()["bytes"]) == (3, 2**40)


def test_the_members_of_a_header_are_the_contracts() -> None:
    assert set(header().as_dict()) == {
        "record", "format", "tool", "name", "created", "source", "target", "inventory_sha256", "counts", "blobs",
        "bytes", "estimate", "findings",
    }  # fmt: skip
    assert set(header().as_dict()["source"]) == {"id", "workspaceId", "location", "encryption"}


@pytest.mark.parametrize(
    "missing", [name for name in DOCUMENT.as_dict() if name not in ("record", "body", "rewrites")]
)
def test_a_step_that_lacks_a_member_is_refused(missing: str) -> None:
    line = {name: value for name, value in DOCUMENT.as_dict().items() if name != missing}
    with pytest.raises(BadInputError, match="cannot be read"):
        Step.of_dict(line)


@pytest.mark.parametrize(
    "changed",
    [
        {"action": "destroy"},
        {"address": ""},
        {"after": ["models*/x"]},
        {"after": None},
        {"rewrites": [{"where": "/a"}]},
        {"blobs": 1},
        {"blobs": 1, "bytes": 1, "from": ["a"], "to": []},
    ],
)
def test_a_step_with_an_unknown_value_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        Step.of_dict(DOCUMENT.as_dict() | changed)


@pytest.mark.parametrize("missing", [name for name in header().as_dict() if name not in ("record", "format")])
def test_a_header_that_lacks_a_member_is_refused(missing: str) -> None:
    line = {name: value for name, value in HEADER.as_dict().items() if name != missing}
    with pytest.raises(BadInputError, match=missing):
        Header.of_dict(line)


@pytest.mark.parametrize(
    "changed", [{"record": "step"}, {"format": "1"}, {"format": None}, {"findings": [{"severity": "error"}]}]
)
def test_what_is_no_header_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        Header.of_dict(HEADER.as_dict() | changed)


def test_a_header_of_a_newer_format_is_refused_by_its_number() -> None:
    with pytest.raises(BadInputError, match=f"format {FORMAT + 1}") as caught:
        Header.of_dict({"record": "header", "format": FORMAT + 1})
    assert "version of migrate" in caught.value.remedy


def test_a_header_names_both_workspaces() -> None:
    assert HEADER.source_ref == OLD
    assert HEADER.target_ref != OLD


def test_only_a_header_that_says_so_is_an_example() -> None:
    assert HEADER.example
    assert not header().example


def test_a_step_is_found_by_its_exact_address() -> None:
    plan = Plan(HEADER, tuple(STEPS), "")
    assert plan.step(Address.parse("models/m/3")) is DOCUMENT
    assert plan.step(Address.parse("models/m/3#archive")) is STEPS[2]
    assert plan.step(Address.parse("models/m")) is None


def test_a_place_has_three_parts_in_a_plan_whatever_its_address_said_of_the_cloud() -> None:
    amount = Bytes(Location("a", "c", "d"), Location("b", "t", "d", "core.windows.net"), 1, 1)
    line = Step(Address.parse("blobs/c/d"), Action.COPY, bytes=amount).as_dict()
    assert (line["from"], line["to"]) == (("a", "c", "d"), ("b", "t", "d"))
    assert Step.of_dict(line).bytes == amount
