"""One thing that provisioning does or finds: what it is, where, and the call that does it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from amlmigrate.core.documents import Document


class DesiredVerb(StrEnum):
    """What becomes of a resource."""

    REGISTER = "register"
    CREATE = "create"
    UPDATE = "update"
    GRANT = "grant"
    REMOVE = "remove"
    EXISTS = "exists"
    WAIT = "wait"
    REFUSE = "refuse"

    @property
    def writes(self) -> bool:
        """Whether something changes."""
        return self not in (DesiredVerb.EXISTS, DesiredVerb.WAIT, DesiredVerb.REFUSE)


@dataclass(frozen=True, slots=True)
class ArmCall:
    """A call of ARM: method, path and body."""

    method: str
    path: str
    body: Document | None


@dataclass(frozen=True, slots=True)
class DesiredStep:
    """`notes` say what a reader of the plan must know; for a refusal they are all its reasons.

    `facts` are what was seen of the thing, as who uses it: they are shown with it, and nobody has to settle them.
    """

    verb: DesiredVerb
    what: str
    id: str
    notes: tuple[str, ...] = ()
    change: ArmCall | None = None
    facts: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """All that is shown of it."""
        return (*self.notes, *self.facts)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"action": self.verb.value, "what": self.what, "id": self.id, "notes": list(self.told)}
