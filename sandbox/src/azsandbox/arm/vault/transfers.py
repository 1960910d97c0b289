"""Keys that come and go: imported with their private part, backed up as what only vaults read, restored."""

from __future__ import annotations

import json
import secrets
import zlib
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from azsandbox.arm.context import Context
from azsandbox.arm.geographies import geography
from azsandbox.arm.keystore.errors import VaultError, bad_parameter
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.vault import bundles, material
from azsandbox.arm.vault.calls import VaultCall
from azsandbox.arm.vault.operations import VaultRule, checked_name
from azsandbox.messages import Request, Response

_KEYS = "Microsoft.KeyVault/vaults/keys"
_SEAL = "/azsandbox/backups"
_NONCE = 12
# MicrosoftDocs/azure-security-docs, key-vault/general/backup: at most 500 versions, and the same subscription and
# geography.
MOST_VERSIONS = 500


async def import_key(call: VaultCall) -> Response:
    """PUT `/keys/{name}`: a key from elsewhere, as a new version."""
    body, name = call.body(), checked_name(call.operation.name)
    web_key = body.get("key")
    if not isinstance(web_key, dict) or "key_hsm" in web_key:
        raise bad_parameter("Property key has invalid value.")  # AZ-LOCAL-6; keys wrapped for an HSM are not here
    spec, private = material.imported(web_key)
    if body.get("Hsm") is True or str(web_key["kty"]).endswith("-HSM"):
        spec["kty"] = f"{spec['kty']}-HSM"
        if (call.vault.properties.get("sku") or {}).get("name") != "premium":
            raise bad_parameter("HSM-protected keys need a vault of the premium tier.")  # text ours (AZ-LOCAL-6)
    version = await call.keys.keep(
        name,
        spec,
        private,
        ops=web_key.get("key_ops"),
        attributes=body.get("attributes"),
        tags=body.get("tags"),
    )
    return answer(200, bundles.bundle(call.keys, call.keys.require(name), version))


async def backup(call: VaultCall) -> Response:
    """POST `/keys/{name}/backup`: `{"value": …}`, with all versions."""
    key = call.keys.require(call.operation.name)
    versions = [(each.name, each.hidden) for each in call.keys.versions(key)]
    if len(versions) > MOST_VERSIONS:
        raise bad_parameter(
            f"A key with more than {MOST_VERSIONS} versions cannot be backed up."
        )  # text ours (AZ-LOCAL-6)
    document = {
        "home": home(call.vault),
        "kind": "key",
        "name": key.name,
        "policy": key.hidden.get("policy"),
        "versions": versions,
    }
    return answer(200, {"value": material.encoded(sealed(call.keys.context, document))})


async def restore(call: VaultCall) -> Response:
    """POST `/keys/restore`: the key under the name and with the versions that it had."""
    document = opened(call.keys.context, material.decoded(call.body().get("value")), "key")
    check_home(document, call.vault)
    versions = [(str(version), hidden) for version, hidden in document["versions"]]
    key = call.keys.restore(document["name"], document["policy"], versions)
    return answer(200, bundles.bundle(call.keys, key, call.keys.version(key)))


def check_home(document: dict[str, Any], vault: Record) -> None:
    """Raises VaultError 400 for a backup of another subscription or geography."""
    if document["home"] != home(vault):
        # As quoted (Azure/azure-cli#8767, MicrosoftDocs/azure-docs#107520); the code is ours (AZ-LOCAL-6).
        raise bad_parameter("Cannot decrypt backup blob.")


def named_by(context: Context, request: Request) -> str:
    """The name of what is in the backup that a request has; empty where it has none that can be read."""
    try:
        return str(opened(context, material.decoded(request.json()["value"]))["name"])
    except (VaultError, ValueError, KeyError, TypeError):
        return ""


def home(vault: Record) -> list[str]:
    """Subscription and geography: what a backup made in a vault can be restored in."""
    return [vault.key.split("/")[2], geography(str(vault.document["location"]))]


def _cipher(context: Context) -> AESGCM:
    """The sandbox's own, made once."""
    record = context.store.get(_SEAL)
    if record is None:
        hidden = {"key": secrets.token_hex(32)}
        record = Record(_SEAL, "azsandbox/secrets", "", _SEAL, "backups", {}, hidden)
        context.store.put(record)
    return AESGCM(bytes.fromhex(record.hidden["key"]))


def sealed(context: Context, document: dict[str, Any]) -> bytes:
    """A backup: what only the sandbox's vaults can read."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(context).encrypt(nonce, zlib.compress(json.dumps(document).encode()), None)


def opened(context: Context, blob: bytes, kind: str = "") -> dict[str, Any]:
    """What is in a backup, of a kind if one is named. Raises VaultError 400."""
    try:
        text = zlib.decompress(_cipher(context).decrypt(blob[:_NONCE], blob[_NONCE:], None))
    except (InvalidTag, ValueError) as error:
        raise VaultError(400, "BadParameter", "The backup blob is not valid.") from error  # text ours (AZ-LOCAL-6)
    document: dict[str, Any] = json.loads(text)
    if kind and document.get("kind", "key") != kind:
        raise VaultError(
            400, "BadParameter", f"The backup blob is not that of a {kind}."
        )  # text ours (AZ-LOCAL-6)
    return document


TRANSFERS: dict[tuple[str, str], VaultRule] = {
    ("PUT", "key"): VaultRule(import_key, f"{_KEYS}/import/action", "import", "KeyImport"),
    ("POST", "backup"): VaultRule(backup, f"{_KEYS}/backup/action", "backup", "KeyBackup"),
    ("POST", "restore"): VaultRule(restore, f"{_KEYS}/restore/action", "restore", "KeyRestore"),
}
