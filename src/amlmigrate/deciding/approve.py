"""The approval of a plan, or of all decisions that are open together, by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amlmigrate.cloud.session import Session
from amlmigrate.cloud.tenants import of_subscription, refuse_other
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import Decision
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Plan
from amlmigrate.inventory.sides import check_workspace
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.approving import approve_decisions, approve_plan, refuse_stranger
from amlmigrate.ledger.decision_rows import Approval


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What is approved, by the digits of its digest; `by` is who approves, before they sign in."""

    plan: Plan
    folder: Path
    by: By
    digest: str
    decisions: bool
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalResult:
    """The approval, whether it is `new`, and the decisions that it is of; None of the plan's."""

    made: Approval
    new: bool = True
    decided: tuple[Decision, ...] | None = None


async def approve(request: ApprovalRequest, sign_in: Callable[[], Session]) -> ApprovalResult:
    """Records an approval of exactly what has that digest.

    Raises BadInputError for a plan that asks for none, RefusedError for another digest and for the approver's own,
    DeniedError and ServiceError for who may not read the target.
    """
    plan, folder = request.plan, request.folder
    if not plan.header.asks_approval:
        raise BadInputError(
            "The plan does not ask for an approval.",
            address=str(folder),
            remedy="Make one that does, with `migrate plan --require-approval`.",
        )
    async with sign_in() as clouds:
        identity = await clouds.target.credential.identity()
        # Who approves looks at the very target, and with the rights that they have there themselves.
        await refuse_unseeing(clouds, plan, identity)
    by = request.by.signed(identity)
    with Ledger(folder) as ledger:
        ledger.bind(plan)
        if request.decisions:
            made, decided = approve_decisions(plan, ledger, request.digest, by, request.comment)
            return ApprovalResult(made, decided=tuple(decided))
        return ApprovalResult(*approve_plan(plan, ledger, request.digest, by, request.comment))


async def refuse_unseeing(clouds: Session, plan: Plan, identity: Identity) -> None:
    """Raises DeniedError and ServiceError for who is not of the target's tenant or may not read it, BadInputError
    where there is no such target, or another one.
    """
    refuse_stranger(plan, identity)
    side, ref = clouds.target, plan.header.target_ref
    check_workspace(await side.workspace(ref).read(), plan.header.target)
    if not plan.header.extra.get("target_tenant"):
        refuse_other(await of_subscription(side, ref.subscription), identity)
