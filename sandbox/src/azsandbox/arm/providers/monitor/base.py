"""What the types of Monitor have in common: bodies are held to descriptions, answers have Azure's casing.

Inferred (AZ-MONITOR-59): a member that no description knows is refused; Azure may drop it and say nothing.
"""

from __future__ import annotations

from typing import Any, ClassVar

from azsandbox.arm.bodies.checking import pattern, problems
from azsandbox.arm.bodies.descriptions import of_monitor
from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.rights import linked_failed
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind
from azsandbox.messages import Response

GROUPS = "microsoft.insights/actiongroups"
# What the path says, and the service.
_OURS = ("id", "name", "type", "systemData")


def bad(code: str, message: str, status: int = 400) -> ArmError:
    """A refusal as these types have it: code and message alone (AZ-MONITOR-40)."""
    return ArmError(status, {"code": code, "message": message})


def checked(type_: str, body: dict[str, Any], old: Any, what: str = "") -> None:
    """Holds a body to the description of a type, or of an action of it (`what`). Raises ArmError 400."""
    described = of_monitor(type_)
    number = described.bodies[f"{type_}/{what}" if what else type_]
    sent = {name: value for name, value in body.items() if name not in _OURS}
    if not what and not isinstance(body.get("properties"), dict):
        raise bad("BadRequest", "The request is invalid: properties: it is required.")  # AZ-LOCAL-2
    found = [
        str(each) for each in problems(described, number, sent, old, strict=True) if not _may_be_sent(each.path)
    ]
    if found:
        raise bad("BadRequest", f"The request is invalid: {'; '.join(found)}.")  # words ours (AZ-LOCAL-2)


def _may_be_sent(path: str) -> bool:
    """The state of a receiver, which a PUT of what a GET answered has in it."""
    return path.endswith("].status")


class MonitorKind(TrackedKind):
    """A rule, or a group of receivers. `shown_type` is the type in answers, `place` the location in them."""

    shown_type: ClassVar[str] = ""
    place: ClassVar[str] = ""

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """The document, with type and location as this type spells them."""
        shown = {**record.document, "type": self.shown_type or self.type}
        return {**shown, "location": self.place} if self.place else shown

    async def put(self, call: Call) -> Response:
        """Creates or replaces, where the description allows the name and the body."""
        body, old = call.body(), self.find(call)
        names = of_monitor(self.key_type).names
        if old is None and self.key_type in names and not pattern(names[self.key_type]).search(call.name):
            raise bad("BadRequest", f"The name '{call.name}' is invalid.")  # AZ-LOCAL-2
        checked(self.key_type, body, self.view(call, old) if old is not None else None)
        return await super().put(call)

    async def patch(self, call: Call) -> Response:
        """Changes tags and, of a rule, `enabled`; whatever else takes a PUT is not built.

        Raises ArmError 501 for it: nothing here asks so.
        """
        body = call.body()
        if beyond := {*body} - {"tags", "properties"} | {*(body.get("properties") or ())} - {"enabled"}:
            raise ArmError(
                501, {"code": "NotImplemented", "message": f"The sandbox does not PATCH {sorted(beyond)}."}
            )
        return await super().patch(call)


def existing(call: Call, id_: str) -> Record | None:
    """A resource that a body names by its id."""
    return call.context.store.get("/" + id_.strip("/").lower())


def check_group(call: Call, id_: str, *, anywhere: bool = False) -> None:
    """That an action group is there, of this subscription or `anywhere` (AZ-MONITOR-41), and may be read.

    Raises ArmError 400, and 403 (AZ-MONITOR-66).
    """
    group = existing(call, id_)
    own = f"/subscriptions/{call.subscription}/".lower()
    if group is None or group.type != GROUPS or not (anywhere or group.key.startswith(own)):
        text = f"Arm resource {id_} is invalid or in a different subscription as alert rule."
        raise bad("BadRequest", text)
    may(call, "microsoft.insights/actiongroups/read", group)


def may(call: Call, action: str, named: Record) -> None:
    """That the caller may do something with what the body names (AZ-MONITOR-66). Raises ArmError 403."""
    if not call.context.access.granted(call.principal.object_id, action, named.key):
        raise linked_failed(call, action, named.id)
