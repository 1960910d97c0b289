"""Immutability policies and legal holds of blob containers, as ARM has them (Microsoft.Storage 2022-09-01).

A retention never runs out here: the shortest is a day. Inferred (AZ-LOCAL-2): the codes of what ARM refuses, where
no source is named.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from azsandbox.arm.calls import Call, check_body, unreadable
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.holds import POLICIES, legal_key
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_CONTAINERS = POLICIES.rpartition("/")[0]
_LONGEST = 146_000  # days (azure-rest-api-specs, blob.json: 1 to 146000)
_APPENDS = ("allowProtectedAppendWrites", "allowProtectedAppendWritesAll")


@register
class ImmutabilityPolicies(Kind):
    """`containers/{name}/immutabilityPolicies/default`."""

    type = POLICIES

    def missing(self, call: Call) -> ArmError:
        """404 for a container without a policy."""
        return gateway(404, "ImmutabilityPolicyNotFound", "The specified immutability policy does not exist.")

    async def get(self, call: Call) -> Response:
        """The policy, with its ETag in the header too."""
        return self._shown(self.require(call))

    async def put(self, call: Call) -> Response:
        """200; a locked one is only extended."""
        await self._container(call)
        old = self.find(call)
        self._check(call, old, "Unlocked")
        sent = object_of(call.body(), "properties")
        properties = {"immutabilityPeriodSinceCreationInDays": _days(sent), "state": "Unlocked"}
        properties |= {name: bool(sent.get(name, False)) for name in _APPENDS}
        return self._written(call, old, properties, "put")

    async def delete(self, call: Call) -> Response:
        """200; not a locked one, and not without `If-Match`."""
        record = self.require(call)
        self._check(call, record, "Unlocked", needed=True)
        self.context.store.remove(record)
        gone = {**record.properties, "immutabilityPeriodSinceCreationInDays": 0}
        return answer(200, {**record.document, "properties": gone})

    @action("POST", "lock")
    async def lock(self, call: Call) -> Response:
        """From Unlocked to Locked, for good."""
        record = self.require(call)
        self._check(call, record, "Unlocked", needed=True)
        return self._written(call, record, {**record.properties, "state": "Locked"}, "lock")

    @action("POST", "extend")
    async def extend(self, call: Call) -> Response:
        """A longer time for a locked one."""
        record = self.require(call)
        self._check(call, record, "Locked", needed=True)
        days = _days(object_of(call.body(), "properties"))
        if days < record.properties["immutabilityPeriodSinceCreationInDays"]:
            raise _state()
        return self._written(
            call, record, {**record.properties, "immutabilityPeriodSinceCreationInDays": days}, "extend"
        )

    def _check(self, call: Call, record: Record | None, state: str, *, needed: bool = False) -> None:
        asked = call.request.headers.get("if-match", "")
        if needed and not asked:
            raise gateway(400, "InvalidHeaderValue", "The header If-Match is required.")
        if asked not in ("", "*") and (record is None or asked.strip('"') != record.document["etag"].strip('"')):
            raise gateway(412, "PreconditionFailed", "The condition specified by If-Match is not met.")
        if record is not None and record.properties["state"] != state:
            raise _state()

    async def _container(self, call: Call) -> None:
        account, container = call.ancestor("Microsoft.Storage/storageAccounts"), call.level(_CONTAINERS)
        if await self.context.accounts.container(account.name, container.name) is None:
            raise gateway(404, "ContainerNotFound", "The specified container does not exist.")

    def _written(self, call: Call, old: Record | None, properties: dict[str, Any], what: str) -> Response:
        history = {
            "update": what,
            "immutabilityPeriodSinceCreationInDays": properties["immutabilityPeriodSinceCreationInDays"],
            "timestamp": tracked_time(call.tick()),
            "objectIdentifier": call.principal.object_id,
            "tenantId": call.principal.tenant_id,
        }
        parent = call.request.path.partition("/immutabilityPolicies")[0]
        record = self.new_record(call, parent, {"etag": f'"{secrets.token_hex(8)}"', "properties": properties})
        record.hidden = {"history": [*(old.hidden["history"] if old else []), history]}
        self.context.store.put(record)
        return self._shown(record)

    @staticmethod
    def _shown(record: Record) -> Response:
        return answer(200, record.document, {"ETag": record.document["etag"]})


class LegalHolds(Kind):
    """The legal holds of a container: a part of its kind."""

    @action("POST", "setLegalHold")
    async def set_legal_hold(self, call: Call) -> Response:
        """Adds tags; the same tag again changes nothing."""
        tags = _tags(call)
        kept = {each["tag"]: each for each in self._tags_of(call)}
        for tag in tags:
            kept.setdefault(
                tag,
                {
                    "tag": tag,
                    "timestamp": tracked_time(call.tick()),
                    "objectIdentifier": call.principal.object_id,
                    "tenantId": call.principal.tenant_id,
                },
            )
        return self._with_tags(call, list(kept.values()))

    @action("POST", "clearLegalHold")
    async def clear_legal_hold(self, call: Call) -> Response:
        """Takes tags away; one that is not there changes nothing."""
        gone = _tags(call)
        return self._with_tags(call, [each for each in self._tags_of(call) if each["tag"] not in gone])

    def _tags_of(self, call: Call) -> list[dict[str, Any]]:
        record = self.context.store.get(legal_key(call.route.key))
        return list(record.hidden["tags"]) if record else []

    def _with_tags(self, call: Call, tags: list[dict[str, Any]]) -> Response:
        key = legal_key(call.route.key)
        record = Record(key, self.key_type, call.route.key, key, "legal-hold", {}, {"tags": tags})
        self.context.store.put(record)
        return answer(200, {"hasLegalHold": bool(tags), "tags": [each["tag"] for each in tags]})


def _tags(call: Call) -> list[str]:
    """3 to 23 letters and digits each, in lower case (azure-rest-api-specs, blob.json)."""
    check_body(call.request)  # `body` takes `tags` for those of a resource
    try:
        body = json.loads(call.request.body)
    except ValueError as error:
        raise unreadable(str(error)) from error
    tags = body.get("tags") if isinstance(body, dict) else None
    if not isinstance(tags, list) or not tags:
        raise gateway(400, "InvalidRequestPropertyValue", "The value of the property 'tags' is invalid.")
    for tag in tags:
        if not isinstance(tag, str) or not tag.isascii() or not tag.isalnum() or not 3 <= len(tag) <= 23:
            raise gateway(
                400, "InvalidRequestPropertyValue", f"The value '{tag}' of the property 'tags' is invalid."
            )
    return [tag.lower() for tag in tags]


def _days(sent: dict[str, Any]) -> int:
    days = sent.get("immutabilityPeriodSinceCreationInDays")
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= _LONGEST:
        name = "immutabilityPeriodSinceCreationInDays"
        raise gateway(
            400, "InvalidRequestPropertyValue", f"The value '{days}' of the property '{name}' is invalid."
        )
    return days


def _state() -> ArmError:
    """The text is reported (Azure/azure-powershell#26148)."""
    text = "Operation not allowed on immutability policy with current state."
    return gateway(409, "ContainerOperationFailure", text)
