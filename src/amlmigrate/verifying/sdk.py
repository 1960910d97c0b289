"""Reads every asset on both sides with the client that users have: what it cannot read is not migrated."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from amlmigrate.cloud.sdk import SdkReader, Unreadable
from amlmigrate.cloud.session import Session
from amlmigrate.core.address import Address
from amlmigrate.core.events import Emit
from amlmigrate.core.few import many
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.run_progress import SdkStarted, SdkTried
from amlmigrate.core.translation import Difference
from amlmigrate.evidence.verify import MLClientReads
from amlmigrate.kinds import moving_kinds

_READABLE = "readable with MLClient"
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Readers:
    """What MLClient reads on both sides.

    `assets`: how many were tried; `readable`: how many it reads in the target. `alike`: what it has no use for on
    either side, by its own reason in the target. `not_checked`: what Azure did not give it in the source, so that
    it is not known whether it reads that there. `differences`: all else that it cannot read in the target.
    """

    assets: int = 0
    readable: int = 0
    alike: dict[str, str] = field(default_factory=dict)
    not_checked: dict[str, str] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()

    def without(self, settled: Iterable[str]) -> Readers:
        """The same, where nothing is expected of these."""
        left = frozenset(settled)
        return Readers(
            self.assets,
            self.readable,
            self.alike,
            self.not_checked,
            tuple(one for one in self.differences if one.address not in left),
        )

    def told(self) -> list[str]:
        """What a report says was not checked, a sentence for each reason."""
        return [
            *(f"with MLClient in the source, {told}" for told in _by_reason(self.not_checked)),
            *(
                f"with MLClient, which itself reads them on neither side, {told}"
                for told in _by_reason(self.alike)
            ),
        ]

    @property
    def in_report(self) -> MLClientReads:
        """Its form in evidence."""
        return MLClientReads(
            assets=self.assets,
            readable=self.readable,
            unreadable_alike=self.alike,
            source_not_checked=self.not_checked,
        )


async def compare_readers(plan: Plan, session: Session, emit: Emit) -> Readers:
    """What MLClient reads in the source and not in the target, and what it cannot say."""
    wanted, called = _wanted(plan), plan.names()
    emit(SdkStarted(2 * len(wanted)))

    def read(address: Address) -> None:
        emit(SdkTried(str(address)))

    readers = (
        SdkReader(session.source.login, plan.header.source_ref, session.source.pacer),
        SdkReader(session.target.login, plan.header.target_ref, session.target.pacer),
    )
    try:
        source, target = await asyncio.gather(
            readers[0].unreadable(wanted, read),
            readers[1].unreadable([(called.get(address, address), of) for address, of in wanted], read),
        )
    finally:
        for reader in readers:
            reader.close()
    return judged([address for address, _ in wanted], source, _as_planned(target, called))


def _as_planned(target: Unreadable, called: Mapping[Address, Address]) -> Unreadable:
    """The same by the plan's addresses; `called` are those of the target where they are others."""
    planned = {there: address for address, there in called.items()}
    own, refused = (
        {planned.get(there, there): why for there, why in found.items()} for found in (target.own, target.refused)
    )
    return Unreadable(own, refused)


def judged(wanted: list[Address], source: Unreadable, target: Unreadable) -> Readers:
    """What the two sides' readings come to. Nothing readable is never taken for equal."""
    alike = {address: reason for address, reason in target.own.items() if address in source.own}
    wrong = {
        address: reason for address, reason in {**target.own, **target.refused}.items() if address not in alike
    }
    differences = [Difference(str(address), "sdk", _READABLE, reason) for address, reason in _sorted(wrong)]
    readable = sum(1 for address in wanted if address not in target)
    if wanted and not readable and not differences:
        differences.append(Difference("sdk", "sdk", _READABLE, "MLClient could not read a single asset"))
    return Readers(
        assets=len(wanted),
        readable=readable,
        alike={str(address): reason for address, reason in _sorted(alike)},
        not_checked={str(address): reason for address, reason in _sorted(source.refused)},
        differences=tuple(differences),
    )


def _wanted(plan: Plan) -> list[tuple[Address, str]]:
    kinds = moving_kinds()
    return [
        (step.address, kinds[step.address.kind].sdk_operations)
        for step in plan.steps
        if step.address.kind in kinds
        and kinds[step.address.kind].sdk_operations
        and step.action in (Action.CREATE, Action.UPDATE, Action.ADOPT)
        and not step.address.phase
        # MLClient has no way to get a container alone.
        and not (step.address.version is None and kinds[step.address.kind].versioned)
    ]


def _sorted(found: dict[Address, str]) -> list[tuple[Address, str]]:
    return sorted(found.items(), key=lambda one: str(one[0]))


def _by_reason(found: dict[str, str]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for address, reason in found.items():
        by_reason.setdefault(reason, []).append(address)
    return [f"{_some(names)}: {reason}" for reason, names in by_reason.items()]


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{many(len(names), 'asset')} ({shown}{', …' if len(names) > _NAMED else ''})"
