"""Lifecycle rules of a storage account, kept and shown: what they would do to blobs in days is not done here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.providers.storagelists import invalid
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_MOST_RULES = 100  # learn.microsoft.com, "Azure Blob Storage lifecycle management overview"
_RULE_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_PARTS = frozenset({"baseBlob", "snapshot", "version"})
_TYPES = frozenset({"blockBlob", "appendBlob"})


@register
class ManagementPolicies(Kind):
    """`managementPolicies/default`, the only name there is (pulumi/pulumi-azure-nextgen#239)."""

    type = f"{_ACCOUNTS}/managementPolicies"

    def missing(self, call: Call) -> ArmError:
        """404; of another name than `default` too.

        The code is expected by Azure/azure-sdk-for-net (Azure.ResourceManager.Storage, StorageAccountTests).
        Inferred (AZ-LOCAL-2): the text.
        """
        if call.name != "default":
            return gateway(404, "HttpResourceNotFound", f"The request url {call.request.path} is not found.")
        account = call.ancestor(_ACCOUNTS).name
        text = f"No ManagementPolicy found for account {account}"
        return gateway(404, "ManagementPolicyNotFound", text)

    async def get(self, call: Call) -> Response:
        """The policy, where the account is there and has one."""
        call.ancestor(_ACCOUNTS)
        return await super().get(call)

    async def put(self, call: Call) -> Response:
        """200, new or not (specification/storage, ManagementPolicies_CreateOrUpdate): all rules together."""
        account = call.ancestor(_ACCOUNTS)
        if call.name != "default":
            raise self.missing(call)
        rules = object_of(object_of(call.body(), "properties"), "policy").get("rules")
        if not isinstance(rules, list) or not 1 <= len(rules) <= _MOST_RULES:
            raise invalid("policy.rules")
        _check(rules)
        properties = {"lastModifiedTime": tracked_time(call.tick()), "policy": {"rules": rules}}
        record = self.new_record(call, account.id, {"properties": properties})
        self.context.store.put(record)
        return answer(200, record.document)


def _check(rules: Iterable[Any]) -> None:
    """Raises ArmError 400 for what is no rule; the code is the provider's for other members."""
    names: set[str] = set()
    for rule in rules:
        if not isinstance(rule, dict) or rule.get("type") != "Lifecycle":
            raise invalid("policy.rules.type")
        name = str(rule.get("name") or "")
        if not _RULE_NAME.fullmatch(name) or name.lower() in names:
            raise invalid("policy.rules.name")
        names.add(name.lower())
        definition = object_of(rule, "definition")
        actions = object_of(definition, "actions")
        if not actions or not actions.keys() <= _PARTS:
            raise invalid("policy.rules.definition.actions")
        _check_filters(object_of(definition, "filters"))


def _check_filters(filters: dict[str, Any]) -> None:
    """`blobTypes` must be given, and a prefix begins with a container (lifecycle-management-policy-structure)."""
    types = filters.get("blobTypes")
    if not isinstance(types, list) or not types or not set(types) <= _TYPES:
        raise invalid("policy.rules.definition.filters.blobTypes")
    prefixes = filters.get("prefixMatch")
    if prefixes is not None and not (isinstance(prefixes, list) and all(isinstance(one, str) for one in prefixes)):
        raise invalid("policy.rules.definition.filters.prefixMatch")
