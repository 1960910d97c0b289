"""Datastores: where data lies. Those of the service are in every workspace; the customer's own are made again."""

from __future__ import annotations

from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.workspace import Datastore, Location
from amlmigrate.kinds._base import SECRET, Kind, Port

_SYSTEM = frozenset(
    {"workspaceblobstore", "workspaceartifactstore", "workspacefilestore", "workspaceworkingdirectory"}
)
# The members of a secret by the type of its credentials (`DatastoreSecrets` in the 2025-12-01 description).
_SECRETS = {
    "AccountKey": ("key",),
    "Sas": ("sasToken",),
    "ServicePrincipal": ("clientSecret",),
    "Certificate": ("certificate",),
}


class Datastores(Kind):
    """A datastore points where it pointed; its secret is read when it is made and stored nowhere."""

    name = "datastores"
    sdk_operations = "datastores"
    computed = frozenset({"isDefault"})
    mutable = frozenset({"description", "tags", "credentials"})

    async def scan(self, source: Port) -> list[Asset]:
        items = source.pages(self.collection, {"count": "30", "orderByAsc": "false"})
        return [Asset(Address(self.name, item["name"]), item) async for item in items]

    def not_moved(self, asset: Asset) -> str | None:
        if asset.address.name in _SYSTEM:
            return "the service makes it in every workspace; references lead to the target's own"
        return None

    def datastore(self, asset: Asset) -> Datastore | None:
        properties = asset.properties
        container = properties.get("containerName") or properties.get("filesystem")
        account = properties.get("accountName")
        root = Location(account, container) if account and container else None
        return Datastore(asset.address.name, asset.address.name in _SYSTEM, root)

    def created(self, properties: Document) -> Document:
        credentials = dict(properties.get("credentials") or {"credentialsType": "None"})
        names = _SECRETS.get(str(credentials.get("credentialsType")), ())
        if names:
            secrets: dict[str, Any] = {"secretsType": credentials["credentialsType"]}
            credentials["secrets"] = secrets | {name: {SECRET: name} for name in names}
        return {**properties, "credentials": credentials}

    async def fill(self, source: Port, address: Address, body: Document) -> Document:
        secrets = (body["properties"].get("credentials") or {}).get("secrets")
        if not secrets:
            return body
        # Without `expirableSecret` the service answers the stored secret itself, not a SAS made of it.
        found = await source.post(f"{self.path(address)}/listSecrets")
        filled = {
            key: found[value[SECRET]] if isinstance(value, dict) and SECRET in value else value
            for key, value in secrets.items()
        }
        properties = body["properties"]
        return {"properties": {**properties, "credentials": {**properties["credentials"], "secrets": filled}}}

    async def put(self, target: Port, address: Address, body: Document) -> Document:
        # The service would try the secret against the account, which the target may not reach yet.
        return await target.put(self.path(address), body, {"skipValidation": "true"})

    def canonical(self, document: Document) -> Document:
        found = super().canonical(document)
        credentials = found.get("credentials")
        if isinstance(credentials, dict):
            # The service answers no secret, so none is compared.
            found["credentials"] = {key: value for key, value in credentials.items() if key != "secrets"}
        if found.get("serviceDataAccessAuthIdentity") == "None":
            found.pop("serviceDataAccessAuthIdentity")
        return found

    def example(self) -> Asset:
        return Asset(
            Address("datastores", "lake"),
            {
                "name": "lake",
                "properties": {
                    "accountName": "customerlake",
                    "credentials": {"credentialsType": "None"},
                    "datastoreType": "AzureDataLakeGen2",
                    "description": None,
                    "endpoint": "core.windows.net",
                    "filesystem": "raw",
                    "isDefault": False,
                    "properties": None,
                    "protocol": "https",
                    "resourceGroup": None,
                    "serviceDataAccessAuthIdentity": "None",
                    "subscriptionId": None,
                    "tags": {},
                },
                "systemData": {"createdAt": "2026-03-26T19:14:58.1234567+00:00"},
            },
        )


KIND = Datastores()
