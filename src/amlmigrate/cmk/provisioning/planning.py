"""What is there against what is wanted: the steps, in order. Only reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud.resources import state, under_way
from amlmigrate.cmk.provisioning.known import Known
from amlmigrate.cmk.provisioning.parts.base import Part, Port
from amlmigrate.cmk.provisioning.steps import Step, Verb
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.events import Emit, Event


@dataclass(frozen=True, slots=True)
class Planned:
    """A part, what was found of it, and what becomes of it."""

    part: Part
    found: Any
    step: Step


async def look(part: Part, port: Port, known: Known, emit: Emit, *, wait: bool = True) -> Planned:
    """Reads one part and decides; with `wait`, what an earlier run or somebody else began is waited for."""
    found = await part.read(port, known)
    document = document_of(found)
    if under_way(document):
        if not wait:
            note = f"is {state(document)}: the rest is decided when that has ended"
            return Planned(part, found, Step(Verb.WAIT, part.what, part.id, (note,)))
        await settle(part, port, emit)
        found = await part.read(port, known)
    return Planned(part, found, part.decide(found, known))


async def settle(part: Part, port: Port, emit: Emit, *, written: bool = False) -> None:
    """Waits until the service has ended whatever it does to a part."""

    def waiting(told: str) -> None:
        emit(Event("provision.waiting", {"what": part.what, "id": part.id, "why": f"is {told}"}))

    await port.resources.settled(part.id, written=written, waiting=waiting)


def document_of(found: Any) -> Any:
    """The ARM document in what a part has read; None where there is none."""
    document = getattr(found, "document", found)
    return document if isinstance(document, dict) else None


async def plan(parts: Iterable[Part], port: Port, emit: Emit, *, wait: bool) -> list[Planned]:
    """What becomes of every part."""
    known, found = Known(), []
    for part in parts:
        planned = await look(part, port, known, emit, wait=wait)
        known = part.learn(planned.found, known)
        found.append(planned)
    return found


def check(steps: Iterable[Step], address: str, *, changed: int = 0) -> None:
    """Raises RefusedError with the reasons of every refusal; `changed` steps were done by then."""
    refused = [step for step in steps if step.verb is Verb.REFUSE]
    if refused:
        raise RefusedError(
            "This cannot be provisioned as it stands; "
            + (f"{changed} steps had changed something by then." if changed else "nothing was changed."),
            reasons=tuple(f"{step.what} {step.id}: {note}" for step in refused for note in step.notes),
            address=address,
            remedy="Settle every reason, or say something else in the file, then run the same command again.",
        )
