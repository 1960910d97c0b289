"""Datastores: where data is. Every workspace has the system datastores; the customer's own are created again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId
from amlmigrate.core.asset import Asset, AssetStorage
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import Finding
from amlmigrate.core.given import SECRET
from amlmigrate.core.held_secrets import hold
from amlmigrate.core.mapping import Mapping, Rewrite
from amlmigrate.core.workspace import SYSTEM_DATASTORES, Datastore, Location, Service
from amlmigrate.core.writes import Accepted, Desired, PlanContext, Write
from amlmigrate.kinds._base import Kind, WorkspacePort
from amlmigrate.kinds._fields import COMMON
from amlmigrate.kinds._permissions import ML, Permissions

# The members of a secret by the type of its credentials (`DatastoreSecrets` in the 2025-12-01 description).
_SECRETS = {
    "AccountKey": ("key",),
    "Sas": ("sasToken",),
    "ServicePrincipal": ("clientSecret",),
    "Certificate": ("certificate",),
}

_SHARE = "fileShareName"


class Datastores(Kind):
    """A datastore points where it pointed; its secret is read when it is made and stored nowhere."""

    name = "datastores"
    counted = 5
    # Names of assets and their versions are told apart by case, those of datastores are not (AZ-ARM-6).
    caseless = True
    sdk_operations = "datastores"
    fields = COMMON.but(
        computed={"isDefault": "the workspace's, one for all"}, mutable={"credentials": "a secret is set again"}
    )

    @property
    def permissions(self) -> Permissions:
        return Permissions.of(f"{ML}/{self.name}", secrets=("listSecrets/action",))

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        items = source.pages(self.collection, {"count": "30", "orderByAsc": "false"})
        return [Asset(Address.of(self.name, item["name"]), item) async for item in items]

    def stays(self, asset: Asset) -> str:
        if asset.address.name.lower() in SYSTEM_DATASTORES:
            return "the service creates it in every workspace; references point to the target's own"
        return ""

    def storage(self, asset: Asset) -> AssetStorage:
        return AssetStorage(datastore=_datastore(asset))

    def _with_secrets(self, properties: Document) -> Document:
        """With markers for what only the service knows."""
        credentials = dict(properties.get("credentials") or {"credentialsType": "None"})
        names = _SECRETS.get(str(credentials.get("credentialsType")), ())
        if names:
            secrets: dict[str, Any] = {"secretsType": credentials["credentialsType"]}
            credentials["secrets"] = secrets | {name: {SECRET: name} for name in names}
        return {**properties, "credentials": credentials}

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        found, mapping = super().desired(asset, plan), plan.mapping
        found = _of(found, self._with_secrets(found.first.body["properties"]))
        store = _datastore(asset)
        goal = mapping.place(store.root) if store and store.root else None
        if store is None or store.root is None or goal is None or goal.path:
            return replace(found, findings=(*found.findings, *_left_behind(asset, mapping)))
        return self._moved(asset, found, store.root, goal, mapping)

    def _moved(self, asset: Asset, found: Desired, root: Location, goal: Location, mapping: Mapping) -> Desired:
        """A datastore of the customer's over one of the workspace's own containers goes where its bytes go."""
        properties: Document = found.first.body["properties"]
        member = _member(properties)
        moved = properties | {"accountName": goal.account, member: goal.container}
        rewrites = [Rewrite("/properties/accountName", root.account, goal.account)]
        rewrites.append(Rewrite(f"/properties/{member}", root.container, goal.container))
        for name, after in _owner(mapping.target.storage_account_id).items():
            # They say where the account is, and are null where nobody told them.
            if goal.account == mapping.target.storage_account and properties.get(name):
                rewrites.append(Rewrite(f"/properties/{name}", properties[name], after))
                moved[name] = after
        credentials = properties["credentials"]
        twin = next((s for s in mapping.target.datastores if s.system and s.root == goal), None)
        if credentials["credentialsType"] == "AccountKey" and twin:
            # The old account's key opens nothing here: the target's own datastore knows the new one's.
            marker = {SECRET: "key", "of": twin.name}
            moved["credentials"] = credentials | {"secrets": credentials["secrets"] | {"key": marker}}
        elif credentials["credentialsType"] != "None":
            finding = Finding(
                "error",
                str(asset.address),
                f"It is over the workspace's own container, with {credentials['credentialsType']} credentials"
                " for the old account.",
                "Leave it out with --exclude, and create it in the target with credentials for the new account.",
                code="datastore-credentials",
            )
            found = replace(found, findings=(*found.findings, finding))
        return replace(_of(found, moved), rewrites=(*found.rewrites, *rewrites))

    def findings(self, asset: Asset, body: Document, mapping: Mapping) -> list[Finding]:
        if not asset.properties.get("isDefault"):
            return []
        return [
            Finding(
                "blocks",
                str(asset.address),
                "It is the default datastore of the source, which a datastore itself cannot be made.",
                "The target's default stays its own: set it there, or name this one where the default is meant.",
                code="default-datastore",
            )
        ]

    async def secrets(
        self, source: WorkspacePort, target: WorkspacePort, address: Address, body: Document
    ) -> Document:
        body = await super().secrets(source, target, address, body)
        secrets = (body["properties"].get("credentials") or {}).get("secrets")
        if not secrets:
            return body
        filled = {key: await self._secret(source, target, address, value) for key, value in secrets.items()}
        properties = body["properties"]
        found = {**properties, "credentials": {**properties["credentials"], "secrets": filled}}
        return {**body, "properties": found}

    async def _secret(self, source: WorkspacePort, target: WorkspacePort, address: Address, value: Any) -> Any:
        if not isinstance(value, dict) or SECRET not in value:
            return value
        # Without `expirableSecret` the service answers the stored secret itself, not a SAS made of it.
        if "of" in value:
            found = await target.post(f"{self.collection}/{value['of']}/listSecrets")
        else:
            found = await source.post(f"{self.path(address)}/listSecrets")
        hold(found[value[SECRET]])
        return found[value[SECRET]]

    async def apply(self, target: WorkspacePort, address: Address, write: Write) -> Accepted:
        # The service would try the secret against the account, which the target may not reach yet.
        return await target.put(self.path(address), write.body, {"skipValidation": "true"})

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
            Address.of("datastores", "lake"),
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


def _datastore(asset: Asset) -> Datastore | None:
    properties = asset.properties
    member = _member(properties)
    account, container = properties.get("accountName"), properties.get(member)
    cloud = str(properties.get("endpoint") or "")
    service = Service.FILE if member == _SHARE else Service.BLOB
    root = Location(account, container, suffix=cloud, service=service) if account and container else None
    return Datastore(asset.address.name, asset.address.name.lower() in SYSTEM_DATASTORES, root)


def _member(properties: Document) -> str:
    """The member that names the container or share that a datastore is over; '' where it names none."""
    return next((name for name in ("containerName", "filesystem", _SHARE) if properties.get(name)), "")


def _of(found: Desired, properties: Document) -> Desired:
    """The same with other properties."""
    return replace(found, writes=(replace(found.first, body=found.first.body | {"properties": properties}),))


def _owner(account_id: str) -> dict[str, str]:
    """The members of a datastore by which it names the subscription and the group of its account."""
    id_ = ArmId.of(account_id)
    return {"subscriptionId": id_.subscription, "resourceGroup": id_.group} if id_.group else {}


def _left_behind(asset: Asset, mapping: Mapping) -> list[Finding]:
    """A datastore over something in the old workspace's account that is not the workspace's own to move."""
    account = str(asset.properties.get("accountName") or "").lower()
    old, new = (workspace.storage_account for workspace in (mapping.source, mapping.target))
    if account != old or old == new:
        return []
    return [
        Finding(
            "warning",
            str(asset.address),
            f"It points into the old workspace's storage account '{old}', not to one of its own containers.",
            "It is left as it is: keep that account. Under whose key it stands `verify` tells, once it is there.",
            code="datastore-in-old-account",
        )
    ]


KIND = Datastores()
