"""Resource groups, and the list of what lies in a group or a subscription."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.paging import page
from azsandbox.arm.providers import filters
from azsandbox.arm.queries import positive, unbuilt
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.scopes import no_such_group
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import normal_location
from azsandbox.messages import Response

_FILTER = re.compile(
    r"(resourceType|resourceGroup|name|tagName|tagValue|location)\s+eq\s+'([^']*)'", re.IGNORECASE
)
_GROUP_AT = 4  # among the parts of a key
_VAULTS = "microsoft.keyvault/vaults"
_GROUP = "microsoft.resources/subscriptions/resourcegroups"


@register
class ResourceGroups(Kind):
    """`/subscriptions/{s}/resourceGroups/{name}`; deleted with all that is in them, at once."""

    type = "Microsoft.Resources/resourceGroups"
    path_type = _GROUP
    rights_type = "Microsoft.Resources/subscriptions/resourceGroups"
    lists_what_is_seen = True

    def missing(self, call: Call) -> ArmError:
        """404 `ResourceGroupNotFound`."""
        return no_such_group(call.name)

    async def put(self, call: Call) -> Response:
        """201 when new, 200 when there; the location cannot be changed."""
        body = call.body()
        old = self.find(call)
        location = normal_location(str(body.get("location") or (old.document["location"] if old else "")))
        if not location:
            raise gateway(400, "LocationRequired", "The location property is required for this definition.")
        if old is not None and old.document["location"] != location:
            raise gateway(
                409,
                "InvalidResourceGroupLocation",
                f"Invalid resource group location '{location}'. "
                f"The Resource group already exists in location '{old.document['location']}'.",
            )
        record = old or self._new(call)
        record.document = {**record.document, "location": location} | {
            name: body[name] for name in ("tags", "managedBy") if body.get(name) is not None
        }
        record.document["properties"] = {"provisioningState": "Succeeded"}
        self.context.store.put(record)
        return answer(200 if old else 201, record.document)

    def _new(self, call: Call) -> Record:
        id_ = f"/subscriptions/{call.subscription}/resourceGroups/{call.name}"
        head = {"id": id_, "name": call.name, "type": self.type}
        return Record(call.route.key, _GROUP, call.route.parent, id_, call.name, head)

    async def patch(self, call: Call) -> Response:
        """Tags only."""
        record = self.require(call)
        tags = call.body().get("tags")
        if tags is not None:
            record.document = {**record.document, "tags": tags}
            self.context.store.put(record)
        return answer(200, record.document)

    async def delete(self, call: Call) -> Response:
        """202 with a `Location` that says 200 at once; 404 for an unknown group."""
        record = self.require(call)
        for each in self.context.store.below(record.key):
            if each.key.count("/") == record.key.count("/") + 4:
                kind = self.context.kind_of(each)
                assert isinstance(kind, Kind)
                await kind.removing(call, each)
        # What is only hidden outlives its group: deleted vaults, with the keys in them.
        hidden = [each.key for each in self.context.store.below(record.key) if each.gone and each.type == _VAULTS]
        self.context.store.remove(
            *(
                each
                for each in self.context.store.below(record.key)
                if not any(each.key == kept or each.key.startswith(f"{kept}/keys/") for kept in hidden)
            ),
            record,
        )
        token = secrets.token_urlsafe(48)
        link = f"https://{call.request.host}/subscriptions/{call.subscription}/operationresults/{token}"
        return Response(202, b"", {"Location": f"{link}?api-version={call.api_version}", "Retry-After": "1"})


@register
class OperationResults(Kind):
    """What the deletion of a group is polled at: done, whatever is asked."""

    type = "Microsoft.Resources/operationresults"
    path_type = "microsoft.resources/subscriptions/operationresults"
    open_to_all = True  # its address is secret enough

    async def get(self, call: Call) -> Response:
        """200 without a body."""
        return Response(200)


def _filters(text: str) -> dict[str, str]:
    return {name.lower(): value for name, value in _FILTER.findall(text)}


_EXPANDS = frozenset({"createdtime", "changedtime", "provisioningstate"})


def _expands(call: Call) -> set[str]:
    return {word.strip() for word in call.query.get("$expand", "").lower().split(",") if word.strip()}


class _Resources(Kind):
    """All tracked resources below a scope, as ARM's index has them: no properties."""

    type = "Microsoft.Resources/resources"
    lists_what_is_seen = True

    async def list(self, call: Call) -> Response:
        """GET with `$top` and `$filter`.

        The filter joins resourceType, resourceGroup, name, tagName, tagValue and location by `and`.
        """
        size = positive(call.query, "$top", self.page_size)
        filters.check(call, _FILTER.pattern)
        if not _expands(call) <= _EXPANDS:
            raise unbuilt("$expand")
        return page(call, list(self._found(call, _filters(call.query.get("$filter", "")))), size, self._entry)

    def _found(self, call: Call, wanted: dict[str, str]) -> Iterator[Record]:
        for record in self.context.store.below(call.route.parent):
            if record.gone or not self.context.kind_of(record).tracked:
                continue
            tags = record.document.get("tags") or {}
            facts = {
                "resourcetype": record.type,
                "resourcegroup": record.key.split("/")[_GROUP_AT],
                "name": record.name.lower(),
                "location": str(record.document.get("location", "")),
            }
            if any(facts[name] != value.lower() for name, value in wanted.items() if name in facts):
                continue
            tag, value = wanted.get("tagname"), wanted.get("tagvalue")
            if tag is not None and (tag not in tags or (value is not None and tags[tag] != value)):
                continue
            yield record

    def _entry(self, call: Call, record: Record) -> dict[str, Any]:
        shown = ("id", "name", "type", "kind", "location", "sku", "identity", "tags", "managedBy")
        entry = {name: record.document[name] for name in shown if record.document.get(name) is not None}
        wanted, made = _expands(call), record.document.get("systemData") or {}
        if "provisioningstate" in wanted:
            entry["provisioningState"] = "Succeeded"
        # Inferred (AZ-ARM-15): these times are those of `systemData`. Where a document tells none, none are told
        # here; Azure knows them of every resource (GenericResourceExpanded in its description).
        for name, member in (("createdTime", "createdAt"), ("changedTime", "lastModifiedAt")):
            if name.lower() in wanted and member in made:
                entry[name] = made[member]
        return entry


@register
class GroupResources(_Resources):
    """`/subscriptions/{s}/resourceGroups/{g}/resources`."""

    path_type = _GROUP + "/resources"
    rights_type = "Microsoft.Resources/subscriptions/resourceGroups/resources"


@register
class SubscriptionResources(_Resources):
    """`/subscriptions/{s}/resources`."""

    path_type = "microsoft.resources/subscriptions/resources"
    rights_type = "Microsoft.Resources/subscriptions/resources"
