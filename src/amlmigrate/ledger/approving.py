"""Approvals: of a plan or of all open decisions, by their digest, by somebody else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from amlmigrate import evidence
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import Decision, open_digest
from amlmigrate.core.errors import BadInputError, DeniedError, RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Plan
from amlmigrate.core.redaction import masked
from amlmigrate.evidence.decisions import Approved
from amlmigrate.evidence.members import PlanRef
from amlmigrate.ledger.decision_rows import Approval
from amlmigrate.ledger.evidence import Evidence, EvidenceFile, only
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.ownership import now as _now
from amlmigrate.ledger.valid_decisions import Standing

_SHORTEST = 8
_PREFIX = re.compile(rf"[0-9a-f]{{{_SHORTEST},64}}")


def approve_plan(plan: Plan, ledger: Ledger, prefix: str, by: By, comment: str) -> tuple[Approval, bool]:
    """Records an approval of exactly the plan whose digest begins so, and says whether it is new.

    Raises BadInputError for what is no such prefix, RefusedError for another digest and for the planner's own.
    """
    identity = identified(by)
    refuse_other_digest(prefix, plan.sha256, "plan", str(ledger.path.parent))
    refuse_stranger(plan, identity)
    planner = plan.header.planner
    if planner is None or planner.same(identity.object_id, identity.tenant_id):
        raise RefusedError(
            "Nobody approves a plan of their own.",
            address=str(ledger.path.parent),
            remedy=f"Have somebody other than {planner or 'its unknown planner'} approve it.",
        )
    chain = Evidence(ledger.path.parent, ledger)
    with chain.alone():
        known = set(told(chain.reports()))
        mine = [
            one for one in approvals(plan, ledger) if identity.same(one.object_id, one.tenant_id) and one in known
        ]
        if mine:
            return mine[0], False
        return _record(plan, ledger, chain, plan.sha256, (), by, comment), True


def approve_decisions(
    plan: Plan, ledger: Ledger, prefix: str, by: By, comment: str
) -> tuple[Approval, list[Decision]]:
    """Records an approval of all open decisions together, and returns them with it.

    Raises BadInputError where none is open, RefusedError for another digest, as when one more was taken since, and
    for one that the approver took.
    """
    identity = identified(by)
    chain = Evidence(ledger.path.parent, ledger)
    with chain.alone():
        pending = Standing(plan, ledger).pending()
        if not pending:
            raise BadInputError(
                "No decision waits for an approval.",
                address=str(ledger.path.parent),
                remedy="Look at `migrate show --open`.",
            )
        sha256 = open_digest(pending)
        refuse_other_digest(prefix, sha256, "open decisions", str(ledger.path.parent))
        refuse_stranger(plan, identity)
        if own := [one.address for one in pending if identity.same(one.object_id, one.tenant_id)]:
            raise RefusedError(
                "Nobody approves a decision of their own.",
                reasons=tuple(own),
                address=str(ledger.path.parent),
                remedy="Have another identity approve them.",
            )
        return _record(plan, ledger, chain, sha256, pending, by, comment), pending


def approvals(plan: Plan, ledger: Ledger) -> list[Approval]:
    """The approvals that count: of exactly this plan, by another one of the target's tenant than planned it."""
    header, planner = plan.header, plan.header.planner
    return [
        one
        for one in ledger.approvals()
        if one.sha256 == plan.sha256
        and planner is not None
        and not planner.same(one.object_id, one.tenant_id)
        and header.takes_tenant(one.tenant_id)
    ]


def told(reports: list[EvidenceFile]) -> list[Approval]:
    """The approvals that evidence tells of; of two of the same by the same identity the newer one."""
    found = [_told(report) for report in only(reports, evidence.ApprovalRecord)]
    return list({(one.sha256, one.tenant_id, one.object_id): one for one in found}.values())


def _told(report: EvidenceFile[evidence.ApprovalRecord]) -> Approval:
    content, identity = report.content, report.content.identity
    return Approval(
        content.sha256,
        identity.object_id,
        str(identity),
        content.comment,
        content.time,
        report.number,
        tuple(line.digest for line in content.decisions),
        content.tenant_id,
    )


def identified(by: By) -> Identity:
    """Who approves. Raises DeniedError where the token does not say."""
    if by.identity is None or not by.identity.object_id:
        raise DeniedError(
            "An approval needs an identity of Entra.",
            remedy="Sign in (az login, or a credential in the environment) and run the same command again.",
        )
    return by.identity


def refuse_stranger(plan: Plan, identity: Identity) -> None:
    """Raises DeniedError for an identity of another tenant than the target's, as far as the plan tells that.

    Anybody can have a tenant, and the same person is somebody else in each.
    """
    if known := other_tenant(plan.header.target_tenant, identity):
        raise DeniedError(
            f"You signed in to {_tenant(identity)}, and the target is of tenant {known}: one person can have an"
            " identity in each.",
            remedy=f"Sign in to that tenant (--target-tenant {known}) and run the same command again.",
        )


def other_tenant(known: str, identity: Identity) -> str:
    """The tenant that an identity should be of and is not shown to be; '' where it is, or none is known."""
    return known if known and known.lower() != identity.tenant_id.lower() else ""


def _tenant(identity: Identity) -> str:
    return f"tenant {identity.tenant_id}" if identity.tenant_id else "a tenant that the token does not name"


def refuse_other_digest(prefix: str, sha256: str, what: str, address: str) -> None:
    """Raises BadInputError for what is no prefix of a digest, RefusedError for one of another digest."""
    if not _PREFIX.fullmatch(prefix.lower()):
        raise BadInputError(
            f"'{prefix}' is not a digest.",
            remedy=f"Copy {_SHORTEST} or more of its digits, 0 to 9 and a to f, from `migrate show`.",
        )
    if not sha256.startswith(prefix.lower()):
        raise RefusedError(
            f"The digest of the {what} is another one: {sha256[:16]}.",
            address=address,
            remedy="Look at them again with `migrate show`, and approve what it shows.",
        )


def _record(
    plan: Plan,
    ledger: Ledger,
    chain: Evidence,
    sha256: str,
    decisions: Sequence[Decision],
    by: By,
    comment: str,
) -> Approval:
    content = evidence.ApprovalRecord(
        time=_now(),
        plan=PlanRef.of(plan),
        of="decisions" if decisions else "plan",
        sha256=sha256,
        decisions=tuple(Approved(**asdict(one), digest=one.digest) for one in decisions),
        by=by,
        tenant_id=by.identity.tenant_id if by.identity else "",
        comment=masked(comment),
    )
    made = _told(chain.add(content))
    ledger.approve(made)
    return made


def refuse_unapproved(plan: Plan, folder: Path, ledger: Ledger, *, always: bool = False) -> None:
    """Raises RefusedError for a plan that needs an approval and has none; `always`: for its grants."""
    if (always or plan.header.require_approval) and not approvals(plan, ledger):
        before = "it gives rights elsewhere" if always else "it is run"
        raise RefusedError(
            f"The plan must be approved before {before}.",
            address=str(folder),
            remedy=f"Have somebody other than {plan.header.planner} look at `migrate show {folder}`; they run:"
            f" migrate approve {folder} --digest {plan.sha256[:16]}",
        )
