"""What an assignment with the effect deny forbids at a scope, of resources and of keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.keystore.errors import VaultError
from azsandbox.arm.policy.conditions import field_of, holds
from azsandbox.arm.policy.definitions import Rule, rules
from azsandbox.arm.store import Record

ASSIGNMENTS = "microsoft.authorization/policyassignments"
KEY_MODE = "microsoft.keyvault.data"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a resource breaks, the assignment that it comes from, and what was compared."""

    assignment: Record
    rule: Rule
    compared: list[dict[str, Any]]


def violations(
    context: Context, scope: str, resource: Mapping[str, Any], *, modes: tuple[str, ...], api_version: str
) -> list[Violation]:
    """What denies a resource at a scope (a key of the store)."""
    found = []
    for assignment, rule in _denying(context, scope):
        if rule.mode.lower() not in modes:
            continue
        compared: list[dict[str, Any]] = []
        field = field_of(resource)
        expressions = rule.expressions(
            field=field, requestcontext=lambda: {"apiVersion": api_version, "identity": {}}
        )
        condition = rule.document["properties"]["policyRule"]["if"]
        if holds(condition, field, expressions, compared):
            found.append(Violation(assignment, rule, compared))
    return found


def _denying(context: Context, scope: str) -> Iterator[tuple[Record, Rule]]:
    store = context.store
    chain = context.access.chain(scope)
    for place in chain:
        for assignment in store.children(place, ASSIGNMENTS):
            properties = assignment.properties
            if str(properties.get("enforcementMode") or "Default").lower() == "donotenforce":
                continue
            if any(str(each).lower() in chain for each in properties.get("notScopes") or []):
                continue
            for rule in rules(store, properties):
                if rule.effect == "deny":
                    yield assignment, rule


def title(assignment: Record) -> str:
    """The name by which an assignment is told."""
    return str(assignment.properties.get("displayName") or assignment.name)


def check_key(context: Context, vault: Record, key: Mapping[str, Any]) -> None:
    """Raises VaultError 403 for a key that a policy of the mode Microsoft.KeyVault.Data denies.

    `key` is the resource with the properties that aliases name. Code and text are ours (AZ-LOCAL-6).
    """
    type_ = "Microsoft.KeyVault.Data/vaults/keys"
    resource = {"type": type_, "name": key["name"], "properties": key}
    found = violations(context, vault.key, resource, modes=(KEY_MODE,), api_version="")
    if found:
        names = ", ".join(f"'{title(each.assignment)}'" for each in found)
        raise VaultError(403, "Forbidden", f"The key was disallowed by policy: {names}.", "ForbiddenByAzurePolicy")
