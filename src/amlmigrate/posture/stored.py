"""All that is read of the storage behind a target: accounts, containers, encryption scopes, keys (AZ-KEY-26)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import SENT_KEY
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.keys import is_hsm, key_id, vault_host_name
from amlmigrate.core.parallel import gathered
from amlmigrate.core.workspace import Location, Workspace
from amlmigrate.posture.facts import KeyFacts, KeyRef, read_key
from amlmigrate.posture.finder import ACCOUNTS, VAULTS, AccountFinder
from amlmigrate.posture.places import BytePlaces, account_of
from amlmigrate.posture.reading import Read, tried

# What Azure calls the account's own key where it names a scope (azure-rest-api-specs, ContainerProperties).
ACCOUNT_KEY = "$account-encryption-key"
_NOT_SEEN = "It is in no subscription that this caller can see."
ScopeName = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """A storage account; `id` is empty where it was not found."""

    name: str
    id: str
    document: Read[Document]

    @property
    def encryption(self) -> Document:
        """Its `properties.encryption`."""
        found: Document = properties_of(self.document.value).get("encryption") or {}
        return found


@dataclass(frozen=True, slots=True)
class StoredPlaces:
    """Accounts by name, containers, scopes by account and name.

    `keys` are those that not the workspace but accounts and scopes use, each with who they are, in words.
    """

    places: BytePlaces
    accounts: Mapping[str, StoredAccount]
    containers: Mapping[Location, Read[Document]] = field(default_factory=dict)
    scopes: Mapping[ScopeName, Read[Document]] = field(default_factory=dict)
    keys: tuple[tuple[KeyFacts, tuple[str, ...]], ...] = ()


def default_scope(container: Read[Document]) -> str:
    """The encryption scope of what is written to a container; empty for the account's own key."""
    found = str(properties_of(container.value).get("defaultEncryptionScope") or "")
    return "" if found == ACCOUNT_KEY else found


def key_of_account(encryption: Document) -> KeyRef | None:
    """The key that an account's `encryption` names; its vault's ARM id is not among what it says."""
    named: Document = encryption.get("keyvaultproperties") or encryption.get("keyVaultProperties") or {}
    uri, name, version = (str(named.get(part) or "") for part in ("keyvaulturi", "keyname", "keyversion"))
    if not uri or not name:
        return None
    current = key_id(named.get("currentVersionedKeyIdentifier"))
    used = version or (current.version if current else "")
    return KeyRef("", uri, name, used, follows=not version)


def excepted(encryption: Document) -> str:
    """What of an account its customer's key does not cover, in words; empty where it covers all.

    AZ-KEY-18: queues and tables lie under it only where
    the account was made so, which `services` shows by `keyType` (storage description: `Service` by default).
    """
    if not is_customers(encryption.get("keySource")):
        return ""
    services: Document = encryption.get("services") or {}
    types = {name: str((services.get(name) or {}).get("keyType") or "").lower() for name in ("queue", "table")}
    return " and ".join(f"{name}s" for name, type_ in types.items() if type_ != "account")


def key_of_scope(scope: Document) -> KeyRef | None:
    """The key that an encryption scope names."""
    named: Document = properties_of(scope).get("keyVaultProperties") or {}
    found = key_id(named.get("keyUri"))
    if found is None:
        return None
    current = key_id(named.get("currentVersionedKeyIdentifier"))
    used = found.version or (current.version if current else "")
    return KeyRef("", found.vault, found.name, used, follows=not found.version)


async def gather(side: Side, workspace: Workspace, places: BytePlaces, own: KeyRef | None) -> StoredPlaces:
    """Reads it all. `own` is the workspace's key, which others read. Raises ServiceError, OutOfReachError."""
    finder = AccountFinder(side, workspace.ref.subscription)
    hints = _hints(workspace, places)
    accounts = await gathered({name: _account(side, finder, name, ids) for name, ids in hints.items()})
    containers = await gathered(
        {
            place: tried(side.arm.get(container_id(account, place.container)))
            for place in places.containers
            if (account := accounts[place.account]).document.value is not None
        }
    )
    scopes = await gathered(
        {
            (account, scope): tried(side.arm.get(f"{accounts[account].id}/encryptionScopes/{scope}"))
            for account, scope in _scopes(places, containers)
            if accounts[account].document.value is not None
        }
    )
    users = _users(receiving(places, workspace), accounts, scopes)
    keys = await gathered(
        {ref: _read_key(side, finder, ref, own) for ref in users if own is None or not _same(ref, own)}
    )
    found = tuple((facts, tuple(users[ref])) for ref, facts in keys.items())
    return StoredPlaces(places, accounts, containers, scopes, found)


