"""Microsoft.Resources/tags: the tags of a resource or a group, changed without the rest of it."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import stamped, tracked_author
from azsandbox.arm.tagging import tags_after
from azsandbox.messages import Response

_MOST = 50
_FORBIDDEN = frozenset("<>%&\\?/")


@register
class Tags(Kind):
    """`{scope}/providers/Microsoft.Resources/tags/default`, where the scope is stored and has tags."""

    type = "Microsoft.Resources/tags"

    def scope(self, call: Call) -> Record:
        """What the tags are of. Raises ArmError 404."""
        found = self.context.store.get(call.route.parent)
        if found is None or call.name != "default":
            raise self.missing(call)
        return found

    def find(self, call: Call) -> Record | None:
        """Tags are no resource of their own."""
        return None

    async def get(self, call: Call) -> Response:
        """The tags as they are."""
        return _answer(self.scope(call))

    async def put(self, call: Call) -> Response:
        """Replaces all tags."""
        return self._write(call)

    async def patch(self, call: Call) -> Response:
        """`{"operation": "Merge|Replace|Delete", "properties": {"tags": {...}}}`."""
        return self._write(call)

    async def delete(self, call: Call) -> Response:
        """Takes all tags away."""
        self._write(call)
        return Response(200)

    def _write(self, call: Call) -> Response:
        record = self.scope(call)
        now = tags_after(call, record)
        _check(now)
        document = {**record.document, "tags": now}
        if "systemData" in document:
            author = tracked_author(call.principal)
            document["systemData"] = stamped(tracked_time(call.tick()), author, document["systemData"])
        record.document = document
        self.context.store.put(record)
        return _answer(record)


def _check(tags: dict[str, Any]) -> None:
    """Documented limits; their codes and texts are ours (AZ-LOCAL-2)."""
    if len(tags) > _MOST:
        raise gateway(400, "TagsLimitExceeded", f"A resource has at most {_MOST} tags; {len(tags)} were given.")
    for name, value in tags.items():
        if not isinstance(value, str) or len(value) > 256:
            raise gateway(
                400, "InvalidTagValue", f"The value of the tag '{name}' is no text of up to 256 letters."
            )
        if not name or len(name) > 512 or _FORBIDDEN & set(name):
            raise gateway(400, "InvalidTagName", f"The tag name '{name}' is not valid.")


def _answer(record: Record) -> Response:
    tags = {"tags": record.document.get("tags") or {}}
    id_ = f"{record.id}/providers/Microsoft.Resources/tags/default"
    return answer(200, {"id": id_, "name": "default", "type": "Microsoft.Resources/tags", "properties": tags})
