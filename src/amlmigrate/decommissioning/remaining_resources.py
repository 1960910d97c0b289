"""What a workspace was made of and stays behind, each with its key, read from that resource itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from amlmigrate.bytes.listings import Listing
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import name_of
from amlmigrate.core.asset import SENT_KEY
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.few import many
from amlmigrate.core.workspace import Service, Workspace
from amlmigrate.evidence.decommission import RemainingRecord
from amlmigrate.posture.reading import NOTHING, Read, tried, tried_list
from amlmigrate.posture.stored import (
    ACCOUNT_KEY,
    default_scope,
    excepted,
    is_customers,
    key_of_account,
    key_of_scope,
)

# Of what is so, nothing is known.
UNREAD = "could not be read"
_VAULT = "A key vault takes no customer's key: Azure protects what is in it."
# The member of the workspace's document, the short name in an address's place, and the words.
_PARTS = (
    ("storageAccount", "account", "storage account"),
    ("keyVault", "vault", "key vault"),
    ("containerRegistry", "registry", "container registry"),
    ("applicationInsights", "logs", "application insights"),
)


@dataclass(frozen=True, slots=True)
class Remaining(RemainingRecord):
    """One thing that stays, as it is read: what it does not have, or is not known of it, is left out."""

    encryption: Document | None = None
    scope: str | None = None
    blobs: int | None = None
    bytes: int | None = None


async def parts(side: Side, workspace: Workspace) -> list[Remaining]:
    """The resources that a workspace names. Raises ServiceError and OutOfReachError where ARM is out of order."""
    return [
        await part(side, kind, what, id_)
        for member, kind, what in _PARTS
        if (id_ := str(workspace.properties.get(member) or ""))
    ]


async def part(side: Side, kind: str, what: str, id_: str) -> Remaining:
    """One of these resources. Raises ServiceError and OutOfReachError where ARM is out of order."""
    read = await tried(side.arm.get(id_))
    one = _part(kind, what, id_, read)
    return await _logs(side, one, read) if kind == "logs" and one.there else one


def _part(kind: str, what: str, id_: str, read: Read[Document]) -> Remaining:
    if read.refused:
        return Remaining(kind, what, id_, None, None, f"Its key {UNREAD}: {read.refused}")
    if read.value is None:
        return Remaining(kind, what, id_, False, None, "Azure shows none of this id.")
    if kind == "vault":
        return Remaining(kind, what, id_, True, None, _VAULT)
    encryption: Document | None = properties_of(read.value).get("encryption")
    key, why = (_registry_key if kind == "registry" else _account_key)(encryption or {})
    if kind == "account" and (left := excepted(encryption or {})):
        why = f"{why} Its {left} are under Microsoft's key."
    return Remaining(kind, what, id_, True, key, why, encryption)


def _account_key(encryption: Document) -> tuple[str | None, str]:
    ref = key_of_account(encryption)
    return _under(is_customers(encryption.get("keySource")), ref.id if ref else None)


def _in_account(account: Remaining) -> tuple[str | None, str]:
    """Of blobs and files under an account's key: what it says of its queues and tables is nothing of theirs."""
    return (account.key, account.why) if account.encryption is None else _account_key(account.encryption)


def _registry_key(encryption: Document) -> tuple[str | None, str]:
    named: Document = encryption.get("keyVaultProperties") or {}
    key = named.get("versionedKeyIdentifier") or named.get("keyIdentifier")
    return _under(str(encryption.get("status") or "").lower() == "enabled", str(key) if key else None)


def _under(customers: bool, key: str | None) -> tuple[str | None, str]:
    """The customer's key or None, and the sentence that tells it."""
    if not customers:
        return None, "It is under Microsoft's key."
    return key, f"Azure reports it under key {key}." if key else "Azure reports a customer's key and names none."


async def _logs(side: Side, found: Remaining, insights: Read[Document]) -> Remaining:
    """Application Insights keeps its data in a Log Analytics workspace, and that in a cluster if it has a key."""
    logs_id = properties_of(insights.value).get("WorkspaceResourceId")
    logs: Read[Document] = await tried(side.arm.get(str(logs_id))) if logs_id else NOTHING
    features = properties_of(logs.value).get("features") or {}
    cluster_id = features.get("clusterResourceId")
    cluster: Read[Document] = await tried(side.arm.get(str(cluster_id))) if cluster_id else NOTHING
    if refused := logs.refused or cluster.refused:
        return replace(found, key=None, why=f"Its key {UNREAD}: {refused}")
    named: Document = properties_of(cluster.value).get("keyVaultProperties") or {}
    uri, name, version = (str(named.get(part) or "") for part in ("keyVaultUri", "keyName", "keyVersion"))
    whole = "/".join(part for part in (uri.rstrip("/"), "keys", name, version) if part) if uri and name else None
    key, why = _under(bool(name), whole)
    return replace(found, key=key, why=why)


