"""Connections: what other services the workspace signs in to, with secrets that no list shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from amlmigrate.cloud.declared import Absent
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of, without_nulls
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.finding import Finding
from amlmigrate.core.given import SECRET, Unshown, holds_given
from amlmigrate.core.held_secrets import hold
from amlmigrate.core.workspace import SYSTEM_DATASTORES
from amlmigrate.core.writes import Desired, PlanContext
from amlmigrate.kinds._base import Kind, WorkspacePort
from amlmigrate.kinds._fields import COMMON
from amlmigrate.kinds._given import how_to_give
from amlmigrate.kinds._listed import CREATED
from amlmigrate.kinds._permissions import ML, Permissions

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
    "CustomKeys": ("keys",),
    "ManagedIdentity": ("clientId", "resourceId"),
}
# Of these each needs all that it takes, but for what is not needed.
_ALL_OF, _NOT_NEEDED = ("UsernamePassword", "AccessKey", "ServicePrincipal"), frozenset({"securityToken"})
# Who signs in, and where: what somebody has to read in a message to act on it.
_NO_SECRETS = frozenset({"authUrl", "clientId", "resourceId", "tenantId", "username"})
# These sign in as nobody, or as the workspace or whoever asks.
_WITHOUT = ("None", "AAD")
# As an identity that has to have its rights again.
_BY_IDENTITY = ("AAD", "ManagedIdentity")
_REMEDY = "Create the connection in the target with its secret."
_WHOLE = "credentials"
# Names and secrets of the customer's own: which there are nobody is shown either.
_KEYS = "keys"
# What of another workspace's is kept beside one: its id.
_SHARED = "shared by"


class Connections(Kind):
    """A connection signs in as it did; its secret is read when it is made or compared, and stored nowhere."""

    name = "connections"
    # Those of a hub are listed with its projects'.
    lists_others = True
    absent = (Absent.of("NotFoundError", r"Connection (\S+) can't be found in this workspace", "AZ-ABSENT-7"),)
    # Only the workspace's own unless asked for all (AZ-LIST-2).
    query: ClassVar[Mapping[str, str]] = {"includeAll": "true"}
    # "Both connections and datastores", says the description of 2025-12-01; a test of azure-ai-ml sees the latter.
    shows_datastores = True
    sdk_operations = "connections"
    fields = replace(
        COMMON.but(
            computed={
                "createdByWorkspaceArmId": "where it was made",
                "group": "of its category",
                "error": "what the service met",
                "peStatus": "of its private endpoint",
                "peRequirement": "of its private endpoint",
            },
            mutable=dict.fromkeys(
                ("authType", "category", "credentials", "expiryTime", "isSharedToAll"), "a PUT replaces the whole"
            )
            | dict.fromkeys(
                ("metadata", "sharedUserList", "target", "useWorkspaceManagedIdentity"), "a PUT replaces the whole"
            ),
            customer_maps={"metadata": "the customer's own"},
            secrets={_WHOLE: "a GET never shows them"},
        ),
        provenance="",
    )

    @property
    def permissions(self) -> Permissions:
        return Permissions.of(f"{ML}/{self.name}", secrets=("listsecrets/action",))

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        return [_with_reason(one, source.id) for one in await super().scan(source, parents)]

    def stays(self, asset: Asset) -> str:
        return "it is another workspace's, which shares it: " + _shared_by(asset) if asset.beside else ""

    def anew(self, properties: Document) -> Document:
        return {**properties, "credentials": _to_fill_in(properties)}

    def unshown(self, asset: Asset) -> tuple[Unshown, ...]:
        # For one whose credentials the source does not give; all that its kind of sign-in needs is given then.
        names = _CREDENTIALS.get(_auth(asset.properties), ())
        return tuple(Unshown(name, f"/properties/{_WHOLE}/{name}") for name in names if name != _KEYS)

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        found = super().desired(asset, plan)
        properties = {key: value for key, value in found.first.body["properties"].items() if key != _WHOLE}
        if given := found.first.body["properties"].get(_WHOLE) if plan.allowed.given(asset.address) else None:
            properties[_WHOLE] = given
        elif _auth(properties) in _CREDENTIALS:
            # Without its credentials a PUT would take them away (AZ-LIVE-21).
            properties[_WHOLE] = {SECRET: _WHOLE}
        body = found.first.body | {"properties": properties}
        return replace(found, writes=(replace(found.first, body=body),))

    async def secrets(
        self, source: WorkspacePort, target: WorkspacePort, address: Address, body: Document
    ) -> Document:
        body = await super().secrets(source, target, address, body)
        properties = properties_of(body)
        if properties.get(_WHOLE) != {SECRET: _WHOLE}:
            given = properties.get(_WHOLE) or {}
            if not holds_given(given):
                return body
            whole = await self._with_others(source, address, _auth(properties), given)
            return body | {"properties": {**properties, _WHOLE: whole}}
        found = await self.secret_of(source, address)
        if not found:
            raise MigrateError(
                "The service does not give its credentials, without which it would sign in nowhere.",
                address=str(address),
                remedy="Look whether it works in the source. If not, waive it once it failed, or remove it there."
                " If they are known elsewhere, plan again with --secrets.",
            )
        return body | {"properties": {**properties, _WHOLE: found}}

    async def _with_others(self, source: WorkspacePort, address: Address, auth: str, given: Document) -> Document:
        """What is given, and what else the source's signs in with. Raises MigrateError where that is not all."""
        lacking = [name for name in _CREDENTIALS.get(auth, ()) if name not in {*given, *_NOT_NEEDED}]
        needed = lacking if auth in _ALL_OF else []
        try:
            others = await self.secret_of(source, address) if lacking else {}
        except ServiceError as error:
            if needed or error.status != 403:
                raise
            others = {}
        if left := [name for name in needed if name not in others]:
            raise MigrateError(
                f"Of what it signs in with, nobody gives: {', '.join(left)}.",
                address=str(address),
                remedy=f"{how_to_give(address, *([one] for one in left))} Then make a new plan.",
            )
        return others | given

    async def secret_of(self, port: WorkspacePort, address: Address) -> Document:
        """Its credentials, for the moment of a PUT or of a comparison; empty where it has none."""
        answer = await port.post(f"{self.path(address)}/listsecrets")
        found: Document = without_nulls(properties_of(answer).get(_WHOLE) or {})
        hold({name: value for name, value in found.items() if name not in _NO_SECRETS})
        return found

    def compares_secrets(self, document: Document) -> bool:
        return _auth(properties_of(document)) in _CREDENTIALS and not holds_given(document)

    def findings(self, asset: Asset, body: Document, mapping: Any) -> list[Finding]:
        if _auth(asset.properties) not in _BY_IDENTITY:
            return []
        return [
            Finding(
                "warning",
                str(asset.address),
                "It signs in by an identity: the target's has another id, or has to be attached to the target.",
                "Give that identity the rights that the source's has on what the connection leads to.",
                code="connection-identity",
            )
        ]

    def example(self) -> Asset:
        return Asset(
            Address.of("connections", "git"),
            {
                "name": "git",
                "tags": None,
                "location": None,
                "properties": {
                    "authType": "PAT",
                    "credentials": None,
                    "group": "ServicesAndApps",
                    "category": "Git",
                    "expiryTime": None,
                    "target": "https://example.com/x.git",
                    "isSharedToAll": True,
                    "sharedUserList": [],
                    "metadata": {"owner": "risk"},
                },
                "systemData": CREATED,
            },
        )


