"""Claims on where bytes lie: accounts, containers and blobs, each by the key that Azure reports for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from amlmigrate.core.asset import SENT_KEY
from amlmigrate.core.claim import Claim, Weight
from amlmigrate.core.documents import properties_of
from amlmigrate.core.few import agreed, many
from amlmigrate.core.workspace import DATASTORES as _COLLECTION
from amlmigrate.core.workspace import Location, Workspace
from amlmigrate.kinds import holding
from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.places import account_of
from amlmigrate.posture.reading import Read
from amlmigrate.posture.stored import (
    ACCOUNT_KEY,
    StoredAccount,
    StoredPlaces,
    container_id,
    default_scope,
    excepted,
    is_customers,
    key_of_account,
    key_of_scope,
    receiving,
)
from amlmigrate.posture.unproven import beside, unread

PLACE, ACCOUNT, CONTAINER, BLOBS, DATASTORES = NAMES = (
    "storage.place",
    "storage.encryption",
    "storage.container",
    "storage.blobs",
    "datastores.encryption",
)
_STORAGE = "Microsoft.Storage/storageAccounts"
_AGAIN = "Verify again, once a default datastore of the target points there."
READ_ACCOUNT, READ_SCOPE = f"{_STORAGE}/read", f"{_STORAGE}/encryptionScopes/read"
[READ_CONTAINER] = holding().permissions.read
READ_DATASTORES = f"Microsoft.MachineLearningServices/workspaces/{_COLLECTION}/read"


@dataclass(frozen=True, slots=True)
class ReportedEncryption:
    """What Azure reports something to be encrypted with: `good` is None where that could not be read.

    `what` goes on a sentence that begins with what is encrypted.
    """

    good: bool | None
    what: str
    key: str | None = None
    remedy: str = ""
    unread: tuple[str, Read[Any], str] | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


def storage_claims(stored: StoredPlaces, workspace: Workspace) -> Iterator[Claim]:
    """A claim of each account and container that receives bytes, of blobs' own scopes, of other datastores."""
    yield _place(stored, workspace)
    accounts = receiving(stored.places, workspace)
    if not accounts:
        yield from beside((ACCOUNT,), workspace.id, "the workspace names no storage account")
    for name in accounts:
        yield _account(stored.accounts[name])
    if not stored.places.containers:
        yield from beside((CONTAINER, BLOBS), workspace.id, "no datastore of its own points to a container")
    for place in stored.places.containers:
        yield _container(stored, place)
        yield from _blobs(stored, place)
    yield from _datastores(stored, workspace, frozenset(accounts))


def _place(stored: StoredPlaces, workspace: Workspace) -> Claim:
    """That jobs of the target will write, and assets will be looked for, where the plan's bytes go."""
    places = stored.places
    if places.datastores.value is None:
        [claim] = unread(
            (PLACE,), workspace.id, "its datastores", places.datastores, READ_DATASTORES, severity="error"
        )
        return claim
    lost = sorted(_named(place) for place in places.planned if place not in places.defaults)
    leads = sorted(_named(place) for place in places.defaults)
    evidence = {"defaults": leads, "planned": sorted(_named(place) for place in places.planned)}
    if not lost:
        return Claim(
            PLACE, True, "error", workspace.id, "Its default datastores point to where the bytes go.", "", evidence
        )
    return Claim(
        PLACE,
        False,
        "error",
        workspace.id,
        f"Bytes of the plan go to {', '.join(lost)}, and no default datastore of the target points there: they"
        f" point to {', '.join(leads) or 'no container'}.",
        "Point the target's datastore back, or plan again.",
        evidence,
    )


def _account(account: StoredAccount) -> Claim:
    found = _of_account(account)
    if found.unread:
        [claim] = unread((ACCOUNT,), account.id or account.name, *found.unread, severity="error")
        return claim
    what = f"the storage account '{account.name}', which receives bytes,{_but(account)}"
    return _claim(ACCOUNT, found, account.id, what, "error")


