"""The operations of a vault on secrets: values, versions, and backups that only vaults of one home take back."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.keystore.errors import VaultError, bad_parameter, forbidden
from azsandbox.arm.keystore.secrets import Secrets, Version
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.vault import bundles, material
from azsandbox.arm.vault.calls import VaultCall
from azsandbox.arm.vault.operations import VaultRule, page
from azsandbox.arm.vault.transfers import MOST_VERSIONS, check_home, home, opened, sealed
from azsandbox.messages import Response

_SECRETS = "Microsoft.KeyVault/vaults/secrets"


def _of(call: VaultCall) -> Secrets:
    return Secrets(call.keys.context, call.vault)


def _attributes(of: Secrets, version: Version) -> dict[str, Any]:
    level = bundles.recovery_level(of.vault)
    return {**version["attributes"], "recoveryLevel": level, "recoverableDays": of.retention_days}


def _item(of: Secrets, secret: Record, version: Version, *, versioned: bool = False) -> dict[str, Any]:
    """As lists have it: without the value."""
    last = f"/{version['version']}" if versioned else ""
    found = {"id": f"{of.uri(secret.name)}{last}", "attributes": _attributes(of, version)}
    kept = {name: version[name] for name in ("contentType", "tags") if version[name]}
    return {**found, **kept}


def _bundle(of: Secrets, secret: Record, version: Version, *, value: bool = False) -> dict[str, Any]:
    shown = {"value": version["value"]} if value else {}
    return {**shown, **_item(of, secret, version, versioned=True)}


async def list_secrets(call: VaultCall) -> Response:
    """GET `/secrets`: names and times, no values."""
    of = _of(call)
    return page(call, [_item(of, each, of.version(each)) for each in of.all()])


async def list_versions(call: VaultCall) -> Response:
    """GET `/secrets/{name}/versions`."""
    of = _of(call)
    secret = of.find(call.operation.name)
    versions = secret.hidden["versions"] if secret else []
    return page(call, [_item(of, secret, each, versioned=True) for each in versions] if secret else [])


async def get(call: VaultCall) -> Response:
    """GET `/secrets/{name}[/{version}]`, also outside of its time.

    learn azure/key-vault/secrets/about-secrets
    """
    of = _of(call)
    secret = of.require(call.operation.name)
    version = of.version(secret, call.operation.version)
    if not version["attributes"]["enabled"]:
        raise forbidden("Operation get is not allowed on a disabled secret.", "SecretDisabled")
    return answer(200, _bundle(of, secret, version, value=True))


async def put(call: VaultCall) -> Response:
    """PUT `/secrets/{name}`: a new version."""
    of, body, name = _of(call), call.body(), call.operation.name
    version = of.set(
        name,
        body.get("value"),
        content_type=body.get("contentType"),
        attributes=body.get("attributes"),
        tags=body.get("tags"),
    )
    return answer(200, _bundle(of, of.require(name), version, value=True))


async def update(call: VaultCall) -> Response:
    """PATCH `/secrets/{name}/{version}`: all but the value."""
    of = _of(call)
    secret = of.require(call.operation.name)
    version = of.update(secret, of.version(secret, call.operation.version), call.body())
    return answer(200, _bundle(of, secret, version))


async def delete(call: VaultCall) -> Response:
    """DELETE `/secrets/{name}`."""
    of = _of(call)
    secret = of.require(call.operation.name)
    of.delete(secret)
    return answer(200, _shown_deleted(of, secret))


def _shown_deleted(of: Secrets, secret: Record) -> dict[str, Any]:
    return {
        **_bundle(of, secret, of.version(secret)),
        "recoveryId": f"{bundles.base_url(of.vault)}/deletedsecrets/{secret.name}",
        "deletedDate": secret.hidden["deleted"],
        "scheduledPurgeDate": of.purge_time(secret),
    }


async def list_deleted(call: VaultCall) -> Response:
    """GET `/deletedsecrets`."""
    of = _of(call)
    return page(call, [_shown_deleted(of, each) for each in of.deleted()])


async def get_deleted(call: VaultCall) -> Response:
    """GET `/deletedsecrets/{name}`."""
    of = _of(call)
    return answer(200, _shown_deleted(of, _deleted(of, call)))


async def recover(call: VaultCall) -> Response:
    """POST `/deletedsecrets/{name}/recover`."""
    of = _of(call)
    secret = _deleted(of, call)
    of.recover(secret)
    return answer(200, _bundle(of, secret, of.version(secret)))


async def purge(call: VaultCall) -> Response:
    """DELETE `/deletedsecrets/{name}`; never with purge protection."""
    of = _of(call)
    secret = _deleted(of, call)
    if of.vault.properties.get("enablePurgeProtection"):
        # The inner code is ours (AZ-LOCAL-6).
        text = 'Operation "purge" is not allowed because purge protection is enabled for this vault.'
        raise forbidden(text, "ForbiddenByPurgeProtection")
    of.purge(secret)
    return Response(204)


def _deleted(of: Secrets, call: VaultCall) -> Record:
    found = of.find_deleted(call.operation.name)
    if found is None:
        raise VaultError(404, "SecretNotFound", f"Deleted Secret not found: {call.operation.name}")
    return found


async def backup(call: VaultCall) -> Response:
    """POST `/secrets/{name}/backup`: `{"value": …}`, which only vaults can read, with all versions."""
    of = _of(call)
    secret = of.require(call.operation.name)
    versions = secret.hidden["versions"]
    if len(versions) > MOST_VERSIONS:
        text = f"A secret with more than {MOST_VERSIONS} versions cannot be backed up."  # AZ-LOCAL-6
        raise bad_parameter(text)
    document = {"home": home(of.vault), "kind": "secret", "name": secret.name, "versions": versions}
    return answer(200, {"value": material.encoded(sealed(call.keys.context, document))})


async def restore(call: VaultCall) -> Response:
    """POST `/secrets/restore`: under the name and with the versions that it had; never over another.

    Only into a vault of the same subscription and geography (AZ-SECRET-2).
    """
    document = opened(call.keys.context, material.decoded(call.body().get("value")), "secret")
    check_home(document, call.vault)
    of = _of(call)
    secret = of.restore(document["name"], document["versions"])
    return answer(200, _bundle(of, secret, of.version(secret)))


def _rule(handler: Any, action: str, permission: str, logged: str) -> VaultRule:
    return VaultRule(handler, f"{_SECRETS}/{action}", permission, logged, "secrets")


SECRET_RULES: dict[tuple[str, str], VaultRule] = {
    ("GET", "secrets"): _rule(list_secrets, "readMetadata/action", "list", "SecretList"),
    ("GET", "secret versions"): _rule(list_versions, "readMetadata/action", "list", "SecretListVersions"),
    ("GET", "secret"): _rule(get, "getSecret/action", "get", "SecretGet"),
    ("PUT", "secret"): _rule(put, "setSecret/action", "set", "SecretSet"),
    ("PATCH", "secret"): _rule(update, "update/action", "set", "SecretUpdate"),
    ("DELETE", "secret"): _rule(delete, "delete", "delete", "SecretDelete"),
    ("GET", "deleted secrets"): _rule(list_deleted, "readMetadata/action", "list", "SecretListDeleted"),
    ("GET", "deleted secret"): _rule(get_deleted, "readMetadata/action", "get", "SecretGetDeleted"),
    ("POST", "secret recover"): _rule(recover, "recover/action", "recover", "SecretRecover"),
    ("DELETE", "deleted secret"): _rule(purge, "purge/action", "purge", "SecretPurge"),
    ("POST", "secret backup"): _rule(backup, "backup/action", "backup", "SecretBackup"),
    ("POST", "secret restore"): _rule(restore, "restore/action", "restore", "SecretRestore"),
}
