"""What becomes of the tags of a resource or a group by a request to `Microsoft.Resources/tags/default`."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of

TAGS = "microsoft.resources/tags"
_OPERATIONS = ("Merge", "Replace", "Delete")


def tags_after(call: Call, record: Record) -> dict[str, Any]:
    """The tags as they will be. Raises ArmError 400."""
    if call.request.method == "DELETE":
        return {}
    body = call.body()
    operation = "Replace" if call.request.method == "PUT" else str(body.get("operation") or "")
    if operation not in _OPERATIONS:
        message = f"The operation '{operation}' is not valid. It is one of {', '.join(_OPERATIONS)}."
        raise gateway(400, "InvalidTagsPatchOperation", message)  # code and text (AZ-LOCAL-2)
    sent = object_of(object_of(body, "properties"), "tags")
    now: dict[str, Any] = dict(record.document.get("tags") or {})
    if operation == "Replace":
        now = dict(sent)
    for name, value in sent.items():
        # Names of tags do not mind letter case: the one that is there keeps its spelling.
        known = next((one for one in now if one.lower() == name.lower()), name)
        if operation == "Merge":
            now[known] = value
        elif operation == "Delete" and now.get(known) == value:
            del now[known]
    return now
