"""Kinds of a workspace of which little is recorded: written, shown and deleted as their description says."""

from __future__ import annotations

from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.paging import page
from azsandbox.arm.providers.ml import longrunning
from azsandbox.arm.providers.ml.base import NAMESPACE, WorkspaceKind, sent_properties
from azsandbox.arm.providers.ml.listing import active
from azsandbox.arm.queries import positive
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import author, stamped
from azsandbox.messages import Response

_WORKSPACES = f"{NAMESPACE}/workspaces"
_TOP = ("tags", "location", "identity", "sku", "kind")


class PlainKind(WorkspaceKind):
    """Nothing of these is recorded: status codes by the description of the API, errors in known shapes
    (AZ-LIVE-12)."""

    operation: ClassVar[str] = ""  # prefix of operations; without one a write is done at once
    has_state: ClassVar[bool] = True
    creates: ClassVar[bool] = True  # a first PUT is 201

    def missing(self, call: Call) -> ArmError:
        """404."""
        what = self.type.rpartition("/")[2]
        message = f"Not found {call.name} in {what}."
        return self.user_error(call, message, status=404, code="NotFound", inner=("NotFoundError",))

    async def list(self, call: Call) -> Response:
        """GET with `listViewType` and `pageSize` where the kind has them."""
        size = positive(call.query, "pagesize", self.page_size)
        return page(call, self.listed(call), size, self.view, active(call))

    async def put(self, call: Call) -> Response:
        """201 with an operation, or 200 or 201 at once."""
        body, sent, old = call.body(), sent_properties(call), self.find(call)
        now = asset_time(call.tick())
        before = old.document["systemData"] if old else None
        properties = dict(sent)
        if self.has_state:
            properties["provisioningState"] = "Creating" if self.operation else "Succeeded"
        document = {name: body[name] for name in _TOP if body.get(name) is not None}
        document |= {"properties": properties, "systemData": stamped(now, author(call.principal), before)}
        parent = self.context.store.get(call.route.parent)
        assert parent is not None
        record = self.new_record(call, parent.id, document)
        self.context.store.put(record)
        headers = self._begin(call, record, "write") if self.operation else {}
        created = self.operation or (old is None and self.creates)
        return answer(201 if created else 200, self.view(call, record), headers)

    async def delete(self, call: Call) -> Response:
        """202 with an operation, or 200 at once; 204 when there is nothing."""
        record = self.find(call)
        if record is None or not self.operation:
            return await super().delete(call)
        return Response(202, b"", self._begin(call, record, "delete"))

    def _begin(self, call: Call, record: Record, verb: str) -> dict[str, str]:
        name = f"{self.operation}:{self.workspace(call).properties['workspaceId']}:{longrunning.guid()}"
        return longrunning.begin(call, record, verb, form="mfeOperationsStatus", name=name)

    async def settled(self, target: Record | None, operation: Record) -> None:
        """A write succeeds; a deletion removes, with what lies in it."""
        if target is None:
            return
        if operation.hidden["verb"] == "delete":
            self.context.store.remove(*self.context.store.below(target.key), target)
            return
        properties: dict[str, Any] = {**target.properties, "provisioningState": "Succeeded"}
        target.document = {**target.document, "properties": properties}
        self.context.store.put(target)


class FeatureVersionKind(PlainKind):
    """A version, whose first PUT makes what it is a version of: azure-ai-ml PUTs nothing else.

    Inferred (AZ-LIVE-12): what the container then looks like.
    """

    case_sensitive = True

    async def put(self, call: Call) -> Response:
        """As all others, once the container is there."""
        level, workspace = call.route.levels[-2], self.workspace(call)
        if self.context.store.get(level.key) is None:
            system = stamped(asset_time(call.tick()), author(call.principal))
            id_ = f"{workspace.id}/{level.kind.type.rpartition('/')[2]}/{level.name}"
            given: dict[str, Any] = {"description": None, "tags": {}, "properties": {}, "isArchived": False}
            document: dict[str, Any] = {"id": id_, "name": level.name, "type": level.kind.type}
            document |= {"properties": {**given, "provisioningState": "Succeeded"}, "systemData": system}
            self.context.store.put(
                Record(level.key, level.kind.key_type, workspace.key, id_, level.name, document)
            )
        return await super().put(call)


@register
class Featuresets(PlainKind):
    """`workspaces/featuresets`."""

    type = f"{_WORKSPACES}/featuresets"
    case_sensitive = True
    implied = True
    operation = "fs"


@register
class FeaturesetVersions(FeatureVersionKind):
    """`workspaces/featuresets/versions`."""

    type = f"{_WORKSPACES}/featuresets/versions"
    operation = "fsv"


@register
class FeaturestoreEntities(PlainKind):
    """`workspaces/featurestoreEntities`."""

    type = f"{_WORKSPACES}/featurestoreEntities"
    case_sensitive = True
    implied = True
    operation = "fse"


@register
class FeaturestoreEntityVersions(FeatureVersionKind):
    """`workspaces/featurestoreEntities/versions`."""

    type = f"{_WORKSPACES}/featurestoreEntities/versions"
    operation = "fsev"


@register
class ServerlessEndpoints(PlainKind):
    """`workspaces/serverlessEndpoints`."""

    type = f"{_WORKSPACES}/serverlessEndpoints"
    tracked = True
    operation = "se"


@register
class MarketplaceSubscriptions(PlainKind):
    """`workspaces/marketplaceSubscriptions`."""

    type = f"{_WORKSPACES}/marketplaceSubscriptions"
    operation = "ms"


@register
class CapabilityHosts(PlainKind):
    """`workspaces/capabilityHosts`."""

    type = f"{_WORKSPACES}/capabilityHosts"
    operation = "ch"


@register
class OutboundRules(PlainKind):
    """`workspaces/outboundRules`; what a workspace requires by itself is not among them."""

    type = f"{_WORKSPACES}/outboundRules"
    has_state = False
    creates = False


@register
class PrivateEndpointConnections(PlainKind):
    """`workspaces/privateEndpointConnections`."""

    type = f"{_WORKSPACES}/privateEndpointConnections"
    creates = False
