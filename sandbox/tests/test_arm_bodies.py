"""Names and bodies that Microsoft's descriptions do not allow are refused, and what is real passes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arm_examples import EXAMPLES
from arm_harness import WORKSPACE, ArmClient
from bicep_types import Types

from azsandbox.arm.bodies import gather
from azsandbox.arm.bodies.checking import problems
from azsandbox.arm.bodies.descriptions import FOLDER, VERSIONS, description_of

ML = "Microsoft.MachineLearningServices"
NEW = "2025-12-01"


def _type(path: str) -> str:
    return "/".join(("workspaces", *path.partition("?")[0].split("/")[::2]))


def _wrong(path: str, body: Any, now: Any = None, version: str = NEW) -> list[str]:
    described = description_of(version)
    return [str(each) for each in problems(described, described.bodies[_type(path).lower()], body, now)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_data_is_what_the_descriptions_say(shared: Path, version: str) -> None:
    assert (FOLDER / f"ml-{version}.json").read_text() == gather.written(gather.read(shared / "specs", version))


def test_an_api_version_is_held_to_the_newest_description_before_it() -> None:
    described = {
        version: description_of(version)
        for version in ("2022-05-01", *VERSIONS, "2025-10-01-preview", "2030-01-01")
    }
    assert described["2022-05-01"] is described["2024-04-01"] is described["2025-10-01-preview"]
    assert described["2030-01-01"] is described["2025-12-01"] is not described["2024-04-01"]


def _changed(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The body with one thing in it another: each member once gone, once of every other sort."""
    here = body
    for step in at:
        here = here[step]
    if isinstance(here, dict | list):
        for step in list(here) if isinstance(here, dict) else range(len(here)):
            yield from _changed(body, (*at, step))
    if not at:
        return
    for value in (None, [], {}, [1], {"a": []}, 7, True, "", "other", "-"):
        made = copy.deepcopy(body)
        holder = made
        for step in at[:-1]:
            holder = holder[step]
        holder[at[-1]] = value
        yield at, made


# What the checker of these tests holds against a body and the service takes: see `bodies/checking.py`.
_TAKEN = ("unknown", " is no StringType", "is not ", "none of the union")


@pytest.mark.parametrize("path", EXAMPLES)
def test_what_is_wrong_is_seen_and_nothing_else(shared: Path, path: str) -> None:
    """Held against another reading of the same types; what that does not see are patterns and lengths."""
    types = Types(shared / "specs" / "bicep-types" / f"ml-{NEW}.types.json")
    assert _wrong(path, EXAMPLES[path]) == []
    seen = set()
    for at, body in _changed(EXAMPLES[path]):
        theirs = _theirs(types, path, body)
        ours = _wrong(path, body)
        if not theirs:  # it leaves out patterns, lengths, and what is required at the top
            assert len(at) == 1 or not ours or _only(ours, "match", "Length", "one of ", "duration"), (body, ours)
        elif not _only(theirs, *_TAKEN):
            assert ours, (body, theirs)
            seen |= set(ours)
    assert seen or path.split("/")[0] in ("capabilityHosts", "privateEndpointConnections")


def _theirs(types: Types, path: str, body: Any) -> list[str]:
    try:
        return types.problems_of_request(f"{ML}/{_type(path)}", body)
    except TypeError:  # it looks a discriminator up that is no string
        return ["a discriminator is no string"]


def _only(problems: list[str], *words: str) -> bool:
    return all(any(word in each for word in words) for each in problems)


@pytest.mark.parametrize(
    ("path", "change", "problem"),
    [
        ("computes/cluster", {"computeType": "Mainframe"}, "properties.computeType: one of "),
        ("computes/cluster", {"computeType": None}, "properties.computeType: one of "),
        ("computes/cluster", {"properties": {"scaleSettings": {}}}, "scaleSettings.maxNodeCount: it is required"),
        ("computes/cluster", {"properties": {"currentNodeCount": 1}}, "currentNodeCount: it is read-only"),
        ("computes/cluster", {"properties": {"vmPriority": "Free"}}, "properties.vmPriority: one of Dedicated"),
        ("computes/cluster", {"computeType": "AKS", "properties": {"agentCount": -1}}, "beyond the minValue of 0"),
        ("schedules/daily", {"trigger": {"triggerType": "Cron"}}, "properties.trigger.expression: it is required"),
        ("schedules/daily", {"trigger": {"triggerType": "Moon"}}, "properties.trigger.triggerType: one of "),
        ("schedules/daily", {"action": None}, "properties.action: it is required"),
        ("schedules/daily", {"isEnabled": "yes"}, "properties.isEnabled: a boolean is expected"),
        ("connections/git", {"authType": "Handshake"}, "properties.authType: one of "),
        ("connections/git", {"credentials": "secret"}, "properties.credentials: an object is expected"),
        ("onlineEndpoints/scoring", {"authMode": "Trust"}, "properties.authMode: one of "),
        ("onlineEndpoints/scoring", {"traffic": {"blue": "all"}}, "traffic.blue: a number is expected"),
        (
            "onlineEndpoints/scoring/deployments/blue",
            {"requestSettings": {"requestTimeout": "5 s"}},
            "requestTimeout: a duration is expected",
        ),
        (
            "onlineEndpoints/scoring/deployments/blue",
            {"codeConfiguration": {"codeId": "c"}},
            "codeConfiguration.scoringScript: it is required",
        ),
        ("environments/built/versions/1", {"build": {}}, "properties.build.contextUri: it is required"),
        ("environments/built/versions/1", {"image": ["a"]}, "properties.image: a string is expected"),
        ("data/table/versions/1", {"dataUri": "///"}, "properties.dataUri: it does not match "),
        ("data/table/versions/1", {"dataType": "parquet"}, "properties.dataType: one of "),
    ],
)
def test_which_member_is_wrong_is_told(path: str, change: dict[str, Any], problem: str) -> None:
    body = {**EXAMPLES[path], "properties": {**EXAMPLES[path]["properties"], **change}}
    assert problem in "; ".join(_wrong(path, body))


