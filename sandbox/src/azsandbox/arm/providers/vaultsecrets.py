"""Microsoft.KeyVault: secrets by the control plane, which takes values and never answers them."""

from __future__ import annotations

import uuid
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_VAULTS = "microsoft.keyvault/vaults"


@register
class VaultSecrets(Kind):
    """`Microsoft.KeyVault/vaults/secrets` (openapi 2023-02-01): PUT, GET, list; no value is kept here at all."""

    type = "Microsoft.KeyVault/vaults/secrets"

    async def put(self, call: Call) -> Response:
        """201 when new, 200 for another version."""
        vault, old = call.ancestor(_VAULTS), self.find(call)
        sent = object_of(call.body(), "properties")
        if not isinstance(sent.get("value"), str):
            raise gateway(400, "BadRequest", "The property value is missing.")  # AZ-LOCAL-2
        uri = f"{str(vault.properties['vaultUri']).rstrip('/')}/secrets/{call.name}"
        properties: dict[str, Any] = {
            "attributes": {"enabled": True, **object_of(sent, "attributes")},
            "contentType": sent.get("contentType"),
            "secretUri": uri,
            "secretUriWithVersion": f"{uri}/{uuid.uuid4().hex}",
        }
        document = {"location": vault.document["location"], "properties": properties}
        record = self.new_record(call, vault.id, document)
        self.context.store.put(record)
        return answer(200 if old else 201, self.view(call, record))

    async def delete(self, call: Call) -> Response:
        """Secrets are deleted in the vault itself."""
        raise self.unsupported(call)