async def containers(side: Side, account: Remaining | None, listed: Iterable[Listing]) -> list[Remaining]:
    """Each container that is there, by the scopes of its blobs, else its own, else by its account's key."""
    blobs = [one for one in listed if one.exists and one.place.service is Service.BLOB]
    return [await _container(side, one, account) for one in blobs]


async def _container(side: Side, listing: Listing, account: Remaining | None) -> Remaining:
    place, blobs = listing.place, listing.blobs.values()
    found = Remaining("container", "container", f"{place.account}/{place.container}", True, None, "")
    found = replace(found, blobs=len(blobs), bytes=sum(blob.length for blob in blobs))
    if account is None or name_of(account.id).lower() != place.account.lower():
        return replace(found, why=f"Its key {UNREAD}: its account is none that the workspace names.")
    read = await tried(side.arm.get(f"{account.id}/blobServices/default/containers/{place.container}"))
    if read.value is None:
        told = read.refused or "Azure's control plane shows no such container."
        why = f"Its encryption scope {UNREAD}: {told} {_in_account(account)[1]}"
        return replace(found, why=why, encryption=account.encryption)
    scope = default_scope(read)
    # A blob that was written before the container had its scope has none.
    scopes = sorted({blob.encryption or "" for blob in blobs} or {scope})
    under = [await _scope(side, account, name) for name in scopes]
    bare = next((why for key, why in under if key is None), "")
    keys = ", ".join(dict.fromkeys(key for key, _ in under if key))
    why = bare or " ".join(dict.fromkeys(why for _, why in under))
    return replace(found, key=None if bare else keys, why=why, encryption=account.encryption, scope=scope or None)


async def deleted(side: Side, account: Remaining | None, workspace: Workspace) -> tuple[list[Remaining], str]:
    """The workspace's containers that are deleted already and that its account keeps for a while.

    Or why it is not known whether there are any. `$include=deleted`: storage description, 2022-09-01.
    """
    if account is None or account.there is False:
        return [], ""
    read = await tried_list(side.arm, f"{account.id}/blobServices/default/containers?$include=deleted")
    if read.value is None:
        told = read.refused or "Azure shows no containers of it."
        return [], f"Whether the account keeps containers of the workspace that were deleted: {told}"
    found: dict[str, Remaining] = {}
    for one in read.value:
        name, properties = str(one.get("name")), properties_of(one)
        if properties.get("deleted") is True and workspace.names(name):
            key, why = await _scope(side, account, str(properties.get("defaultEncryptionScope") or ""))
            when, days = properties.get("deletedTime"), properties.get("remainingRetentionDays")
            left = "some days" if days is None else many(int(days), "day")
            why = f"It was deleted at {when}, and the account keeps it for {left} more. {why}"
            id_ = f"{name_of(account.id)}/{name}"
            found[name] = Remaining("deleted", "deleted container", id_, True, key, why, account.encryption)
    return list(found.values()), ""


async def _scope(side: Side, account: Remaining, name: str) -> tuple[str | None, str]:
    if not name or name == ACCOUNT_KEY:
        return _in_account(account)
    if name.startswith(SENT_KEY):
        return None, "Blobs in it have a key that was sent along with them, which Azure does not keep."
    read = await tried(side.arm.get(f"{account.id}/encryptionScopes/{name}"))
    if read.value is None:
        return None, f"The encryption scope '{name}' {UNREAD}: {read.refused or 'Azure shows none.'}"
    ref = key_of_scope(read.value)
    source = properties_of(read.value).get("source")
    key, why = _under(is_customers(source), ref.id if ref else None)
    return key, f"By the encryption scope '{name}': {why}"


def shares(account: Remaining | None, listed: Iterable[Listing]) -> list[Remaining]:
    """The workspace's file shares that hold anything, or may: a share has no key of its own but its account's."""
    if account is None:
        return []
    owner = name_of(account.id)
    held = (one for one in listed if one.place.service is Service.FILE and (one.blobs or one.refused))
    found = (Remaining("share", "file share", f"{owner}/{one.place.container}", True, None, "") for one in held)
    return [under_account(one, account) for one in found]


def under_account(share: Remaining, account: Remaining) -> Remaining:
    """A share under the key of its account as that is told."""
    key, why = _in_account(account)
    return replace(share, key=key, why=why, encryption=account.encryption)
