"""Scans subscriptions: lists their workspaces, reads each in detail, and ranks them by risk.

Every call waits in the token bucket of its subscription, so that many subscriptions are read at once and none is
asked too often. What cannot be read is kept with its reason, and stops nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, zip_longest

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError, DeniedError, MigrateError
from amlmigrate.core.events import Emit, ignore
from amlmigrate.core.parallel import each
from amlmigrate.core.progress import ScanStarted, SubscriptionListed, UnreadablePlace, WorkspaceRead
from amlmigrate.core.unexpected_errors import known
from amlmigrate.posture.tagging import Standard
from amlmigrate.scanning.counting import COUNTED
from amlmigrate.scanning.decisions import OwnersDecisions, UnusedDecision
from amlmigrate.scanning.details import Details
from amlmigrate.scanning.risk import rank
from amlmigrate.scanning.subscriptions import chosen
from amlmigrate.scanning.values import Cause, NotKnown, Scanned

_PROVIDER = "Microsoft.MachineLearningServices/workspaces"
UNREGISTERED = ("notregistered", "unregistered")
_SUBSCRIPTIONS_AT_ONCE = 8
_WORKSPACES_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class ScanScope:
    """What a scan is about; with neither named, all subscriptions that the identity sees."""

    subscriptions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found: workspaces by risk, and what could not be read by its ARM id."""

    started: datetime
    subscriptions: tuple[str, ...]
    workspaces: tuple[Scanned, ...]
    unreadable: dict[str, NotKnown]
    decided: OwnersDecisions = field(default_factory=OwnersDecisions)

    @property
    def undecided(self) -> tuple[UnusedDecision, ...]:
        """Decisions of owners that this scan could not follow."""
        ones = {one.id: one.created for one in self.workspaces}
        return self.decided.unused(ones, self.subscriptions, self.unreadable)

    @property
    def complete(self) -> bool:
        """Whether all was read, but for single facts that the identity may not read."""
        return not self.unreadable and all(_read(one) for one in self.workspaces)


def _read(workspace: Scanned) -> bool:
    """Whether no reading failed, and something of what a workspace holds could be read."""
    counted = [count for count in workspace.counts.values() if count is not None]
    refused = bool(workspace.counts) and not counted and len(workspace.counts) == len(COUNTED)
    return not refused and all(gap.cause is not Cause.FAILED for gap in workspace.not_known)


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """Where to look, the standard and the owners' decisions to go by, and whether blobs are counted."""

    scope: ScanScope
    standard: Standard
    decided: OwnersDecisions = field(default_factory=OwnersDecisions)
    sizes: bool = False


async def scan(side: Side, request: ScanRequest, emit: Emit = ignore) -> Scan:
    """Everything that can be read of the scope's workspaces.

    Where nothing at all could be read: raises DeniedError if a permission was missing, BadInputError if there is
    nothing of these names, else MigrateError.
    """
    started = datetime.now(UTC)
    scope, decided = request.scope, request.decided
    subscriptions, unreadable = await chosen(side.arm, scope.subscriptions, scope.groups)
    for address, missing in unreadable.items():
        _tell(emit, address, missing)
    listed = await _lists(side, subscriptions, unreadable, emit)
    if unreadable and not listed:
        raise _nothing(unreadable)
    documents = list(_in_turn(listed.values()))
    emit(ScanStarted(len(listed), len(documents)))
    details = Details(side, request.standard, started, decided=decided, sizes=request.sizes)
    found: list[Scanned] = []

    async def read(document: Document) -> None:
        try:
            one = await details.read(document)
        except Exception as wrong:  # noqa: BLE001 - of one workspace, and told; the others are read all the same
            address = str(document.get("id"))
            unreadable[address] = NotKnown.of("workspace", f"{_PROVIDER}/read", known(address, wrong))
            _tell(emit, address, unreadable[address])
            return
        found.append(one)
        emit(WorkspaceRead(one.id, len(one.not_known)))

    await each(documents, read, parallel=_WORKSPACES_AT_ONCE)
    return Scan(started, tuple(subscriptions), tuple(rank(found)), unreadable, decided)


async def _lists(
    side: Side, subscriptions: Iterable[str], unreadable: dict[str, NotKnown], emit: Emit
) -> dict[str, list[Document]]:
    """The workspaces of each subscription that could be read."""
    found: dict[str, list[Document]] = {}

    async def read(subscription: str) -> None:
        scope = f"/subscriptions/{subscription}"
        try:
            found[subscription] = await _listed(side, scope)
        except Exception as wrong:  # noqa: BLE001 - of one subscription, and told; the others are listed
            unreadable[scope] = NotKnown.of("workspaces", f"{_PROVIDER}/read", known(scope, wrong))
            _tell(emit, scope, unreadable[scope])
            return
        emit(SubscriptionListed(subscription, len(found[subscription])))

    await each(subscriptions, read, parallel=_SUBSCRIPTIONS_AT_ONCE)
    return found


async def _listed(side: Side, scope: str) -> list[Document]:
    """The workspaces of a subscription; none where it has never registered their provider.

    There its list may be refused, which says no more (AZ-ABSENT-13).
    """
    with suppress(ServiceError):
        provider = await side.arm.get(f"{scope}/providers/{_PROVIDER.partition('/')[0]}") or {}
        if str(provider.get("registrationState", "")).lower() in UNREGISTERED:
            return []
    return [item async for item in side.arm.pages(f"{scope}/providers/{_PROVIDER}")]


def _in_turn(listed: Iterable[list[Document]]) -> Iterator[Document]:
    """One workspace of each subscription, then the next of each: so no bucket is emptied while others are full."""
    rounds = zip_longest(*listed)
    return (document for document in chain.from_iterable(rounds) if document is not None)


def _tell(emit: Emit, address: str, missing: NotKnown) -> None:
    emit(UnreadablePlace(address, missing.action, missing.reason))


def _nothing(unreadable: dict[str, NotKnown]) -> MigrateError:
    causes = (Cause.DENIED, Cause.FAILED, Cause.MISSING)
    address, missing = min(unreadable.items(), key=lambda item: causes.index(item[1].cause))
    told = f"Nothing could be read: {missing.reason}"
    if missing.cause is Cause.DENIED:
        return DeniedError(
            told, address=address, remedy=f"Grant a role with '{missing.action}', as Reader has it."
        )
    if missing.cause is Cause.MISSING:
        return BadInputError(told, address=address, remedy="Check the ids of subscriptions and management groups.")
    return MigrateError(told, address=address, remedy="Check the network, then scan again.")
