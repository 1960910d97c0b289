"""Microsoft.KeyVault: secrets by the control plane, which takes values and never answers them."""

from __future__ import annotations

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.keystore.errors import VaultError
from azsandbox.arm.keystore.secrets import Secrets
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_VAULTS = "microsoft.keyvault/vaults"


@register
class VaultSecrets(Kind):
    """`Microsoft.KeyVault/vaults/secrets` (openapi 2023-02-01): PUT, GET, list; values are never answered."""

    type = "Microsoft.KeyVault/vaults/secrets"

    async def put(self, call: Call) -> Response:
        """201 when new, 200 for another version."""
        vault, old = call.ancestor(_VAULTS), self.find(call)
        sent = object_of(call.body(), "properties")
        if not isinstance(sent.get("value"), str):
            raise gateway(400, "BadRequest", "The property value is missing.")  # AZ-LOCAL-2
        of = Secrets(self.context, vault)
        try:
            of.set(
                call.name,
                sent["value"],
                content_type=sent.get("contentType"),
                attributes=sent.get("attributes"),
                tags=call.body().get("tags"),
            )
        except VaultError as error:
            raise gateway(error.status, error.code, error.message) from error
        return answer(200 if old else 201, self.view(call, of.require(call.name)))

    async def delete(self, call: Call) -> Response:
        """Secrets are deleted in the vault itself."""
        raise self.unsupported(call)
