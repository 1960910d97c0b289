"""Records decisions of people: all of one call in one report and one transaction, or none.

The evidence is written first; what the ledger then lacks, since the process was killed, is told (`decisions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amlmigrate.core.authorship import By
from amlmigrate.core.decision import Decision, DecisionSubject, DecisionVerb
from amlmigrate.core.errors import BadInputError, DeniedError, RefusedError
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.redaction import masked
from amlmigrate.core.state import UNSELECTED_REASON, State
from amlmigrate.evidence import Decided
from amlmigrate.evidence.decisions import DecisionLine
from amlmigrate.evidence.members import PlanRef
from amlmigrate.ledger import approving
from amlmigrate.ledger.decision_subjects import failures
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.ownership import now as _now


@dataclass(frozen=True, slots=True)
class NewDecision:
    """What somebody wants to decide about one subject; `until` and `seen` as in `Decision`."""

    subject: DecisionSubject
    reason: str
    until: str = ""
    seen: bool = False


def decide(
    plan: Plan, ledger: Ledger, verb: DecisionVerb, choices: Sequence[NewDecision], by: By
) -> list[Decision]:
    """Records that each was done by hand, or is let go.

    Raises RefusedError while `run` has not tried what it is to move, and DeniedError where the plan asks for
    approvals and nobody signed in.
    """
    refuse_nobody(plan, by)
    for choice in choices:
        refuse_early(ledger, choice.subject)
        if verb is DecisionVerb.WAIVE:
            _refuse_untried(ledger, choice.subject)
    lines = [
        line(one.subject.address, one.subject.sha256, one.subject.says, one.reason, one.until, seen=one.seen)
        for one in choices
    ]
    return record(plan, ledger, Evidence(ledger.path.parent, ledger), verb, lines, by)


def reopen(plan: Plan, ledger: Ledger, choices: Iterable[tuple[str, str]], by: By) -> list[str]:
    """Takes decisions back: pairs of address and reason. Raises BadInputError where nothing is decided.

    It needs no approval: nothing more is let go by it. Raises DeniedError as `decide` does.
    """
    refuse_nobody(plan, by)
    evidence = Evidence(ledger.path.parent, ledger)
    with evidence.alone():
        known = ledger.decisions()
        pairs = list(choices)
        for address, _ in pairs:
            if address not in known:
                raise BadInputError(
                    f"Nothing is decided about '{address}'.",
                    address=address,
                    remedy="Leave it out: `migrate status` tells what was decided.",
                )
        lines = [DecisionLine(address=address, reason=masked(reason)) for address, reason in pairs]
        _report(evidence, plan, DecisionVerb.REOPEN, lines, by, _now())
        ledger.take_back(address for address, _ in pairs)
    return [address for address, _ in pairs]


def refuse_nobody(plan: Plan, by: By) -> None:
    """Raises DeniedError where the plan asks for approvals and nobody signed in, or in another tenant.

    One person has another identity in each tenant, and could approve in one what they decided in the other.
    """
    if plan.header.require_approval and (by.identity is None or not by.identity.object_id):
        raise DeniedError(
            "A decision about this plan needs an identity of Entra, since somebody else has to approve it.",
            remedy="Sign in (az login, or a credential in the environment) and run the same command again.",
        )
    if plan.header.require_approval and by.identity:
        approving.refuse_stranger(plan, by.identity)


def refuse_early(ledger: Ledger, subject: DecisionSubject) -> None:
    """Raises RefusedError for what `run` is to move, or has moved: what it could not do can be decided."""
    step = subject.step
    if (
        step is None
        or step.action in (Action.MANUAL, Action.CONFLICT)
        or step.reason.startswith(UNSELECTED_REASON)
        or step.for_cutover
    ):
        return
    state = ledger.step(step.address).state
    if not step.action.carried_out:
        told, remedy = "is not needed in the target", "Leave it out: nothing waits for it."
    elif state is State.DONE:
        told, remedy = "is moved already", "Leave it out. A finding about it has an address of its own, ITEM!code."
    elif state in (State.FAILED, State.BLOCKED):
        return
    else:
        told, remedy = (
            "is for `migrate run` to move",
            "Run it first; what then fails or is blocked can be decided.",
        )
    raise RefusedError(f"There is nothing to decide yet: {subject.address} {told}.",
                       address=subject.address, remedy=remedy)  # fmt: skip


def _refuse_untried(ledger: Ledger, subject: DecisionSubject) -> None:
    """Raises RefusedError for letting go what a cutover is to make and has not tried: it would start nothing."""
    step = subject.step
    if step and step.cut_over and subject.address not in failures(ledger):
        raise RefusedError(
            f"There is nothing to waive yet: {subject.address} is for `migrate cutover` to make.",
            address=subject.address,
            remedy="Cut over first; what that cannot make can be waived. Or make it live yourself at the cutover,"
            " and record that with `migrate done`.",
        )


def line(
    address: str, sha256: str, says: str, reason: str = "", until: str = "", *, seen: bool | None = None
) -> DecisionLine:
    """A decision as a report has it: a reason that somebody typed may hold an URL with a signature."""
    return DecisionLine(
        address=address, sha256=sha256, reason=masked(reason), until=until, says=masked(says), seen=seen
    )


def record(
    plan: Plan, ledger: Ledger, evidence: Evidence, verb: DecisionVerb, lines: list[DecisionLine], by: By
) -> list[Decision]:
    """Writes decisions as `line` makes them into the evidence, then into the ledger, and returns them."""
    # Of two at once the later one counts, in the evidence and in the ledger alike.
    with evidence.alone():
        report = _report(evidence, plan, verb, lines, by, _now())
        made = report.content.told(report.number)
        ledger.decide(made)
    return made


def _report(
    evidence: Evidence, plan: Plan, verb: DecisionVerb, lines: list[DecisionLine], by: By, now: str
) -> EvidenceFile[Decided]:
    content = Decided(
        time=now,
        plan=PlanRef.of(plan),
        decision=verb,
        decisions=tuple(lines),
        by=by,
        tenant_id=by.identity.tenant_id if by.identity else "",
    )
    return evidence.add(content)
