"""Encryption scopes of storage accounts: keys of their own for containers and blobs."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm import following
from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.customerkeys import parsed
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.providers.storage import check_key
from azsandbox.arm.queries import one_of
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.storageaccess import key_of_scope
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
# 3 to 63 small letters, digits, single dashes between them (azure-rest-api-specs, parameter EncryptionScopeName).
_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")
_SOURCES = {name.lower(): name for name in ("Microsoft.Storage", "Microsoft.KeyVault")}
_STATES = {name.lower(): name for name in ("Enabled", "Disabled")}
_SENT = ("source", "state", "keyVaultProperties", "requireInfrastructureEncryption")


def _invalid(what: str) -> ArmError:
    """The code is that of the provider for other members; the text is ours (AZ-LOCAL-2)."""
    return gateway(400, "InvalidValuesForRequestParameters", f"Values for request parameters are invalid: {what}.")


@register
class EncryptionScopes(Kind):
    """`storageAccounts/encryptionScopes`: PUT 201 or 200, PATCH 200, never deleted.

    That they cannot be deleted, and that `source` may be changed at any time, says "Encryption scopes for Blob
    storage" (learn.microsoft.com).
    """

    type = f"{_ACCOUNTS}/encryptionScopes"

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """With the version of its key that is in use by now."""
        if record.properties["source"] != "Microsoft.KeyVault":
            return record.document
        properties = {**record.properties, "keyVaultProperties": key_of_scope(self.context, record.properties)}
        return {**record.document, "properties": properties}

    async def put(self, call: Call) -> Response:
        """Makes one, or changes it."""
        old = self.find(call)
        if old is None and not _NAME.fullmatch(call.name):
            raise _invalid("encryptionScopeName")
        record = self._written(call, old)
        return answer(200 if old else 201, record.document)

    async def patch(self, call: Call) -> Response:
        """Changes what is sent."""
        return answer(200, self._written(call, self.require(call)).document)

    async def delete(self, call: Call) -> Response:
        """405."""
        raise self.unsupported(call)

    async def list(self, call: Call) -> Response:
        """With `$filter`, the start of names, and `$include`, a state or `All`."""
        start = call.query.get("$filter", "")
        state = _STATES.get(one_of(call.query, "$include", "all", *_STATES))
        found = [
            self.view(call, record)
            for record in self.listed(call)
            if record.name.startswith(start) and state in (None, record.properties["state"])
        ]
        return answer(200, {"value": found})

    def _written(self, call: Call, old: Record | None) -> Record:
        account = call.ancestor(_ACCOUNTS)
        sent = object_of(call.body(), "properties")
        kept = {name: old.properties[name] for name in _SENT if old and name in old.properties}
        # Without a source it is Microsoft's (AZ-LOCAL-2).
        wanted = {"source": "Microsoft.Storage", "state": "Enabled", **kept}
        wanted |= {name: sent[name] for name in _SENT if sent.get(name) is not None}
        now = tracked_time(call.tick())
        properties = {
            **self._checked(account, wanted, old, now),
            "creationTime": old.properties["creationTime"] if old else now,
            "lastModifiedTime": now,
        }
        record = self.new_record(call, account.id, {"properties": properties})
        self.context.store.put(record)
        return record

    def _checked(self, account: Record, wanted: dict[str, Any], old: Record | None, now: str) -> dict[str, Any]:
        source = _SOURCES.get(str(wanted["source"]).lower())
        state = _STATES.get(str(wanted["state"]).lower())
        if source is None:
            raise _invalid("encryptionScope.properties.source")
        if state is None:
            raise _invalid("encryptionScope.properties.state")
        found = {**wanted, "source": source, "state": state}
        if source == "Microsoft.Storage":
            found.pop("keyVaultProperties", None)
            return found
        key = wanted.get("keyVaultProperties")
        uri = str(key.get("keyUri") or "") if isinstance(key, dict) else ""
        if parsed(uri) is None:
            raise _invalid("encryptionScope.properties.keyVaultProperties.keyUri")
        check_key(self.context, account, uri)
        before = (
            key_of_scope(self.context, old.properties)
            if old is not None and old.properties["source"] == "Microsoft.KeyVault"
            else {}
        )
        was = str(before.get("keyUri") or "")
        told = following.written(self.context, uri, {"keyUri": uri}, was, before, following.STORAGE_SHOWN, now)
        return {**found, "keyVaultProperties": told}
