"""A provider that a subscription lacks is an answer like any other: nothing registers it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.core.credentials import AccessToken

from amlmigrate.cloud import arm as module
from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.pacing import Pacer
from amlmigrate.cloud.transport import Transport

VAULT = (
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
)


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_provider_that_is_not_registered_stays_so(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    came = list[tuple[str, str]]()

    async def refuse(request: web.Request) -> web.Response:
        came.append((request.method, request.path))
        words = "The subscription is not registered to use namespace 'Microsoft.KeyVault'."
        error = {"code": "MissingSubscriptionRegistration", "message": words}
        return web.Response(status=409, body=json.dumps({"error": error}), content_type="application/json")

    async def token(*_: Any, **__: Any) -> AccessToken:
        return AccessToken("t", 2**40)

    class Local(Transport):
        async def send(self, request: Any, **options: Any) -> Any:
            request.url = str(server.make_url(VAULT if "register" not in request.url else "/register"))
            return await super().send(request, **options)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    monkeypatch.setattr(module, "Transport", Local)
    credential = Credential(Login())
    monkeypatch.setattr(credential, "get_token", token)
    async with TestServer(app) as server:
        arm = Arm(Login(), credential, Pacer())
        try:
            with pytest.raises(ServiceError, match="MissingSubscriptionRegistration"):
                await arm.call(method, VAULT, {} if method == "PUT" else None)
        finally:
            await arm.close()
            await credential.close()
    assert came == [(method, VAULT)]