def container_id(account: StoredAccount, container: str) -> str:
    """The ARM id of a container."""
    return f"{account.id}/blobServices/default/containers/{container}"


def receiving(places: BytePlaces, workspace: Workspace) -> list[str]:
    """The names of the accounts that receive bytes: the workspace's own, and those around the containers."""
    own = {workspace.storage_account.lower()} - {""}
    return sorted(own | {place.account for place in places.all})


def _hints(workspace: Workspace, places: BytePlaces) -> dict[str, list[str]]:
    """Each account's name, with the ids that say where it lies: what a datastore says may be out of date."""
    found: dict[str, list[str]] = {name: [] for name in receiving(places, workspace)}
    if workspace.storage_account:
        found[workspace.storage_account.lower()].append(workspace.storage_account_id)
    for one in places.datastores.value or ():
        properties = properties_of(one)
        subscription, group = (str(properties.get(part) or "") for part in ("subscriptionId", "resourceGroup"))
        name = account_of(one, places.suffix)
        if not name:
            continue
        ids = found.setdefault(name, [])
        if subscription and group:
            ids.append(f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{ACCOUNTS}/{name}")
    return found


async def _account(side: Side, finder: AccountFinder, name: str, ids: Iterable[str]) -> StoredAccount:
    refused: StoredAccount | None = None
    for id_ in dict.fromkeys(ids):
        read = await tried(side.arm.get(id_))
        if read.value is not None:
            return StoredAccount(name, id_, read)
        if read.refused:
            refused = StoredAccount(name, id_, read)
    # What names the account may be out of date, and refused for that.
    found = await finder.id_of(ACCOUNTS, name)
    if not found:
        return refused or StoredAccount(name, "", Read(refused=_NOT_SEEN))
    return StoredAccount(name, found, await tried(side.arm.get(found)))


def _scopes(places: BytePlaces, containers: Mapping[Location, Read[Document]]) -> set[ScopeName]:
    """Default scopes of the containers, and scopes of single blobs."""
    found = {(place.account, scope) for place, read in containers.items() if (scope := default_scope(read))}
    return found | {
        (place.account, scope)
        for place, counts in (places.held or {}).items()
        for scope in counts
        if scope and scope != ACCOUNT_KEY and not scope.startswith(SENT_KEY)
    }


def _users(
    receiving: Iterable[str], accounts: Mapping[str, StoredAccount], scopes: Mapping[ScopeName, Read[Document]]
) -> dict[KeyRef, list[str]]:
    """The keys of accounts that receive bytes and of scopes, each with who uses it."""
    users: dict[KeyRef, list[str]] = defaultdict(list)
    for name in receiving:
        encryption = accounts[name].encryption
        ref = key_of_account(encryption)
        if ref and is_customers(encryption.get("keySource")):
            users[ref].append(f"the storage account '{name}'")
    for (name, scope), read in scopes.items():
        document = read.value or {}
        ref = key_of_scope(document)
        if ref and is_customers(properties_of(document).get("source")):
            users[ref].append(f"the encryption scope '{scope}' of '{name}'")
    return users


def is_customers(source: object) -> bool:
    """Whether a source of keys is the customer's vault: accounts and scopes spell it in two ways."""
    return str(source or "").lower() == "microsoft.keyvault"


def _same(ref: KeyRef, own: KeyRef) -> bool:
    """Whether it is the version of the key that the workspace uses, whose claims are made already."""
    return ref.same_key(own) and ref.version.lower() == own.version.lower()


async def _read_key(side: Side, finder: AccountFinder, ref: KeyRef, own: KeyRef | None) -> KeyFacts:
    if own is not None and ref.vault == own.vault:
        return await read_key(side, replace(ref, vault_id=own.vault_id))
    type_ = "Microsoft.KeyVault/managedHSMs" if is_hsm(ref.vault) else VAULTS
    return await read_key(side, replace(ref, vault_id=await finder.id_of(type_, vault_host_name(ref.vault))))