def _container(stored: StoredPlaces, place: Location) -> Claim:
    account, read = stored.accounts[place.account], stored.containers.get(place)
    address = container_id(account, place.container) if account.id else _named(place)
    if read is None or read.refused:
        shown = read or account.document
        what = f"the container '{place.container}' of '{place.account}'"
        [claim] = unread((CONTAINER,), address, what, shown, READ_CONTAINER, severity="error")
        return claim
    if read.value is None:
        said = f"Not shown: the container '{place.container}' of '{place.account}' is not there."
        return Claim(
            CONTAINER, None, "warning", address, said, "Azure ML makes it with the first bytes: look again then."
        )
    properties = properties_of(read.value)
    scope = default_scope(read)
    found = under(stored, place.account, scope)
    if found.unread:
        [claim] = unread((CONTAINER,), address, *found.unread, severity="error")
        return claim
    found.evidence.update(
        defaultEncryptionScope=scope or ACCOUNT_KEY,
        denyEncryptionScopeOverride=bool(properties.get("denyEncryptionScopeOverride")),
    )
    said = f"what is written to the container '{place.container}' of '{place.account}'"
    return _claim(CONTAINER, found, address, said, "error")


def _blobs(stored: StoredPlaces, place: Location) -> Iterator[Claim]:
    """Of each key that blobs have of their own; one claim where all blobs have the container's."""
    account = stored.accounts[place.account]
    address = container_id(account, place.container) if account.id else _named(place)
    where = f"'{place.container}' of '{place.account}'"
    if stored.places.held is None or place not in stored.places.held:
        if stored.places.held is not None and place in stored.places.planned:
            yield Claim(BLOBS, None, "error", address, f"Not shown: the blobs of {where} were not listed.", _AGAIN)
        else:
            yield from beside((BLOBS,), address, f"the blobs of {where} are listed by verify and decommission")
        return
    own = {scope: count for scope, count in stored.places.held[place].items() if scope}
    if not own:
        said = f"No blob of {where} has an encryption scope or a key of its own."
        yield Claim(BLOBS, True, "error", address, said)
    for scope, count in sorted(own.items()):
        yield _own(stored, place, scope, count, address)


def _own(stored: StoredPlaces, place: Location, scope: str, count: int, address: str) -> Claim:
    blobs = f"{many(count, 'blob')} of '{place.container}' of '{place.account}'"
    if scope.startswith(SENT_KEY):
        return Claim(
            BLOBS,
            None,
            "error",
            address,
            f"Not shown: {blobs} {agreed(count, 'is', 'are')} encrypted with a key that the writer sent along"
            " and that no vault keeps.",
            "Write them again without that key (x-ms-encryption-key), and verify again.",
            {"encryptionKeySha256": scope.removeprefix(SENT_KEY), "blobs": count},
        )
    found = under(stored, place.account, scope)
    if found.unread:
        what, read, action = found.unread
        has = agreed(count, "has", "have")
        [claim] = unread(
            (BLOBS,),
            address,
            f"{what}, which {blobs} {has},",
            read,
            action,
            severity="error",
        )
        return claim
    found.evidence["blobs"] = count
    return _claim(BLOBS, found, address, blobs, "error")


def _datastores(stored: StoredPlaces, workspace: Workspace, covered: frozenset[str]) -> Iterator[Claim]:
    """Of each account that a datastore leads to and that no bytes of a move go to: users' own data."""
    read = stored.places.datastores
    if read.value is None:
        yield from unread((DATASTORES,), workspace.id, "its datastores", read, READ_DATASTORES)
        return
    leading: dict[str, list[str]] = {}
    elsewhere = []
    for one in read.value:
        name = account_of(one, stored.places.suffix)
        if not name:
            elsewhere.append(str(one.get("name")))
        elif name not in covered:
            leading.setdefault(name, []).append(str(one.get("name")))
    for name, names in sorted(leading.items()):
        yield _datastore(stored.accounts[name], names, sensitive=stored.places.sensitive)
    if elsewhere:
        said = f"Not shown: the datastores {', '.join(elsewhere)} point to no storage account of this cloud."
        yield Claim(DATASTORES, None, "warning", workspace.id, said, "Look where they lead whose key it is.")
    if not leading and not elsewhere:
        said = "All its datastores point to accounts that are looked at above."
        yield Claim(DATASTORES, True, "information", workspace.id, said)


