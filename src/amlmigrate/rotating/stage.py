"""Rotates one key: says what becomes of each thing under it, makes the version, and has all go over to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from amlmigrate.cloud.resources import Resources
from amlmigrate.cloud.session import Side
from amlmigrate.core import drilltag
from amlmigrate.core.armid import ArmId
from amlmigrate.core.errors import BadInputError, DeniedError, RefusedError
from amlmigrate.core.keys import KeyVersion
from amlmigrate.desired.applying import apply
from amlmigrate.desired.deciding import Looker, PlannedPart, Telling
from amlmigrate.desired.ownership import Word
from amlmigrate.desired.parts import DesiredPart, DesiredPort
from amlmigrate.desired.steps import DesiredVerb
from amlmigrate.desired.usage import Estate
from amlmigrate.keys import drills
from amlmigrate.keys.model import Dependant, DependantKind, KeyInUse
from amlmigrate.rotating.aim import Aim, aim, disabled, waits
from amlmigrate.rotating.followers import ORDER, DependantPart
from amlmigrate.rotating.known import RotationKnown
from amlmigrate.rotating.newversion import NewVersionPart
from amlmigrate.rotating.progress import REFUSED

Plans = list[PlannedPart[RotationKnown]]
Allowed = Callable[[PlannedPart[RotationKnown]], None]


class Half(StrEnum):
    """What of a rotation one identity does."""

    MAKE = "make"
    ADOPT = "adopt"
    BOTH = "both"

    @property
    def makes(self) -> bool:
        """Whether it makes the version."""
        return self is not Half.ADOPT

    @property
    def adopts(self) -> bool:
        """Whether it has what lies under the key go over."""
        return self is not Half.MAKE


class DependantEnd(StrEnum):
    """How a thing under the key stood at the end."""

    ADOPTED = "adopted"
    WAITING = "waiting"
    NOT_ADOPTED = "not adopted"


@dataclass(frozen=True, slots=True)
class RotateRequest:
    """Which key, which half, and under which id; empty for one that is derived (`aim.derived`)."""

    key: KeyInUse
    half: Half
    now: datetime
    rotation: str = ""


@dataclass(frozen=True, slots=True)
class RotationPlan:
    """The steps in order, of the half that was asked for."""

    request: RotateRequest
    aim: Aim
    planned: tuple[PlannedPart[RotationKnown], ...]

    @property
    def changes(self) -> int:
        """How many steps change something."""
        return sum(1 for one in self.planned if one.step.verb.writes)

    @property
    def waits(self) -> bool:
        """Whether something goes over by itself and has not yet."""
        return any(one.step.verb is DesiredVerb.WAIT for one in self.planned)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is refused."""
        refused = (one.step for one in self.planned if one.step.verb is DesiredVerb.REFUSE)
        return tuple(f"{step.what} {step.id}: {note}" for step in refused for note in step.notes)


@dataclass(frozen=True, slots=True)
class Ended:
    """How one thing under the key stands: the version in use, and until when it is waited for."""

    dependant: Dependant
    end: DependantEnd
    version: str
    until: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class RotationOutcome:
    """What a rotation came to. `version` is that which everything is to be on; None where there is none yet."""

    plan: RotationPlan
    changed: int
    version: KeyVersion | None
    ended: tuple[Ended, ...]
    warnings: tuple[str, ...] = ()
    # Whether this very command made the version.
    made: bool = False

    @property
    def complete(self) -> bool:
        """Whether the half that was asked for is done: the version is there, and all were seen on it."""
        return self.version is not None and all(one.end is DependantEnd.ADOPTED for one in self.ended)


async def plan(side: Side, request: RotateRequest, telling: Telling) -> RotationPlan:
    """Reads all that there is and decides; changes nothing.

    Raises BadInputError for a key that no workspace can have, RefusedError where there is no version to adopt.
    """
    _refuse_unfit(request.key)
    _refuse_drilled(request)
    asked = _aim(request)
    found = await _looker(side, request, asked, telling).plan(_parts(side, request, asked), wait=False)
    return RotationPlan(request, asked, tuple(found))


async def carry_out(
    side: Side, found: RotationPlan, telling: Telling, allowed: Allowed = lambda now: None
) -> RotationOutcome:
    """Does the steps of a plan, each read back, then reads all of it once more.

    `allowed` is asked right before each step, and raises what speaks against it.

    Where Azure refuses one, the rest is not begun. Raises RefusedError for a plan that is refused.
    """
    refuse(found)
    request = found.request
    looker = replace(_looker(side, request, found.aim, telling), allowed=allowed)
    # What is read back may take as long as reads are behind writes; no right is waited for.
    applied = await apply(found.planned, looker, patience=0.0)
    after = await looker.plan(_parts(side, request, found.aim), wait=False)
    done = _outcome(found, after, looker.nothing, applied.changed, applied.warnings)
    return replace(done, made=NewVersionPart.what in applied.done)


def as_it_stands(found: RotationPlan) -> RotationOutcome:
    """What a plan shows that has nothing to do."""
    return _outcome(found, list(found.planned), _known(found.request, found.aim), 0, ())


def refuse(found: RotationPlan) -> None:
    """Raises RefusedError with all reasons; nothing was changed then."""
    if found.reasons:
        raise RefusedError(
            f"{REFUSED}; nothing was changed.",
            reasons=found.reasons,
            address=found.request.key.name.id,
            remedy="Settle every reason, then run the same command again.",
        )


