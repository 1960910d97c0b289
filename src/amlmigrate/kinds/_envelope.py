"""The members of an ARM document beside `properties`: what of them is sent, and how two are compared.

learn.microsoft.com/azure/azure-resource-manager/templates/resource-declaration names those that a client may send
(`location`, `tags`, `identity`, `sku`, `kind`, `plan`, `zones`); what is not known here is sent too, so that
nothing gets lost silently.
"""

from __future__ import annotations

from amlmigrate.core.documents import Document, without_nulls
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.spelling import plain_region

_SERVED = frozenset({"id", "name", "type", "systemData", "etag", "properties"})
# What Azure makes of an identity (Learn, managed identities: `principalId`, `tenantId`, `clientId` are read-only).
_GIVEN = frozenset({"principalId", "tenantId"})


def sent(document: Document) -> Document:
    """The envelope as a client sends it, without nulls and without what Azure makes."""
    found = {key: value for key, value in document.items() if key not in _SERVED and value is not None}
    if isinstance(identity := found.get("identity"), dict):
        found["identity"] = _identity(identity)
    return {key: value if key == "tags" else without_nulls(value) for key, value in found.items()}


def placed(envelope: Document, mapping: Mapping) -> Document:
    """The envelope for the target: what was where the source is, is to be where the target is."""
    location = envelope.get("location")
    moved = location is not None and plain_region(location) == plain_region(mapping.source.location)
    return envelope | ({"location": mapping.target.location} if moved else {})


def canonical(document: Document) -> Document:
    """The form in which two are compared; empty where there is nothing but `properties`."""
    found = sent(document)
    if "location" in found:
        found["location"] = plain_region(found["location"])
    if str((found.get("identity") or {}).get("type", "")).lower() == "none":
        del found["identity"]
    return {key: value for key, value in found.items() if value not in ({}, [], "")}


def _identity(identity: Document) -> Document:
    kept = {key: value for key, value in identity.items() if key not in _GIVEN}
    if isinstance(own := kept.get("userAssignedIdentities"), dict):
        kept["userAssignedIdentities"] = {name: {} for name in own}
    return kept
