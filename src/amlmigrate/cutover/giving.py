"""Gives the target's identities what the source's have elsewhere, and takes it back: recorded as settings are.

The source's keep what they have. What fails is told, and all else of it goes on; nothing is started then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.clock import READ_BACK_SECONDS
from amlmigrate.core.documents import Document, digest
from amlmigrate.core.errors import ConflictError, IncompleteError, RefusedError
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.pointers import at
from amlmigrate.core.state import State
from amlmigrate.core.switched import TARGET, Settings, SideName, found_at
from amlmigrate.cutover import switches
from amlmigrate.cutover.progress import SettingChanges
from amlmigrate.cutover.switching import Switching, shown
from amlmigrate.evidence import Switch
from amlmigrate.evidence.cutover import SwitchState
from amlmigrate.kinds import PRINCIPAL, Elsewhere, GoneError, Listed, all_kinds

_OTHERS = "somebody else has given it"


def is_elsewhere(address: Address) -> bool:
    """Whether what an address names lies outside of both workspaces."""
    return isinstance(all_kinds().get(address.kind), Elsewhere)


@dataclass(slots=True)
class Giving(Switching):
    """The same with what lies outside of both workspaces. `arm` is that with which the plan has found it."""

    arm: Arm = field(kw_only=True)
    plan: Plan = field(kw_only=True)

    # Forth.

    async def give_all(self, steps: Iterable[Step]) -> None:
        """Gives all of them. Raises IncompleteError with each that could not be given, once all were tried."""
        failed = []
        for step in steps:
            try:
                with self.trying(step):
                    await self.give(step)
            except (ServiceError, ConflictError, IncompleteError, RefusedError) as error:
                # No token is taken anywhere; one scope that refuses says nothing of the others.
                if isinstance(error, ServiceError) and error.status == 401:
                    raise
                failed.append((step, error))
        if failed:
            told = "; ".join(f"{step.address}: {error.summary}" for step, error in failed)
            raise IncompleteError(
                f"Not all could be given to the target's identities, and nothing was started yet. {told}",
                address=str(failed[0][0].address),
                remedy="See to each, then run the same command again; or `migrate waive` what is not needed, or"
                " give it yourself and record that with `migrate done`.",
            )

    async def give(self, step: Step) -> None:
        """Gives one. Raises ConflictError, IncompleteError, and what the service says."""
        kind = all_kinds()[step.address.kind]
        assert isinstance(kind, Elsewhere) and step.body
        who = await self._who(step)
        await self._refuse_taken(kind, step, step.body)
        aim = kind.aim(step.target_id, step.body, who)
        there, known = await kind.read(self.arm, aim), self._known(TARGET, step.address)
        if known and known.state is SwitchState.RESTORED:
            known = None
        if known and switches.value_of(known).stands(there):
            self._note(known, SwitchState.CHANGED)
        elif kind.has(there, aim):
            if known:
                self._note(known, SwitchState.RESTORED, why=_OTHERS)
        else:
            await self._written(kind, step, aim, kind.to(step.body, who), there, known)
        if self.ledger.step(step.address).state is not State.DONE:
            self.ledger.move(step.address, State.DONE)

    async def _written(
        self, kind: Elsewhere, step: Step, aim: Document, body: Document, there: Document, known: Switch | None
    ) -> None:
        settings = kind.becomes(there, aim)
        if why := kind.bars(there, aim) or _begun_otherwise(known, there, settings):
            raise ConflictError(f"It cannot be given: {why}.", address=str(step.address))
        switch = known or Switch(
            **self.content,
            side=TARGET,
            item=str(step.address),
            address=str(step.address),
            state=SwitchState.CHANGING,
            was=found_at(there, settings),
            becomes=dict(settings),
            was_sha256=digest(there),
        )
        self._note(switch, SwitchState.CHANGING)
        await self.tell()
        self.emit(SettingChanges(TARGET, switch.address, shown(settings)))
        if await kind.give(self.arm, aim, body):
            await self._read_back(kind, switch.address, settings, settings)
            self._note(switch, SwitchState.CHANGED)
            return
        there = await kind.read(self.arm, aim)
        if not kind.has(there, aim):
            why = kind.bars(there, aim) or "the service says that there is one, and shows none"
            raise ConflictError(f"It cannot be given: {why}.", address=str(step.address))
        self._note(switch, SwitchState.RESTORED, why=_OTHERS)

    async def _who(self, step: Step) -> str:
        """Who it is for, by what the target shows now. Raises ConflictError for another than the plan names."""
        told = at(step.body, step.rewrites[0].where)
        if isinstance(told, str) and told.lower() == self.plan.header.target_ref.id.lower():
            return told
        [holder] = step.after
        mapped = self.plan.step(holder)
        document = await self.ports[TARGET].get(all_kinds()[holder.kind].path(self.called(holder)))
        now = str(((document or {}).get("identity") or {}).get("principalId") or "")
        if mapped is None or not mapped.action.carried_out or not now:
            raise ConflictError(
                f"The target's {holder} has no identity of its own.",
                address=str(step.address),
                remedy="Give it one in Azure, then run the same command again.",
            )
        if told not in ({PRINCIPAL: str(holder)}, now):
            raise ConflictError(
                f"The target's {holder} has another identity than the plan names: {now}.",
                address=str(step.address),
            )
        return now

    async def _refuse_taken(self, kind: Elsewhere, step: Step, body: Document) -> None:
        """Nobody is given what the source's has not: taken since the plan was made, or given for a time only."""
        aim = kind.aim(step.target_id, body, step.rewrites[0].before)
        there = await kind.read(self.arm, aim)
        if not kind.has(there, aim):
            raise ConflictError(
                "The source's identity does not have it any more as the plan says.", address=str(step.address)
            )
        if why := await kind.lessened(self.arm, there):
            raise ConflictError(f"The source's identity has it only so by now: {why}.", address=str(step.address))

    async def _read_back(self, kind: Elsewhere, address: str, left: Settings, wanted: Settings) -> None:
        """Raises IncompleteError where what was written is not to be read."""
        for seconds in (*READ_BACK_SECONDS, 0.0):
            if found_at(await kind.now(self.arm, left), wanted) == dict(wanted):
                return
            await self.pause(seconds)
        raise IncompleteError(
            "What was written is not to be read yet.", address=address, remedy="Run the same command again."
        )

    # Back.

    async def restore(self, switch: Switch) -> bool:
        kind = all_kinds()[Address.parse(switch.address).kind]
        if not isinstance(kind, Elsewhere):
            # Not `super()`, which does not know a class with slots.
            return await Switching.restore(self, switch)
        try:
            why = await self._taken(kind, switch)
        except (ServiceError, ConflictError, IncompleteError, RefusedError) as error:
            if isinstance(error, ServiceError) and error.status == 401:
                raise
            why = error.summary
        if why:
            self._note(switch, SwitchState.KEPT, why=why)
            return False
        for address in self._steps(switch):
            self.ledger.wait_again(address)
        self._note(switch, SwitchState.RESTORED)
        return True

    async def _taken(self, kind: Elsewhere, switch: Switch) -> str:
        """Takes one back, unless somebody has changed it since: why not, as a sentence."""
        value = switches.value_of(switch)
        try:
            there = await kind.now(self.arm, value.left)
        except GoneError:
            # With what it was on.
            return ""
        if value.undone(there):
            return ""
        if not value.stands(there):
            return f"somebody has changed it since the cutover: {shown(found_at(there, value.left))}"
        self._note(switch, SwitchState.RESTORING)
        await self.tell()
        self.emit(SettingChanges(TARGET, switch.address, shown(value.was)))
        await kind.take(self.arm, value.was, value.left)
        await self._read_back(kind, switch.address, value.left, value.was)
        return ""

    async def _read(self, side: SideName, kind: Listed, address: Address) -> Document | None:
        # What lies elsewhere is read by who gives it.
        return None if isinstance(kind, Elsewhere) else await Switching._read(self, side, kind, address)


def _begun_otherwise(known: Switch | None, there: Document, settings: Settings) -> str:
    """That what was begun is not what is to be written now."""
    if known is None:
        return ""
    if known.becomes != dict(settings):
        return f"it was begun as {shown(known.becomes)}; take the cutover back with --back first"
    if not switches.value_of(known).undone(there):
        return "somebody has changed it meanwhile"
    return ""