def _refuse_drilled(request: RotateRequest) -> None:
    """Raises RefusedError while a version bears the tag of a drill: it is to be enabled again, and in use."""
    for one in drills.under_way(request.key):
        raise RefusedError(
            f"{drilltag.told(one, request.now)} Nothing was changed.",
            address=one.id,
            remedy=f"Wait for its end, or end it: {drilltag.restoring(request.key.name.id)}",
        )


def _refuse_unfit(key: KeyInUse) -> None:
    """Raises BadInputError for a key of a managed HSM, and for a workspace in another subscription."""
    if key.name.of_hsm:
        raise BadInputError(
            "The key lies in a managed HSM, and a workspace takes keys of key vaults only.",
            address=key.name.id,
            remedy="Name a key of a vault.",
        )
    home = ArmId.of(key.vault_id).subscription.lower()
    for one in key.dependants:
        elsewhere = ArmId.of(one.id).subscription.lower() != home
        if home and elsewhere and one.kind is DependantKind.WORKSPACE:
            raise BadInputError(
                "The key's vault is in another subscription than a workspace under it: Azure ML takes none there.",
                address=one.id,
                remedy="A workspace's vault cannot be changed: create a new one with a key beside it, and move.",
            )


def _aim(request: RotateRequest) -> Aim:
    """What is due. Raises DeniedError where versions are not known, RefusedError where none can be adopted."""
    key = request.key
    if key.versions.value is None and not request.half.makes:
        raise DeniedError(
            f"The versions of the key cannot be read: {key.versions.refused}",
            address=key.name.id,
            remedy="It takes Microsoft.KeyVault/vaults/keys/read, as data action or in Azure Resource Manager.",
        )
    _refuse_early(request)
    found = aim(key, request.rotation, request.now)
    if found.version is not None and not found.version.enabled:
        raise RefusedError(
            disabled(found),
            address=key.name.id,
            remedy="Enable it again, or ask for another version under another id (--rotation).",
        )
    if request.half.makes or not found.to_make:
        return found
    goal = key.goal(request.now)
    if request.rotation or goal is None:
        raise RefusedError(
            f"There is no version to adopt: {found.told}.",
            address=key.name.id,
            remedy=f"First have whoever keeps the key run: migrate key rotate --key {key.name.id} --make",
        )
    told = f"no version that is enabled and valid by now is newer than {goal.version}; --make makes one"
    return replace(found, version=goal, told=told)


def _refuse_early(request: RotateRequest) -> None:
    """Raises RefusedError where the newest version is not valid yet: another one beside it is made by an id alone.

    Whoever only adopts, and names no rotation, has the newest version that is valid by now used.
    """
    early = waits(request.key, request.rotation, request.now)
    if early is None or early.not_before is None:
        return
    # What uses it already is not pointed back.
    in_use = early.version in request.key.used
    if not (request.half.makes or request.rotation or in_use):
        return
    when = f"{early.not_before:%Y-%m-%d %H:%M} UTC"
    raise RefusedError(
        f"Version {early.version} is there and not valid before {when}: until then nothing new could be written"
        " under it; nothing was changed.",
        address=request.key.name.id,
        remedy=f"Run the same command after {when}. If it cannot wait, make another version by an id of your own:"
        f" migrate key rotate --key {request.key.name.id} --rotation ID",
    )


def _parts(side: Side, request: RotateRequest, asked: Aim) -> list[DesiredPart[RotationKnown]]:
    made: Sequence[DesiredPart[RotationKnown]] = (
        [NewVersionPart(request.key, asked, request.now)] if request.half.makes else []
    )
    under = sorted(request.key.dependants, key=lambda one: (ORDER.index(one.kind), one.id.lower()))
    adopting = [DependantPart(one, clock_of(side)) for one in under] if request.half.adopts else []
    return [*made, *adopting]


def clock_of(side: Side) -> Callable[[], datetime]:
    """Azure's clock, else this machine's: waiting times count from times that Azure wrote."""
    return lambda: side.arm.service_clock.now() or datetime.now(UTC)


def _looker(side: Side, request: RotateRequest, asked: Aim, telling: Telling) -> Looker[RotationKnown]:
    port = DesiredPort(Resources(side.arm), side.vaults, side, Estate(side))
    return Looker(port, Word(request.key.name.id), telling, _known(request, asked))


def _known(request: RotateRequest, asked: Aim) -> RotationKnown:
    """What is known before anything is read: of a half that makes the version, nothing."""
    if request.half.makes or asked.version is None:
        return RotationKnown()
    return RotationKnown.of(asked.version, request.key.versions.value or (), request.now)


def _outcome(
    found: RotationPlan, after: Plans, known: RotationKnown, changed: int, warnings: tuple[str, ...]
) -> RotationOutcome:
    version = found.aim.version if not found.request.half.makes else None
    ended = []
    for one in after:
        known = one.learned(known)
        if isinstance(one.part, NewVersionPart):
            version = one.part.version(one.found)
        elif isinstance(one.part, DependantPart):
            ended.append(_ended(one.part, one, known))
    return RotationOutcome(found, changed, version, tuple(ended), warnings)


def _ended(part: DependantPart, one: PlannedPart[RotationKnown], known: RotationKnown) -> Ended:
    ends = {DesiredVerb.EXISTS: DependantEnd.ADOPTED, DesiredVerb.WAIT: DependantEnd.WAITING}
    end = ends.get(one.step.verb, DependantEnd.NOT_ADOPTED)
    until = part.until(known) if end is DependantEnd.WAITING else None
    return Ended(part.dependant, end, part.in_use(one.found), until, "; ".join(one.step.notes))
