"""A base for extension resources: what lies at any scope, like locks and role assignments."""

from __future__ import annotations

from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.kinds import Kind
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response


class ExtensionKind(Kind):
    """PUT `made_status` when new, 200 when there; `filled` says what is kept."""

    made_status: ClassVar[int] = 201

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """The properties as they are kept. Raises ArmError to refuse."""
        return properties

    def hidden(self, call: Call, old: Record | None) -> dict[str, Any]:
        """What is kept and never shown."""
        return {}

    def terms(self, call: Call) -> tuple[str, ...]:
        """What it is found by."""
        return ()

    def scope_id(self, call: Call) -> str:
        """The id of the scope: the stored resource's own, else the path as sent."""
        levels = call.route.levels[:-1]
        record = self.context.store.get(levels[-1].key) if levels else None
        return record.id if record else call.request.path[: call.request.path.lower().rindex("/providers/")]

    async def put(self, call: Call) -> Response:
        """Creates or replaces."""
        properties = object_of(call.body(), "properties")
        old = self.find(call)
        record = self.new_record(call, self.scope_id(call), {})
        record.document["properties"] = self.filled(call, properties, old)
        record.hidden, record.terms = self.hidden(call, old), self.terms(call)
        self.context.store.put(record)
        return answer(200 if old else self.made_status, record.document)

    async def delete(self, call: Call) -> Response:
        """200 with what was there, 204 when nothing was."""
        record = self.find(call)
        if record is None:
            return Response(204)
        self.context.store.remove(record)
        return answer(200, record.document)