@pytest.mark.parametrize("length", ["P1D", "PT5S", "PT0.5S", "P1Y2M3DT4H5M6S", "P2W", "-PT1M"])
@pytest.mark.parametrize("wrong", ["", " "])
def test_durations(length: str, wrong: str) -> None:
    path = "onlineEndpoints/scoring/deployments/blue"
    properties = {**EXAMPLES[path]["properties"], "requestSettings": {"requestTimeout": length + wrong}}
    assert bool(_wrong(path, {**EXAMPLES[path], "properties": properties})) is bool(wrong)


# `_to_rest` of azure-ai-ml made or Microsoft published them; two are no requests of these api-versions.
_NOT_SENT = {
    "spec-answer": ["marketplacePlan", "marketplaceSubscriptionStatus", "provisioningState"],  # an answer
    "schedule_data_import_inline": ["action.actionType"],  # of previews alone
}


def test_what_others_have_published_passes(shared: Path) -> None:
    lines = (shared / "real" / "rest-of-workspace-examples.jsonl").read_text().splitlines()
    refused, passed = {}, 0
    for row in map(json.loads, lines):
        type_ = f"workspaces/{row['kind']}".lower()
        if row.get("properties") is None or type_ not in description_of(NEW).bodies:
            continue
        found = problems(
            description_of(NEW), description_of(NEW).bodies[type_], {"location": "eastus2"} | row, None
        )
        passed += not found
        if found:
            refused[row["name"]] = [each.path.removeprefix("properties.") for each in found]
    assert refused == _NOT_SENT
    assert passed > 45


def test_a_read_only_member_may_be_sent_as_it_is() -> None:
    path = "models/model"
    now = {"properties": {"latestVersion": "3", "provisioningState": "Succeeded"}}
    assert _wrong(path, now, now) == []
    assert _wrong(path, {"properties": {"latestVersion": "4"}}, now) == [
        "properties.latestVersion: it is read-only"
    ]
    assert _wrong(path, now) != []


async def test_the_front_end_names_every_problem(arm: ArmClient) -> None:
    path = f"{WORKSPACE}/environments/env/versions/1"
    body = {"properties": {"image": {}, "build": {"dockerfilePath": "D"}, "osType": "DOS"}}
    error = await arm.error(400, "PUT", path, body)
    assert (error["code"], error["message"]) == ("UserError", "Request is invalid and/or missing fields.")
    assert {each["code"] for each in error["details"]} == {"RequestInvalid"}
    assert [each["message"].partition(":")[0] for each in error["details"]] == [
        "properties.build.contextUri",
        "properties.image",
        "properties.osType",
    ]
    await arm.error(404, "GET", f"{WORKSPACE}/environments/env")


async def test_computes_and_connections_are_refused_in_their_providers_shape(arm: ArmClient) -> None:
    for path, body in (
        ("computes/cluster", {"location": "eastus2", "properties": {"computeType": "X"}}),
        ("connections/c", {"properties": {"authType": "PAT", "category": 3, "credentials": []}}),
        ("connections/no.dots", {"properties": {"authType": "None", "category": "Git", "target": "t"}}),
    ):
        response = await arm.send("PUT", f"{WORKSPACE}/{path}", body)
        document = json.loads(response.body)
        assert (response.status, document["statusCode"], document["componentName"]) == (400, 400, "account-rp"), (
            path
        )
        await arm.error(404, "GET", f"{WORKSPACE}/{path}")


@pytest.mark.parametrize("kind", ["environments", "models", "data", "components", "codes"])
@pytest.mark.parametrize("name", ["torch-1.9", "a b", "-a", "a" * 256, "a/../b", "ü"])
async def test_names_that_no_asset_may_have(arm: ArmClient, kind: str, name: str) -> None:
    path = next(path for path in EXAMPLES if path.startswith(f"{kind}/") and "/versions/" in path)
    if "/" in name:
        return
    error = await arm.error(400, "PUT", f"{WORKSPACE}/{kind}/{name}/versions/1", EXAMPLES[path])
    assert [each["message"] for each in error["details"]] == [
        "Resource name is invalid. Resource name can only contain alphanumeric characters, dashes, and underscores, "
        "with a limit of 255 characters."
    ]
    await arm.error(400, "PUT", f"{WORKSPACE}/{kind}/{name}", {"properties": {"dataType": "mltable"}})


@pytest.mark.parametrize(
    "path", ["datastores/a.b", "schedules/a.b", "onlineEndpoints/a.b", "jobs/a.b", "computes/c-1"]
)
async def test_names_that_others_may_not_have(arm: ArmClient, path: str) -> None:
    example = next(each for each in EXAMPLES if each.startswith(path.partition("/")[0] + "/"))
    await arm.error(400, "PUT", f"{WORKSPACE}/{path}", EXAMPLES[example])
