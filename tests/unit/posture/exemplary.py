"""What is read of an exemplary workspace: every claim is proven, until a test changes one thing."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from amlmigrate.core.claim import Claim
from amlmigrate.core.keys import Key, KeyVersion, Rotation
from amlmigrate.core.workspace import Location, Workspace, WorkspaceRef
from amlmigrate.posture.authority import rules_key
from amlmigrate.posture.facts import PostureFacts, key_of
from amlmigrate.posture.identities import identities_of, identity_of
from amlmigrate.posture.places import BytePlaces
from amlmigrate.posture.reading import Read
from amlmigrate.posture.stored import StoredPlaces, gather
from azsandbox.arm.access.definitions import built_in

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REF = WorkspaceRef("22222222-aaaa-4bbb-8ccc-000000000002", "rg", "cmk")
GROUP = f"/subscriptions/{REF.subscription}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/acr"
INSIGHTS = f"{GROUP}/providers/microsoft.insights/components/ai"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
UAMI = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
PRINCIPAL = "aaaaaaaa-0000-4000-8000-000000000001"
OWN = "aaaaaaaa-0000-4000-8000-00000000000a"
OFFICER = "bbbbbbbb-0000-4000-8000-000000000002"
SCIENTIST = "cccccccc-0000-4000-8000-000000000003"
KEY_ID = "https://kv.vault.azure.net/keys/k/" + "1" * 32

DOCUMENT: dict[str, Any] = {
    "id": REF.id,
    "location": "eastus2",
    "identity": {
        "type": "SystemAssigned,UserAssigned",
        "principalId": OWN,
        "userAssignedIdentities": {UAMI: {"principalId": PRINCIPAL, "clientId": "c"}},
    },
    "properties": {
        "storageAccount": ACCOUNT,
        "containerRegistry": REGISTRY,
        "applicationInsights": INSIGHTS,
        "enableServiceSideCMKEncryption": True,
        "encryption": {
            "status": "Enabled",
            "identity": {"userAssignedIdentity": UAMI},
            "keyVaultProperties": {"keyVaultArmId": VAULT, "keyIdentifier": KEY_ID},
        },
    },
}
VAULT_DOCUMENT: dict[str, Any] = {
    "location": "East US 2",
    "tags": {"owner": "ml-platform", "Contact": "ml-platform@contoso.com"},
    "properties": {"enableRbacAuthorization": True, "enableSoftDelete": True, "enablePurgeProtection": True},
}
ASKED = {"key-profile": "RSA 2048 rotate=P1Y"}
KEY = Key("k", "RSA", 3072, (), KeyVersion(KEY_ID, True, NOW, NOW + timedelta(days=300), None, ASKED))


def role(name: str) -> str:
    """The id of a built-in role."""
    [guid] = [guid for guid, one in built_in().items() if one["roleName"] == name]
    return f"/providers/microsoft.authorization/roledefinitions/{guid}"


def assignment(
    name: str, principal: str, scope: str = VAULT, *, kind: str = "ServicePrincipal", **more: Any
) -> dict[str, Any]:
    """A role assignment, as ARM answers it; `more` are other properties, as its condition."""
    id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{principal}-{name.replace(' ', '-')}"
    return {
        "id": id_,
        "properties": {
            "roleDefinitionId": role(name),
            "principalId": principal,
            "principalType": kind,
            "scope": scope,
            **more,
        },
    }


def eligible(name: str, who: str, scope: str = VAULT, **more: Any) -> dict[str, Any]:
    """A role that somebody may activate."""
    told = {"roleDefinitionId": role(name), "principalId": who, "principalType": "User", "scope": scope, **more}
    return {"id": f"{scope}/e/{who}", "properties": told}


def approved(*approvers: str, required: bool = True) -> Read[list[dict[str, Any]]]:
    """The rules of a role that is activated with approval."""
    stage = {"primaryApprovers": [{"id": one, "userType": "Group"} for one in approvers]}
    setting = {"isApprovalRequired": required, "approvalStages": [stage]}
    expiration = {"id": "Expiration_EndUser_Assignment", "maximumDuration": "PT4H"}
    return Read([expiration, {"id": "Approval_EndUser_Assignment", "setting": setting}])


CUSTODIAN = eligible("Key Vault Crypto Officer", OFFICER)
SERVICE = assignment("Key Vault Crypto Service Encryption User", PRINCIPAL)
DEFINITIONS = tuple(
    (f"/providers/microsoft.authorization/roledefinitions/{guid}", {"properties": one})
    for guid, one in built_in().items()
)


def exemplary() -> PostureFacts:
    """All is as it should be."""
    workspace = Workspace(REF, copy.deepcopy(DOCUMENT))
    return PostureFacts(
        workspace,
        key_of(workspace),
        identity_of(workspace),
        identities=identities_of(workspace),
        computes=Read([{"name": "aks", "properties": {"computeType": "Kubernetes"}}]),
        registry=Read({"sku": {"name": "Premium"}, "properties": {"encryption": {"status": "enabled"}}}),
        insights=Read({"properties": {"WorkspaceResourceId": LOGS}}),
        logs=Read({"properties": {"features": {"clusterResourceId": "cluster"}}}),
        cluster=Read({"id": "cluster", "properties": {"keyVaultProperties": {"keyName": "k"}}}),
        vault=Read(copy.deepcopy(VAULT_DOCUMENT)),
        key=Read(KEY),
        newest=Read(KEY),
        rotation=Read(Rotation("P1Y", before_expiry="P30D")),
        wraps=Read(True),
        on_vault=Read([SERVICE]),
        on_workspace=Read([assignment("AzureML Data Scientist", SCIENTIST, REF.id)]),
        held={PRINCIPAL: Read({SERVICE["id"].lower()}), OWN: Read(set())},
        held_on_workspace={PRINCIPAL: Read(set()), OWN: Read(set())},
        denials=Read([]),
        denials_on_workspace=Read([]),
        timed=Read([]),
        eligible=Read([CUSTODIAN]),
        eligible_on_workspace=Read([]),
        rules={rules_key(CUSTODIAN): approved(SCIENTIST)},
        definitions=DEFINITIONS,
    )


STORE: dict[str, Any] = {
    "name": "workspaceblobstore",
    "properties": {"accountName": "acct", "containerName": "blobs", "endpoint": "core.windows.net"},
}
BLOBS = Location("acct", "blobs")
ENCRYPTION: dict[str, Any] = {
    "keySource": "Microsoft.Keyvault",
    "keyvaultproperties": {
        "keyvaulturi": "https://kv.vault.azure.net/", "keyname": "k", "keyversion": "1" * 32,
    },
}  # fmt: skip


class Arm:
    """Answers from documents by path; a path that ends with a slash is a list, what is not there a 404."""

    def __init__(self, documents: dict[str, Any]) -> None:
        self.documents = {path.lower(): found for path, found in documents.items()}
        self.asked: list[str] = []

    async def get(self, path: str) -> Any:
        self.asked.append(path)
        found = self.documents.get(path.lower())
        if isinstance(found, Exception):
            raise found
        return copy.deepcopy(found)

    async def pages(self, path: str) -> AsyncIterator[Any]:
        for item in await self.get(f"{path}/") or ():
            yield item


class Vaults:
    """The data plane of vaults: keys by their identifiers."""

    suffix = "vault.azure.net"

    def __init__(self, keys: dict[str, Key]) -> None:
        self.keys = keys

    async def key(self, vault: str, name: str, version: str | None = None) -> Key | None:
        return self.keys.get("/".join(part for part in (vault, "keys", name, version) if part))

    async def rotation(self, vault: str, name: str) -> Rotation | None:
        return Rotation("P1Y", before_expiry="P30D")

    async def wraps(self, key_id: str) -> bool:
        return True


class AroundStorage:
    """What a target's storage is read through; tests change its documents and keys."""

    def __init__(self) -> None:
        container = f"{ACCOUNT}/blobServices/default/containers/blobs"
        own = {"defaultEncryptionScope": "$account-encryption-key", "denyEncryptionScopeOverride": False}
        self.documents: dict[str, Any] = {
            f"{REF.id}/datastores/": [copy.deepcopy(STORE)],
            ACCOUNT: {"properties": {"encryption": copy.deepcopy(ENCRYPTION)}},
            container: {"properties": own},
        }
        self.keys: dict[str, Key] = {}

    async def read(self, workspace: Workspace, **more: Any) -> StoredPlaces:
        """With `plan` and `held` as `Places.of_plan` has them; without a plan those of the target."""
        login = SimpleNamespace(endpoints=SimpleNamespace(storage_suffix="core.windows.net"))
        side: Any = SimpleNamespace(login=login, arm=Arm(self.documents), vaults=Vaults(self.keys))
        sensitive = more.pop("sensitive", False)
        making = BytePlaces.of_plan(side, workspace, sensitive=sensitive, **more) if more else None
        places = await (making or BytePlaces.of_target(side, workspace, sensitive=sensitive))
        return await gather(side, workspace, places, key_of(workspace))