def _auth(properties: Document) -> str:
    return str(properties.get("authType"))


def _with_reason(asset: Asset, workspace: str) -> Asset:
    """With whose it is, where it is not this workspace's; with why a person has to make it, where one has to."""
    own, auth = str(asset.document.get("id") or ""), _auth(asset.properties)
    if own and not own.lower().startswith(f"{workspace.lower()}/"):
        return replace(asset, beside={_SHARED: {"id": own}})
    made = str(asset.properties.get("createdByWorkspaceArmId") or "")
    why = ""
    if asset.address.name.lower() in SYSTEM_DATASTORES:
        # Of those that are in both lists only the datastore is an item.
        why = "it has the name of a datastore that every workspace has, and no list of datastores shows that one"
    elif made and ArmId.of(made) != ArmId.of(workspace):
        # Of a hub, or its own of before it was moved to another group (AZ-LIVE-22): nobody can tell from here.
        why = f"it says that another workspace made it, '{made}'"
    elif auth not in _CREDENTIALS and auth not in _WITHOUT:
        why = f"this version does not know what its sign-in '{auth}' takes"
    return replace(asset, reason=why, remedy=_REMEDY) if why else asset


def _shared_by(asset: Asset) -> str:
    return str(asset.beside[_SHARED]["id"])


def _to_fill_in(properties: Document) -> Any:
    """As the document has them, or the members that its kind of sign-in takes, to be filled in."""
    known = properties.get(_WHOLE)
    members = _CREDENTIALS.get(_auth(properties), ())
    return known or (dict.fromkeys(members, "to be filled in") if members else None)


KIND = Connections()
