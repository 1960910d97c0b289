"""What is there against what is wanted: the steps, in order. Only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol

from amlmigrate.cloud.operations import state, under_way
from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import RefusedError
from amlmigrate.desired import ownership, usage
from amlmigrate.desired.known import K
from amlmigrate.desired.ownership import OtherOwner, Word
from amlmigrate.desired.parts import DesiredPart, DesiredPort, document_of
from amlmigrate.desired.steps import DesiredStep, DesiredVerb


@dataclass(frozen=True, slots=True)
class PlannedPart(Generic[K]):
    """A part, what was found of it, what becomes of it, and what of that has to be agreed to."""

    part: DesiredPart[K]
    found: Any
    step: DesiredStep
    others: OtherOwner | None = None
    asks: tuple[str, ...] = ()

    def learned(self, known: K) -> K:
        """What follows from it for the parts that come later."""
        known = self.part.learn(self.found, known)
        if self.others is None:
            return known
        return replace(known, others={**known.others, key_of(self.part.id): self.others})


class Telling(Protocol):
    """Hears of what goes on, and has the words for what is refused."""

    @property
    def refused(self) -> str:
        """What is said of a plan with a refusal, without a stop: `This cannot be ... as it stands`."""
        ...

    def waiting(self, what: str, id: str, why: str) -> None:
        """Something is waited for."""
        ...

    def doing(self, step: DesiredStep) -> None:
        """A step begins."""
        ...

    def done(self, step: DesiredStep) -> None:
        """It is done, and was read back."""
        ...


@dataclass(frozen=True, slots=True)
class Looker(Generic[K]):
    """Reads parts and decides, by the word that was given for what is others'."""

    port: DesiredPort
    word: Word
    telling: Telling
    # What is known before the first part was read.
    nothing: K
    # Raises what speaks against a step right before it is done, as that nobody approved it.
    allowed: Callable[[PlannedPart[K]], None] = lambda now: None

    async def look(self, part: DesiredPart[K], known: K, *, wait: bool = True) -> PlannedPart[K]:
        """Reads one part and decides; with `wait`, what an earlier run or somebody else began is waited for."""
        found = await part.read(self.port, known)
        document = document_of(found)
        if under_way(document):
            if not wait:
                note = f"is {state(document)}: the rest is decided when that has ended"
                return PlannedPart(part, found, DesiredStep(DesiredVerb.WAIT, part.what, part.id, (note,)))
            await self.settle(part)
            found = await part.read(self.port, known)
        return await self._judged(part, found, known)

    async def settle(self, part: DesiredPart[K], *, written: bool = False) -> None:
        """Waits until the service has ended whatever it does to a part."""

        def waiting(told: str) -> None:
            self.telling.waiting(part.what, part.id, f"is {told}")

        await self.port.resources.settled(part.id, written=written, waiting=waiting)

    async def plan(self, parts: Iterable[DesiredPart[K]], *, wait: bool) -> list[PlannedPart[K]]:
        """What becomes of every part."""
        known, found = self.nothing, []
        for part in parts:
            planned = await self.look(part, known, wait=wait)
            known = planned.learned(known)
            found.append(planned)
        return found

    async def _judged(self, part: DesiredPart[K], found: Any, known: K) -> PlannedPart[K]:
        """What the part decides, unless it would touch what is others' beyond their word."""
        step, document = part.decide(found, known), part.bearer(found)
        others = self.word.of(part, document) if part.kind and document else None
        closing = ownership.closing(part, _changes(part, step)) if others is None else []
        if document is None or (others is None and not closing):
            return _settled(part, found, step, known, None)
        users = await usage.users(self.port, part, document, known)
        step = replace(step, facts=ownership.told(users.known, users.unknown))
        if others is None:
            return _settled(part, found, step, known, None, ownership.shut_out(part, closing, users.known))
        # Only what is there already: a PUT of it would replace what is others'.
        if step.verb is DesiredVerb.CREATE:
            step = _refused(
                part, step, tuple(ownership.forbidden([(part.id, ownership.REPLACED)], {key_of(part.id): others}))
            )
        if not others.adopted:
            return PlannedPart(part, found, _unadopted(part, step, others), others)
        step = replace(step, facts=(f"adopted as {others.name}: it is others'", *step.facts))
        known = PlannedPart(part, found, step, others).learned(known)
        return _settled(part, found, step, known, others)


def _settled(
    part: DesiredPart[K],
    found: Any,
    step: DesiredStep,
    known: K,
    others: OtherOwner | None,
    shut: tuple[str, ...] = (),
) -> PlannedPart[K]:
    """The step with what has to be agreed to, or a refusal where it goes beyond the word of owners."""
    step = _kept_off(part, step, known)
    return PlannedPart(part, found, step, others, (*part.forever(step), *_touched(part, step, known), *shut))


def _changes(part: DesiredPart[K], step: DesiredStep) -> tuple[ownership.Change, ...]:
    """All that a step changes of things that exist: of its own by what is sent, of others as the part says."""
    if not step.verb.writes:
        return ()
    own = (
        ownership.changes(part, step.change.body)
        if part.kind and step.verb is DesiredVerb.UPDATE and step.change
        else ()
    )
    return (*own, *part.touches(step))


def _kept_off(part: DesiredPart[K], step: DesiredStep, known: K) -> DesiredStep:
    """The step, or a refusal where it changes what is others' and nobody said that it may."""
    reasons = tuple(ownership.forbidden(_changes(part, step), known.others))
    return _refused(part, step, reasons) if reasons else step


def _unadopted(part: DesiredPart[K], step: DesiredStep, others: OtherOwner) -> DesiredStep:
    """A refusal with everything that would be changed."""
    changed = ownership.forbidden(_changes(part, step), {key_of(part.id): others})
    return _refused(part, step, (ownership.unadopted(others), *changed))


def _refused(part: DesiredPart[K], step: DesiredStep, reasons: Sequence[str]) -> DesiredStep:
    """A refusal, with the reasons that there were before, and with what was seen."""
    before = step.notes if step.verb is DesiredVerb.REFUSE else ()
    return DesiredStep(DesiredVerb.REFUSE, part.what, part.id, (*before, *reasons), facts=step.facts)


def _touched(part: DesiredPart[K], step: DesiredStep, known: K) -> tuple[str, ...]:
    """What changes of things of others with their owners' word: somebody says yes to that too."""
    return tuple(
        f"{one.what} {one.name} is others', and is changed ({kind}): {part.what}"
        for id_, kind in _changes(part, step)
        if (one := known.others.get(key_of(id_)))
    )


def check(steps: Iterable[DesiredStep], address: str, refused_as: str, *, begun: bool = False) -> None:
    """Raises RefusedError with the reasons of every refusal; `begun`: something may have been changed by then."""
    refused = [step for step in steps if step.verb is DesiredVerb.REFUSE]
    if refused:
        raise RefusedError(
            refused_as + ("." if begun else "; nothing was changed."),
            reasons=tuple(f"{step.what} {step.id}: {note}" for step in refused for note in step.notes),
            address=address,
            remedy="Settle every reason, or say something else in the file, then run the same command again.",
        )
