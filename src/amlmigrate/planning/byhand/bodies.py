"""The body by which an item is made anew in the target: its document without what the service writes into it."""

from __future__ import annotations

from typing import Any

from amlmigrate.core.documents import Document, mapped, properties_of, shown_properties
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.pointers import EACH, Way, without

# Of an ARM envelope, what a PUT takes.
_ENVELOPE = ("location", "tags", "kind", "sku", "identity", "properties")
# What only the service writes (AZ-LIVE-2).
_SERVICE = """
    provisioningState provisioningErrors createdOn modifiedOn isAttachedCompute allocationState
    allocationStateTransitionTime currentNodeCount targetNodeCount nodeStateCounts errors osImageMetadata
    connectivityEndpoints applications createdBy lastOperation containers dataDisks dataMounts versions scoringUri
    swaggerUri inferenceEndpoint endpointState marketplaceSubscriptionStatus marketplacePlan
    createdByWorkspaceArmId group error peStatus peRequirement parentRuleNames sparkStatus errorInformation
    isArchived marketplaceSubscriptionId messages systemServices
"""
_WRITTEN = frozenset(_SERVICE.split())
# `status` is a rule's state; of a compute instance `state` is whether it runs.
_STATES = {"outboundRules": "status", "computes": "state"}
# Deeper ones: the way to them below `properties`, and their names (MODEL: read-only).
_DEEPER: tuple[tuple[Way, frozenset[str]], ...] = (
    (("action", "jobDefinition"), frozenset({"status", "parameters"})),
    (("action", "jobDefinition", "services", EACH), frozenset({"status", "errorMessage"})),
    (("properties", "sshSettings"), frozenset({"sshPort", "adminUserName"})),
    (("properties", "schedules", "computeStartStop", EACH), frozenset({"id", "provisioningStatus"})),
)
# What the service adds to the customer's own `properties` of an endpoint or deployment (AZ-LIVE-3).
_ADDED = frozenset({"azureml.onlineendpointid", "AzureAsyncOperationUri", "BatchEndpointCreationApiVersion"})
# What a connection's kind of sign-in takes (AZ-LIVE-4): a GET never shows it.
CREDENTIALS: dict[str, tuple[str, ...]] = {
    "PAT": ("pat",),
    "SAS": ("sas",),
    "AccountKey": ("key",),
    "ApiKey": ("key",),
    "UsernamePassword": ("username", "password", "securityToken"),
    "AccessKey": ("accessKeyId", "secretAccessKey"),
    "ServicePrincipal": ("clientId", "clientSecret", "tenantId"),
    "OAuth2": (
        *("authUrl", "clientId", "clientSecret", "developerToken", "password", "refreshToken", "tenantId"),
        "username",
    ),
    "ManagedIdentity": ("clientId", "resourceId"),
}


def body(kind: str, document: Document, mapping: Mapping) -> Document:
    """What is sent to make an item anew; references to the source are those to the target."""
    found = {key: document[key] for key in _ENVELOPE if document.get(key) is not None}
    properties = _without(dict(properties_of(document)), kind)
    if kind == "schedules":
        # Nothing runs on both sides; and one that says nothing of it is enabled (AZ-LIVE-5).
        properties["isEnabled"] = False
    if kind == "connections":
        properties["credentials"] = _credentials(properties)
    if "identity" in found:
        found["identity"] = _identity(found["identity"])
    if "location" in found:
        found["location"] = mapping.target.location
    return {**mapped(found | {"properties": properties}, lambda _, text: mapping.rewrite(text))}


def _without(properties: Document, kind: str) -> Document:
    gone = _WRITTEN | {_STATES.get(kind, "")}
    kept = {key: value for key, value in properties.items() if key not in gone and value is not None}
    if (inner := shown_properties(kept)) is not None:
        # A compute has its typed ones there, everything else the customer's own, whatever they are called.
        added = gone if "computeType" in kept else _ADDED
        kept["properties"] = {key: value for key, value in inner.items() if key not in added}
    for way, names in _DEEPER:
        kept = without(kept, way, names)
    return kept


def _credentials(properties: Document) -> Any:
    """As the document has them, or the members that its kind of sign-in takes, to be filled in."""
    known = properties.get("credentials")
    members = CREDENTIALS.get(str(properties.get("authType")), ())
    return known or (dict.fromkeys(members, "to be filled in") if members else None)


def _identity(identity: Document) -> Document:
    """Its kind, and the identities that are assigned to it: their ids are the service's to look up."""
    assigned = identity.get("userAssignedIdentities") or {}
    return {"type": identity.get("type")} | (
        {"userAssignedIdentities": {id_: {} for id_ in assigned}} if assigned else {}
    )
