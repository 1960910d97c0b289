"""`checkNameAvailability` of storage accounts, key vaults and container registries: names are the world's."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.keystore.keys import vault_term
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.messages import Response


class _Names(Kind):
    """POST below a subscription; the descriptions have the members, `AlreadyExists` and `AccountNameInvalid`.

    The latter is seen for accounts (Azure/azure-rest-api-specs#4594, with its message). Inferred (AZ-LOCAL-2):
    registries, whose description leaves the reasons open, have the same two.
    """

    of: ClassVar[str]
    pattern: ClassVar[re.Pattern[str]]
    rule: ClassVar[str]
    taken: ClassVar[str]

    def right(self, call: Call) -> str:
        """Reading is what the roles call it."""
        return f"{self.type}/read"

    def is_taken(self, name: str) -> bool:
        """Whether something has the name, in any subscription."""
        return any(one.name.lower() == name.lower() for one in self.context.store.of_type(self.of.lower()))

    async def list(self, call: Call) -> Response:
        """There is nothing to read."""
        raise self.unsupported(call)

    async def post(self, call: Call) -> Response:
        """`{nameAvailable}`, with `reason` and `message` where it is not. Raises ArmError 400."""
        body = call.body()
        name = body.get("name")
        if not isinstance(name, str) or str(body.get("type", "")).lower() != self.of.lower():
            # Both are required by the descriptions; code and text are ours (AZ-LOCAL-2).
            raise gateway(400, "InvalidValuesForRequestParameters", "The members name and type are required.")
        if not self.pattern.fullmatch(name):
            return answer(200, _unavailable("AccountNameInvalid", f"{name} {self.rule}"))
        if self.is_taken(name):
            return answer(200, _unavailable("AlreadyExists", self.taken.format(name)))
        return answer(200, {"nameAvailable": True})


def _unavailable(reason: str, message: str) -> dict[str, Any]:
    return {"nameAvailable": False, "reason": reason, "message": message}


@register
class StorageNames(_Names):
    """`Microsoft.Storage/checkNameAvailability`."""

    type = "Microsoft.Storage/checkNameAvailability"
    of = "Microsoft.Storage/storageAccounts"
    pattern = re.compile(r"[a-z0-9]{3,24}")
    rule = (
        "is not a valid storage account name. Storage account name must be between 3 and 24 characters in length "
        "and use numbers and lower-case letters only."
    )
    taken = "The storage account named {} is already taken."  # Azure/azure-cli#27390


@register
class VaultNames(_Names):
    """`Microsoft.KeyVault/checkNameAvailability`: a deleted vault keeps its name (AZ-DEL-5).

    The message of a name that is taken is that of a PUT (Azure/azure-powershell#15115). Inferred (AZ-LOCAL-2):
    this call has it too; the message of an invalid name, whose rule is documented
    (MicrosoftDocs/azure-docs#92981).
    """

    type = "Microsoft.KeyVault/checkNameAvailability"
    of = "Microsoft.KeyVault/vaults"
    pattern = re.compile(r"(?=.{3,24}$)[a-zA-Z][a-zA-Z0-9]*(?:-[a-zA-Z0-9]+)*")
    rule = (
        "is not a valid vault name. It must be between 3-24 alphanumeric characters, begin with a letter, end "
        "with a letter or digit, and not contain consecutive hyphens."
    )
    taken = (
        "The vault name '{}' is already in use. Vault names are globally unique so it is possible that the name "
        "is already taken."
    )

    def is_taken(self, name: str) -> bool:
        """By a vault, or by one that can be recovered."""
        store = self.context.store
        return bool(store.find(vault_term(name))) or store.find_gone(vault_term(name)) is not None


@register
class RegistryNames(_Names):
    """`Microsoft.ContainerRegistry/checkNameAvailability`. Inferred (AZ-LOCAL-2): the messages; the pattern is
    described."""

    type = "Microsoft.ContainerRegistry/checkNameAvailability"
    of = "Microsoft.ContainerRegistry/registries"
    pattern = re.compile(r"[a-zA-Z0-9]{5,50}")
    rule = "is not a valid registry name. It must be between 5 and 50 alphanumeric characters."
    taken = "The registry {} is already in use."
