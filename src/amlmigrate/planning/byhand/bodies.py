"""The body by which an item is made anew in the target: its document without what the service writes into it."""

from __future__ import annotations

from amlmigrate.core.documents import Document, mapped, properties_of, shown_properties
from amlmigrate.core.json_strings import members, rewritten
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import ENVELOPE
from amlmigrate.kinds import Listed

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
# What the service adds to the customer's own `properties` of an endpoint or deployment (AZ-LIVE-3).
_ADDED = frozenset({"azureml.onlineendpointid", "AzureAsyncOperationUri", "BatchEndpointCreationApiVersion"})


def body(kind: Listed | None, document: Document, mapping: Mapping) -> Document:
    """What is sent to make an item anew; references to the source are those to the target."""
    found = {key: document[key] for key in ENVELOPE if document.get(key) is not None}
    properties = _without(dict(properties_of(document)))
    if kind:
        places = (mapping.source.location, mapping.target.location)
        properties = kind.placed(kind.anew(properties), *places)
    if "identity" in found:
        found["identity"] = _identity(found["identity"])
    if "location" in found:
        found["location"] = mapping.target.location
    whole = found | {"properties": properties}
    known = {one.where: one for one in members(whole)}

    def followed(where: str, text: str) -> str:
        after = mapping.rewrite(text)
        # What names something by its name alone is told by where it stands.
        return rewritten(known[where], mapping)[0] if after == text and where in known else after

    return {**mapped(whole, followed)}


def _without(properties: Document) -> Document:
    kept = {key: value for key, value in properties.items() if key not in _WRITTEN and value is not None}
    if (inner := shown_properties(kept)) is not None:
        # A compute has its typed ones there, everything else the customer's own, whatever they are called.
        added = _WRITTEN if "computeType" in kept else _ADDED
        kept["properties"] = {key: value for key, value in inner.items() if key not in added}
    return kept


def _identity(identity: Document) -> Document:
    """Its kind, and the identities that are assigned to it: their ids are the service's to look up."""
    assigned = identity.get("userAssignedIdentities") or {}
    return {"type": identity.get("type")} | (
        {"userAssignedIdentities": {id_: {} for id_ in assigned}} if assigned else {}
    )
