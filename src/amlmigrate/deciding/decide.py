"""Decisions of people about a plan, recorded all or none: what each is about, whether it may be, by whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from amlmigrate.cloud.session import Session
from amlmigrate.core.authorship import By
from amlmigrate.core.claim import WAIVABLE
from amlmigrate.core.decision import Decision, DecisionSubject, DecisionVerb
from amlmigrate.core.errors import BadInputError, IncompleteError, MigrateError, RefusedError
from amlmigrate.core.finding import MARK
from amlmigrate.core.findingcodes import LET_GO
from amlmigrate.core.plan import Action, Plan
from amlmigrate.deciding import decisionfile
from amlmigrate.deciding.decisionfile import Row
from amlmigrate.inventory.done_by_hand import can_look, look
from amlmigrate.ledger import Ledger, deciding
from amlmigrate.ledger.deciding import NewDecision, refuse_early
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.posture.catalogue import CATALOGUE


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """What is decided about which plan; `by` is who decides, before they sign in.

    `typed`: the addresses were typed by a person, as a terminal shows them. `until`: when a waiver ends (ISO 8601
    in UTC), '' where it does not. `signs`: a credential was named, so that who decides is asked of it.
    """

    plan: Plan
    folder: Path
    by: By
    verb: DecisionVerb
    rows: tuple[Row, ...]
    typed: bool
    until: str = ""
    signs: bool = False


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The decisions that were recorded, or the addresses that are open again, and by whom.

    `unsigned`: why that is without an identity, where a credential was named and it is.
    """

    verb: DecisionVerb
    by: By
    unsigned: str
    made: tuple[Decision, ...] = ()
    opened: tuple[str, ...] = ()


async def decide(request: DecisionRequest, sign_in: Callable[[], Session]) -> DecisionResult:
    """Records the decisions, all or none.

    Raises BadInputError for an address that stands for nothing, RefusedError for what may not be decided (yet),
    IncompleteError where the target does not show what is said to be done, DeniedError.
    """
    with Ledger(request.folder) as ledger:
        ledger.bind(request.plan)
        return await _Deciding(request, ledger, sign_in).decide()


def rows_of(verb: DecisionVerb, addresses: Iterable[str], reason: str, file: Path | None) -> list[Row]:
    """What is decided, each with its reason: of addresses, or of a file.

    Raises BadInputError for neither and both, and for a waiver without a reason.
    """
    named = list(dict.fromkeys(addresses))
    if bool(named) == bool(file):
        raise BadInputError(
            "Give either addresses or a file with --from.",
            remedy="`migrate show --open` lists the addresses that are open.",
        )
    reason = reason.strip()
    if file:
        rows = decisionfile.read(file, verb.value)
        found = [replace(row, reason=row.reason.strip() or reason) for row in rows]
    else:
        found = [Row(0, address, verb.value, reason) for address in named]
    for row in found:
        if verb is DecisionVerb.WAIVE and not row.reason:
            raise BadInputError(
                "A waiver needs a reason.",
                address=row.address,
                remedy='Give one with --reason "...", or in its row.',
            )
    return found