def stored(around: AroundStorage | None = None, workspace: Workspace | None = None, **more: Any) -> StoredPlaces:
    """What is read of storage where all is as it should be, or of what a test made of it."""
    target = workspace or Workspace(REF, copy.deepcopy(DOCUMENT))
    return asyncio.run((around or AroundStorage()).read(target, **more))


def planned(*places: Location) -> Any:
    """A plan that puts bytes into these places."""
    return SimpleNamespace(places=lambda source: {place: f"blobs/{place.container}" for place in places})


def with_vault(facts: PostureFacts, **properties: Any) -> PostureFacts:
    """With other properties of the vault."""
    document: dict[str, Any] = copy.deepcopy(facts.vault.value or {})
    document["properties"] |= properties
    return replace(facts, vault=Read(document))


def with_workspace(facts: PostureFacts, **properties: Any) -> PostureFacts:
    """With other properties of the workspace."""
    document: dict[str, Any] = copy.deepcopy(facts.workspace.document)
    document["properties"] |= properties
    workspace = Workspace(REF, document)
    return replace(
        facts,
        workspace=workspace,
        key_ref=key_of(workspace),
        identity=identity_of(workspace),
        identities=identities_of(workspace),
    )


def with_version(facts: PostureFacts, **changed: Any) -> PostureFacts:
    """With another state of the key's version in use."""
    key = replace(KEY, version=replace(KEY.version, **changed))
    return replace(facts, key=Read(key), newest=Read(key))


def with_roles(facts: PostureFacts, *more: dict[str, Any], own: bool = True) -> PostureFacts:
    """With more role assignments on the vault, of its identity with `own`."""
    ids = {str(one["id"]).lower() for one in more} if own else set()
    return replace(
        facts,
        on_vault=Read([*(facts.on_vault.value or ()), *more]),
        held={**facts.held, PRINCIPAL: Read((facts.held[PRINCIPAL].value or set()) | ids)},
    )


def holding(facts: PostureFacts, *ids: str, of: str = PRINCIPAL) -> PostureFacts:
    """With an identity that has these role assignments on the vault, and no others."""
    return replace(facts, held={**facts.held, of: Read({one.lower() for one in ids})})


def without_end(found: list[Claim]) -> list[Claim]:
    """The claims, without what is told of every version that is named and ends: test_pinned.py looks at that."""
    return [
        replace(claim, holds=True)
        if claim.name == "key.pinned" and claim.severity == "warning" and claim.holds is False
        else claim
        for claim in found
    ]
