"""The workspace's own document: the target has one already, which must be at least as strict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.finding import Finding
from amlmigrate.core.reference import Reference
from amlmigrate.core.translation import Difference
from amlmigrate.core.writes import Desired, PlanContext, Write
from amlmigrate.kinds._base import Kind, WorkspacePort
from amlmigrate.kinds._permissions import ML
from amlmigrate.kinds._settings import NO_NAMES, SettingVerdict, Shortfall, canonical, shortfalls
from amlmigrate.kinds._workspace_settings import SETTINGS

# Has what later versions leave out, `networkAcls` and `allowRoleAssignmentOnRG` (AZ-WS-3).
_OLDER = {"api-version": "2024-10-01-preview"}
# The member of a document that was read without it.
_UNREAD = "olderVersionUnread"
_CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
_SET = "Set it in the target and record that with `migrate done`, or waive it with `migrate waive`."


class WorkspaceDocument(Kind):
    """A workspace's own document is never written: the target's has to be equal or stricter, member by member."""

    name = "workspace"
    inherent = True
    sdk_operations = ""
    # AZ-RIGHT-37: Contributor, and Storage Blob Data Contributor or Key Vault Administrator.
    given = MappingProxyType(
        {
            "storageAccount": (_CONTRIBUTOR, "ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
            "keyVault": (_CONTRIBUTOR, "00482a5a-887f-4fb3-b363-3b7fe8e74483"),
            "containerRegistry": (_CONTRIBUTOR,),
            "applicationInsights": (_CONTRIBUTOR,),
        }
    )

    @classmethod
    def arm_types(cls) -> tuple[str, ...]:
        return (ML,)

    def path(self, address: Address) -> str:
        return ""

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        document = await self._read(source)
        return [] if document is None else [Asset(Address.of(self.name), document)]

    async def read(self, port: WorkspacePort, address: Address) -> Document | None:
        return await self._read(port)

    async def _read(self, port: WorkspacePort) -> Document | None:
        """With what only an older api-version shows; 400 is the answer once it is offered no more (AZ-WS-4)."""
        document = await port.get("")
        if document is None:
            return None
        try:
            older = await port.get("", _OLDER)
        except ServiceError as error:
            if error.status != 400:
                raise
            return {**document, _UNREAD: True}
        if older is None:
            # As where a region has not heard of it: what is shown and not shown at once is not known.
            raise BadInputError(
                "There is no such workspace any more: it was shown a moment ago, and then was not.",
                address=str(document.get("id", "")),
                remedy="See in the portal that it is there, then run the same command again.",
            )
        more = properties_of(older)
        return {**document, "properties": {**more, **properties_of(document)}}

    def references(self, asset: Asset) -> tuple[Reference, ...]:
        return ()

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        return Desired((Write({}),))

    def canonical(self, document: Document) -> Document:
        return canonical(SETTINGS, {name: value for name, value in document.items() if name != _UNREAD})

    def digest(self, asset: Asset) -> str:
        return digest(self.canonical(asset.document))

    def differences(self, address: Address, wanted: Document, actual: Document) -> list[Difference]:
        # It is no copy: `shortfalls` says in what it is not as good.
        return []

    def shortfalls(
        self, asset: Asset, there: Document, names: Mapping[Address, Address] = NO_NAMES
    ) -> list[Finding]:
        sides = [
            {name: value for name, value in one.items() if name != _UNREAD} for one in (asset.document, there)
        ]
        found = [_finding(self.name, one) for one in shortfalls(SETTINGS, sides[0], sides[1], names)]
        if asset.document.get(_UNREAD) or there.get(_UNREAD):
            found.append(self._unread())
        return found

    def _unread(self) -> Finding:
        version = _OLDER["api-version"]
        return Finding(
            "blocks",
            self.name,
            f"Its network rules (networkAcls) are shown by api-version {version} alone, which was refused: whether"
            " the target's are as strict is not known.",
            "Compare the networking of both workspaces in the portal, then waive it with `migrate waive`.",
            code="settings-unread",
        )

    def example(self) -> Asset:
        return Asset(
            Address.of(self.name),
            {
                "name": "{workspace}",
                "location": "westeurope",
                "kind": "Default",
                "identity": {"type": "SystemAssigned", "principalId": "0", "tenantId": "0"},
                "tags": {"team": "fraud"},
                "sku": {"name": "Basic", "tier": "Basic"},
                "properties": {
                    "description": "Fraud models",
                    "friendlyName": "{workspace}",
                    "hbiWorkspace": True,
                    "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"},
                    "publicNetworkAccess": "Disabled",
                    "systemDatastoresAuthMode": "identity",
                    "workspaceId": "{workspace_id}",
                },
                "systemData": {"createdAt": "2026-03-26T19:14:58.1234567+00:00"},
            },
        )


def _finding(about: str, one: Shortfall) -> Finding:
    match one.verdict:
        case SettingVerdict.OPENED:
            says = f"The source is closed where the target is open: {one.says}."
            remedy = "Close it in the target and plan again, or waive it with `migrate waive`."
            return Finding("error", about, says, remedy, code="setting-opened")
        case SettingVerdict.WEAKER:
            says = f"The target is less strict than the source: {one.says}."
            return Finding("blocks", about, says, _SET, code="setting-weaker")
        case SettingVerdict.LOST:
            says = f"The target lacks what the source has: {one.says}."
            return Finding("blocks", about, says, _SET, code="setting-lost")
        case SettingVerdict.DIFFERS:
            remedy = "Nothing is needed where that is meant so."
            return Finding(
                "warning", about, f"The target has its own: {one.says}.", remedy, code="setting-differs"
            )
    says = f"Which of the two is the stricter is not known: {one.says}."
    return Finding("blocks", about, says, _SET, code="setting-unknown")


KIND = WorkspaceDocument()
