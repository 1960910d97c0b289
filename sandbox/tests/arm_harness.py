"""ARM in one process: a client that speaks to `handle`, and storage accounts that exist only in memory."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from azsandbox.arm import Arm, apiversions, build
from azsandbox.arm.access.evaluation import Terms
from azsandbox.arm.clock import Clock
from azsandbox.messages import ContainerShown, Principal, Request, Response, ShareShown

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/source"
VERSION = "2025-12-01"
# The shared material of the project's developers; what needs it is skipped elsewhere.
SHARED = Path(__file__).resolve().parents[3] / "shared"
NO_SHARED = f"no {SHARED.name} folder beside the project"


_OWN, _ML = "microsoft.resources", "microsoft.machinelearningservices"


def usual_version(url: str) -> str:
    """That of Azure ML for whatever is Azure ML's, else the newest of what a URL or a path leads to."""
    path = unquote(urlsplit(url).path).lower()
    tokens = path.rpartition("/providers/")[2].split("/") if "/providers/" in path else []
    type_ = _OWN if len(tokens) < 2 or path.endswith("register") else "/".join((tokens[0], *tokens[1::2]))
    return VERSION if type_.startswith(_ML) or not apiversions.versions(type_) else apiversions.newest(type_)


class FakeAccounts:
    """`azsandbox.messages.Accounts` without any storage."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, ContainerShown]] = {}
        self.made_keys: dict[tuple[str, int], str] = {}
        self.made_shares: dict[str, dict[str, ShareShown]] = {}
        self.empty: set[str] = set()  # prefixes at which there are no bytes; at all others there is a blob

    async def create(self, account: str) -> None:
        self.made.setdefault(account, {})

    async def delete(self, account: str) -> None:
        self.made.pop(account, None)

    def keys(self, account: str) -> tuple[str, str]:
        self.made[account]
        first, second = (self.made_keys.get((account, number), "") for number in (0, 1))
        return (f"{account}-key1{first}", f"{account}-key2{second}")

    async def regenerate(self, account: str, number: int) -> None:
        self.made_keys[account, number] = self.made_keys.get((account, number), "") + "+"

    async def create_container(
        self, account: str, container: str, encryption: tuple[str, bool] | None = None
    ) -> None:
        scope, deny = encryption or ("$account-encryption-key", False)
        self.made[account].setdefault(container, ContainerShown(container, scope, deny))

    async def container(self, account: str, container: str) -> ContainerShown | None:
        return self.made[account].get(container)

    async def containers(self, account: str) -> list[ContainerShown]:
        return [self.made[account][name] for name in sorted(self.made[account])]

    async def create_share(self, account: str, share: str) -> None:
        self.made_shares.setdefault(account, {}).setdefault(
            share, ShareShown(share, 5120, "TransactionOptimized", {}, 17_000_000_000_000_000)
        )

    def share(self, account: str, share: str) -> ShareShown | None:
        return self.made_shares.get(account, {}).get(share)

    def shares(self, account: str) -> list[ShareShown]:
        return [one for _, one in sorted(self.made_shares.get(account, {}).items())]

    def change_share(self, account: str, share: str, **given: Any) -> None:
        changed = {name: value for name, value in given.items() if value is not None}
        self.made_shares[account][share] = replace(self.made_shares[account][share], **changed)

    def delete_share(self, account: str, share: str) -> None:
        self.made_shares[account].pop(share, None)

    async def change_container(self, account: str, container: str, **given: Any) -> None:
        changed = {name: value for name, value in given.items() if value is not None}
        self.made[account][container] = replace(self.made[account][container], **changed)

    async def delete_container(self, account: str, container: str) -> None:
        self.made[account].pop(container, None)

    def container_sas(self, account: str, container: str, *, permissions: str, hours: float) -> str:
        return f"sv=2024-11-04&sr=c&sp={permissions}&sig={account}.{container}.{hours:g}"

    def account_sas(self, account: str, *, permissions: str, hours: float) -> str:
        return f"sv=2024-11-04&srt=co&ss=bf&sp={permissions}&sig={account}.{hours:g}"

    async def blobs(self, account: str, container: str, prefix: str) -> AsyncIterator[tuple[str, int]]:
        if prefix not in self.empty:
            yield (f"{prefix}/a", 1)


def principal(name: str = "owner", audience: str = "https://management.azure.com") -> Principal:
    """A principal whose ids come from its name."""
    ids = [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}-{what}")) for what in ("object", "app")]
    return Principal(TENANT, ids[0], ids[1], audience)


class ArmClient:
    """Sends requests as the front would hand them over, and adds an api-version where the path has none."""

    def __init__(self, arm: Arm, accounts: FakeAccounts) -> None:
        self.arm = arm
        self.accounts = accounts
        self.who: Principal | None = principal()

    async def send(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        version: str | None = "",
        headers: dict[str, str] | None = None,
    ) -> Response:
        """One request. A `bytes` body is sent as it is, anything else as JSON; no `version` is the usual one."""
        if version == "":
            version = usual_version(url)
        if version and "api-version=" not in url:
            url += ("&" if "?" in url else "?") + f"api-version={version}"
        parts = urlsplit(url)
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"authorization": "Bearer token"} | ({"content-type": "application/json"} if raw else {})
        request = Request(
            method,
            "management.azure.com",
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            sent | (headers or {}),
            raw,
            self.who,
            f"{parts.path}?{parts.query}",
        )
        return await self.arm.handle(request)

    async def ok(self, method: str, url: str, body: Any = None, **more: Any) -> Any:
        """The JSON of an answer below 300, or None without one."""
        response = await self.send(method, url, body, **more)
        assert response.status < 300, (method, url, response.status, response.body.decode())
        return json.loads(response.body) if response.body else None

    async def error(
        self, status: int, method: str, url: str, body: Any = None, *, code: str = "", says: str = "", **more: Any
    ) -> Any:
        """The `error` of an answer with that status; it has this code, where one is named, and says this."""
        response = await self.send(method, url, body, **more)
        told = response.body.decode()
        assert response.status == status, (method, url, response.status, told)
        error = json.loads(told)["error"]
        assert code in ("", error["code"]) and says in error["message"], (method, url, told)
        return error

    async def every(self, url: str, **more: Any) -> list[Any]:
        """All items of a list, page by page."""
        found: list[Any] = []
        link: str | None = url
        while link:
            page = await self.ok("GET", link, **more)
            found += page["value"]
            link = page.get("nextLink")
        return found

    async def names(self, url: str, **more: Any) -> list[str]:
        """What the items of a list are called."""
        return [one["name"] for one in await self.every(url, **more)]

    async def done(self, method: str, url: str, body: Any = None, **more: Any) -> Any:
        """One request, followed to the end of its operation."""
        return await self.finish(await self.send(method, url, body, **more))

    async def finish(self, response: Response) -> Any:
        """Follows the operation of a 201 or 202 to its end; the last answer of the poll."""
        assert response.status in (201, 202), (response.status, response.body.decode())
        link = response.headers.get("Azure-AsyncOperation") or response.headers["Location"]
        for _ in range(200):
            state = await self.ok("GET", link)
            if state["status"] not in ("InProgress", "Updating"):
                return state
            await asyncio.sleep(0.005)
        raise AssertionError("the operation does not end")

    async def group(self, location: str = "eastus2") -> None:
        """A resource group with what a workspace needs."""
        await self.ok("PUT", GROUP, {"location": location})
        tracked = {"location": location, "properties": {}}
        for type_, name in (
            ("Microsoft.Storage/storageAccounts", "acct"),
            ("Microsoft.KeyVault/vaults", "kv"),
            ("Microsoft.Insights/components", "ai"),
        ):
            await self.ok("PUT", f"{GROUP}/providers/{type_}/{name}", tracked)

    async def key(self, name: str = "k", *, vault: str = "kv", **properties: Any) -> str:
        """A key in a vault of that group, made by the control plane; its versioned URL."""
        path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{vault}/keys/{name}"
        wanted = {"kty": "RSA", "keySize": 2048, **properties}
        made = await self.ok("PUT", path, {"properties": wanted})
        return str(made["properties"]["keyUriWithVersion"])

    async def allow(self, object_id: str, *permissions: str, vault: str = "kv") -> None:
        """An access policy of a vault of that group."""
        path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{vault}/accessPolicies/add"
        entry = {"tenantId": TENANT, "objectId": object_id, "permissions": {"keys": list(permissions)}}
        await self.ok("PUT", path, {"properties": {"accessPolicies": [entry]}})

    @staticmethod
    def workspace_body(**properties: Any) -> dict[str, Any]:
        """What creates a workspace of that group."""
        made_of = {
            "storageAccount": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct",
            "keyVault": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv",
            "applicationInsights": f"{GROUP}/providers/Microsoft.Insights/components/ai",
        }
        return {
            "location": "eastus2",
            "identity": {"type": "SystemAssigned"},
            "properties": {**made_of, **properties},
        }

    async def workspace(self) -> dict[str, Any]:
        """A resource group and a workspace in it."""
        await self.group()
        await self.done("PUT", WORKSPACE, self.workspace_body())
        made: dict[str, Any] = await self.ok("GET", WORKSPACE)
        return made


def client(
    state: Path,
    *,
    limits: str = "off",
    operation_seconds: float = 0.01,
    clock: Clock | None = None,
    terms: Terms | None = None,
) -> ArmClient:
    """A client of a new or restarted ARM."""
    accounts = FakeAccounts()
    arm = build(state, accounts, limits=limits, operation_seconds=operation_seconds, clock=clock, terms=terms)
    return ArmClient(arm, accounts)


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> int:
        return int(self.seconds * 1e9)


@pytest.fixture
async def with_group(bare: ArmClient) -> ArmClient:
    """ARM with a resource group and what a workspace needs: a module that wants no more names this `arm`."""
    await bare.group()
    return bare


@pytest.fixture
async def with_workspace(bare: ArmClient) -> ArmClient:
    """ARM with a workspace: a module that wants no more names this `arm`."""
    await bare.workspace()
    return bare
