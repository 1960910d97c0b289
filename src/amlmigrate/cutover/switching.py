"""Changes settings one by one, each recorded before and after, and settled before the next; and sets them back.

What stops in the source comes before what starts in the target, and the other way round when it is taken back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from amlmigrate.cloud.errors import ProvisioningFailedError, ServiceError
from amlmigrate.cloud.operations import Ending, of_resource, under_way
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.clock import READ_BACK_SECONDS
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError, ConflictError, ExitCode, MigrateError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.events import Emit
from amlmigrate.core.plan import Step
from amlmigrate.core.pointers import names_of
from amlmigrate.core.redaction import masked
from amlmigrate.core.state import NOT_MADE, State
from amlmigrate.core.switched import SOURCE, TARGET, Settings, SideName, Switched, found_at
from amlmigrate.core.writes import Write
from amlmigrate.cutover import switches
from amlmigrate.cutover.progress import SettingChanges
from amlmigrate.evidence import Switch
from amlmigrate.evidence.cutover import SwitchState
from amlmigrate.kinds import Listed, all_kinds, moving_kinds
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence

Sides = dict[SideName, WorkspaceClient]


@dataclass(frozen=True, slots=True)
class Todo:
    """What a cutover is still to change: what stops in the source, and what starts in the target.

    `gives`: what the target's identities get elsewhere before that. `left`: what a person does at the cutover,
    with why.
    """

    stops: tuple[Asset, ...] = ()
    starts: tuple[Step, ...] = ()
    gives: tuple[Step, ...] = ()
    left: tuple[tuple[str, str], ...] = ()

    def only(self, addresses: Iterable[str]) -> Todo:
        """The part of it that is about these."""
        wanted = {str(Address.parse(one).item) for one in addresses}
        return replace(
            self,
            stops=tuple(one for one in self.stops if str(one.address) in wanted),
            starts=tuple(one for one in self.starts if str(one.address.item) in wanted),
            gives=tuple(one for one in self.gives if str(one.address.item) in wanted),
        )

    def lines(self) -> tuple[str, ...]:
        """For people, in the order in which it is done."""
        return (
            *(f"is given elsewhere: {one.address}" for one in self.gives),
            *(f"stops in the source: {one.address}" for one in self.stops),
            *(f"starts in the target: {one.called}" for one in self.starts),
            *(f"left to do by hand: {address}: {why}" for address, why in self.left),
        )

    def __bool__(self) -> bool:
        return bool(self.gives or self.stops or self.starts)


NOTHING = Todo()


@dataclass(slots=True)
class Switching:
    """Settings of both sides under change. `tell` writes into the lease's blob what stands, for later plans."""

    ports: Sides
    ledger: Ledger
    evidence: Evidence
    # What every report of it says alike.
    content: dict[str, Any]
    tell: Callable[[], Awaitable[None]]
    emit: Emit
    # What the target calls an item.
    called: Callable[[Address], Address]
    # The addresses of the steps that only a cutover makes.
    cut_over: frozenset[Address] = frozenset()
    pause: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    def _known(self, side: SideName, address: Address) -> Switch | None:
        return switches.newest(self.evidence.reports()).get((side, str(address)))

    # Forth.

    async def take_up(self) -> None:
        """Records what an earlier attempt, cut off, had asked for and what has come about since."""
        for switch in switches.standing(self.evidence.reports()):
            if switch.state is SwitchState.CHANGING:
                address = Address.parse(switch.address)
                there = await self._read(switch.side, all_kinds()[address.kind], address)
                if there and switches.value_of(switch).stands(there) and of_resource(there) is not Ending.FAILED:
                    self._note(switch, SwitchState.CHANGED, there)

    async def take_over(self, stopped: Switched) -> None:
        """Records as this cutover's what another plan stopped in the source, where it rests as that left it.

        So setting it back is this one's too. The evidence has seen it at rest: as it was before, and is now.
        """
        address, kind = stopped.address, all_kinds()[stopped.address.kind]
        there = await self._read(SOURCE, kind, address)
        if there is None or not stopped.stands(there) or self._known(SOURCE, address):
            return
        sha256 = kind.digest(Asset(address, there))
        self.evidence.add(
            Switch(
                **self.content,
                side=SOURCE,
                item=str(address),
                address=str(address),
                state=SwitchState.CHANGED,
                was=dict(stopped.was),
                becomes=dict(stopped.left),
                was_sha256=sha256,
                becomes_sha256=sha256,
                note="it was stopped with another plan, before",
            )
        )
        await self.tell()

    async def stop(self, asset: Asset) -> None:
        """Sets in the source what makes one rest. Raises ConflictError, and what the service says."""
        kind = all_kinds()[asset.address.kind]
        settings = kind.quiet(asset)
        if settings:
            await self._set(SOURCE, kind, asset.address, asset.address, settings)

    @contextmanager
    def trying(self, step: Step) -> Iterator[None]:
        """Records why a step could not be made: only from then on somebody may let it go.

        Where it was not tried at all nothing is recorded: no token, or somebody else has the lease.
        """
        try:
            yield
        except MigrateError as error:
            unasked = isinstance(error, ServiceError) and error.status == 401
            if not unasked and error.exit_code is not ExitCode.LOCKED:
                self.ledger.move(step.address, State.PENDING, detail=f"{NOT_MADE}{masked(error.summary)}")
            raise

    async def start(self, step: Step, proven: str) -> None:
        """Makes in the target what only the cutover makes, once the source's is at rest.

        `proven` is the digest that the target's has where nobody has changed it since it was looked at.
        """
        kind, item = moving_kinds()[step.address.kind], step.address.item
        there = await self._read(TARGET, kind, step.called)
        if there is None:
            raise _gone(step.called, "target")
        known = self._known(TARGET, step.called)
        made = known is not None and switches.value_of(known).stands(there)
        if not made and kind.digest(Asset(step.called, there)) != proven:
            # What is started is what was proven, and nothing else.
            raise ConflictError(
                "Somebody has changed it in the target while the cutover was made.",
                address=str(step.called),
                remedy="Take the cutover back with --back, run `migrate verify`, then cut over again.",
            )
        settings = known.becomes if known else _named(step, there)
        await self._refuse_at_work(kind, item)
        if settings:
            await self._set(TARGET, kind, step.called, item, settings)
        if self.ledger.step(step.address).state is not State.DONE:
            self.ledger.move(step.address, State.DONE)

    async def _refuse_at_work(self, kind: Listed, item: Address) -> None:
        """Nothing works on both sides, as far as both answer. Raises ConflictError."""
        there = await self._read(SOURCE, kind, item)
        if there is not None and kind.quiet(Asset(item, there)):
            raise ConflictError(
                "It is at work in the source again: somebody has set it so.",
                address=str(item),
                remedy="Find out who, and why; then run the same command again.",
            )

    async def _set(
        self, side: SideName, kind: Listed, address: Address, item: Address, settings: Settings
    ) -> None:
        there = await self._read(side, kind, address)
        if there is None:
            raise _gone(address, side)
        known, now = self._known(side, address), found_at(there, settings)
        made = now == dict(settings) and of_resource(there) is not Ending.FAILED
        if made and (known is None or known.state is SwitchState.CHANGED):
            return
        if not made and known and now not in (dict(known.was), dict(settings)):
            raise ConflictError(
                f"Somebody has changed it in the {side} meanwhile: {shown(now)}.",
                address=str(address),
                remedy=f"Set it to {shown(known.was)}, as it was, then run the same command again.",
            )
        switch = known or Switch(
            **self.content,
            side=side,
            item=str(item),
            address=str(address),
            state=SwitchState.CHANGING,
            was=now,
            becomes=dict(settings),
            was_sha256=kind.digest(Asset(address, there)),
        )
        if not made:
            self._note(switch, SwitchState.CHANGING)
            await self.tell()
            there = await self._write(switch, kind, kind.setting(there, settings), settings)
        self._note(switch, SwitchState.CHANGED, there)

    # Back.

    async def restore(self, switch: Switch) -> bool:
        """Sets what a cutover has changed to what it was, unless somebody has changed it since: False."""
        kind, address = all_kinds()[Address.parse(switch.address).kind], Address.parse(switch.address)
        value, there = switches.value_of(switch), await self._read(switch.side, kind, address)
        if why := await self._keeps(switch, kind, there):
            self._note(switch, SwitchState.KEPT, why=why)
            return False
        if there is not None and not (value.undone(there) and of_resource(there) is not Ending.FAILED):
            self._note(switch, SwitchState.RESTORING)
            await self.tell()
            await self._write(switch, kind, kind.setting(there, value.was), value.was)
        # Before it is recorded as set back: nobody comes back to that.
        if switch.side == TARGET:
            for address_ in self._steps(switch):
                self.ledger.wait_again(address_)
        self._note(switch, SwitchState.RESTORED)
        return True

    async def _keeps(self, switch: Switch, kind: Listed, there: Document | None) -> str:
        """Why one is not set back; '' where it may be."""
        value = switches.value_of(switch)
        if there is None:
            # What is not there does not work in the target; in the source it cannot work again.
            return "it is not there any more" if switch.side == SOURCE else ""
        if not value.stands(there) and not value.undone(there):
            return f"somebody has changed it since the cutover: {shown(found_at(there, value.left))}"
        if switch.side == SOURCE and not value.undone(there):
            called = self.called(Address.parse(switch.item))
            of_target = await self._read(TARGET, kind, called)
            if of_target is not None and kind.quiet(Asset(called, of_target)):
                return f"{called} in the target is at work: both would be"
        return ""

    def _steps(self, switch: Switch) -> list[Address]:
        """The steps of a plan that made it live."""
        item = Address.parse(switch.item)
        steps = self.ledger.steps()
        return [one for one in self.cut_over if one.item == item and steps[one].state is State.DONE]

    # Either way.

    def _note(self, switch: Switch, state: SwitchState, there: Document | None = None, why: str = "") -> None:
        """Records how one stands now; `there` is the document as it was read."""
        address = Address.parse(switch.address)
        known = self._known(switch.side, address)
        if known is None or (known.state, known.note) != (state, why):
            sha256 = all_kinds()[address.kind].digest(Asset(address, there)) if there else switch.becomes_sha256
            time = datetime.now(UTC).isoformat(timespec="seconds")
            told = replace(switch, **self.content | {"time": time}, state=state, becomes_sha256=sha256, note=why)
            self.evidence.add(told)

    async def _read(self, side: SideName, kind: Listed, address: Address) -> Document | None:
        """One as it is once the service is at work on it no more, however that ended."""
        port, path = self.ports[side], kind.path(address)
        there = await port.get(path)
        if under_way(there):
            try:
                return await port.settled(path)
            except ProvisioningFailedError:
                return await port.get(path)
        return there

    async def _write(self, switch: Switch, kind: Listed, write: Write, settings: Settings) -> Document:
        """The one changing call; the document in which a read shows it. Raises MigrateError where none does."""
        address = Address.parse(switch.address)
        port, path = self.ports[switch.side], kind.path(address)
        self.emit(SettingChanges(switch.side, switch.address, shown(settings)))
        accepted = await kind.apply(port, address, write)
        there = await port.settled(path, accepted.operation)
        for seconds in (*READ_BACK_SECONDS, 0.0):
            if there is not None and found_at(there, settings) == dict(settings):
                return there
            await self.pause(seconds)
            there = await port.get(path)
        raise MigrateError(
            f"The {switch.side} does not answer what was set: {shown(settings)}.",
            address=switch.address,
            remedy="Look at it there, then run the same command again.",
        )


def _named(step: Step, there: Document) -> Settings:
    """What a step sets: the members that it names and no others, whatever else the target's users have changed."""
    if not step.changes:
        raise BadInputError(
            "The plan does not say what of it a cutover sets: an older version made it.",
            address=str(step.address),
            remedy="Take the cutover back with --back if it was begun; make a new plan, and cut that over.",
        )
    now, wanted = found_at(there, step.changes), found_at(step.body or {}, step.changes)
    return {pointer: value for pointer, value in wanted.items() if value != now[pointer]}


def _gone(address: Address, side: str) -> ConflictError:
    return ConflictError(
        f"It is not in the {side} any more.",
        address=str(address),
        remedy="Put it back, or take the cutover back with --back.",
    )


def shown(settings: Settings) -> str:
    """Settings, for people."""
    told = (f"{names_of(pointer)[-1]} is {as_json(value)}" for pointer, value in settings.items())
    return masked(", ".join(told))
