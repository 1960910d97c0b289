"""What a guardrail lacks, and what to do about a resource that is otherwise than its file asks for. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from amlmigrate.core.documents import Document
from amlmigrate.guarding.parts import GuardPart

OTHERS = (
    "migrate guard did not make it for this scope, and apply does not touch it: choose another `name` in the file,"
    " or have its owner change it by hand."
)


@dataclass(frozen=True, slots=True)
class GuardGap:
    """Something that the guardrail lacks: what kind, where, in words, and what to do."""

    code: str
    id: str
    text: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AlarmCheck:
    """What alarms lack, what could not be read, and what is told besides, as of whom the file leaves out."""

    gaps: tuple[GuardGap, ...] = ()
    not_checked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def remedy_of(part: GuardPart, found: Document, apply: str) -> str:
    """What to do about a resource that is otherwise than the file asks for."""
    if not part.made(found):
        return OTHERS
    if kept := list(part.weaker(found)):
        return f"migrate guard apply refuses to change it. {' '.join(kept)}"
    return apply
