"""Lists: pages, order, what containers say of their versions (AZ-LIST-1, AZ-LIST-8)."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-\d{7}")
BODIES: dict[str, dict[str, Any]] = {
    "codes": {"codeUri": "https://acct.blob.core.windows.net/c/a"},
    "components": {"componentSpec": {"type": "command", "command": "echo"}},
    "data": {"dataType": "uri_file", "dataUri": "https://example.com/a"},
    "environments": {"image": "mcr.microsoft.com/a"},
    "models": {"modelUri": "azureml://datastores/workspaceblobstore/paths/a"},
}


async def fill(arm: ArmClient, kind: str, *names: tuple[str, str]) -> None:
    for name, number in names:
        await arm.ok("PUT", f"{WORKSPACE}/{kind}/{name}/versions/{number}", {"properties": BODIES[kind]})


@pytest.mark.parametrize("kind", BODIES)
async def test_pages_of_fifty_to_the_end(arm: ArmClient, kind: str) -> None:
    await fill(arm, kind, *(("a", str(number)) for number in range(1, 121)))
    url = f"{WORKSPACE}/{kind}/a/versions?$top=50"
    page = await arm.ok("GET", url)
    assert len(page["value"]) == 50
    link = urlsplit(page["nextLink"])
    assert (link.scheme, link.netloc, link.path) == ("https", "management.azure.com", url.partition("?")[0])
    query = parse_qs(link.query)
    assert query["$top"] == ["50"]
    assert query["api-version"] == ["2025-12-01"]
    packed = query["$skipToken"][0]
    state = json.loads(gzip.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))))
    assert state["ShardToShardContinuationToken"]["Multitenant"]["NextSkip"] == 50
    names = await arm.names(url)
    assert names == [str(number) for number in range(120, 0, -1)]
    last = await arm.ok("GET", (await arm.ok("GET", page["nextLink"]))["nextLink"])
    assert list(last) == ["value"]


async def test_nothing_is_shown_twice_or_missed_while_something_is_added(arm: ArmClient) -> None:
    await fill(arm, "data", *(("a", str(number)) for number in range(1, 76)))
    first = await arm.ok("GET", f"{WORKSPACE}/data/a/versions")
    await fill(arm, "data", ("a", "new"))
    second = await arm.ok("GET", first["nextLink"])
    names = [each["name"] for each in (*first["value"], *second["value"])]
    assert sorted(names, key=int) == [str(number) for number in range(1, 76)]


async def test_top_and_order(arm: ArmClient) -> None:
    await fill(arm, "models", *(("a", str(number)) for number in (3, 1, 2)))
    url = f"{WORKSPACE}/models/a/versions"
    newest = await arm.ok("GET", f"{url}?$orderBy=createdtime%20desc&$top=1")
    assert [each["name"] for each in newest["value"]] == ["2"]
    assert await arm.names(f"{url}?$orderBy=createdtime asc") == ["3", "1", "2"]
    assert await arm.names(f"{url}?$top=2") == ["2", "1", "3"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [("environments", ["b", "a"]), ("components", ["b", "a"]), ("models", ["a", "b"]), ("data", ["a", "b"])],
)
async def test_order_of_containers(arm: ArmClient, kind: str, names: list[str]) -> None:
    await fill(arm, kind, ("a", "1"), ("b", "1"), ("a", "2"))
    assert await arm.names(f"{WORKSPACE}/{kind}") == names


async def container(arm: ArmClient, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties of a container, alone and in a list."""
    alone = (await arm.ok("GET", f"{WORKSPACE}/{kind}/a"))["properties"]
    listed = await arm.every(f"{WORKSPACE}/{kind}")
    return alone, listed[0]["properties"]


async def test_environment_containers(arm: ArmClient) -> None:
    await fill(arm, "environments", ("a", "1"), ("a", "2"))
    for found in await container(arm, "environments"):
        assert list(found.items()) == [
            ("description", ""),
            ("tags", {}),
            ("properties", {}),
            ("isArchived", False),
            ("latestVersion", "2"),
            ("nextVersion", "3"),
            ("provisioningState", "Succeeded"),
        ]
    await fill(arm, "environments", ("a", "bar"))
    found = (await container(arm, "environments"))[0]
    assert (found["latestVersion"], found["nextVersion"]) == ("bar", "1")


async def test_container_of_anonymous_environments_is_listed(arm: ArmClient) -> None:
    await fill(arm, "environments", ("CliV2AnonymousEnvironment", "0123abcd"))
    found = (await arm.every(f"{WORKSPACE}/environments"))[0]
    assert found["name"] == "CliV2AnonymousEnvironment"
    assert (found["properties"]["latestVersion"], found["properties"]["nextVersion"]) == ("0", "1")


async def test_component_containers(arm: ArmClient) -> None:
    await fill(arm, "components", ("a", "1"))
    found = (await container(arm, "components"))[1]
    assert found["latestVersion"] is None
    assert TIMESTAMP.fullmatch(found["nextVersion"])
    await fill(arm, "components", ("a", found["nextVersion"]))


async def test_model_containers(arm: ArmClient) -> None:
    alone = await arm.ok("PUT", f"{WORKSPACE}/models/a", {"properties": {"description": "d", "tags": {"a": "b"}}})
    assert (alone["properties"]["latestVersion"], alone["properties"]["nextVersion"]) == (None, "1")
    assert alone["properties"]["tags"] == {"a": "b"}
    await fill(arm, "models", ("a", "3"))
    found = (await container(arm, "models"))[0]
    assert (found["latestVersion"], found["nextVersion"], found["description"]) == ("3", "4", "d")


