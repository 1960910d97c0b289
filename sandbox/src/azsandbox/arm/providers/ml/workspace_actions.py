"""What can be asked of a workspace besides itself: its keys, its network's needs, its health."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.providers.ml import longrunning
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response


class WorkspaceActions(Kind):
    """The actions of workspaces; shapes by the description of 2025-12-01, none is recorded (AZ-LOCAL-1)."""

    def _storage_key(self, workspace: Record) -> str:
        account = str(workspace.properties["storageAccount"]).rpartition("/")[2].lower()
        return self.context.accounts.keys(account)[0]

    @action("POST", "listKeys")
    async def list_keys(self, call: Call) -> Response:
        """The keys of what the workspace is made of."""
        workspace = self.require(call)
        insights = self.context.store.get(str(workspace.properties.get("applicationInsights")).lower())
        document: dict[str, Any] = {
            "userStorageKey": self._storage_key(workspace),
            # Renamed on the way to 2025-12-01.
            "userStorageArmId" if call.api_version >= "2025-" else "userStorageResourceId": workspace.properties[
                "storageAccount"
            ],
            "appInsightsInstrumentationKey": insights.properties["InstrumentationKey"] if insights else None,
            "containerRegistryCredentials": {},
            "notebookAccessKeys": {},
        }
        return answer(200, document)

    @action("POST", "listStorageAccountKeys")
    async def list_storage_account_keys(self, call: Call) -> Response:
        """The first key of the storage account."""
        return answer(200, {"userStorageKey": self._storage_key(self.require(call))})

    @action("POST", "listNotebookKeys")
    async def list_notebook_keys(self, call: Call) -> Response:
        """There are no notebooks."""
        self.require(call)
        return answer(200, {"primaryAccessKey": None, "secondaryAccessKey": None})

    @action("POST", "listNotebookAccessToken")
    async def list_notebook_access_token(self, call: Call) -> Response:
        """There are no notebooks."""
        notebook = self.require(call).properties["notebookInfo"]
        names = ("accessToken", "expiresIn", "publicDns", "refreshToken", "scope", "tokenType")
        there = {"hostName": notebook["fqdn"], "notebookResourceId": notebook["resourceId"]}
        return answer(200, dict.fromkeys(names) | there)

    @action("POST", "prepareNotebook")
    async def prepare_notebook(self, call: Call) -> Response:
        """202 and an operation that changes nothing."""
        return self._begun(call)

    @action("GET", "features")
    async def features(self, call: Call) -> Response:
        """None are listed."""
        self.require(call)
        return answer(200, {"value": []})

    @action("POST", "resyncKeys")
    async def resync_keys(self, call: Call) -> Response:
        """202 and an operation that changes nothing."""
        return self._begun(call)

    @action("POST", "provisionManagedNetwork")
    async def provision_managed_network(self, call: Call) -> Response:
        """202 and an operation that changes nothing."""
        return self._begun(call)

    @action("POST", "diagnose")
    async def diagnose(self, call: Call) -> Response:
        """Nothing is ever wrong."""
        self.require(call)
        names = (
            "userDefinedRouteResults",
            "networkSecurityRuleResults",
            "resourceLockResults",
            "dnsResolutionResults",
            "storageAccountResults",
            "keyVaultResults",
            "containerRegistryResults",
            "applicationInsightsResults",
            "otherResults",
        )
        return answer(200, {"value": {name: [] for name in names}})

    def _begun(self, call: Call) -> Response:
        record, name = self.require(call), longrunning.random_name()
        return Response(
            202, b"", longrunning.begin(call, record, "none", form="workspaceOperationsStatus", name=name)
        )

    @action("GET", "outboundNetworkDependenciesEndpoints")
    async def outbound_dependencies(self, call: Call) -> Response:
        """None are listed."""
        self.require(call)
        return answer(200, {"value": []})

    @action("GET", "privateLinkResources")
    async def private_link_resources(self, call: Call) -> Response:
        """The one group a workspace has."""
        workspace = self.require(call)
        zones = ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"]
        entry = {
            "id": f"{workspace.id}/privateLinkResources/amlworkspace",
            "name": "amlworkspace",
            "type": f"{self.type}/privateLinkResources",
            "properties": {
                "groupId": "amlworkspace",
                "requiredMembers": ["default"],
                "requiredZoneNames": zones,
            },
        }
        return answer(200, {"value": [entry]})
