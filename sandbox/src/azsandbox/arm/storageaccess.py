"""What the data plane of storage obeys: the account's firewall, its keys' state, its settings, and roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azsandbox.arm import following
from azsandbox.arm.context import Context
from azsandbox.arm.customerkeys import principal_of
from azsandbox.arm.firewall import is_open_to_clients
from azsandbox.arm.store import Record
from azsandbox.messages import Principal

Refusal = tuple[int, str, str]
SCOPES = "microsoft.storage/storageaccounts/encryptionscopes"
# Data actions of blobs and files; what else the data plane does is among the `actions` of roles.
_DATA = ("/containers/blobs/", "/fileshares/files/")
_NOT_ALLOWED = "This request is not authorized to perform this operation."
_KEY_ERROR = ("KeyVaultEncryptionKeyNotFound", "The key vault key is not found to unwrap the encryption key.")
_KEY_ERRORS = {
    "KeyVaultNotFound": ("KeyVaultVaultNotFound", "The key vault vault is not found."),
    "IdentityNotFound": (
        "KeyVaultAccessTokenCannotBeAcquired",
        "Key vault access token cannot be acquired from Microsoft Entra ID using the identity of this resource.",
    ),
}


def key_of_account(encryption: Mapping[str, Any]) -> str:
    """The key identifier in an account's `encryption`, as it was sent: it may have no version."""
    key = encryption.get("keyvaultproperties") or {}
    parts = (str(key.get("keyvaulturi") or "").rstrip("/"), "keys", key.get("keyname"), key.get("keyversion"))
    return "/".join(str(part) for part in parts if part)


def encryption_of(context: Context, account: Record) -> dict[str, Any]:
    """An account's `encryption` as it is now: a key without a version is in use in a version all the same."""
    encryption: dict[str, Any] = account.properties.get("encryption") or {}
    key = encryption.get("keyvaultproperties")
    if not key:
        return encryption
    identifier = key_of_account(encryption)
    now = following.shown(context, identifier, key, following.STORAGE_SHOWN, following.STORAGE_SECONDS)
    return {**encryption, "keyvaultproperties": now}


def key_of_scope(context: Context, scope: Mapping[str, Any]) -> dict[str, Any]:
    """The `keyVaultProperties` of an encryption scope as they are now."""
    key: dict[str, Any] = scope["keyVaultProperties"]
    return following.shown(context, str(key["keyUri"]), key, following.STORAGE_SHOWN, following.STORAGE_SECONDS)


def key_user(context: Context, account: Record) -> str | None:
    """The object id with which an account reaches its keys, those of its encryption scopes included."""
    encryption = account.properties.get("encryption") or {}
    user = (encryption.get("identity") or {}).get("userAssignedIdentity")
    return principal_of(context, account.document, user)


class StorageAccess:
    """Answers `storage_refusal` for the front."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def refusal(
        self, account: str, principal: Principal | None, action: str, container: str = "", sealed: bool = True
    ) -> Refusal | None:
        """Status, code and message for a call that is not to be done, else None.

        One that is not `sealed` needs no key (AZ-KEY-41).
        """
        record = next(iter(self._context.store.find(f"storage-name {account.lower()}")), None)
        if record is None:
            return None
        if not is_open_to_clients(record.properties):
            return 403, "AuthorizationFailure", _NOT_ALLOWED
        unusable = self._without_key(record) if sealed else None
        if unusable is not None:
            return unusable
        if principal is None:
            if record.properties.get("allowSharedKeyAccess") is False:
                text = "Key based authentication is not permitted on this storage account."
                return 403, "KeyBasedAuthenticationNotPermitted", text
            return None
        return self._by_role(record, principal, action, container)

    def scopes(self, account: str) -> dict[str, Refusal | None]:
        """The encryption scopes of an account, each with what is answered where it cannot be used.

        Reads and writes under a disabled one end with 403 (learn.microsoft.com, "Encryption scopes for Blob
        storage"); inferred (AZ-BLOB-7): which code they have. One whose key is revoked leaves its data
        inaccessible (the same page), as an account's does.
        """
        record = next(iter(self._context.store.find(f"storage-name {account.lower()}")), None)
        if record is None:
            return {}
        return {
            scope.name: self._scope_trouble(record, scope.properties)
            for scope in self._context.store.children(record.key, SCOPES)
        }

    def hierarchical(self, account: str) -> bool:
        """Whether an account has a hierarchical namespace."""
        record = next(iter(self._context.store.find(f"storage-name {account.lower()}")), None)
        return record is not None and record.properties.get("isHnsEnabled") is True

    def _scope_trouble(self, account: Record, scope: Mapping[str, Any]) -> Refusal | None:
        if scope["state"] == "Disabled":
            return 403, "EncryptionScopeDisabled", "The encryption scope is disabled."
        if scope["source"] != "Microsoft.KeyVault":
            return None
        key = key_of_scope(self._context, scope)
        return self._key_trouble(account, str(key.get(following.STORAGE_SHOWN) or key["keyUri"]))

    def _without_key(self, account: Record) -> Refusal | None:
        if (account.properties.get("encryption") or {}).get("keySource") != "Microsoft.Keyvault":
            return None
        encryption = encryption_of(self._context, account)
        used = encryption["keyvaultproperties"].get(following.STORAGE_SHOWN)
        return self._key_trouble(account, str(used or key_of_account(encryption)))

    def _key_trouble(self, account: Record, key: str) -> Refusal | None:
        """Codes and texts of "Common REST API error codes"; inferred (AZ-KEY-3): which reason gives which."""
        who = key_user(self._context, account)
        trouble = self._context.keys.trouble(key, who, "unwrapKey")
        return None if trouble is None else (403, *_KEY_ERRORS.get(trouble.code, _KEY_ERROR))

    def _by_role(self, account: Record, principal: Principal, action: str, container: str) -> Refusal | None:
        access = self._context.access
        access.welcome(principal.object_id)
        scope = account.key
        if container:
            service = "blobservices" if "/blobServices/" in action else "fileservices"
            kind = "containers" if service == "blobservices" else "fileshares"
            scope = f"{account.key}/{service}/default/{kind}/{container.lower()}"
        data = any(part in action for part in _DATA)
        if access.granted(principal.object_id, action, scope, data=data):
            return None
        text = "This request is not authorized to perform this operation using this permission."
        return 403, "AuthorizationPermissionMismatch", text
