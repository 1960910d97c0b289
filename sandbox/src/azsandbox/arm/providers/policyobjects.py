"""A base for what the provider of policies keeps: who wrote it, what an api-version has of it, lists by scope."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from azsandbox.arm.calls import Call, unreadable
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.paging import page
from azsandbox.arm.policy.refusals import invalid, not_found, refused, too_long
from azsandbox.arm.providers import filters
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import stamped, tracked_author
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

# Since when the descriptions have these members (Azure/bicep-types-az).
_SINCE = {
    "overrides": "2022-06-01",
    "resourceSelectors": "2022-06-01",
    "version": "2023-04-01",
    "versions": "2023-04-01",
    "definitionVersion": "2023-04-01",
    "instanceId": "2025-01-01",
}
# Longest names (AZ-POLICY-30).
_LONGEST, _LONGEST_AT_GROUP = 64, 24
_EXACT = r"atExactScope\(\)"
_STAMPS = ("createdBy", "createdOn", "updatedBy", "updatedOn")


class PolicyObject(ExtensionKind):
    """PUT answers `new_status` or `old_status`; what is there is listed at its scope, above it and below it."""

    word: ClassVar[str]
    new_status: ClassVar[int] = 201
    old_status: ClassVar[int] = 201
    shorter_at_group: ClassVar[bool] = False  # whether its name has to be shorter at a management group
    stamps: ClassVar[bool] = True  # `metadata` tells who made it and when (AZ-POLICY-13)
    listed_by: ClassVar[tuple[str, ...]] = ()
    filtered_at_group: ClassVar[bool] = False  # whether a list of a management group takes a filter (AZ-POLICY-40)

    def missing(self, call: Call) -> ArmError:
        """404."""
        return not_found(self.word, call.name)

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """Without the members that the api-version does not have yet."""
        hidden = {name for name, since in _SINCE.items() if call.api_version < since}
        shown = {name: value for name, value in record.properties.items() if name not in hidden}
        return {**record.document, "properties": shown}

    async def put(self, call: Call) -> Response:
        """Creates or replaces; all that a body leaves out is as in a new one."""
        body, old = call.body(), self.find(call)
        if not isinstance(body.get("properties"), dict):
            raise unreadable("Required property 'properties' not found in JSON.")
        self.check_name(call)
        record = self.new_record(call, self.scope_id(call), self.beside(call, body, old))
        now = tracked_time(call.tick())
        self.check_texts(call, body["properties"])
        properties = self.filled(call, dict(body["properties"]), old)
        if self.stamps:
            properties["metadata"] = _stamped(call, object_of(properties, "metadata"), old, now)
        record.document |= {
            "properties": properties,
            "systemData": stamped(
                now, tracked_author(call.principal), old.document["systemData"] if old else None
            ),
        }
        record.hidden, record.terms = self.hidden(call, old), self.terms(call)
        self.context.store.put(record)
        self.written(record)
        return answer(self.old_status if old else self.new_status, self.view(call, record))

    def beside(self, call: Call, body: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """What stands beside `properties`."""
        return {}

    def written(self, record: Record) -> None:
        """What is done once a record is stored."""

    def changed(self, call: Call, record: Record, **properties: Any) -> Record:
        """Stores some properties anew; `systemData` tells of it."""
        now = tracked_time(call.tick())
        data = stamped(now, tracked_author(call.principal), record.document["systemData"])
        given = {**record.properties, **properties}
        record.document = {**record.document, "properties": given, "systemData": data}
        self.context.store.put(record)
        return record

    def check_name(self, call: Call) -> None:
        """The length of its name. Raises ArmError 400, in words that are recorded (AZ-POLICY-30)."""
        most = _LONGEST_AT_GROUP if _is_at_group(call) and self.shorter_at_group else _LONGEST
        if len(call.name) > most:
            raise too_long(self.word, call.name, most)

    def check_texts(self, call: Call, properties: dict[str, Any]) -> None:
        """Documented lengths; `metadata` is an object. Raises ArmError 400 (AZ-LOCAL-2)."""
        for name, most in (("displayName", 128), ("description", 512)):
            if len(str(properties.get(name) or "")) > most:
                raise invalid(self.word, call.name, f"The '{name}' has more than {most} characters.")
        object_of(properties, "metadata")

    def listed(self, call: Call) -> Sequence[Record]:
        """At the scope and above it, and below it unless `$filter` is `atScope()`."""
        store, scope = self.context.store, call.route.parent
        places, wanted = self.context.access.chain(scope), call.query.get("$filter", "").lower()
        if "atexactscope()" in wanted:
            return list(store.children(scope, self.key_type))
        found = [each for place in places for each in store.children(place, self.key_type)]
        if "atscope()" not in wanted:
            found += [each for each in store.of_type(self.key_type, scope) if each.parent not in places]
        return found

    async def list(self, call: Call) -> Response:
        """GET with `$filter`."""
        filters.check(call, filters.AT_SCOPE, _EXACT, *self.listed_by)
        asked = call.query.get("$filter", "")
        if self.filtered_at_group and not asked and _is_at_group(call):
            raise refused("MissingFilter", "A list at a management group takes the query parameter '$filter'.")
        return page(call, self.listed(call), self.page_size, self.view, lambda each: self.wanted(asked, each))

    def wanted(self, asked: str, record: Record) -> bool:
        """Whether a filter, which `listed_by` allows, takes a record."""
        return True

    async def delete(self, call: Call) -> Response:
        """200 with what was there, 204 when nothing was."""
        record = self.find(call)
        if record is None:
            return Response(204)
        self.check_unused(record)
        self.context.store.remove(*self.context.store.below(record.key), record)
        return answer(200, self.view(call, record))

    def check_unused(self, record: Record) -> None:
        """Raises ArmError 400 where something else refers to it."""


def _is_at_group(call: Call) -> bool:
    return call.route.parent.startswith("/providers/microsoft.management/")


def value_of(pattern: str, asked: str) -> str | None:
    """The value of a part of a filter, in lower case."""
    match = re.search(pattern, asked, re.IGNORECASE)
    return match[1].lower() if match else None


def _stamped(call: Call, given: dict[str, Any], old: Record | None, now: str) -> dict[str, Any]:
    before = old.properties["metadata"] if old else {}
    own = {name: value for name, value in given.items() if name not in _STAMPS}
    made = {"createdBy": call.principal.object_id, "createdOn": now, "updatedBy": None, "updatedOn": None}
    if before:
        made = {**{name: before.get(name) for name in _STAMPS}, "updatedBy": call.principal.object_id}
        made["updatedOn"] = now
    return {**own, **made}
