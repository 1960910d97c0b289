"""One request to a vault as its operations see it: vault, key, version, body; and which operation it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from azsandbox.arm.keystore.errors import VaultError, bad_parameter
from azsandbox.arm.store import Record
from azsandbox.arm.vault.keychanges import ChangingKeys
from azsandbox.messages import Principal, Request

_BELOW_KEY = ("create", "rotate", "versions", "rotationpolicy", "backup")
_BELOW_VERSION = ("encrypt", "decrypt", "sign", "verify", "wrapkey", "unwrapkey")


@dataclass(frozen=True, slots=True)
class VaultOperation:
    """What is asked, in words: `shape` of the path with its method, the key's name, the version."""

    shape: tuple[str, str]
    name: str = ""
    version: str = ""


@dataclass(slots=True)
class VaultCall:
    """A request with its vault and its caller known."""

    request: Request
    principal: Principal
    keys: ChangingKeys
    operation: VaultOperation
    now: float

    @property
    def vault(self) -> Record:
        """The vault."""
        return self.keys.vault

    def body(self) -> dict[str, Any]:
        """The body, a JSON object, empty when there is none. Raises VaultError 400."""
        if not self.request.body.strip():
            return {}
        try:
            document = self.request.json()
        except ValueError as error:
            raise bad_parameter("Request body is not valid JSON.") from error  # AZ-LOCAL-6
        if not isinstance(document, dict):
            raise bad_parameter("Request body must be an object.")  # AZ-LOCAL-6
        return document


def operation_of(method: str, path: str) -> VaultOperation:
    """Which operation a path is. Raises VaultError 404."""
    first, *rest = path.removeprefix("/").split("/")
    kind, method = first.lower(), method.upper()
    while rest and rest[-1] == "":
        rest.pop()
    if kind == "keys":
        return _of_keys(method, rest, path)
    if kind in ("secrets", "deletedsecrets"):
        return _of_secrets(method, kind, rest, path)
    if kind == "deletedkeys" and not rest:
        return VaultOperation((method, "deleted keys"))
    if kind == "deletedkeys" and len(rest) == 1:
        return VaultOperation((method, "deleted key"), rest[0])
    if kind == "deletedkeys" and len(rest) == 2 and rest[1].lower() == "recover":
        return VaultOperation((method, "recover"), rest[0])
    raise unknown(path)


def _of_keys(method: str, rest: list[str], path: str) -> VaultOperation:
    if not rest:
        return VaultOperation((method, "keys"))
    if method == "POST" and [each.lower() for each in rest] == ["restore"]:
        return VaultOperation((method, "restore"))
    if len(rest) == 1:
        return VaultOperation((method, "key"), rest[0])
    if len(rest) == 2 and rest[1].lower() in _BELOW_KEY:
        return VaultOperation((method, rest[1].lower()), rest[0])
    if len(rest) == 2:
        return VaultOperation((method, "key"), rest[0], rest[1])
    if len(rest) == 3 and rest[2].lower() in _BELOW_VERSION:
        return VaultOperation((method, rest[2].lower()), rest[0], rest[1])
    raise unknown(path)


def _of_secrets(method: str, kind: str, rest: list[str], path: str) -> VaultOperation:
    words = [each.lower() for each in rest]
    one = "secret" if kind == "secrets" else "deleted secret"
    if not rest:
        return VaultOperation((method, f"{one}s"))
    if kind == "secrets" and method == "POST" and words == ["restore"]:
        return VaultOperation((method, "secret restore"))
    if len(rest) == 1:
        return VaultOperation((method, one), rest[0])
    if len(rest) == 2 and words[1] in (("versions", "backup") if kind == "secrets" else ("recover",)):
        return VaultOperation((method, f"secret {words[1]}"), rest[0])
    if len(rest) == 2 and kind == "secrets":
        return VaultOperation((method, one), rest[0], rest[1])
    raise unknown(path)


def unknown(path: str) -> VaultError:
    """404 for what the sandbox's vaults do not have: certificates."""
    return VaultError(404, "NotFound", f"The sandbox's vaults have nothing at {path}.")
