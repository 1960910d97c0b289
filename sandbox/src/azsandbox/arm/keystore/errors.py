"""What a vault answers when something is wrong: `{"error": {code, message, innererror}}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azsandbox.arm.render import answer
from azsandbox.messages import TENANT_ID, Principal, Response

_CHALLENGE = (
    f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://vault.azure.net"'
)


class VaultError(Exception):
    """An answer other than success; codes and frames are the service's, texts marked AZ-LOCAL-6 are ours."""

    def __init__(
        self, status: int, code: str, message: str, inner: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.inner = status, code, message, inner
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer to send."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return answer(self.status, {"error": error}, self.headers)


def unauthenticated(message: str) -> VaultError:
    """401 with the challenge that clients learn tenant and resource from."""
    return VaultError(401, "Unauthorized", message, headers={"WWW-Authenticate": _CHALLENGE})


def bad_parameter(message: str) -> VaultError:
    """400 for a request that is not understood."""
    return VaultError(400, "BadParameter", message)


def key_not_found(name: str) -> VaultError:
    """404 for a key, or a version of it, that is not there."""
    return VaultError(
        404,
        "KeyNotFound",
        f"A key with (name/id) {name} was not found in this key vault. If you recently deleted this key you may "
        "be able to recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182",
    )


def deleted_key_not_found(name: str) -> VaultError:
    """404 for a deleted key that is not there."""
    return VaultError(404, "KeyNotFound", f"Deleted Key not found: {name}")


def forbidden(message: str, inner: str) -> VaultError:
    """403 with the reason as inner code."""
    return VaultError(403, "Forbidden", message, inner)


def not_allowed(operation: str, state: str, inner: str) -> VaultError:
    """403 for a key that is disabled, expired, or not valid yet."""
    return forbidden(f"Operation {operation} is not allowed on {state}.", inner)


def already_there(name: str) -> VaultError:
    """409: a key is restored over another one; the code is documented, the text is ours (AZ-LOCAL-6)."""
    return VaultError(409, "Conflict", f"The key {name} already exists in this key vault.")


def in_deleted_state(name: str) -> VaultError:
    """409: the name belongs to a deleted key."""
    return VaultError(
        409,
        "Conflict",
        f"Key {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this "
        "state, the key can only be recovered or purged.",
        "ObjectIsDeletedButRecoverable",
    )


def caller(principal: Principal) -> str:
    """The caller as the service's messages name it."""
    return f"appid={principal.app_id};oid={principal.object_id};iss=https://sts.windows.net/{principal.tenant_id}/"
