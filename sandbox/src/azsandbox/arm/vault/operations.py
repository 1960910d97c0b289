"""The operations of a vault on keys: what each does, and what rights it takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.keystore.errors import bad_parameter, deleted_key_not_found, forbidden
from azsandbox.arm.keystore.keys import check_usable
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.vault import bundles, material
from azsandbox.arm.vault.calls import VaultCall
from azsandbox.arm.vault.keychanges import seconds_of
from azsandbox.messages import Response

_PAGE = 25
Handler = Callable[[VaultCall], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class VaultRule:
    """How an operation is done, the data action it takes, the permission of an access policy, what the log calls
    it (learn.microsoft.com, key-vault/general/logging), and what of the vault it is about."""

    handler: Handler
    action: str
    permission: str
    logged: str
    area: str = "keys"


def page(call: VaultCall, items: list[dict[str, Any]]) -> Response:
    """A page of a list; 25 at most, `nextLink` null on the last."""
    query = {name.lower(): value for name, value in call.request.query.items()}
    size, start = query.get("maxresults", ""), query.get("$skiptoken", "")
    if (size and not (size.isdecimal() and int(size) > 0)) or (start and not start.isdecimal()):
        raise bad_parameter("A query parameter, maxresults or $skiptoken, is not valid.")  # text ours (AZ-LOCAL-6)
    count, begin = min(int(size), _PAGE) if size else _PAGE, int(start or 0)
    link = None
    if begin + count < len(items):
        base = f"{bundles.base_url(call.vault)}{call.request.path}"
        link = f"{base}?api-version={query['api-version']}&$skiptoken={begin + count}&maxresults={count}"
    return answer(200, {"value": items[begin : begin + count], "nextLink": link})


async def list_keys(call: VaultCall) -> Response:
    """GET `/keys`."""
    return page(call, [bundles.item(call.keys, key) for key in call.keys.all()])


async def list_versions(call: VaultCall) -> Response:
    """GET `/keys/{name}/versions`."""
    key = call.keys.find(call.operation.name)
    found = call.keys.versions(key) if key else []
    return page(call, [bundles.item(call.keys, key, each) for each in found] if key else [])


def checked_name(name: str) -> str:
    """A name that a new key may have. Raises VaultError 400."""
    if not name.replace("-", "a").isalnum() or not name.isascii() or len(name) > 127:
        raise bad_parameter(f"Invalid key name: {name}")  # AZ-LOCAL-6
    return name


async def create(call: VaultCall) -> Response:
    """POST `/keys/{name}/create`."""
    body, name = call.body(), checked_name(call.operation.name)
    version = await call.keys.create(
        name, body, ops=body.get("key_ops"), attributes=body.get("attributes"), tags=body.get("tags")
    )
    return _bundle(call, call.keys.require(name), version)


async def get(call: VaultCall) -> Response:
    """GET `/keys/{name}[/{version}]`; a disabled key is shown too."""
    return _bundle(call, *_target(call))


async def update(call: VaultCall) -> Response:
    """PATCH `/keys/{name}[/{version}]`."""
    key, version = _target(call)
    body = call.body()
    call.keys.update(version, ops=body.get("key_ops"), attributes=body.get("attributes"), tags=body.get("tags"))
    return _bundle(call, key, version)


async def rotate(call: VaultCall) -> Response:
    """POST `/keys/{name}/rotate`."""
    key = call.keys.require(call.operation.name)
    return _bundle(call, key, await call.keys.rotate(key))


async def get_policy(call: VaultCall) -> Response:
    """GET `/keys/{name}/rotationpolicy`."""
    return answer(200, bundles.rotation_policy(call.keys, call.keys.require(call.operation.name)))


async def set_policy(call: VaultCall) -> Response:
    """PUT `/keys/{name}/rotationpolicy`."""
    key, body = call.keys.require(call.operation.name), call.body()
    actions, sent = body.get("lifetimeActions") or [], body.get("attributes") or {}
    for each in actions:
        for duration in (each.get("trigger") or {}).values():
            if duration is not None:
                seconds_of(str(duration))
    if sent.get("expiryTime"):
        seconds_of(str(sent["expiryTime"]))
    before = (key.hidden.get("policy") or {}).get("attributes", {})
    now = int(call.now)
    attributes = {"expiryTime": sent.get("expiryTime"), "created": before.get("created", now), "updated": now}
    call.keys.set_policy(key, {"lifetimeActions": actions, "attributes": attributes})
    return answer(200, bundles.rotation_policy(call.keys, key))


async def delete(call: VaultCall) -> Response:
    """DELETE `/keys/{name}`."""
    key = call.keys.require(call.operation.name)
    call.keys.delete(key)
    return _deleted(call, key)


async def list_deleted(call: VaultCall) -> Response:
    """GET `/deletedkeys`."""
    found = call.keys.deleted()
    return page(call, [bundles.item(call.keys, key) | bundles.of_deleted(call.keys, key) for key in found])


async def get_deleted(call: VaultCall) -> Response:
    """GET `/deletedkeys/{name}`."""
    return _deleted(call, _deleted_key(call))


async def recover(call: VaultCall) -> Response:
    """POST `/deletedkeys/{name}/recover`."""
    key = _deleted_key(call)
    call.keys.recover(key)
    return _bundle(call, key, call.keys.version(key))


async def purge(call: VaultCall) -> Response:
    """DELETE `/deletedkeys/{name}`; never with purge protection."""
    key = _deleted_key(call)
    if call.vault.properties.get("enablePurgeProtection"):
        text = (
            f'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault '
            "service will automatically purge it after the retention period has passed.\r\n"
            f"Vault: {call.vault.name};location={call.vault.document['location']}"
        )
        raise forbidden(text, "ForbiddenByPurgeProtection")  # the inner code is ours (AZ-LOCAL-6)
    call.keys.purge(key)
    return Response(204)


def _target(call: VaultCall) -> tuple[Record, Record]:
    key = call.keys.require(call.operation.name)
    return key, call.keys.version(key, call.operation.version)


def _deleted_key(call: VaultCall) -> Record:
    key = call.keys.find_deleted(call.operation.name)
    if key is None:
        raise deleted_key_not_found(call.operation.name)
    return key


def _bundle(call: VaultCall, key: Record, version: Record) -> Response:
    return answer(200, bundles.bundle(call.keys, key, version))


def _deleted(call: VaultCall, key: Record) -> Response:
    shown = bundles.bundle(call.keys, key, call.keys.version(key))
    return answer(200, shown | bundles.of_deleted(call.keys, key))


# Using a key


def _use(operation: str) -> Handler:
    async def use(call: VaultCall) -> Response:
        key, version = _target(call)
        hidden, body = version.hidden, call.body()
        check_usable(hidden["attributes"], operation, call.now)
        if operation not in hidden["ops"]:
            raise forbidden(f"Operation {operation} is not permitted on this key.", "KeyOperationForbidden")
        private = material.from_pem(hidden["pem"])
        algorithm = str(body.get("alg") or "")
        if operation == "verify":
            digest, signature = material.decoded(body.get("digest")), material.decoded(body.get("value"))
            return answer(200, {"value": material.is_signed(private, algorithm, digest, signature)})
        done = _DOING[operation](private, algorithm, material.decoded(body.get("value")))
        return answer(200, {"kid": bundles.key_id(call.keys, key, version), "value": material.encoded(done)})

    use.__doc__ = f"POST `/keys/{{name}}/{{version}}/{operation.lower()}`."
    return use


_DOING = {
    "encrypt": material.encrypted,
    "wrapKey": material.encrypted,
    "decrypt": material.decrypted,
    "unwrapKey": material.decrypted,
    "sign": material.signed,
}
_KEYS = "Microsoft.KeyVault/vaults/keys"
_POLICIES = "Microsoft.KeyVault/vaults/keyrotationpolicies"
RULES: dict[tuple[str, str], VaultRule] = {
    ("GET", "keys"): VaultRule(list_keys, f"{_KEYS}/read", "list", "KeyList"),
    ("GET", "versions"): VaultRule(list_versions, f"{_KEYS}/read", "list", "KeyListVersions"),
    ("POST", "create"): VaultRule(create, f"{_KEYS}/create/action", "create", "KeyCreate"),
    ("GET", "key"): VaultRule(get, f"{_KEYS}/read", "get", "KeyGet"),
    ("PATCH", "key"): VaultRule(update, f"{_KEYS}/update/action", "update", "KeyUpdate"),
    ("POST", "rotate"): VaultRule(rotate, f"{_KEYS}/rotate/action", "rotate", "KeyRotate"),
    ("GET", "rotationpolicy"): VaultRule(
        get_policy, f"{_POLICIES}/read", "getrotationpolicy", "KeyRotationPolicyGet"
    ),
    ("PUT", "rotationpolicy"): VaultRule(
        set_policy, f"{_POLICIES}/write", "setrotationpolicy", "KeyRotationPolicySet"
    ),
    ("DELETE", "key"): VaultRule(delete, f"{_KEYS}/delete", "delete", "KeyDelete"),
    ("GET", "deleted keys"): VaultRule(list_deleted, f"{_KEYS}/read", "list", "KeyListDeleted"),
    ("GET", "deleted key"): VaultRule(get_deleted, f"{_KEYS}/read", "get", "KeyGetDeleted"),
    ("POST", "recover"): VaultRule(recover, f"{_KEYS}/recover/action", "recover", "KeyRecover"),
    ("DELETE", "deleted key"): VaultRule(purge, f"{_KEYS}/purge/action", "purge", "KeyPurge"),
    ("POST", "encrypt"): VaultRule(_use("encrypt"), f"{_KEYS}/encrypt/action", "encrypt", "KeyEncrypt"),
    ("POST", "decrypt"): VaultRule(_use("decrypt"), f"{_KEYS}/decrypt/action", "decrypt", "KeyDecrypt"),
    ("POST", "sign"): VaultRule(_use("sign"), f"{_KEYS}/sign/action", "sign", "KeySign"),
    ("POST", "verify"): VaultRule(_use("verify"), f"{_KEYS}/verify/action", "verify", "KeyVerify"),
    ("POST", "wrapkey"): VaultRule(_use("wrapKey"), f"{_KEYS}/wrap/action", "wrapKey", "KeyWrap"),
    ("POST", "unwrapkey"): VaultRule(_use("unwrapKey"), f"{_KEYS}/unwrap/action", "unwrapKey", "KeyUnwrap"),
}
