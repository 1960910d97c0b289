"""What `guard plan --out` writes and `guard apply` obeys: which file is meant, and may it be carried out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import join

from amlmigrate.cli import asked, plans
from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.views.base import View
from amlmigrate.cli.who import local
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.guarding import proposing, reading
from amlmigrate.guarding.parts import GuardKnown
from amlmigrate.guarding.places import tenant_of
from amlmigrate.guarding.proposing import GuardProposing
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.guarding.survey import SurveyPlaces, survey
from amlmigrate.guarding.wanted import Alarms, Guardrail
from amlmigrate.ledger import fileapprovals, proposals
from amlmigrate.ledger.proposals import Proposal
from amlmigrate.scanning import scanfile


@dataclass(frozen=True, slots=True)
class GuardInput:
    """A file as it was named, what it asks for, with which scan; `proposed` where it is a proposal."""

    path: Path
    file: Path
    scan: Path | None
    request: GuardRequest
    proposed: Proposal | None = None

    def again(self, verb: str, *more: str) -> str:
        """A command as it is typed, with all that it was given."""
        scan = ("--scan", str(self.scan)) if self.scan else ()
        accepting = verb in ("apply", "plan") and self.request.accept_unrecoverable
        accepted = ("--accept-unrecoverable",) if accepting else ()
        return join(["migrate", "guard", verb, str(self.file), *scan, *accepted, *more])


def given(
    file: Path, scan: Path | None, *, scans: Path = scanfile.ROOT, accept_unrecoverable: bool = False
) -> GuardInput:
    """The file of a guardrail, with what the scans and plans here say. Raises BadInputError."""
    guardrail = reading.read(file, subscription=os.environ.get("AZURE_SUBSCRIPTION_ID"))
    met = survey(guardrail, SurveyPlaces(scans, plans.ROOT, scan))
    request = GuardRequest(guardrail, met, datetime.now(UTC), accept_unrecoverable)
    return GuardInput(file, file, scan, request)


def alarms_of(file: Path, otherwise: str) -> tuple[Guardrail, Alarms]:
    """A guardrail with its alarms. Raises BadInputError; `otherwise` says why the file needs them."""
    guardrail = reading.read(file, subscription=os.environ.get("AZURE_SUBSCRIPTION_ID"))
    if (alarms := guardrail.alarms) is None:
        raise BadInputError(
            f"The file asks for no alarms, so {otherwise}.",
            address=str(file),
            remedy="Give `alarms` in the file, and apply it: docs/how-to/alarms.md.",
        )
    return guardrail, alarms


def given_or_proposed(file: Path, scan: Path | None, *, accept_unrecoverable: bool) -> GuardInput:
    """The file of a guardrail, or that of a proposal, which names it. Raises BadInputError."""
    if not proposals.is_one(file):
        return given(file, scan, accept_unrecoverable=accept_unrecoverable)
    if scan or accept_unrecoverable:
        raise BadInputError(
            "A proposal says by itself which scan counts and what is accepted.",
            address=str(file),
            remedy="Leave --scan and --accept-unrecoverable out, or write another proposal with them.",
        )
    proposed = proposals.read(file, proposing.COMMAND)
    named = proposed.given
    about, counting = Path(str(named.get("file"))), Path(str(named["scan"])) if named.get("scan") else None
    if absent := [str(one) for one in (about, counting) if one and not one.is_file()]:
        raise BadInputError(
            f"The proposal is about files that are not here: {', '.join(absent)}.",
            address=str(file),
            remedy="Carry it out in the folder in which it was written: its scans and plans lie there too.",
        )
    found = given(
        about,
        counting,
        accept_unrecoverable=named.get("accept_unrecoverable") is True,
    )
    return GuardInput(file, found.file, found.scan, found.request, proposed)


def refuse_unconfirmed(guardrail: Guardrail, confirm: str | None) -> None:
    """Raises BadInputError where the scope was typed wrong, or not at all though it is a management group."""
    if confirm is None and not guardrail.at_management_group:
        return
    if key_of(confirm) != key_of(guardrail.scope):
        raise BadInputError(
            "--confirm has to name the scope, since a management group holds many subscriptions."
            if confirm is None
            else f"--confirm names '{confirm}', and the scope is another one.",
            address=guardrail.scope,
            remedy=f"If it is meant: --confirm {guardrail.scope}",
        )


async def write(side: Side, out: Path, wanted: GuardInput, found: GuardPlan, shared: CommonOptions) -> Proposal:
    """Writes the proposal. Raises DeniedError where the token does not say who makes it."""
    about = GuardProposing(
        str(wanted.file),
        str(wanted.scan) if wanted.scan else None,
        await tenant_of(side, wanted.request.guardrail),
        local(shared).signed(await side.credential.identity()),
        _now(side).isoformat(timespec="seconds"),
    )
    made = proposing.proposal(wanted.request, found, about)
    proposals.write(out, made)
    return made


@dataclass(frozen=True, slots=True)
class Carried:
    """A proposal that is carried out, and by whom."""

    path: Path
    proposed: Proposal
    by: Identity


class Carrying:
    """An apply that may go on; of a proposal its beginning and its end are recorded beside the file."""

    def __init__(self, side: Side, what: Carried | None = None) -> None:
        self._side, self._what = side, what

    @contextmanager
    def alone(self) -> Iterator[None]:
        """From before the first change until the last one was read back; what was interrupted stays begun.

        Raises PlanLockedError where another command carries it out, RefusedError where one has done so meanwhile.
        """
        if (what := self._what) is None:
            yield
            return
        with fileapprovals.alone(what.path):
            fileapprovals.begin(what.path, what.proposed, what.by, _now(self._side))
            yield
            fileapprovals.end(what.path, what.proposed, what.by, _now(self._side))

    def allowed(self, one: PlannedPart[GuardKnown]) -> None:
        """Raises RefusedError for a step that a proposal does not show."""
        if what := self._what:
            proposing.refuse_otherwise(str(what.path), what.proposed, one)


async def carrying(side: Side, wanted: GuardInput, found: GuardPlan) -> Carrying:
    """Whether a file may be applied.

    Raises RefusedError for a proposal without an approval that counts, for a second use, and where something else
    would be done now; at a management group for what is no proposal. None of that where there is nothing to do.
    """
    path, proposed = wanted.path, wanted.proposed
    if found.over:
        await _note_as_used(side, wanted, found)
        return Carrying(side)
    if proposed is None:
        _refuse_unproposed(wanted)
        return Carrying(side)
    proposing.refuse_other_guardrail(str(path), proposed, wanted.request)
    identity = await side.credential.identity()
    await _refuse_other_tenant(side, wanted.request.guardrail, proposed)
    fileapprovals.refuse_second_use(path, proposed)
    fileapprovals.refuse_unapproved(path, proposed, identity, _now(side))
    proposing.refuse_other(str(path), proposed, found)
    return Carrying(side, Carried(path, proposed, identity))


async def _note_as_used(side: Side, wanted: GuardInput, found: GuardPlan) -> None:
    """Records of what was interrupted after its last change that it is carried out: its approval is used up."""
    path, proposed = wanted.path, wanted.proposed
    if proposed is None or not proposing.is_done(proposed, found):
        return
    begun = fileapprovals.carried_out(path, proposed)
    if begun is not None and not begun.ended:
        fileapprovals.end(path, proposed, await side.credential.identity(), _now(side))


async def _refuse_other_tenant(side: Side, guardrail: Guardrail, proposed: Proposal) -> None:
    if (tenant := await tenant_of(side, guardrail)).lower() != proposed.tenant_id.lower():
        raise RefusedError(
            f"The scope is of tenant {tenant}, and the proposal of {proposed.tenant_id}.",
            address=guardrail.scope,
            remedy="Sign in to the tenant of the proposal, or write another one.",
        )


async def agree(view: View, shared: CommonOptions, wanted: GuardInput, found: GuardPlan, *, yes: bool) -> None:
    """Asks before a stage that refuses; not about a proposal, whose approver has read it."""
    if wanted.proposed is None:
        await asked.agree(
            view, shared, found.asks, asked.Agreement(str(wanted.file), wanted.again("apply"), yes=yes)
        )


def _refuse_unproposed(wanted: GuardInput) -> None:
    """Raises RefusedError at a management group: what holds for many subscriptions two identities decide."""
    guardrail = wanted.request.guardrail
    if guardrail.at_management_group:
        raise RefusedError(
            "At a management group a guardrail is applied from a proposal that another identity has approved.",
            address=guardrail.scope,
            remedy=f"Write one, and have it approved: {wanted.again('plan', '--out', 'guard-plan.json')}",
        )


def _now(side: Side) -> datetime:
    return side.arm.service_clock.now() or datetime.now(UTC)
