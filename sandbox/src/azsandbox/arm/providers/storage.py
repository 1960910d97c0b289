"""Microsoft.Storage: accounts, whose data plane the front has, and their keys."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm import following
from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.context import Context
from azsandbox.arm.customerkeys import parsed
from azsandbox.arm.errors import gateway
from azsandbox.arm.holds import held_in
from azsandbox.arm.keystore.keys import find_vault
from azsandbox.arm.kinds import action
from azsandbox.arm.queries import unbuilt
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.storageaccess import encryption_of, key_of_account, key_user
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind
from azsandbox.messages import Response

_RIGHTS = ("KeyVaultAccessForbidden", "IdentityNotFound", "KeyVaultNotReachable")
_KEY_NAMES = ("key1", "key2")
_NAME = re.compile(r"[a-z0-9]{3,24}$")


_OPEN: dict[str, Any] = {
    "resourceAccessRules": [],
    "bypass": "AzureServices",
    "virtualNetworkRules": [],
    "ipRules": [],
    "ipv6Rules": [],
    "defaultAction": "Allow",
}
# The first stable api-version that has `ipv6Rules` (azure-rest-api-specs, `NetworkRuleSet`).
_IPV6_SINCE = "2025-06-01"


def _network_rules(sent: dict[str, Any]) -> dict[str, Any]:
    """The rules as they were sent, all at once: what is left out is gone (AZ-RIGHT-34)."""
    for rule in sent.get("resourceAccessRules") or ():
        if not rule.get("tenantId") or not str(rule.get("resourceId") or "").lower().startswith("/subscriptions/"):
            raise gateway(
                400,
                "InvalidValuesForRequestParameters",
                "Values for request parameters are invalid: networkAcls.resourceAccessRules.",
            )
    return {**_OPEN, **{name: value for name, value in sent.items() if value is not None}}


def _name_term(name: str) -> str:
    return f"storage-name {name.lower()}"


def _with_key_version(
    context: Context, encryption: dict[str, Any], before: dict[str, Any], now: str
) -> dict[str, Any]:
    """What the service adds to a key of the customer's: the version in use, and since when."""
    key = encryption.get("keyvaultproperties")
    if encryption.get("keySource") != "Microsoft.Keyvault" or not isinstance(key, dict):
        return {name: value for name, value in encryption.items() if name != "keyvaultproperties"}
    if not key.get("keyvaulturi") or not key.get("keyname"):
        raise gateway(
            400,
            "InvalidValuesForRequestParameters",
            "Values for request parameters are invalid: encryption.keyvaultproperties.",
        )
    was = key_of_account(before) if before.get("keySource") == "Microsoft.Keyvault" else ""
    known = before.get("keyvaultproperties") or {}
    told = following.written(context, key_of_account(encryption), key, was, known, following.STORAGE_SHOWN, now)
    return {**encryption, "keyvaultproperties": told}


def check_key(context: Context, account: Record, identifier: str) -> None:
    """A key has to be usable by the account's identity, in a vault that keeps what is deleted.

    Raises ArmError. Codes and the text of the first are of public reports; the other texts are ours (AZ-LOCAL-2).
    """
    name = parsed(identifier)
    vault = find_vault(context, name.vault) if name else None
    if vault is not None and vault.properties.get("enablePurgeProtection") is not True:
        raise gateway(409, "KeyVaultPolicyError", "Keyvault policy recoverable is not set")
    trouble = context.keys.taken(identifier, key_user(context, account))
    if trouble is not None:
        code = "KeyVaultAuthenticationFailure" if trouble.code in _RIGHTS else "KeyVaultKeyError"
        raise gateway(409, code, f"The key '{identifier}' cannot be used: {trouble.text}.")
    assert name is not None
    version = context.keys.version(name)
    if isinstance(version, Record) and not str(version.hidden["spec"]["kty"]).startswith("RSA"):
        raise gateway(409, "KeyVaultKeyError", f"The key '{identifier}' is not an RSA key.")


