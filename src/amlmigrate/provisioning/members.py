"""Members of a workspace that only some api-versions have, and whether one can be set somewhere. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.documents import Document
from amlmigrate.core.spelling import plain_region


@dataclass(frozen=True, slots=True)
class ReadableProperty:
    """A property, the api-version that it is read and written with, and where that is said."""

    name: str
    api_version: str
    source: str


# Whether the service gives a workspace's system-assigned identity a role on the workspace's resource group: since
# 2024-11-19 Azure AI Administrator (learn.microsoft.com, machine-learning/how-to-assign-roles).
GROUP_ROLE = ReadableProperty(
    "allowRoleAssignmentOnRG",
    "2024-10-01-preview",
    "azure-ai-ml 1.35 _utils/_workspace_utils.py: on the wire of 2024-10-01-preview, removed at 2025-12-01; the"
    " other members that are sent with it are recorded at that version too (AZ-WS-3)",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the provider offers for workspaces in a subscription: api-versions, and regions in lower case."""

    api_versions: frozenset[str]
    regions: frozenset[str]

    def has(self, member: ReadableProperty, location: str) -> bool:
        """Whether a member can be set on a workspace in a region."""
        return member.api_version in self.api_versions and location in self.regions


def offer_of(provider: Document | None) -> Offer | None:
    """From the provider's document (learn.microsoft.com, resources/providers/get); None where it does not say."""
    for told in (provider or {}).get("resourceTypes") or ():
        if str(told.get("resourceType", "")).lower() == "workspaces" and told.get("apiVersions"):
            versions = frozenset(map(str, told["apiVersions"]))
            return Offer(versions, frozenset(plain_region(str(one)) for one in told.get("locations") or ()))
    return None
