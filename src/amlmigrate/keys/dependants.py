"""What of ARM's documents says that a resource is under a customer's key, and which version of it. Pure.

How long each takes to go over to a new version by itself: a storage account and an encryption scope whose key has
no version one day (AZ-KEY-17), a container registry whose key has none one hour (AZ-KEY-27). A workspace does not,
as far as is documented (AZ-KEY-13, AZ-KEY-14).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.keys import key_id
from amlmigrate.core.workspace import Workspace, WorkspaceRef
from amlmigrate.keys.model import Dependant, DependantKind, version_of
from amlmigrate.posture import facts, stored, tagging
from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.levels import Levels
from amlmigrate.scanning.standing import FACTS, StandingDecisions

STORAGE_FOLLOWS, REGISTRY_FOLLOWS = timedelta(hours=24), timedelta(hours=1)
LevelsOf = Callable[[Document], Levels]


def levels_of(standard: tagging.Standard, decisions: StandingDecisions, document: Document) -> Levels:
    """Sensitivity and environment of a resource: by tags, rules, and of a workspace by its owner's decision."""
    id_ = ArmId.of(document.get("id"))
    tags = {str(name): str(value) for name, value in (document.get("tags") or {}).items()}
    subject = tagging.TaggingSubject(
        id_.name, id_.group, id_.subscription, tags, properties_of(document).get("hbiWorkspace") is True
    )
    told = {fact: one for fact in FACTS if (one := standard.told(fact, subject))}
    return decisions.over(standard, document, told)


def principal_of(document: Document, identity: str) -> str:
    """The object id of an identity of a resource, named by ARM id or client id; without a name its own.

    Empty where the document does not show it.
    """
    found: Document = document.get("identity") or {}
    users: dict[str, Document] = {
        key_of(id_): one or {} for id_, one in (found.get("userAssignedIdentities") or {}).items()
    }
    if not identity:
        return str(found.get("principalId") or "").lower()
    by_client = (one for one in users.values() if str(one.get("clientId") or "").lower() == identity.lower())
    one = users.get(key_of(identity)) or next(by_client, {})
    return str(one.get("principalId") or "").lower()


def of_workspace(document: Document, levels: LevelsOf) -> Dependant | None:
    """A workspace under a customer's key; None for one that is not.

    `in_use` is what it names: Azure reports no other version of it.
    """
    workspace = Workspace(WorkspaceRef.parse(str(document["id"])), document)
    ref = facts.key_of(workspace) if workspace.encrypted else None
    if ref is None:
        return None
    encryption: Document = workspace.properties.get("encryption") or {}
    user = (encryption.get("identity") or {}).get("userAssignedIdentity")
    client = (encryption.get("keyVaultProperties") or {}).get("identityClientId")
    return Dependant(
        DependantKind.WORKSPACE,
        workspace.id,
        ref,
        configured=ref.version,
        in_use=ref.version,
        levels=levels(document),
        identity=str(user or client or ""),
        principal=principal_of(document, str(user or client or "")),
        document=document,
    )


def of_account(document: Document, levels: LevelsOf) -> Dependant | None:
    """A storage account under a customer's key; None for one that is not."""
    encryption: Document = properties_of(document).get("encryption") or {}
    ref = stored.key_of_account(encryption) if stored.is_customers(encryption.get("keySource")) else None
    if ref is None:
        return None
    named: Document = encryption.get("keyvaultproperties") or encryption.get("keyVaultProperties") or {}
    user = (encryption.get("identity") or {}).get("userAssignedIdentity")
    found = _stored(DependantKind.ACCOUNT, document, ref, named, levels(document))
    return replace(found, identity=str(user or ""), principal=principal_of(document, str(user or "")))


def of_scope(account: Document, scope: Document, levels: LevelsOf) -> Dependant | None:
    """An encryption scope that has a customer's key of its own; None for one that has not.

    It uses the identity of its account, whose tags are its own.
    """
    properties = properties_of(scope)
    ref = stored.key_of_scope(scope) if stored.is_customers(properties.get("source")) else None
    if ref is None:
        return None
    encryption: Document = properties_of(account).get("encryption") or {}
    user = (encryption.get("identity") or {}).get("userAssignedIdentity")
    named: Document = properties.get("keyVaultProperties") or {}
    found = _stored(DependantKind.SCOPE, scope, ref, named, levels(account))
    return replace(found, identity=str(user or ""), principal=principal_of(account, str(user or "")))


def _stored(kind: DependantKind, document: Document, ref: KeyRef, named: Document, levels: Levels) -> Dependant:
    """What accounts and scopes show alike: `currentVersionedKeyIdentifier`, `lastKeyRotationTimestamp`."""
    current = version_of(named.get("currentVersionedKeyIdentifier"))
    configured = "" if ref.follows else ref.version
    return Dependant(
        kind,
        str(document["id"]),
        ref,
        configured=configured,
        in_use=current or configured,
        follows=STORAGE_FOLLOWS if ref.follows else None,
        since=moment(named.get("lastKeyRotationTimestamp")),
        levels=levels,
        document=document,
    )


def of_registry(document: Document, levels: LevelsOf) -> Dependant | None:
    """A container registry under a customer's key; None for one that is not."""
    encryption: Document = properties_of(document).get("encryption") or {}
    named: Document = encryption.get("keyVaultProperties") or {}
    key = key_id(named.get("keyIdentifier"))
    if key is None or str(encryption.get("status", "")).lower() != "enabled":
        return None
    configured = key.version
    current = version_of(named.get("versionedKeyIdentifier"))
    follows = not configured
    return Dependant(
        DependantKind.REGISTRY,
        str(document["id"]),
        KeyRef("", key.vault, key.name, configured or current, follows=follows),
        configured=configured,
        in_use=current or configured,
        follows=REGISTRY_FOLLOWS if follows else None,
        since=moment(named.get("lastKeyRotationTimestamp")),
        levels=levels(document),
        identity=str(named.get("identity") or ""),
        principal=principal_of(document, str(named.get("identity") or "")),
        document=document,
    )


def by(standard: tagging.Standard, decisions: StandingDecisions | None = None) -> LevelsOf:
    """Levels by a tagging standard, and by what owners decided."""
    known = decisions or StandingDecisions()
    return lambda document: levels_of(standard, known, document)