@register
class StorageAccounts(TrackedKind):
    """`Microsoft.Storage/storageAccounts`: a PUT makes the account behind `<name>.blob.core.windows.net`."""

    type = "Microsoft.Storage/storageAccounts"
    obeys = frozenset({"$expand"})
    created_status = 200  # Azure's is 202 with an operation, or 200 at once; the second is allowed too

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds endpoints, times, and `encryption` with the platform's keys unless others are given."""
        if not _NAME.match(call.name):
            raise gateway(
                400,
                "AccountNameInvalid",
                f"{call.name} is not a valid storage account name. Storage account name must be between "
                "3 and 24 characters in length and use numbers and lower-case letters only.",
            )
        if any(other.key != call.route.key for other in self.context.store.find(_name_term(call.name))):
            raise gateway(
                409, "StorageAccountAlreadyTaken", f"The storage account named {call.name} is already taken."
            )
        now = tracked_time(call.tick())
        before = old.properties if old else {}
        services = {
            name: {"keyType": "Account", "enabled": True, "lastEnabledTime": now} for name in ("file", "blob")
        }
        encryption = {"services": services, "keySource": "Microsoft.Storage"}
        endpoints = {
            part: f"https://{call.name}.{part}.core.windows.net/"
            for part in ("dfs", "blob", "queue", "table", "file")
        }
        defaults = {
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": True,
            "isHnsEnabled": False,
            "publicNetworkAccess": "Enabled",
            "networkAcls": _OPEN,
            "supportsHttpsTrafficOnly": True,
            "accessTier": "Hot",
        }
        known = encryption_of(self.context, old) if old else {}
        sent = properties.get("encryption") or known
        if isinstance(sent, dict) and sent:
            encryption |= _with_key_version(self.context, sent, known, now)
        return {
            **defaults,
            **{name: before[name] for name in before if name not in properties},
            **properties,
            "networkAcls": _network_rules(properties.get("networkAcls") or before.get("networkAcls") or _OPEN),
            "encryption": encryption,
            "keyCreationTime": before.get("keyCreationTime") or {"key1": now, "key2": now},
            "provisioningState": "Succeeded",
            "creationTime": before.get("creationTime") or now,
            "primaryEndpoints": endpoints,
            "primaryLocation": before.get("primaryLocation") or call.body().get("location"),
            "statusOfPrimary": "available",
            "privateEndpointConnections": [],
        }

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """With the version of its key that is in use by now, and the rules that the api-version knows."""
        properties = {**record.properties, "encryption": encryption_of(self.context, record)}
        if call.api_version < _IPV6_SINCE:
            rules = record.properties.get("networkAcls") or {}
            properties["networkAcls"] = {name: rules[name] for name in rules if name != "ipv6Rules"}
        return {**record.document, "properties": properties}

    async def written(self, call: Call, record: Record, old: Record | None) -> None:
        """Fills kind and sku, and makes the account itself."""
        record.document.setdefault("kind", "StorageV2")
        sku = {"name": "Standard_LRS", **record.document.get("sku", {})}
        sku.setdefault("tier", str(sku["name"]).split("_", maxsplit=1)[0])
        record.document["sku"] = sku
        record.document.setdefault("tags", {})
        record.terms = (_name_term(record.name),)
        self._check_key(record, old)
        if old is None:
            await self.context.accounts.create(record.name)

    def _check_key(self, record: Record, old: Record | None) -> None:
        """A new key has to be usable. Raises ArmError."""
        encryption = record.properties["encryption"]
        identifier = key_of_account(encryption)
        if encryption["keySource"] != "Microsoft.Keyvault":
            return
        if old is not None and key_of_account(old.properties["encryption"]) == identifier:
            return
        check_key(self.context, record, identifier)

    async def delete(self, call: Call) -> Response:
        """200; until another has its name, `deletedAccounts` lists it.

        Inferred (AZ-DEL-7): one that went with its group is listed too, which is not built.
        """
        record = self.find(call)
        response = await super().delete(call)
        if record is not None:
            record.gone, record.hidden = True, {"deleted": tracked_time(call.tick())}
            self.context.store.put(record)
        return response

    async def removing(self, call: Call, record: Record) -> None:
        """Removes the account with all it holds, unless something of it is held (Azure/azure-powershell#26148)."""
        if record.gone:
            return
        if held := held_in(self.context, record):
            text = f"{record.name} is protected from deletion. The container(s) {', '.join(held)} "
            raise gateway(409, "AccountProtectedFromDeletion", f"{text}have a locked immutability policy.")
        await self.context.accounts.delete(record.name)

    @action("POST", "listKeys")
    async def list_keys(self, call: Call) -> Response:
        """POST `…/listKeys`: `{"keys": [{keyName, value, permissions, creationTime}]}`."""
        if call.query.get("$expand", "").lower() not in ("", "kerb"):
            raise unbuilt("$expand")
        # Kerberos keys have accounts that are joined to a directory, and there are none here.
        return self._shown_keys(self.require(call))

    @action("POST", "regenerateKey")
    async def regenerate_key(self, call: Call) -> Response:
        """POST `…/regenerateKey`: the other key stays, and what the old one signed is refused from now on."""
        record, name = self.require(call), call.body().get("keyName")
        if name not in _KEY_NAMES:
            # The description names these and Kerberos keys, which are not here; code and text are ours
            # (AZ-LOCAL-2).
            raise gateway(400, "InvalidValuesForRequestParameters", f"keyName is one of {', '.join(_KEY_NAMES)}.")
        await self.context.accounts.regenerate(record.name, _KEY_NAMES.index(name))
        times = {**record.properties["keyCreationTime"], name: tracked_time(call.tick())}
        record.document = {**record.document, "properties": {**record.properties, "keyCreationTime": times}}
        self.context.store.put(record)
        return self._shown_keys(record)

    def _shown_keys(self, record: Record) -> Response:
        created = record.properties["keyCreationTime"]
        keys = [
            {"creationTime": created[name], "keyName": name, "value": value, "permissions": "FULL"}
            for name, value in zip(_KEY_NAMES, self.context.accounts.keys(record.name), strict=True)
        ]
        return answer(200, {"keys": keys})
