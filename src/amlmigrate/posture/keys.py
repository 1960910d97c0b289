"""Claims on the vault and the key: what a key must be so that nothing under it is ever lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from amlmigrate.core.claim import Claim, Weight
from amlmigrate.core.keys import Key
from amlmigrate.posture.facts import Facts, KeyRef
from amlmigrate.posture.reading import Read, missing_action

_LEAST_BITS, _GOOD_BITS = 2048, 3072
_SOON = timedelta(days=30)
_KEY_READ = "Microsoft.KeyVault/vaults/keys/read"


def vault_claims(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    """Place, soft delete, purge protection (azure-facts §1.3)."""
    read, id_, name = facts.vault, ref.vault_id, ref.vault_id.rpartition("/")[2]
    if read.value is None:
        why = _unread("vault", id_, read, "Microsoft.KeyVault/vaults/read")
        gone = Claim(
            "vault.place",
            False,
            "error",
            id_,
            f"The vault '{name}' of the workspace's key is not there.",
            f"If it was deleted, bring it back: az keyvault recover --name {name}",
        )
        yield why if read.refused else gone
        return
    properties = read.value.get("properties") or {}
    yield _place(facts, read.value, ref)
    soft = properties.get("enableSoftDelete") is not False
    yield Claim(
        "vault.softDelete",
        soft,
        "error",
        id_,
        f"The vault '{name}' {'keeps' if soft else 'does not keep'} what is deleted.",
        "" if soft else f"az keyvault update --name {name} --enable-soft-delete true",
        {"softDeleteRetentionInDays": properties.get("softDeleteRetentionInDays")},
    )
    kept = properties.get("enablePurgeProtection") is True
    yield Claim(
        "vault.purgeProtection",
        kept,
        "error",
        id_,
        f"The vault '{name}' has {'purge' if kept else 'no purge'} protection"
        + ("." if kept else ": whoever purges the key destroys all that lies under it."),
        "" if kept else f"az keyvault update --name {name} --enable-purge-protection true",
    )


def _place(facts: Facts, vault: dict[str, Any], ref: KeyRef) -> Claim:
    workspace = facts.workspace
    region = str(vault.get("location", "")).replace(" ", "").lower()
    here = region == workspace.location.replace(" ", "").lower()
    same = f"{ref.vault_id}/".lower().startswith(f"/subscriptions/{workspace.ref.subscription}/".lower())
    wrong = " and ".join(what for what, good in (("subscription", same), ("region", here)) if not good)
    return Claim(
        "vault.place",
        not wrong,
        "error",
        ref.vault_id,
        f"The key's vault lies in another {wrong} than the workspace."
        if wrong
        else "The key's vault lies in the workspace's subscription and region.",
        "A workspace's vault cannot be changed: make the workspace anew with a key that lies beside it."
        if wrong
        else "",
        {"vault": region, "workspace": workspace.location},
    )


def key_claims(facts: Facts, ref: KeyRef, now: datetime) -> Iterator[Claim]:
    """Type, size, state, expiry, rotation, newest version, and whether it wraps in fact."""
    read = facts.key
    if read.value is not None:
        yield from _kind(read.value, ref)
        yield from _state(read.value, ref, now)
    elif read.refused:
        yield _unread("key", ref.id, read, _KEY_READ)
    else:
        yield Claim(
            "key.enabled",
            False,
            "error",
            ref.id,
            "The key that the workspace names is not in its vault.",
            f"If it was deleted: az keyvault key recover --vault-name {_vault_name(ref)} --name {ref.name}",
        )
    if read.value is not None:
        yield _rotation(facts, ref)
        yield _newest(facts, ref)
    yield _wraps(facts.wraps, ref)


def _kind(key: Key, ref: KeyRef) -> Iterator[Claim]:
    anew = f"az keyvault key create --vault-name {_vault_name(ref)} --name {ref.name} --kty RSA --size 3072"
    rsa = key.kind.upper() in ("RSA", "RSA-HSM")
    yield Claim(
        "key.type", rsa, "error", ref.id, f"The key's type is {key.kind}.", "" if rsa else anew, {"type": key.kind}
    )
    if not rsa:
        return
    bits = key.size or 0
    severity: Weight = "error" if bits < _LEAST_BITS else "warning"
    good = bits >= _GOOD_BITS
    yield Claim(
        "key.size",
        good,
        severity,
        ref.id,
        f"The key has {bits} bits" + ("." if good else f"; {_GOOD_BITS} or more are good practice."),
        "" if good else f"Make a larger version and point the workspace to it: {anew}",
        {"bits": bits},
    )


def _state(key: Key, ref: KeyRef, now: datetime) -> Iterator[Claim]:
    version = key.version
    early = version.not_before is not None and version.not_before > now
    good = version.enabled and not early
    what = "enabled" if good else ("not valid yet" if version.enabled else "disabled")
    yield Claim(
        "key.enabled",
        good,
        "error",
        ref.id,
        f"The version of the key that the workspace uses is {what}"
        + ("." if good else ": the workspace and its storage answer 403 while it is."),
        "" if good else f"az keyvault key set-attributes --id {version.id} --enabled true",
        {"enabled": version.enabled, "notBefore": _iso(version.not_before)},
    )
    expires = version.expires
    left = expires - now if expires else None
    over = left is not None and left <= timedelta(0)
    said = "has no expiry date" if expires is None else f"{'expired' if over else 'expires'} on {expires:%Y-%m-%d}"
    yield Claim(
        "key.expiry",
        left is not None and left > _SOON,
        "error" if over else "warning",
        ref.id,
        f"The version of the key that the workspace uses {said}.",
        ""
        if left is not None and left > _SOON
        else f"az keyvault key set-attributes --id {version.id} --expires YYYY-MM-DDT00:00:00Z,"
        " or rotate the key and point the workspace to its new version.",
        {"expires": _iso(expires)},
    )


def _rotation(facts: Facts, ref: KeyRef) -> Claim:
    read = facts.rotation
    if read.refused:
        return _unread("rotation", ref.id, read, "Microsoft.KeyVault/vaults/keyrotationpolicies/read")
    policy = read.value
    evidence = {} if policy is None else {"afterCreate": policy.after_create, "beforeExpiry": policy.before_expiry}
    return Claim(
        "key.rotation",
        policy is not None,
        "warning",
        ref.id,
        "The key has a rotation policy." if policy else "The key has no rotation policy.",
        ""
        if policy
        else f"az keyvault key rotation-policy update --vault-name {_vault_name(ref)} --name {ref.name}"
        " --value policy.json",
        evidence,
    )


def _newest(facts: Facts, ref: KeyRef) -> Claim:
    read = facts.newest
    if read.value is None:
        return _unread("version", ref.id, read, _KEY_READ)
    newest = read.value.version.id.rpartition("/")[2]
    # A newer version that is disabled is nothing to go over to.
    current = not ref.version or newest.lower() == ref.version.lower() or not read.value.version.enabled
    return Claim(
        "key.version",
        current,
        "warning",
        ref.id,
        "The workspace uses the newest version of its key."
        if current
        else "The key has a newer version than the one that the workspace uses.",
        "" if current else "Point the workspace to it: it does not follow by itself.",
        {"used": ref.version, "newest": newest},
    )


def _wraps(read: Read[bool], ref: KeyRef) -> Claim:
    if read.value is None:
        return Claim(
            "key.wraps",
            None,
            "information",
            ref.id,
            f"Not tried: no right to wrap and unwrap with the key. {read.refused}".strip(),
        )
    return Claim(
        "key.wraps",
        read.value,
        "error",
        ref.id,
        "What the key wraps it unwraps." if read.value else "What the key wrapped it did not unwrap.",
        "" if read.value else "Make a new version of the key and point the workspace to it.",
    )


_UNREAD = {
    "vault": ("vault.purgeProtection", "the vault"),
    "key": ("key.enabled", "the key"),
    "rotation": ("key.rotation", "the rotation policy of the key"),
    "version": ("key.version", "the newest version of the key"),
}


def _unread(what: str, address: str, read: Read[Any], action: str) -> Claim:
    name, said = _UNREAD[what]
    missing = missing_action(read.refused, action)
    return Claim(
        name,
        None,
        "warning",
        address,
        f"Not proven: {said} could not be read. {read.refused}".strip(),
        f"Grant '{missing}' on the vault, or have somebody look who may.",
        {"missing": missing},
    )


def _vault_name(ref: KeyRef) -> str:
    return ref.vault_id.rpartition("/")[2]


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
