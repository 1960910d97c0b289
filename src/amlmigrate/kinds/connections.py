"""Connections: what other services the workspace signs in to, with secrets that no list shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from amlmigrate.cloud.declared import Absent
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.kinds._listed import CREATED, Listed

# What a connection's kind of sign-in takes (AZ-LIVE-4): a GET never shows it.
_CREDENTIALS: dict[str, tuple[str, ...]] = {
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


class Connections(Listed):
    """A connection of the workspace."""

    name = "connections"
    # Those of a hub are listed with its projects'.
    lists_others = True
    absent = (Absent.of("NotFoundError", r"Connection (\S+) can't be found in this workspace", "AZ-ABSENT-7"),)
    manual = "Create the connection in the target with its secret."
    # Only the workspace's own unless asked for all (AZ-LIST-2).
    query: ClassVar[Mapping[str, str]] = {"includeAll": "true"}
    # "Both connections and datastores", says the description of 2025-12-01; a test of azure-ai-ml sees the latter.
    shows_datastores = True

    def anew(self, properties: Document) -> Document:
        return {**properties, "credentials": _credentials(properties)}

    def example(self) -> Asset:
        return Asset(
            Address.of("connections", "git"),
            {
                "name": "git",
                "properties": {"category": "Git", "target": "https://example.com/x.git", "authType": "PAT"},
                "systemData": CREATED,
            },
        )


def _credentials(properties: Document) -> Any:
    """As the document has them, or the members that its kind of sign-in takes, to be filled in."""
    known = properties.get("credentials")
    members = _CREDENTIALS.get(str(properties.get("authType")), ())
    return known or (dict.fromkeys(members, "to be filled in") if members else None)


KIND = Connections()