def _datastore(account: StoredAccount, names: list[str], *, sensitive: bool) -> Claim:
    found = _of_account(account)
    lead = "lead" if len(names) > 1 else "leads"
    what = f"the storage account '{account.name}', which {', '.join(names)} {lead} to,{_but(account)}"
    if found.unread:
        [claim] = unread((DATASTORES,), account.id or account.name, *found.unread)
        return claim
    found.evidence["datastores"] = names
    return _claim(DATASTORES, found, account.id, what, "error" if sensitive else "warning")


def _but(account: StoredAccount) -> str:
    """What of an account has another key than the account, for a sentence about that."""
    left = excepted(account.encryption)
    return f" but for its {left}," if left else ""


def under(stored: StoredPlaces, account: str, scope: str) -> ReportedEncryption:
    """What Azure reports for a scope of an account; '' is the account's own key."""
    if not scope or scope == ACCOUNT_KEY:
        return _of_account(stored.accounts[account])
    called = f"the encryption scope '{scope}' of '{account}'"
    read = stored.scopes.get((account, scope)) or stored.accounts[account].document
    if read.value is None or (account, scope) not in stored.scopes:
        return ReportedEncryption(None, "", unread=(called, read, READ_SCOPE))
    properties = properties_of(read.value)
    evidence = {"scope": scope, "source": properties.get("source"), "state": properties.get("state")}
    if str(properties.get("state") or "").lower() == "disabled":
        enable = (
            f"az storage account encryption-scope update --account-name {account} --name {scope} --state Enabled"
        )
        return ReportedEncryption(False, f"under {called}, which is disabled", remedy=enable, evidence=evidence)
    if not is_customers(properties.get("source")):
        remedy = (
            f"Give it one: az storage account encryption-scope update --account-name {account} --name {scope}"
            " --key-source Microsoft.KeyVault --key-uri ..."
        )
        said = f"under {called}, and so under Microsoft's key, whatever key the account has"
        return ReportedEncryption(False, said, remedy=remedy, evidence=evidence)
    return _customers(key_of_scope(read.value), called, evidence)


def _of_account(account: StoredAccount) -> ReportedEncryption:
    called = f"'{account.name}'"
    if account.document.value is None:
        return ReportedEncryption(None, "", unread=(called, account.document, READ_ACCOUNT))
    source = account.encryption.get("keySource")
    evidence = {"keySource": source}
    # The key is in another tenant then, whose vaults nobody here may see.
    if abroad := (account.encryption.get("identity") or {}).get("federatedIdentityClientId"):
        evidence["federatedIdentityClientId"] = abroad
    if is_customers(source):
        return _customers(key_of_account(account.encryption), f"the storage account '{account.name}'", evidence)
    remedy = (
        f"Give it one: az storage account update --ids {account.id} --encryption-key-source Microsoft.Keyvault"
        " --encryption-key-vault ... --encryption-key-name ..."
    )
    return ReportedEncryption(
        False, "not under a customer's key but under Microsoft's", remedy=remedy, evidence=evidence
    )


def _customers(ref: KeyRef | None, called: str, evidence: dict[str, Any]) -> ReportedEncryption:
    if ref is None:
        read: Read[Any] = Read(refused="It says that it has a customer's key, and names none.")
        return ReportedEncryption(None, "", unread=(f"the key of {called}", read, READ_ACCOUNT))
    return ReportedEncryption(True, f"under the customer's key {ref.id}", ref.id, evidence=evidence)


def _claim(name: str, found: ReportedEncryption, address: str, what: str, severity: Weight) -> Claim:
    said = f"Azure reports {what} {found.what}."
    return Claim(name, found.good, severity, address, said, found.remedy, found.evidence, found.key)


def _named(place: Location) -> str:
    return f"{place.account}/{place.container}"
