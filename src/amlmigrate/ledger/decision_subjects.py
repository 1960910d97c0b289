"""What can be decided of a plan: its items, its findings, and what its removal left under Microsoft's key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial

from amlmigrate.core import escapes
from amlmigrate.core.claim import WAIVABLE
from amlmigrate.core.decision import DecisionSubject
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.finding import Finding, by_weight
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.state import NOT_MADE, State
from amlmigrate.evidence import Decommission, Verify, frozen
from amlmigrate.evidence.members import Change
from amlmigrate.ledger.evidence import EvidenceFile, last, only
from amlmigrate.ledger.ledger import Ledger

_GLOBS = "*?["


def of_step(step: Step, failure: str = "") -> DecisionSubject:
    """A step as what can be decided; of one that `run` left undone, with why: another failure is another one."""
    if not failure:
        return DecisionSubject(str(step.address), "item", step.reason, step.as_dict, step)
    return DecisionSubject(str(step.address), "item", failure, lambda: step.as_dict() | {"failure": failure}, step)


def failures(ledger: Ledger | None) -> dict[str, str]:
    """By address, how each step failed that a run or a cutover left undone, or why it was blocked."""
    stands = ledger.stands() if ledger else {}
    return {
        address: f"{state.value}: {detail}"
        for address, (state, detail) in stands.items()
        if state in (State.FAILED, State.BLOCKED) or (state is State.PENDING and detail.startswith(NOT_MADE))
    }


def of_findings(findings: Iterable[Finding]) -> dict[str, DecisionSubject]:
    """Findings by address; those of one address are decided together."""
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.address].append(finding)
    return {address: _of_finding(address, found) for address, found in grouped.items()}


def _of_finding(address: str, found: list[Finding]) -> DecisionSubject:
    says = " ".join(dict.fromkeys(f"{one.severity}: {one.summary}" for one in found))
    return DecisionSubject(
        address, "finding", says, partial(_lines, found), severity=min(found, key=by_weight).severity
    )


def _lines(found: list[Finding]) -> list[dict[str, str]]:
    return sorted((one.as_dict() for one in found), key=lambda line: sorted(line.items()))


def of_residuals(reports: list[EvidenceFile]) -> dict[str, DecisionSubject]:
    """What the newest tombstone tells of as left under Microsoft's key, by address."""
    tombstone = last(reports, Decommission)
    return {
        one.address: DecisionSubject(
            one.address, "residual", f"{one.what} {one.id}: {one.why}", partial(asdict, one)
        )
        for one in (tombstone.content.residuals if tombstone else ())
    }


def of_frozen(reports: list[EvidenceFile]) -> dict[str, DecisionSubject]:
    """What `freeze` took away and nobody has back yet, by address."""
    record = frozen.of_reports(one.content for one in reports)
    return {
        one.address: DecisionSubject(one.address, "frozen", f"{one.state.value}: {one}", one.decided)
        for one in (record.owed if record else ())
    }


def of_lost(reports: list[EvidenceFile]) -> dict[str, DecisionSubject]:
    """What the newest report shows as lost in the target since the cutover, by address."""
    told = (one.content.since_cutover for one in only(reversed(reports), Verify))
    newest = next((one for one in told if one), None)
    return {one.finding: _of_lost(one) for one in (newest.changes if newest else ()) if one.finding}


def _of_lost(change: Change) -> DecisionSubject:
    # When it was first seen is no part of what is decided.
    content = {"address": change.address, "what": change.what, "now": change.now, "item": change.item}
    says = f"blocks: {change.what} in the target since the cutover, seen at {change.seen}."
    return DecisionSubject(change.finding, "finding", says, content.copy, severity="blocks")


def found_by(reports: list[EvidenceFile]) -> list[Finding]:
    """What the newest verification that looked for it found in the bytes of the target."""
    newest = last(reports, Verify)
    return list(newest.content.found) if newest else []


def of_claims(reports: list[EvidenceFile]) -> dict[str, DecisionSubject]:
    """What may be let go of the claims that the newest verification made, by address: as they were before that."""
    newest = last(reports, Verify)
    claims = newest.content.claims if newest else ()
    unheld = (one.finding for one in claims if one.name in WAIVABLE and not one.holds)
    return of_findings(one for one in unheld if one)


class Subjects:
    """All that can be decided of one plan, by address."""

    def __init__(self, plan: Plan, reports: list[EvidenceFile], ledger: Ledger | None = None) -> None:
        self._failures = failures(ledger)
        self._steps = {str(step.address): step for step in plan.steps}
        findings = [*plan.header.findings, *found_by(reports)]
        self._others = of_findings(findings) | of_residuals(reports) | of_lost(reports)
        self._others |= of_frozen(reports)
        # They may say another thing of an address than the plan did, and it is that which counts now.
        self._others |= of_claims(reports)

    def __iter__(self) -> Iterator[DecisionSubject]:
        yield from (of_step(step, self._failures.get(address, "")) for address, step in self._steps.items())
        yield from self._others.values()

    def meant(self, typed: str) -> str:
        """The address that is typed: with a character that is not visible, or with its escape as it is shown.

        Raises BadInputError where both are addresses of the plan.
        """
        plain = escapes.meant(typed)
        if plain == typed or not self._has(plain):
            return typed
        if self._has(typed):
            raise BadInputError(
                "Two addresses of the plan are typed in this way.",
                address=typed,
                remedy="Give it in a file with --from, as `migrate show --open --format csv` writes it.",
            )
        return plain

    def _has(self, address: str) -> bool:
        return address in self._steps or address in self._others

    def find(self, address: str) -> DecisionSubject:
        """What has exactly this address. Raises BadInputError for none, for two, and for a glob."""
        step, other = self._steps.get(address), self._others.get(address)
        if step and other:
            raise BadInputError(
                f"'{address}' is both an item and a finding of the plan.",
                address=address,
                remedy="Rename the blob in the source and plan again.",
            )
        if step:
            return of_step(step, self._failures.get(address, ""))
        if other:
            return other
        if any(sign in address for sign in _GLOBS):
            raise BadInputError(
                f"'{address}' is not an address of the plan, and globs are refused.",
                remedy="Write out each address, or give them in a file with --from.",
            )
        raise BadInputError(
            f"The plan has no item '{address}', and no finding, residual or role assignment that was taken has"
            " that address.",
            address=address,
            remedy="Copy the address from `migrate show --open`; of a role assignment from `migrate freeze --back"
            " --dry-run`.",
        )