@dataclass(frozen=True, slots=True)
class _Deciding:
    """Decisions under way."""

    request: DecisionRequest
    ledger: Ledger
    sign_in: Callable[[], Session]

    async def decide(self) -> DecisionResult:
        request, plan = self.request, self.request.plan
        subjects = Subjects(plan, Evidence(request.folder, self.ledger).reports(), self.ledger)
        rows = list(request.rows)
        if request.typed:
            rows = [replace(row, address=subjects.meant(row.address)) for row in rows]
        if request.verb is DecisionVerb.REOPEN:
            by, why = await self._by()
            taken = deciding.reopen(plan, self.ledger, [(row.address, row.reason) for row in rows], by)
            return DecisionResult(request.verb, by, why, opened=tuple(taken))
        choices = [NewDecision(subjects.find(row.address), row.reason, request.until) for row in rows]
        _refuse_others(rows, choices)
        _refuse_keys(choices)
        if request.verb is DecisionVerb.DONE:
            choices, by, why = await self._looked(choices)
        else:
            by, why = await self._by()
        made = deciding.decide(plan, self.ledger, request.verb, choices, by)
        return DecisionResult(request.verb, by, why, tuple(made))

    async def _looked(self, choices: list[NewDecision]) -> tuple[list[NewDecision], By, str]:
        """The choices with what the target shows. Raises IncompleteError where it shows no such item."""
        for choice in choices:
            refuse_early(self.ledger, choice.subject)
            _refuse_unseen(choice.subject)
        if not any(can_look(choice.subject) for choice in choices):
            return choices, *await self._by()
        plan = self.request.plan
        async with self.sign_in() as clouds:
            seen = await look(clouds, plan, [choice.subject for choice in choices])
            by, why = await self._signed(clouds)
        if missing := [address for address, there in seen.items() if there is False]:
            raise IncompleteError(
                f"The target does not show what is said to be done: {', '.join(missing)}.",
                address=plan.header.target_ref.id,
                remedy="Do it there first, or waive it with `migrate waive`; nothing was recorded.",
            )
        told = [replace(one, seen=told_by(one.subject, seen.get(one.subject.address))) for one in choices]
        return told, by, why

    async def _by(self) -> tuple[By, str]:
        """Who decides, and why without an identity if so.

        Nobody is asked to sign in where no credential was named, unless the plan asks for approvals: then
        DeniedError is raised for who cannot.
        """
        if not (self.request.plan.header.require_approval or self.request.signs):
            return self.request.by, ""
        async with self.sign_in() as clouds:
            return await self._signed(clouds)

    async def _signed(self, clouds: Session) -> tuple[By, str]:
        try:
            return self.request.by.signed(await clouds.target.credential.identity()), ""
        except MigrateError as error:
            if self.request.plan.header.require_approval:
                raise
            return self.request.by, f"Recorded without an Entra identity: {error.summary}"


def _refuse_others(rows: Iterable[Row], choices: Iterable[NewDecision]) -> None:
    """Raises RefusedError where a file was filled in about something else than its addresses now stand for."""
    others = [
        f"{row.address}: now {choice.subject.says}"
        for row, choice in zip(rows, choices, strict=True)
        if not row.names(choice.subject.sha256)
    ]
    if others:
        raise RefusedError(
            "What the file decides about has changed since it was written.",
            reasons=tuple(others),
            address=others[0].partition(": now ")[0],
            remedy="Look at it again with `migrate show --open --format csv`; nothing was recorded.",
        )


def _refuse_keys(choices: Iterable[NewDecision]) -> None:
    """No decision takes the place of the customer's key: a claim that is an error is proven, or nothing moves."""
    claims = {entry.name for entry in CATALOGUE} - WAIVABLE
    held = [
        one.subject
        for one in choices
        if one.subject.severity == "error" and one.subject.address.rpartition(MARK)[2] in claims
    ]
    if held:
        raise RefusedError(
            "What keeps the target from being proven under the customer's key cannot be waived.",
            reasons=tuple(f"{one.address}: {one.says}" for one in held),
            remedy="Fix it and make a new plan.",
        )


def _refuse_unseen(subject: DecisionSubject) -> None:
    """What a verification looks at itself is not said to be there again. Raises IncompleteError."""
    if subject.sort == "finding" and subject.address.rpartition(MARK)[2] in {code.name for code in LET_GO}:
        raise IncompleteError(
            "Whether the target has it again is for `migrate verify` to see.",
            address=subject.address,
            remedy="Put it back and verify; or waive it with `migrate waive`. Nothing was recorded.",
        )


def told_by(subject: DecisionSubject, there: bool | None) -> bool:
    """Whether that the target has such an item tells that it was done.

    Of a document in conflict it does not: another one was there under the same address all the time.
    """
    step = subject.step
    known = step is not None and step.action is Action.CONFLICT and not step.is_bytes
    return bool(there) and not known
