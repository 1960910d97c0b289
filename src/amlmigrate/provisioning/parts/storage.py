"""The storage account, which is no part of the workspace and has to be put under the key by itself."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.keys import vault_address
from amlmigrate.core.spelling import plain_region
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import DesiredStep
from amlmigrate.posture.accountusers import AccountUsers, account_users
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.parts.networks import new_network, tightened
from amlmigrate.provisioning.wanted import WantedWorkspace, same

_CUSTOMER = "Microsoft.Keyvault"


@dataclass(frozen=True, slots=True)
class FoundStorage:
    """The account, and who else uses it; that is looked up where its keys are to be switched off."""

    document: Document | None
    users: AccountUsers | None = None


class StoragePart(ProvisioningPart):
    """Under the key without a version, so that it follows the key's rotation (AZ-KEY-17)."""

    what = "storage account"
    kind = "storage"
    worldwide = True
    counted = "StorageAccounts"
    # learn.microsoft.com, storage/common/storage-account-recover: for 14 days, unless its name is used again.
    given_up = "deletedAccounts"
    awaits_grants = True

    def __init__(self, wanted: WantedWorkspace, vault_uri: str) -> None:
        self.id, self._all, self.wanted = wanted.storage.id, wanted, wanted.storage
        self._vault_uri = vault_uri

    async def read(self, port: DesiredPort, known: KnownValues) -> FoundStorage:
        """The account; of one whose keys are to be switched off, its users too."""
        document = await port.resources.get(self.id)
        if document is None or not self._switches_off(document):
            return FoundStorage(document)
        return FoundStorage(document, await account_users(port.side, self.id, self._all.workspace.id))

    def decide(self, found: FoundStorage, known: KnownValues) -> DesiredStep:
        """Made, put under the key, left, or refused."""
        if found.document is None:
            if self.wanted.given:
                return self.refuse("There is no such account; leave `id` out and give a `name` to have one made.")
            return self.create(self._body(), f"{self.wanted.sku}, blobs, files, queues and tables under the key")
        reasons = [*self._unfit(found.document), *_used(found.users)]
        return self.refuse(*reasons) if reasons else self._kept(found.document)

    async def more_users(self, port: DesiredPort, document: Document) -> AccountUsers:
        """Workspaces and datastores that lead into it, and the containers of workspaces that are not seen."""
        return await account_users(port.side, self.id, self._all.workspace.id)

    def _switches_off(self, document: Document) -> bool:
        """Whether the file switches off the keys of an account that has them on."""
        return self.wanted.shared_key is False and properties_of(document).get("allowSharedKeyAccess") is not False

    def _body(self) -> Document:
        service = {"keyType": "Account", "enabled": True}
        told: Document = {
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": self.wanted.shared_key is not False,
            **new_network(self.wanted.network),
            # Queues and tables can be put under the account's key at its creation only (AZ-KEY-18).
            "encryption": {
                **self._encryption(),
                "services": dict.fromkeys(("blob", "file", "queue", "table"), service),
            },
        }
        return {
            "location": self._all.location,
            "tags": dict(self._all.tags),
            "sku": {"name": self.wanted.sku},
            "kind": "StorageV2",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {self._all.identity.id: {}}},
            "properties": told,
        }

    def _encryption(self) -> Document:
        return {
            "keySource": _CUSTOMER,
            "identity": {"userAssignedIdentity": self._all.identity.id},
            "keyvaultproperties": {"keyvaulturi": self._vault_uri, "keyname": self._all.key.name},
        }

    def _unfit(self, found: Document) -> list[str]:
        """What Azure ML takes for a default account (AZ-WS-10)."""
        told, reasons = properties_of(found), []
        if plain_region(str(found.get("location", ""))) != self._all.location:
            reasons.append(f"It is in {found.get('location')}, the workspace in {self._all.location}.")
        if told.get("isHnsEnabled"):
            reasons.append("It has a hierarchical namespace, which a workspace's own account must not have.")
        sku = str((found.get("sku") or {}).get("name", ""))
        if sku.lower().startswith("premium") or same(found.get("kind"), "BlobStorage"):
            reasons.append(f"A workspace's own account must not be of kind {found.get('kind')}, {sku}.")
        encryption = told.get("encryption") or {}
        if same(encryption.get("keySource"), _CUSTOMER) and not self._under_key(encryption):
            key = encryption.get("keyvaultproperties") or {}
            there = f"{vault_address(key.get('keyvaulturi'))}/keys/{key.get('keyname')}"
            reasons.append(f"It is under another customer's key, {there}; change it by yourself if you mean to.")
        return reasons

    def _under_key(self, encryption: Document) -> bool:
        key = encryption.get("keyvaultproperties") or {}
        return (
            same(encryption.get("keySource"), _CUSTOMER)
            and vault_address(key.get("keyvaulturi")) == vault_address(self._vault_uri)
            and same(key.get("keyname"), self._all.key.name)
        )

    def _kept(self, found: Document) -> DesiredStep:
        told = properties_of(found)
        change, why, stays = tightened(told, self.wanted.network)
        body: Document = {}
        encryption = told.get("encryption") or {}
        if not self._under_key(encryption):
            change["encryption"] = self._encryption()
            body["identity"] = with_identity(found.get("identity") or {}, self._all.identity.id)
            why.append("is put under the key; nothing is encrypted again, and queues and tables stay as they are")
        elif pinned := (encryption.get("keyvaultproperties") or {}).get("keyversion"):
            stays.append(f"stays on version {pinned} of the key, which it does not rotate")
        if self._switches_off(found):
            change["allowSharedKeyAccess"] = False
            why.append("its account keys are switched off; no workspace and no datastore was seen that uses it")
        elif self.wanted.shared_key and told.get("allowSharedKeyAccess") is False:
            stays.append("its account keys stay switched off")
        sku = (found.get("sku") or {}).get("name")
        if not self.wanted.given and sku and not same(sku, self.wanted.sku):
            stays.append(f"stays {sku}")
        if change:
            return self.update({**body, "properties": change}, *why, *stays)
        return self.exists(*stays)


def _used(users: AccountUsers | None) -> list[str]:
    """Why the account's keys must stay on: whoever uses it by them would be shut out."""
    if users is None:
        return []
    off = "`storage.sharedKey: false` would switch its keys off"
    return [
        *(f"{off}, and {one} uses it." for one in users.known),
        *(f"{off}, and who else uses it is not known: {why}." for why in users.unknown),
    ]


def with_identity(there: Document, id_: str) -> Document:
    """An `identity` with one more user-assigned identity; those that are there stay."""
    users: Document = {each: {} for each in there.get("userAssignedIdentities") or {}}
    if not any(same(each, id_) for each in users):
        users[id_] = {}
    system = "systemassigned" in str(there.get("type", "")).replace(" ", "").lower()
    return {"type": "SystemAssigned,UserAssigned" if system else "UserAssigned", "userAssignedIdentities": users}
