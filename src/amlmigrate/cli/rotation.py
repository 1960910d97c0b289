"""One key's rotation as a command carries it out: its approval first, its evidence before and after."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from shlex import join

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.rotation import RotationPlanView, RotationView
from amlmigrate.cli.who import who
from amlmigrate.cloud.session import Side
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, ExitCode, MigrateError, RefusedError
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.evidence.rotation import ApprovedBy
from amlmigrate.keys.model import KeyInUse
from amlmigrate.ledger import fileapprovals, proposals
from amlmigrate.ledger.proposals import Proposal
from amlmigrate.posture.tagging import Standard
from amlmigrate.rotating import chain, order, proposing, stage
from amlmigrate.rotating.chain import Carrier, Duties
from amlmigrate.rotating.known import RotationKnown
from amlmigrate.rotating.progress import events
from amlmigrate.rotating.proposing import RotationProposing
from amlmigrate.rotating.stage import Half, RotateRequest, RotationOutcome, RotationPlan, clock_of


@dataclass(frozen=True, slots=True)
class RotationInput:
    """A key, which half, under which id; `proposed` is the proposal in the file `path`, where there is one.

    `unread` are places where nobody could look for more that is under the key, `looked` the subscriptions in which
    it was looked for; `notes` say what kept owners' decisions from counting.
    """

    key: KeyInUse
    unread: tuple[str, ...]
    standard: Standard
    half: Half
    rotation: str
    path: Path | None = None
    proposed: Proposal | None = None
    looked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def environment(self) -> str:
        """The gravest of what is under the key; not known where more may be."""
        return order.UNKNOWN_ENVIRONMENT if self.unread else order.environment(self.key, self.standard)

    def request(self, side: Side) -> RotateRequest:
        """What the stage is asked for."""
        return RotateRequest(self.key, self.half, clock_of(side)(), self.rotation)


async def shown(view: View, shared: CommonOptions, side: Side, given: RotationInput, out: Path | None) -> ExitCode:
    """What would be done; with `out` also as a proposal."""
    found = await stage.plan(side, given.request(side), events(view.event))
    digest = ""
    if out is not None:
        digest = await _written(shared, side, given, found, out)
    view.show(RotationPlanView(found, given.environment, given.unread, out, digest, notes=given.notes))
    return ExitCode.REFUSED if found.reasons else ExitCode.DONE


async def _written(shared: CommonOptions, side: Side, given: RotationInput, found: RotationPlan, out: Path) -> str:
    """Writes the proposal, and returns its digest. Raises RefusedError for a plan that is refused."""
    stage.refuse(found)
    if not given.key.vault_id:
        raise BadInputError(
            "The key's vault was not found, so nobody could be asked whether they may approve what becomes of it.",
            address=given.key.name.id,
            remedy="Sign in as somebody who may read the vault in Azure Resource Manager.",
        )
    by = await who(shared, side.credential)
    tenant = by.identity.tenant_id if by.identity else ""
    at = clock_of(side)().isoformat(timespec="seconds")
    made = proposing.proposal(
        found, RotationProposing(given.environment, tenant, by, at, given.unread, given.notes)
    )
    proposals.write(out, made)
    return made.sha256


async def rotated(view: View, shared: CommonOptions, side: Side, given: RotationInput, again: str) -> ExitCode:
    """Carries it out. Raises RefusedError without an approval where that is needed."""
    telling = events(view.event)
    found = await stage.plan(side, given.request(side), telling)
    view.show(RotationPlanView(found, given.environment, given.unread, notes=given.notes, fails=True))
    stage.refuse(found)
    if not found.changes:
        outcome, duties = await _looked(shared, side, given, found)
    else:
        approval = await _approval(side, given, found)
        by = await who(shared, side.credential)
        carrier = Carrier(by, given.environment, given.unread, approval, given.looked, given.notes)
        outcome, duties = await _carried_out(side, given, found, carrier, view)
    told = RotationView(outcome, given.environment, given.unread, again, duties)
    view.show(told)
    return told.code


async def _looked(
    shared: CommonOptions, side: Side, given: RotationInput, found: RotationPlan
) -> tuple[RotationOutcome, Duties]:
    """What there is already; it is kept as evidence unless the newest report says just that."""
    outcome = stage.as_it_stands(found)
    by = await who(shared, side.credential)
    with chain.opened() as evidence:
        carrier = Carrier(by, given.environment, given.unread, looked=given.looked, notes=given.notes)
        first = chain.content(evidence, found, carrier)
        if not chain.told_already(evidence, first, outcome):
            chain.ended(evidence, first, outcome)
    _noted_as_used(given, outcome, by, side)
    return outcome, first.duties


async def _carried_out(
    side: Side, given: RotationInput, found: RotationPlan, carrier: Carrier, view: View
) -> tuple[RotationOutcome, Duties]:
    # Alone from the first report to the last: of two commands in one folder the second finds what the first made.
    with chain.opened() as evidence, evidence.alone(), _proposal_alone(given):
        chain.refuse_second_use(evidence, found, carrier.approval)
        _noted(given, carrier.by, side, end=False)
        first = chain.begun(evidence, found, carrier).content
        try:
            outcome = await stage.carry_out(side, found, events(view.event), _allowing(given))
        except MigrateError as error:
            chain.failed(evidence, first, error)
            raise
        chain.ended(evidence, first, outcome)
        _noted_as_used(given, outcome, carrier.by, side)
    return outcome, first.duties


def _allowing(given: RotationInput) -> stage.Allowed:
    """Of a proposal no step is done that it does not show, whatever is due by then."""

    def allowed(one: PlannedPart[RotationKnown]) -> None:
        if given.proposed is not None:
            proposing.refuse_unshown(str(given.path), given.proposed, one)

    return allowed


async def _approval(side: Side, given: RotationInput, found: RotationPlan) -> ApprovedBy | None:
    """The approval that counts; None where none is needed.

    Raises RefusedError without one in production, or where what would be done is not what was proposed.
    """
    if given.proposed is None or given.path is None:
        if order.needs_approval(given.environment, given.standard):
            raise _unapproved(given)
        return None
    proposing.refuse_other(str(given.path), given.proposed, found)
    identity = await side.credential.identity()
    fileapprovals.refuse_second_use(given.path, given.proposed)
    one = fileapprovals.refuse_unapproved(given.path, given.proposed, identity, clock_of(side)())
    return ApprovedBy(sha256=one.sha256, object_id=one.object_id, by=one.by, at=one.at)


def _unapproved(given: RotationInput) -> RefusedError:
    key = join(["--key", given.key.name.id, *(("--rotation", given.rotation) if given.rotation else ())])
    unknown = given.environment == order.UNKNOWN_ENVIRONMENT
    why = "where nothing shows that it is not in production" if unknown else "in production"
    return RefusedError(
        f"Another identity has to approve the rotation of a key {why}; nothing was changed.",
        address=given.key.name.id,
        remedy="Write a proposal, and have it approved:"
        f" migrate key rotate {key} --dry-run --out rotation.json."
        " Tags, and what owners decided, tell the environment: docs/reference/tagging.md.",
    )


def _proposal_alone(given: RotationInput) -> AbstractContextManager[None]:
    """The proposal is carried out by one command at a time, in whatever folder those keep their evidence."""
    return fileapprovals.alone(given.path) if given.path and given.proposed else nullcontext()


def _noted_as_used(given: RotationInput, outcome: RotationOutcome, by: By, side: Side) -> None:
    """Records that the approval is used up: once all was seen on the version, waited for or not."""
    if given.path is None or given.proposed is None or not (outcome.complete and given.half.adopts):
        return
    done = fileapprovals.carried_out(given.path, given.proposed)
    if done is not None and not done.ended:
        _noted(given, by, side, end=True)


def _noted(given: RotationInput, by: By, side: Side, *, end: bool) -> None:
    """Records beside the proposal that it is being carried out, or was."""
    if given.path is None or given.proposed is None or by.identity is None:
        return
    note = fileapprovals.end if end else fileapprovals.begin
    note(given.path, given.proposed, by.identity, clock_of(side)())
