"""Whether the copies of what is to be deleted are still what they were verified to be.

The source may be long gone by then, and the target in use: what was written beside the copies does not count, only
that each prefix that was copied is still what was verified, in that workspace and under its customer's key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.bytes.storage_containers import Key, digested, encryption_counts, list_places
from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Inventory
from amlmigrate.core.few import few
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.seal import PARTS
from amlmigrate.core.state import IN_TARGET
from amlmigrate.core.workspace import Location
from amlmigrate.cutover import changes_since
from amlmigrate.cutover.evidence_checks import seen_by
from amlmigrate.cutover.record import active
from amlmigrate.evidence import Verify
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import EvidenceFile, last
from amlmigrate.ledger.items import decided, items
from amlmigrate.posture import BytePlaces, before_removal, prove

_NAMED = 20


@dataclass(frozen=True, slots=True)
class CopyProof:
    """What was copied, by where it came from, and why any of it, or all of it, is no proof of a copy.

    `changed` are those whose copy is not what the last verification saw, `unseen` of these the ones that it never
    saw.
    """

    sources: dict[Location, str]
    changed: frozenset[str] = frozenset()
    unproven: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    # The blobs among what was copied of which the target has another one, or none, whoever let that go.
    apart: frozenset[Location] = frozenset()

    def against(self, place: Location) -> list[str]:
        """Why a container of the source must stay as far as its copies go."""
        gone = sorted(
            address
            for source, address in self.sources.items()
            if source.key == place.key and address in self.changed
        )
        return [*self.unproven, *(f"{one} in the target is not what it was when it was verified." for one in gone)]


def planned(plan: Plan, ledger: Ledger) -> CopyProof:
    """What the plan copied or found equal, and nothing that was let go instead."""
    sources = {step.bytes.source: str(step.address) for step in _steps(plan, ledger) if step.bytes}
    return CopyProof(
        sources, apart=frozenset(step.bytes.source for step in plan.steps if step.apart and step.bytes)
    )


async def read(
    side: Side, plan: Plan, ledger: Ledger, reports: list[EvidenceFile], target: Inventory
) -> CopyProof:
    """The same as the target is now; without what was moved there nothing is proven."""
    known = planned(plan, ledger)
    newest = last(reports, Verify)
    if newest is None or not newest.content.green or newest.content.plan.sha256 != plan.sha256:
        why = "The last verification is not a green one of this plan."
        return CopyProof(known.sources, unproven=(why,), apart=known.apart)
    places = plan.places(source=False)
    listed = await list_places(side, {place.at("") for place in places})
    # What users' own datastores lead to is no copy.
    where = await BytePlaces.of_plan(
        side, target.workspace, plan, sensitive=False, held=encryption_counts(listed, places)
    )
    unproven = [
        f"{finding.address}: {finding.summary}"
        for finding in before_removal(await prove(side, target.workspace, where))
        if finding.severity == "error"
    ]
    if target.workspace.workspace_id != plan.header.target["workspaceId"]:
        unproven.append("The target is another workspace than the one that was verified.")
    unproven += _missing(plan, ledger, target)
    then, now = await _digests(side, reports, newest, listed, places)
    changed, unseen = compared(_steps(plan, ledger), places, then, now)
    return CopyProof(known.sources, frozenset(changed), tuple(unproven), tuple(unseen), known.apart)


def compared(
    steps: Iterable[Step], places: Mapping[Location, str], then: Mapping[str, str], now: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """The addresses of the copies that are not what was verified, and of those that no verification saw. Pure.

    `then` and `now` are digests by the address of a prefix; what was never seen counts as changed.
    """
    cover = PrefixSet(places)
    changed, unseen = [], []
    for step in steps:
        # One that lies in another is counted with that.
        goal = cover.prefix(step.bytes.target) if step.bytes else None
        seen = then.get(places[goal]) if goal is not None else None
        if seen is None:
            unseen.append(str(step.address))
        if goal is None or seen is None or seen != now.get(places[goal]):
            changed.append(str(step.address))
    return changed, unseen


async def _digests(
    side: Side,
    reports: list[EvidenceFile],
    newest: EvidenceFile,
    listed: dict[Key, Listing],
    places: dict[Location, str],
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Each prefix as it was verified, and as it is; in a target in use one is what it was while nothing is lost.

    Whoever let a loss go did so for the target: the source's blob may be the last of its kind.
    """
    cutover = active(reports)
    if cutover is None:
        return seen_by(newest).get(PARTS[3], {}), digested(listed, places).parts
    lost = (await changes_since.blobs(cutover, listed, side, hashing=False)).lost_items()
    then = seen_by(cutover)[PARTS[3]]
    return then, {address: sha256 for address, sha256 in then.items() if address not in lost}


def _missing(plan: Plan, ledger: Ledger, target: Inventory) -> list[str]:
    settled = decided(items(plan, ledger))
    moved = (Action.CREATE, Action.UPDATE, Action.ADOPT)
    gone = [
        str(step.address)
        for step in plan.steps
        if step.action in moved and not step.is_bytes and not step.address.phase
        if str(step.address) not in settled and step.called not in target.assets
    ]
    return [f"What was moved is no longer in the target: {few(gone, _NAMED)}."] if gone else []


def _steps(plan: Plan, ledger: Ledger) -> list[Step]:
    """Those whose bytes the ledger shows as moved: one that failed half way is none, let go or not."""
    moved = {item.address for item in items(plan, ledger) if item.outcome in IN_TARGET}
    return [step for step in plan.steps if step.prefix and str(step.address) in moved]
