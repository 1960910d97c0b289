"""Claims on the vault and the key: what a key must be so that nothing under it is ever lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from amlmigrate.core import drilltag
from amlmigrate.core.armid import name_of, subscription_of
from amlmigrate.core.claim import Claim, Weight
from amlmigrate.core.documents import properties_of
from amlmigrate.core.keys import Key, is_hsm, vault_host_name
from amlmigrate.core.periods import SOAK
from amlmigrate.core.spelling import plain_region
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture.facts import KeyFacts, KeyRef
from amlmigrate.posture.keypolicy import NAME as POLICY
from amlmigrate.posture.keypolicy import policy_claim
from amlmigrate.posture.reading import Read
from amlmigrate.posture.unproven import beside, unread
from amlmigrate.posture.vaultowner import NAME as OWNER
from amlmigrate.posture.vaultowner import owner_claim

_LEAST_BITS, _GOOD_BITS = 2048, 3072
_SOON = timedelta(days=30)
_KEY_READ = "Microsoft.KeyVault/vaults/keys/read"
_VAULT_READ = "Microsoft.KeyVault/vaults/read"
_HSM_READ = "Microsoft.KeyVault/managedHSMs/read"
# Local RBAC of the HSM, and no role of Azure's (azure-keyvault-administration, KeyVaultDataAction).
_HSM_KEY_READ = "Microsoft.KeyVault/managedHsm/keys/read/action"
_ROTATION_READ = "Microsoft.KeyVault/vaults/keyrotationpolicies/read"
_SOFT_HSM = "Look at it in the portal: az keyvault update-hsm has no option for it."
VAULT_NAMES = ("vault.place", "vault.softDelete", "vault.purgeProtection", OWNER)
_OF_VERSION = ("key.type", "key.size", "key.enabled", "key.expiry", "key.pinned")
# What is not known where the key cannot be read; whether it wraps is tried all the same.
KEY_NAMES = (*_OF_VERSION, "key.rotation", "key.version", POLICY)
WRAPS = "key.wraps"
# What the vault says of a key that is there and may be used, but does not work (AZ-KEY-1, AZ-KEY-2).
_UNUSABLE = frozenset({"KeyDisabled", "KeyExpired", "KeyNotYetValid", "KeyOperationForbidden"})


def vault_claims(facts: KeyFacts, user: str, workspace: Workspace | None = None) -> Iterator[Claim]:
    """Place, soft delete, purge protection (AZ-KEY-12) and owner of the vault of the key that `user` uses.

    The vault of a workspace's own key has to lie beside the `workspace`; that of an account may lie anywhere
    (learn.microsoft.com, "Customer-managed keys for Azure Storage encryption").
    """
    ref = facts.ref
    read, id_, name = facts.vault, ref.vault_id or ref.vault, _vault_name(ref)
    hsm = _is_hsm(ref)
    update = f"az keyvault update-hsm --hsm-name {name}" if hsm else f"az keyvault update --name {name}"
    if read.refused:
        yield from unread(VAULT_NAMES, id_, "the vault", read, _HSM_READ if hsm else _VAULT_READ)
        return
    if read.value is None:
        yield Claim(
            "vault.place",
            False,
            "error",
            id_,
            f"The vault '{name}' of the key that {user} uses is not there.",
            "If it was deleted, bring it back: az keyvault recover"
            + (f" --hsm-name {name} --location REGION" if hsm else f" --name {name}"),
        )
        others = (name for name in VAULT_NAMES if name != "vault.place")
        yield from beside(others, id_, "the vault is not there")
        return
    properties = properties_of(read.value)
    yield _place(read.value, ref, user, workspace)
    soft = properties.get("enableSoftDelete") is not False
    yield Claim(
        "vault.softDelete",
        soft,
        "error",
        id_,
        f"The vault '{name}' {'keeps' if soft else 'does not keep'} what is deleted.",
        "" if soft else _SOFT_HSM if hsm else f"{update} --enable-soft-delete true",
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
        "" if kept else f"{update} --enable-purge-protection true",
    )
    yield owner_claim(read.value, id_, name)


def _place(vault: dict[str, Any], ref: KeyRef, user: str, workspace: Workspace | None) -> Claim:
    region = plain_region(vault.get("location", ""))
    if workspace is None:
        said = f"The vault of the key that {user} uses is there."
        return Claim("vault.place", True, "error", ref.vault_id, said, "", {"vault": region})
    here = region == plain_region(workspace.location)
    same = subscription_of(ref.vault_id) == workspace.ref.subscription.lower()
    wrong = " and ".join(what for what, good in (("subscription", same), ("region", here)) if not good)
    return Claim(
        "vault.place",
        not wrong,
        "error",
        ref.vault_id,
        f"The key's vault is in another {wrong} than the workspace."
        if wrong
        else "The key's vault is in the workspace's subscription and region.",
        "A workspace's vault cannot be changed: create a new workspace with a key that lies beside it."
        if wrong
        else "",
        {"vault": region, "workspace": workspace.location},
    )


def key_claims(facts: KeyFacts, user: str, now: datetime) -> Iterator[Claim]:
    """Type, size, state, expiry, rotation, newest version, profile, and whether it wraps; `user` uses it."""
    read, ref = facts.key, facts.ref
    if read.value is not None:
        yield from _kind(read.value, ref)
        yield from _state(read.value, ref, user, now)
        yield _pinned(read.value, facts, user, now)
        yield from _rotation(facts)
        yield from _newest(facts, user)
        yield from policy_claim(facts, read.value)
    elif read.refused:
        yield from unread(KEY_NAMES, ref.id, "the key", read, _key_read(ref))
    else:
        yield Claim(
            "key.enabled",
            False,
            "error",
            ref.id,
            f"The key that {user} names is not in its vault.",
            f"If it was deleted: az keyvault key recover {_at(ref)} --name {ref.name}",
        )
        others = (name for name in KEY_NAMES if name != "key.enabled")
        yield from beside(others, ref.id, "the key is not there")
    yield _wraps(facts.wraps, ref)


def _kind(key: Key, ref: KeyRef) -> Iterator[Claim]:
    kty = "RSA-HSM" if _is_hsm(ref) else "RSA"
    anew = f"az keyvault key create {_at(ref)} --name {ref.name} --kty {kty} --size 3072"
    rsa = key.kind.upper() in ("RSA", "RSA-HSM")
    yield Claim(
        "key.type", rsa, "error", ref.id, f"The key's type is {key.kind}.", "" if rsa else anew, {"type": key.kind}
    )
    if not rsa:
        yield from beside(("key.size",), ref.id, f"a key of type {key.kind} is not measured in the bits of RSA")
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
        "" if good else f"Make a larger version and point what uses the key to it: {anew}",
        {"bits": bits},
    )


def _state(key: Key, ref: KeyRef, user: str, now: datetime) -> Iterator[Claim]:
    version = key.version
    early = version.not_before is not None and version.not_before > now
    good = version.enabled and not early
    drilled = drilltag.UNDER_WAY in version.tags
    back = drilltag.restoring(version.id.rpartition("/")[0])
    what = "enabled" if good else ("not valid yet" if version.enabled else "disabled")
    yield Claim(
        "key.enabled",
        good,
        "error",
        ref.id,
        f"The version of the key that {user} uses is {what}"
        + ("." if good else ": what lies under it answers 403 while it is.")
        + (f" {drilltag.told(version, now)}" if drilled else ""),
        "" if good else back if drilled else f"az keyvault key set-attributes --id {version.id} --enabled true",
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
        f"The version of the key that {user} uses {said}.",
        ""
        if left is not None and left > _SOON
        else f"az keyvault key set-attributes --id {version.id} --expires YYYY-MM-DDT00:00:00Z,"
        f" or rotate the key and point {user} to its new version.",
        {"expires": _iso(expires)},
    )


def _pinned(key: Key, facts: KeyFacts, user: str, now: datetime) -> Claim:
    """That what is under a key does not stay on a version that ends, whatever the key's rotation makes.

    A workspace goes over to another version by a PATCH of its `keyIdentifier` and in no documented way by itself;
    old data stays under the old version (AZ-KEY-13). Inferred (AZ-KEY-14): an identifier without a version does
    not follow.
    """
    ref, expires = facts.ref, key.version.expires
    evidence = {"version": ref.version, "expires": _iso(expires), "rotates": facts.rotation.value is not None}
    if ref.follows or expires is None:
        why = "switches to newer versions of its key by itself" if ref.follows else "names a key without an end"
        return Claim("key.pinned", True, "warning", ref.id, f"{user[:1].upper()}{user[1:]} {why}.", "", evidence)
    over = expires <= now
    stays = "names one version of its key" if ref.version else "names its key without a version"
    policy = "The key's rotation policy makes newer versions, and" if facts.rotation.value else "A newer version"
    moves = f"{policy} does not move {user} by itself" + ("" if ref.version else ", as far as is documented")
    return Claim(
        "key.pinned",
        False,
        # That it has expired is an error of its own.
        "error" if timedelta(0) < expires - now <= SOAK else "warning",
        ref.id,
        f"{user[:1].upper()}{user[1:]} {stays}, which {'expired' if over else 'expires'} on {expires:%Y-%m-%d}."
        f" {moves}.",
        f"Before that day rotate the key and point {user} to its new version (of a workspace: PATCH"
        " properties.encryption.keyVaultProperties.keyIdentifier). Keep the old version enabled: what was written"
        " under it needs it.",
        evidence,
    )


def _rotation(facts: KeyFacts) -> Iterator[Claim]:
    read, ref = facts.rotation, facts.ref
    if read.refused:
        yield from unread(("key.rotation",), ref.id, "the rotation policy of the key", read, _ROTATION_READ)
        return
    policy = read.value
    evidence = {} if policy is None else {"afterCreate": policy.after_create, "beforeExpiry": policy.before_expiry}
    yield Claim(
        "key.rotation",
        policy is not None,
        "warning",
        ref.id,
        "The key has a rotation policy." if policy else "The key has no rotation policy.",
        ""
        if policy
        else f"az keyvault key rotation-policy update {_at(ref)} --name {ref.name} --value policy.json",
        evidence,
    )


def _newest(facts: KeyFacts, user: str) -> Iterator[Claim]:
    read, ref = facts.newest, facts.ref
    if read.value is None:
        yield from unread(("key.version",), ref.id, "the newest version of the key", read, _key_read(ref))
        return
    newest = read.value.version.id.rpartition("/")[2]
    if not ref.version and not ref.follows:
        # What the service does with an identifier without a version is not documented (AZ-KEY-14).
        said = f"Not known: {user} names its key without a version, and which one it uses is not shown."
        name = f"Point {user} to a version: https://VAULT/keys/{ref.name}/VERSION."
        yield Claim("key.version", None, "warning", ref.id, said, name, {"newest": newest})
        return
    # A newer version that is disabled is nothing to go over to.
    current = (
        newest.lower() == ref.version.lower()
        or not read.value.version.enabled
        # Azure Storage looks for a newer one once a day (learn.microsoft.com: storage/common,
        # customer-managed-keys-configure-existing-account; of scopes: storage/blobs/encryption-scope-overview).
        or ref.follows
    )
    yield Claim(
        "key.version",
        current,
        "warning",
        ref.id,
        (
            f"{user[:1].upper()}{user[1:]} switches to the newest version of its key by itself."
            if ref.follows
            else f"{user[:1].upper()}{user[1:]} uses the newest version of its key."
        )
        if current
        else f"The key has a newer version than the one that {user} uses.",
        "" if current else f"Point {user} to it: it does not follow by itself.",
        {"used": ref.version, "newest": newest},
    )


def _wraps(read: Read[bool], ref: KeyRef) -> Claim:
    if read.code in _UNUSABLE:
        return Claim(
            WRAPS,
            False,
            "error",
            ref.id,
            f"The key does not wrap and unwrap. {read.refused}",
            "Enable it or give it a later expiry date (az keyvault key set-attributes), or point what"
            " uses it to a version that can be used.",
        )
    if read.value is None:
        why = read.refused or "The key is not there."
        return Claim(WRAPS, None, "information", ref.id, f"Not tried: this caller may not use the key. {why}")
    return Claim(
        WRAPS,
        read.value,
        "error",
        ref.id,
        "What the key wraps it unwraps." if read.value else "What the key wrapped it did not unwrap.",
        "" if read.value else "Make a new version of the key and point what uses it to that.",
    )


def _is_hsm(ref: KeyRef) -> bool:
    return is_hsm(ref.vault)


def _key_read(ref: KeyRef) -> str:
    return _HSM_KEY_READ if _is_hsm(ref) else _KEY_READ


def _at(ref: KeyRef) -> str:
    """How the CLI names the place of a key: learn.microsoft.com, key-vault/managed-hsm/soft-delete-overview."""
    return f"--{'hsm' if _is_hsm(ref) else 'vault'}-name {_vault_name(ref)}"


def _vault_name(ref: KeyRef) -> str:
    return name_of(ref.vault_id) or vault_host_name(ref.vault)


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
