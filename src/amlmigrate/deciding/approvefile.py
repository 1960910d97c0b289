"""The approval of a proposal, a file that says what a command would change, by somebody else than its maker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from amlmigrate.cloud.session import Session, Side
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError
from amlmigrate.ledger import fileapprovals, proposals
from amlmigrate.ledger.fileapprovals import FileApproval
from amlmigrate.ledger.proposals import Proposal


@dataclass(frozen=True, slots=True)
class FileApprovalRequest:
    """Which file is approved, by the digits of its digest; `by` is who approves, before they sign in."""

    path: Path
    by: By
    digest: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class FileApprovalResult:
    """The approval, whether it is `new`, and of which proposal."""

    made: FileApproval
    proposal: Proposal
    new: bool


async def approve_file(request: FileApprovalRequest, sign_in: Callable[[], Session]) -> FileApprovalResult:
    """Records an approval of exactly that file.

    Raises BadInputError for one that is no proposal or was changed, and as `fileapprovals.approve` does;
    DeniedError and ServiceError for who may not read its scope.
    """
    proposal = proposals.read(request.path)
    async with sign_in() as clouds:
        by = request.by.signed(await clouds.target.credential.identity())
        # Who approves looks with the rights that they have there themselves.
        await _refuse_unseeing(clouds.target, proposal)
        now = clouds.target.arm.service_clock.now() or datetime.now(UTC)
    made, new = fileapprovals.approve(request.path, proposal, request.digest, by, now, request.comment)
    return FileApprovalResult(made, proposal, new)


async def _refuse_unseeing(side: Side, proposal: Proposal) -> None:
    """Raises BadInputError where the scope is not there, and ServiceError where it may not be read."""
    if await side.arm.get(proposal.scope) is None:
        raise BadInputError(
            "What the proposal is about is not there.",
            address=proposal.scope,
            remedy="Check the proposal and the tenant in which you are signed in.",
        )
