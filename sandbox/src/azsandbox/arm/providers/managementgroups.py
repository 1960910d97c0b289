"""Microsoft.Management: management groups, whose subscriptions inherit roles and policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azsandbox.arm.access.evaluation import ROOT_GROUP
from azsandbox.arm.calls import Call
from azsandbox.arm.context import Context
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.queries import unbuilt
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import TENANT_ID, Response

_TYPE = "Microsoft.Management/managementGroups"
_MEMBERS = "microsoft.management/managementgroups/subscriptions"


def _id(name: str) -> str:
    return f"/providers/{_TYPE}/{name}"


@register
class ManagementGroups(Kind):
    """`/providers/Microsoft.Management/managementGroups/{name}`; the tenant's root group is always there."""

    type = _TYPE

    def missing(self, call: Call) -> ArmError:
        """404, for who has every right; who has none there is answered 403 (AZ-POLICY-42)."""
        return gateway(404, "NotFound", f"'{_id(call.name)}' not found")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        if context.store.get(ROOT_GROUP) is None:
            context.store.put(self._root())

    def _root(self) -> Record:
        properties = {"tenantId": TENANT_ID, "displayName": "Tenant Root Group", "details": {}}
        document = {"id": _id(TENANT_ID), "name": TENANT_ID, "type": _TYPE, "properties": properties}
        return Record(ROOT_GROUP, self.key_type, "", _id(TENANT_ID), TENANT_ID, document, {"parent": ""})

    def listed(self, call: Call) -> Sequence[Record]:
        """All, the root first."""
        return list(self.context.store.of_type(self.key_type))

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """With its children where `$expand=children` asks for them."""
        expand = call.query.get("$expand", "").lower()
        if expand not in ("", "children"):
            raise unbuilt("$expand")
        if not expand:
            return record.document
        children = [self._entry(each) for each in self._below(record.key, deep=False)]
        return {**record.document, "properties": {**record.properties, "children": children or None}}

    async def put(self, call: Call) -> Response:
        """200; below the root unless a parent is named. Azure's is 202 with an operation, or 200 at once."""
        sent, old = object_of(call.body(), "properties"), self.context.store.get(call.route.key)
        parent = str((object_of(sent, "details").get("parent") or {}).get("id") or "").lower()
        if not parent:
            parent = str(old.hidden["parent"]) if old else ROOT_GROUP
        if self.context.store.get(parent) is None:
            raise gateway(404, "ParentNotFound", f"The parent management group '{parent}' cannot be found.")
        if call.route.key in self.context.access.chain(parent):
            raise gateway(400, "BadRequest", "A management group cannot lie below itself.")  # AZ-LOCAL-2
        before = old.properties if old else {}
        shown = self.context.store.get(parent)
        details = {"parent": {"id": shown.id if shown else _id(TENANT_ID)}}
        name = sent.get("displayName") or before.get("displayName") or call.name
        document = {"properties": {"tenantId": TENANT_ID, "displayName": name, "details": details}}
        record = self.new_record(call, "", document, hidden={"parent": parent})
        self.context.store.put(record)
        return answer(200, record.document)

    async def removing(self, call: Call, record: Record) -> None:
        """Only an empty group goes."""
        if self._below(record.key, deep=False):
            raise gateway(400, "BadRequest", f"The management group '{record.name}' has children.")  # AZ-LOCAL-2

    def _below(self, key: str, *, deep: bool) -> list[Record]:
        """Groups and memberships of subscriptions below a group."""
        store = self.context.store
        found: list[Record] = []
        for group in store.of_type(self.key_type):
            if group.hidden["parent"] == key:
                found += [group, *(self._below(group.key, deep=True) if deep else ())]
        found += store.children(key, _MEMBERS)
        return found

    def _entry(self, record: Record) -> dict[str, Any]:
        if record.type == self.key_type:
            entry = {"id": record.id, "type": _TYPE, "name": record.name}
            return {**entry, "displayName": record.properties["displayName"]}
        name = record.name
        return {"id": f"/subscriptions/{name}", "type": "/subscriptions", "name": name, "displayName": "azsandbox"}

    @action("GET", "descendants")
    async def descendants(self, call: Call) -> Response:
        """GET `…/descendants`: groups and subscriptions at any depth."""
        value = []
        for record in self._below(self.require(call).key, deep=True):
            entry = self._entry(record)
            parent = record.hidden["parent"] if record.type == self.key_type else record.parent
            shown = self.context.store.get(parent)
            about = {"displayName": entry.pop("displayName")}
            about["parent"] = {"id": shown.id if shown else _id(TENANT_ID)}
            value.append({**entry, "properties": about})
        return answer(200, {"value": value})


@register
class GroupSubscriptions(Kind):
    """`managementGroups/{group}/subscriptions/{id}`: a PUT moves the subscription there."""

    type = f"{_TYPE}/subscriptions"

    async def put(self, call: Call) -> Response:
        """200."""
        store = self.context.store
        parent = call.route.levels[-2]
        store.remove(*(each for each in store.of_type(self.key_type) if each.name.lower() == call.name.lower()))
        shown = {"tenant": TENANT_ID, "displayName": "azsandbox", "state": "Active"}
        properties = {**shown, "parent": {"id": _id(parent.name)}}
        record = self.new_record(call, _id(parent.name), {"properties": properties})
        store.put(record)
        return answer(200, record.document)
