"""Raw requests through the pipeline of azure-mgmt-machinelearningservices, many at once, in the running sandbox."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from arm_harness import usual_version

pytestmark = pytest.mark.filterwarnings("ignore")


class Raw:
    """The management client with nothing but its pipeline in use."""

    def __init__(self, client: Any, subscription: str) -> None:
        self._client = client
        short = uuid.uuid4().hex[:8]
        self.group = f"/subscriptions/{subscription}/resourceGroups/raw-{short}"
        self.account, self.vault = f"raw{short}", f"rawkv{short}"
        self.workspace = f"{self.group}/providers/Microsoft.MachineLearningServices/workspaces/raw{short}"

    async def send(self, method: str, url: str, body: Any = None) -> Any:
        """The answer."""
        from azure.core.rest import HttpRequest

        if "api-version=" not in url:
            url += ("&" if "?" in url else "?") + f"api-version={usual_version(url)}"
        full = url if url.startswith("https:") else f"https://management.azure.com{url}"
        response = await self._client._send_request(HttpRequest(method, full, json=body))
        assert response.status_code < 300, (method, url, response.text())
        return response

    async def make(self) -> None:
        """A workspace with what it needs."""
        await self.send("PUT", self.group, {"location": "eastus2"})
        account = f"{self.group}/providers/Microsoft.Storage/storageAccounts/{self.account}"
        vault = f"{self.group}/providers/Microsoft.KeyVault/vaults/{self.vault}"
        for path in (account, vault):
            await self.send("PUT", path, {"location": "eastus2", "properties": {}})
        body = {"location": "eastus2", "properties": {"storageAccount": account, "keyVault": vault}}
        response = await self.send("PUT", self.workspace, body)
        await self.wait(response)

    async def wait(self, response: Any) -> None:
        """Until the operation of an answer has ended."""
        for _ in range(100):
            if (await self.send("GET", response.headers["Azure-AsyncOperation"])).json()["status"] == "Succeeded":
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the operation does not end")


@pytest.fixture
async def raw(azure_env: Any) -> AsyncIterator[Raw]:
    from azure.identity.aio import EnvironmentCredential
    from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient

    subscription = azure_env.env["AZURE_SUBSCRIPTION_ID"]
    async with (
        EnvironmentCredential() as credential,
        MachineLearningServicesMgmtClient(credential, subscription) as client,
    ):
        made = Raw(client, subscription)
        await made.make()
        yield made


async def test_many_versions_written_listed_and_read(raw: Raw) -> None:
    data = f"{raw.workspace}/data/many/versions"
    body = {"properties": {"dataType": "uri_file", "dataUri": "azureml://datastores/workspaceblobstore/paths/a"}}
    written = await asyncio.gather(*(raw.send("PUT", f"{data}/{number}", body) for number in range(120)))
    assert {each.status_code for each in written} == {201}
    names, link = [], data
    while link:
        page = (await raw.send("GET", link)).json()
        names += [each["name"] for each in page["value"]]
        link = page.get("nextLink")
    assert sorted(map(int, names)) == list(range(120))
    read = await asyncio.gather(*(raw.send("GET", f"{data}/{number}") for number in range(120)))
    assert [each.json() for each in read] == [each.json() for each in written]


async def test_a_whole_life(raw: Raw) -> None:
    environment = f"{raw.workspace}/environments/a-b/versions/1-0"
    made = (await raw.send("PUT", environment.replace("-b", "%2Db"), {"properties": {"image": "i"}})).json()
    assert made["id"] == environment
    deleted = await raw.send("DELETE", f"{raw.workspace}?forceToPurge=true")
    await raw.wait(deleted)
    assert (await raw.send("GET", deleted.headers["Location"])).status_code == 200
    assert (await raw.send("DELETE", raw.workspace)).status_code == 204
