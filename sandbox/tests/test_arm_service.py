"""What ARM does before any provider: who asks, how often, for what; and what a careless client is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, TENANT, WORKSPACE, ArmClient, client, principal

from azsandbox.arm.throttle import Throttle


async def test_api_version_is_required_and_looked_at(arm: ArmClient) -> None:
    error = await arm.error(400, "GET", WORKSPACE, version=None)
    assert error == {
        "code": "MissingApiVersionParameter",
        "message": "The api-version query parameter (?api-version=) is required for all requests.",
    }
    await arm.error(400, "GET", f"{WORKSPACE}?api-version=latest", code="NoRegisteredProviderFound")
    assert (await arm.send("GET", f"{WORKSPACE}?API-VERSION=2025-12-01", version=None)).status == 200


async def test_unauthenticated_and_wrong_audience(arm: ArmClient) -> None:
    arm.who = None
    response = await arm.send("GET", WORKSPACE)
    assert response.status == 401
    assert json.loads(response.body)["error"]["code"] == "InvalidAuthenticationToken"
    assert 'authorization_uri="https://login.microsoftonline.com/' in response.headers["WWW-Authenticate"]
    arm.who = principal(audience="https://vault.azure.net")
    await arm.error(401, "GET", WORKSPACE, code="InvalidAuthenticationToken", says="https://vault.azure.net")
    for audience in ("https://management.azure.com/", "https://management.core.windows.net/"):
        arm.who = principal(audience=audience)
        await arm.ok("GET", WORKSPACE)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("data", {"dataType": "unheard_of", "dataUri": "https://example.com"}),
        ("data", {"dataType": "uri_file"}),
        ("components", {"componentSpec": "text"}),
        ("components", {}),
        ("models", {"modelUri": 7, "flavors": []}),
        ("environments", {"condaFile": "- just\n- a list"}),
    ],
)
async def test_careless_properties_get_an_answer(arm: ArmClient, kind: str, properties: Any) -> None:
    response = await arm.send("PUT", f"{WORKSPACE}/{kind}/a/versions/1", {"properties": properties})
    assert response.status < 500


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        f"{WORKSPACE}/unheardOf",
        f"{WORKSPACE}/unheardOf/a",
        f"{GROUP}/providers/Microsoft.Unheard/of",
        f"{GROUP}/providers/Microsoft.Unheard/of/it",
        f"{WORKSPACE}/models/a/versions/1/unheardOf",
    ],
)
async def test_unknown_routes_are_the_gateways_and_marked_for_the_log(arm: ArmClient, path: str) -> None:
    response = await arm.send("GET", path)
    assert response.status == 404
    assert set(json.loads(response.body)["error"]) == {"code", "message"}
    assert response.headers["x-ms-failure-cause"] == "gateway"
    assert response.headers["x-azsandbox-unknown-route"] == "1"


async def test_headers_of_the_front_end(arm: ArmClient) -> None:
    headers = (await arm.send("GET", WORKSPACE)).headers
    assert headers["x-ms-response-type"] == "standard"
    assert headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert headers["x-ms-ratelimit-remaining-subscription-global-reads"] == "3749"
    assert headers["Cache-Control"] == "no-cache"
    missing = (await arm.send("GET", f"{WORKSPACE}/models/a")).headers
    assert missing["x-ms-response-type"] == "error"
    assert missing["x-ms-ratelimit-remaining-subscription-reads"] == "249"


async def test_real_limits_end_in_429_and_recover(tmp_path: Path) -> None:
    arm = client(tmp_path, limits="real")
    await arm.workspace()
    path, body = f"{WORKSPACE}/data/a", {"properties": {"dataType": "uri_file"}}
    statuses = []
    for _ in range(260):
        response = await arm.send("PUT", path, body)
        statuses.append(response.status)
        if response.status == 429:
            break
    assert 180 <= len(statuses) < 250
    assert response.headers["Retry-After"] == "1"
    error = json.loads(response.body)["error"]
    assert error["code"] == "SubscriptionRequestsThrottled"
    assert SUBSCRIPTION in error["message"]
    assert (await arm.send("GET", path)).status == 200  # reads are counted apart
    arm.who = principal("somebody else")
    assert (await arm.send("PUT", path, body)).status == 200  # so are others
    await arm.arm.close()


class _Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _taken(throttle: Throttle, method: str) -> int:
    """How many calls pass in a row."""
    count = 0
    while True:
        try:
            throttle.take(SUBSCRIPTION, principal(), method)
        except Exception:  # noqa: BLE001 - the 429
            return count
        count += 1


@pytest.mark.parametrize(("method", "size", "refill"), [("GET", 250, 25), ("POST", 200, 10), ("DELETE", 200, 10)])
@pytest.mark.parametrize(("limits", "factor"), [("real", 1), ("x20", 20)])
def test_buckets(method: str, size: int, refill: int, limits: str, factor: int) -> None:
    time = _Time()
    throttle = Throttle(limits, time)
    assert _taken(throttle, method) == size
    time.now += 0.5
    assert _taken(throttle, method) == 0  # too early: the wait starts anew
    time.now += 0.9
    assert _taken(throttle, method) == 0
    time.now += 1.1
    assert _taken(throttle, method) == min(size, int(2.5 * refill * factor))


def test_all_principals_share_a_larger_bucket() -> None:
    time = _Time()
    throttle = Throttle("real", time)
    for number in range(15):
        for _ in range(250):
            throttle.take(SUBSCRIPTION, principal(str(number)), "GET")
    with pytest.raises(Exception, match="SubscriptionRequestsThrottled"):
        throttle.take(SUBSCRIPTION, principal("one more"), "GET")


def test_what_fills_the_local_azure_takes_no_tokens() -> None:
    throttle = Throttle("real", _Time())
    for _ in range(300):
        headers = throttle.take(SUBSCRIPTION, principal(), "PUT", seeding=True)
    assert headers["x-ms-ratelimit-remaining-subscription-writes"] == "199"
    assert _taken(throttle, "PUT") == 200
    assert throttle.take(SUBSCRIPTION, principal(), "PUT", seeding=True)


@pytest.mark.parametrize("limits", ["", "x", "x0", "x-1", "fast"])
def test_limits_are_checked(limits: str) -> None:
    with pytest.raises(ValueError):
        Throttle(limits, _Time())


async def test_subscriptions_tenants_and_providers(arm: ArmClient) -> None:
    found = await arm.ok("GET", f"/subscriptions/{SUBSCRIPTION}")
    assert (found["subscriptionId"], found["tenantId"], found["state"]) == (SUBSCRIPTION, TENANT, "Enabled")
    assert [each["subscriptionId"] for each in await arm.every("/subscriptions")] == [SUBSCRIPTION]
    assert [each["tenantId"] for each in await arm.every("/tenants")] == [TENANT]
    base = f"/subscriptions/{SUBSCRIPTION}/providers"
    assert (await arm.ok("GET", f"{base}/microsoft.documentdb"))["registrationState"] == "Registered"
    ours = await arm.ok("POST", f"{base}/Microsoft.MachineLearningServices/register")
    assert {"workspaces", "workspaces/models/versions"} <= {each["resourceType"] for each in ours["resourceTypes"]}
    assert len(await arm.every(base)) > 6
    await arm.error(404, "GET", f"{base}/Microsoft.Unheard", code="InvalidResourceNamespace")
    assert "eastus2" in await arm.names(f"/subscriptions/{SUBSCRIPTION}/locations")


async def test_discovery_of_the_data_plane(arm: ArmClient) -> None:
    from azsandbox.messages import Request

    for path, status in (("/discovery", 200), ("/history/v1.0/runs", 404)):
        request = Request("GET", "eastus2.api.azureml.ms", path, {}, {}, b"", None, path)
        response = await arm.arm.discovery.handle(request)
        assert response.status == status
        if status == 200:
            document = json.loads(response.body)
            assert {"api", "history", "studio"} <= set(document)
            assert document["api"] == "https://eastus2.api.azureml.ms"