async def test_data_containers(arm: ArmClient) -> None:
    await fill(arm, "data", ("a", "1"))
    alone, listed = await container(arm, "data")
    assert list(listed) == [
        "description",
        "tags",
        "properties",
        "isArchived",
        "latestVersion",
        "nextVersion",
        "dataType",
    ]
    assert (listed["latestVersion"], listed["tags"], listed["dataType"]) == ("1", None, "uri_file")
    assert TIMESTAMP.fullmatch(listed["nextVersion"])
    assert alone["nextVersion"] == "2"


async def test_latest_is_the_newest_by_time(arm: ArmClient) -> None:
    await fill(arm, "models", ("a", "7"), ("a", "2"))
    assert (await container(arm, "models"))[0]["latestVersion"] == "2"
    await arm.ok("DELETE", f"{WORKSPACE}/models/a/versions/2")
    assert (await container(arm, "models"))[0]["latestVersion"] == "7"


async def test_default_version_of_a_component(arm: ArmClient) -> None:
    await fill(arm, "components", ("a", "1"), ("a", "2"))
    found = await arm.ok("GET", f"{WORKSPACE}/components/a/versions/azureml_default")
    assert (found["id"], found["name"]) == (f"{WORKSPACE}/components/a/labels/default", "2")


async def test_thirty_datastores_a_page_newest_first(arm: ArmClient) -> None:
    credentials = {"credentialsType": "None"}
    for number in range(40):
        body = {"datastoreType": "AzureBlob", "accountName": "acct", "containerName": "c"}
        await arm.ok(
            "PUT", f"{WORKSPACE}/datastores/s{number}", {"properties": {**body, "credentials": credentials}}
        )
    page = await arm.ok("GET", f"{WORKSPACE}/datastores")
    assert len(page["value"]) == 30
    names = await arm.names(f"{WORKSPACE}/datastores")
    assert names[:40] == [f"s{number}" for number in range(39, -1, -1)]
    assert len(names) == 44
    assert names[::-1] == await arm.names(f"{WORKSPACE}/datastores?orderByAsc=true")
    assert len((await arm.ok("GET", f"{WORKSPACE}/datastores?count=7"))["value"]) == 7


@pytest.mark.parametrize(
    "collection",
    [
        "jobs",
        "schedules",
        "onlineEndpoints",
        "batchEndpoints",
        "computes",
        "connections",
        "outboundRules",
        "featuresets",
        "featurestoreEntities",
        "serverlessEndpoints",
        "marketplaceSubscriptions",
        "privateEndpointConnections",
        "capabilityHosts",
        "codes",
        "components",
        "data",
        "environments",
        "models",
    ],
)
async def test_empty_collections(arm: ArmClient, collection: str) -> None:
    response = await arm.send("GET", f"{WORKSPACE}/{collection}")
    assert (response.status, json.loads(response.body)) == (200, {"value": []})


async def test_workspaces_of_a_subscription_and_a_group(arm: ArmClient) -> None:
    kind = "providers/Microsoft.MachineLearningServices/workspaces"
    for scope in (GROUP, f"/subscriptions/{SUBSCRIPTION}"):
        assert await arm.names(f"{scope}/{kind}") == ["source"]
    other = "/subscriptions/22222222-2222-3333-4444-555555555555"
    assert await arm.every(f"{other}/{kind}") == []


async def test_bad_token_is_refused(arm: ArmClient) -> None:
    await arm.error(400, "GET", f"{WORKSPACE}/data?$skipToken=nonsense", code="InvalidSkipToken")


@pytest.mark.parametrize("kind", BODIES)
async def test_whose_times_a_name_has_in_its_list(arm: ArmClient, kind: str) -> None:
    # AZ-LIST-16.
    await fill(arm, kind, ("a", "1"), ("a", "2"))
    (line,), name, newest = (
        (await arm.ok("GET", f"{WORKSPACE}/{kind}"))["value"],
        await arm.ok("GET", f"{WORKSPACE}/{kind}/a"),
        await arm.ok("GET", f"{WORKSPACE}/{kind}/a/versions/2"),
    )
    shown = newest if kind in ("components", "environments") else name
    assert line["systemData"] == shown["systemData"]
    assert name["systemData"]["createdAt"] < newest["systemData"]["createdAt"]


@pytest.mark.parametrize("kind", ["data", "models"])
async def test_which_lists_leave_anonymous_versions_out(arm: ArmClient, kind: str) -> None:
    # AZ-LIST-17: recorded of models alone.
    for number, anonymous in (("1", False), ("2", True)):
        properties = BODIES[kind] | {"isAnonymous": anonymous}
        await arm.ok("PUT", f"{WORKSPACE}/{kind}/a/versions/{number}", {"properties": properties})
    seen = {
        view: await arm.names(f"{WORKSPACE}/{kind}/a/versions?listViewType={view}")
        for view in ("ActiveOnly", "ArchivedOnly", "All")
    }
    active = ["1"] if kind == "models" else ["2", "1"]
    assert seen == {"ActiveOnly": active, "ArchivedOnly": [], "All": ["2", "1"]}
