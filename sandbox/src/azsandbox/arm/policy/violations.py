"""What an assignment with the effect deny forbids at a scope, of resources and of keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.keystore.errors import VaultError
from azsandbox.arm.policy.assignments import Assigned, title
from azsandbox.arm.policy.judging import JudgedResource, Judgement, State, judged
from azsandbox.arm.store import Record

KEY_MODE = "microsoft.keyvault.data"


def violations(context: Context, asked: JudgedResource, *, of_tags: bool = False) -> list[Judgement]:
    """What denies a resource (AZ-POLICY-4): enforced, and nothing exempts it.

    Of a change of tags alone (`of_tags`) only rules that ask for tags judge (AZ-POLICY-37).
    """

    def wanted(assigned: Assigned, effect: str) -> bool:
        judges = not of_tags or "tags" in json.dumps(assigned.rule.condition).lower()
        return effect == "deny" and assigned.enforced and judges

    return [each for each in judged(context, asked, wanted) if each.state is State.NON_COMPLIANT]


def check_key(context: Context, vault: Record, key: Mapping[str, Any]) -> None:
    """Raises VaultError 403 for a key that a policy of the mode Microsoft.KeyVault.Data denies.

    `key` is the resource with the properties that aliases name. Code and text are ours (AZ-LOCAL-6).
    """
    type_ = "Microsoft.KeyVault.Data/vaults/keys"
    resource = {"type": type_, "name": key["name"], "properties": key}
    found = violations(context, JudgedResource(vault.key, resource, (KEY_MODE,)))
    if found:
        names = ", ".join(f"'{title(each.assigned.record)}'" for each in found)
        raise VaultError(403, "Forbidden", f"The key was disallowed by policy: {names}.", "ForbiddenByAzurePolicy")
