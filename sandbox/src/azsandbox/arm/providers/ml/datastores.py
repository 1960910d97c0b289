"""Datastores: written without ever showing a secret again, and `listSecrets`, which does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.paging import NewestFirst, page
from azsandbox.arm.providers.ml.base import NAMESPACE, WorkspaceKind, sent_properties
from azsandbox.arm.queries import asked, one_of, positive
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import author, stamped
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

# Create-only by the description of 2025-12-01; what the service says to a change is not recorded, so the text is
# ours (AZ-LOCAL-1).
_FIXED = (
    "datastoreType",
    "accountName",
    "containerName",
    "filesystem",
    "fileShareName",
    "storeName",
    "endpoint",
    "protocol",
    "artifact",
    "oneLakeWorkspaceName",
)
_PLACES = {
    "AzureBlob": ("accountName", "containerName", "endpoint", "protocol"),
    "AzureFile": ("accountName", "fileShareName", "endpoint", "protocol"),
    "AzureDataLakeGen2": ("accountName", "filesystem", "endpoint", "protocol"),
    "AzureDataLakeGen1": ("storeName",),
    "OneLake": ("artifact", "endpoint", "oneLakeWorkspaceName"),
}
_SECRETS = {
    "AccountKey": "key",
    "Sas": "sasToken",
    "ServicePrincipal": "clientSecret",
    "Certificate": "certificate",
}


@register
class Datastores(WorkspaceKind):
    """`workspaces/datastores`."""

    type = f"{NAMESPACE}/workspaces/datastores"
    page_size = 30
    obeys = frozenset({"skipvalidation"})

    def missing(self, call: Call) -> ArmError:
        """404; not recorded, the text is ours (AZ-ABSENT-12)."""
        message = f"Could not find datastore: {call.name}."
        return self.user_error(call, message, status=404, inner=("NotFoundError",))

    def listed(self, call: Call) -> Sequence[Record]:
        """Newest first unless `orderByAsc=true`."""
        oldest_first = super().listed(call)
        return oldest_first if asked(call.query, "orderbyasc") else NewestFirst(oldest_first)

    async def list(self, call: Call) -> Response:
        """GET with `count`, `isDefault`, `names`, `searchText`."""
        size = positive(call.query, "count", self.page_size)
        names = [name for name in call.query.get("names", "").split(",") if name]
        text, default = call.query.get("searchtext", ""), one_of(call.query, "isdefault", "", "true", "false")

        def wanted(record: Record) -> bool:
            if default and str(record.properties["isDefault"]).lower() != default:
                return False
            return (not names or record.name in names) and text in record.name

        return page(call, self.listed(call), size, self.view, wanted)

    async def put(self, call: Call) -> Response:
        """201 with `Location` when new, else 200.

        One that the workspace made itself is written anew like any other: with other credentials, as the page
        "Regenerate storage account access keys" has it done, and over another account and container. Inferred
        (AZ-WS-12): the latter.
        """
        sent = sent_properties(call)
        old = self.find(call)
        system = old is not None and bool(old.hidden.get("system"))
        type_ = str(sent.get("datastoreType", ""))
        if type_ not in _PLACES:
            raise self.user_error(call, f"The datastore type '{type_}' is not supported.")
        credentials = object_of(sent, "credentials")
        properties = self._filled(sent, type_, credentials)
        if old is not None and system:
            properties["isDefault"] = old.properties["isDefault"]
        self._check_fixed(call, properties, old, ("datastoreType",) if system else _FIXED)
        secrets = object_of(credentials, "secrets") or (old.hidden.get("secrets", {}) if old else {})
        if not asked(call.query, "skipvalidation"):
            self._check_access(call, properties, secrets)
        now = asset_time(call.tick())
        before = old.document["systemData"] if old else None
        document = {"properties": properties, "systemData": stamped(now, author(call.principal), before)}
        record = self.new_record(call, self.workspace(call).id, document, hidden={"secrets": secrets})
        record.hidden |= {"system": True} if system else {}
        self.context.store.put(record)
        headers = {} if old else {"Location": call.url}
        return answer(200 if old else 201, record.document, headers)

    @staticmethod
    def _filled(sent: dict[str, Any], type_: str, credentials: dict[str, Any]) -> dict[str, Any]:
        """In the order of the recordings, without secrets; what is not sent is null."""
        shown = {name: value for name, value in credentials.items() if name != "secrets"}
        defaults = {"endpoint": "core.windows.net", "protocol": "https"}
        place = {name: sent.get(name) or defaults.get(name) for name in _PLACES[type_]}
        if type_ == "OneLake":
            place["endpoint"] = sent.get("endpoint")
        properties: dict[str, Any] = {
            "description": sent.get("description"),
            "tags": sent.get("tags"),
            "properties": sent.get("properties"),
            "isDefault": False,
            "credentials": {"credentialsType": "None", **shown},
            "subscriptionId": sent.get("subscriptionId"),
            "resourceGroup": sent.get("resourceGroup"),
            "datastoreType": type_,
            **place,
            "serviceDataAccessAuthIdentity": sent.get("serviceDataAccessAuthIdentity") or "None",
        }
        if type_ == "OneLake":
            del properties["subscriptionId"], properties["resourceGroup"]
        return properties | {name: value for name, value in sent.items() if name not in properties}

    def _check_fixed(
        self, call: Call, properties: dict[str, Any], old: Record | None, fixed: tuple[str, ...]
    ) -> None:
        for name in fixed:
            if old is not None and properties.get(name) != old.properties.get(name):
                raise self.user_error(
                    call, f'Failed to update datastore {call.name} since field "{name}" is immutable.'
                )

    def _check_access(self, call: Call, properties: dict[str, Any], secrets: dict[str, Any]) -> None:
        """What is tried unless `skipValidation=true`: whether the key opens the account. Text ours
        (AZ-LOCAL-1)."""
        account = properties.get("accountName")
        if properties["credentials"]["credentialsType"] != "AccountKey" or not account:
            return
        try:
            keys = self.context.accounts.keys(str(account).lower())
        except KeyError as error:
            raise self.user_error(call, f"The storage account '{account}' was not found.") from error
        if secrets.get("key") not in keys:
            raise self.user_error(call, f"Unable to access the storage account '{account}' with the given key.")

    async def delete(self, call: Call) -> Response:
        """200 without a body; what the workspace made itself stays."""
        record = self.find(call)
        if record is not None and record.hidden.get("system"):
            raise self.user_error(
                call, f"The datastore {call.name} is managed by the workspace and cannot be deleted."
            )
        return await super().delete(call)

    def _sas(self, account: str, secrets: dict[str, Any], hours: float) -> str:
        """An account SAS; of an account that is not ours, or with a wrong key, one that opens nothing."""
        try:
            if secrets.get("key") in self.context.accounts.keys(account):
                return self.context.accounts.account_sas(account, permissions="rcuwdl", hours=hours)
        except KeyError:
            pass
        signature = hashlib.sha256(f"{account} {secrets.get('key')}".encode()).hexdigest()
        return f"sv=2024-11-04&srt=co&ss=bf&sp=rcuwdl&sig={signature}"

    @action("POST", "listSecrets")
    async def list_secrets(self, call: Call) -> Response:
        """The secrets as sent; with `expirableSecret` an account SAS instead of an account's key."""
        record = self.require(call)
        asked = call.optional_body()
        kind = record.properties["credentials"]["credentialsType"]
        if kind not in _SECRETS:
            # Not recorded for datastores without credentials (AZ-LOCAL-1).
            raise self.user_error(call, f"No secrets for credentials of type {kind}.")
        secrets = dict(record.hidden.get("secrets") or {})
        account = str(record.properties.get("accountName")).lower()
        if record.hidden.get("system") and not secrets:
            secrets = {"key": self.context.accounts.keys(account)[0]}
        if kind == "AccountKey" and asked.get("expirableSecret") is True:
            hours = float(asked.get("expireAfterHours") or 1)
            return answer(200, {"secretsType": "Sas", "sasToken": f"?{self._sas(account, secrets, hours)}"})
        name = _SECRETS[kind]
        return answer(200, {"secretsType": kind, name: secrets.get(name)})
