"""What the data plane of storage obeys: the account's firewall, its keys' state, its settings, and roles."""

from __future__ import annotations

from azsandbox.arm.context import Context
from azsandbox.arm.firewall import is_open_to_clients
from azsandbox.arm.store import Record
from azsandbox.messages import Principal

Refusal = tuple[int, str, str]
# Data actions of blobs and files; what else the data plane does is among the `actions` of roles.
_DATA = ("/containers/blobs/", "/fileshares/files/")
_NOT_ALLOWED = "This request is not authorized to perform this operation."


class StorageAccess:
    """Answers `storage_refusal` for the front."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def refusal(
        self, account: str, principal: Principal | None, action: str, container: str = ""
    ) -> Refusal | None:
        """Status, code and message for a call that is not to be done, else None."""
        record = next(iter(self._context.store.find(f"storage-name {account.lower()}")), None)
        if record is None:
            return None
        if not is_open_to_clients(record.properties):
            return 403, "AuthorizationFailure", _NOT_ALLOWED
        if principal is None:
            if record.properties.get("allowSharedKeyAccess") is False:
                text = "Key based authentication is not permitted on this storage account."
                return 403, "KeyBasedAuthenticationNotPermitted", text
            return None
        return self._by_role(record, principal, action, container)

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
