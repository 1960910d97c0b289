"""From documents of ARM to facts: pure, and nothing is taken for granted that a document does not say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from amlmigrate.core.armid import subscription_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.spelling import plain_region
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.scanning.values import (
    CLASSIC,
    CUSTOMER,
    MICROSOFT,
    SERVICE_SIDE,
    Encryption,
    Exposure,
    RegistryValues,
    Scanned,
    StorageValues,
    VaultValues,
)

_PLAIN = "Default"


def of_document(document: Document) -> Scanned:
    """A workspace by its own document alone, as the list of a subscription has it."""
    ref = WorkspaceRef.parse(document["id"])
    properties = properties_of(document)
    return Scanned(
        id=document["id"],
        name=ref.name,
        group=ref.group,
        subscription=ref.subscription,
        location=str(document.get("location") or ""),
        workspace_id=str(properties.get("workspaceId") or ""),
        kind=str(document.get("kind") or _PLAIN),
        identity=str((document.get("identity") or {}).get("type") or "None"),
        encryption=_encryption(properties),
        exposure=_exposure(properties),
        vault=_named_vault(ref, properties),
        storage=StorageValues(properties["storageAccount"]) if properties.get("storageAccount") else None,
        registry=RegistryValues(properties["containerRegistry"]) if properties.get("containerRegistry") else None,
        created=str((document.get("systemData") or {}).get("createdAt") or "") or None,
        tags={str(name): str(value) for name, value in (document.get("tags") or {}).items()},
    )


def _encryption(properties: dict[str, Any]) -> Encryption:
    """Which of the two architectures (AZ-KEY-15) holds the key, or that none does."""
    found = properties.get("encryption") or {}
    if str(found.get("status", "")).lower() != "enabled":
        return Encryption(MICROSOFT)
    kind = SERVICE_SIDE if properties.get("enableServiceSideCMKEncryption") else CLASSIC
    return Encryption(kind, (found.get("keyVaultProperties") or {}).get("keyIdentifier"))


def _exposure(properties: dict[str, Any]) -> Exposure:
    # Without a word the service means Enabled; the connections stand in the document or are counted there.
    links = properties.get("privateEndpointConnections")
    return Exposure(
        str(properties.get("publicNetworkAccess") or "Enabled"),
        len(links) if links else int(properties.get("privateLinkCount") or 0),
        str((properties.get("managedNetwork") or {}).get("isolationMode") or "Disabled"),
    )


def _named_vault(ref: WorkspaceRef, properties: dict[str, Any]) -> VaultValues | None:
    key = (properties.get("encryption") or {}).get("keyVaultProperties") or {}
    of_key = key.get("keyVaultArmId")
    id_ = of_key or properties.get("keyVault")
    if not id_:
        return None
    return VaultValues(
        str(id_), "key" if of_key else "secrets", subscription_of(str(id_)) == ref.subscription.lower()
    )


def vault_facts(vault: VaultValues, document: Document, location: str) -> VaultValues:
    """The vault, with what its own document says. Without `enablePurgeProtection` it has none."""
    properties = properties_of(document)
    return VaultValues(
        vault.id,
        vault.holds,
        vault.same_subscription,
        same_region=plain_region(str(document.get("location") or "")) == plain_region(location),
        # Vaults of api-version 2023-07-01 have soft delete unless they were made without and say so.
        soft_delete=properties.get("enableSoftDelete") is not False,
        purge_protection=properties.get("enablePurgeProtection") is True,
    )


def storage_facts(document: Document) -> StorageValues:
    """A storage account; an absent `allowSharedKeyAccess` means that it is allowed."""
    properties = properties_of(document)
    encryption = properties.get("encryption") or {}
    customer = str(encryption.get("keySource", "")).lower() == "microsoft.keyvault"
    return StorageValues(
        document["id"],
        CUSTOMER if customer else MICROSOFT,
        str(properties.get("publicNetworkAccess") or "Enabled"),
        str((properties.get("networkAcls") or {}).get("defaultAction") or "Allow"),
        properties.get("allowSharedKeyAccess") is not False,
        bool(properties.get("isHnsEnabled")),
        len(properties.get("privateEndpointConnections") or ()),
        _sku(document),
        _text(document.get("kind")),
        _text(properties.get("accessTier")),
        _text(document.get("location")),
    )


def registry_facts(document: Document) -> RegistryValues:
    """A container registry."""
    properties = properties_of(document)
    customer = str((properties.get("encryption") or {}).get("status", "")).lower() == "enabled"
    access = str(properties.get("publicNetworkAccess") or "Enabled")
    of_price = (_sku(document), _text(document.get("location")))
    return RegistryValues(document["id"], CUSTOMER if customer else MICROSOFT, access, *of_price)


def _sku(document: Document) -> str | None:
    return _text((document.get("sku") or {}).get("name"))


def _text(value: Any) -> str | None:
    return str(value) if value else None


def key_age(document: Document, now: datetime) -> tuple[str | None, int | None]:
    """When a key version was created (UTC, ISO 8601) and its age in days; ARM tells seconds since 1970."""
    created = (properties_of(document).get("attributes") or {}).get("created")
    if not isinstance(created, int | float):
        return None, None
    made = datetime.fromtimestamp(created, UTC)
    return made.isoformat(timespec="seconds"), max(0, (now - made).days)
