"""What `done`, `waive` and `reopen` have in common: the addresses, who decides, and what is told."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from amlmigrate.cli import decisionfile, options, plans
from amlmigrate.cli.decisionfile import Row
from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.login import session
from amlmigrate.cli.who import local
from amlmigrate.cloud.session import Session
from amlmigrate.core import waiver_end
from amlmigrate.core.authorship import By
from amlmigrate.core.claim import WAIVABLE
from amlmigrate.core.decision import Decision, DecisionSubject, DecisionVerb
from amlmigrate.core.errors import BadInputError, IncompleteError, MigrateError, RefusedError
from amlmigrate.core.finding import MARK
from amlmigrate.core.findingcodes import LET_GO
from amlmigrate.core.plan import Action, Plan
from amlmigrate.inventory.done_by_hand import can_look, look
from amlmigrate.ledger import Ledger, deciding
from amlmigrate.ledger.deciding import NewDecision, refuse_early
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.posture.catalogue import CATALOGUE

# What in the environment is a credential by itself; az login is not looked for, that takes a call.
_AT_HAND = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
)
Addresses = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ADDRESS|PLAN",
        autocompletion=options.plan_folders,
        help="Addresses as `migrate show` writes them; the plan's folder, unless it is the only one.",
        show_default=False,
    ),
]
Reason = Annotated[str, typer.Option(help="Why; for rows of --from that give none.", metavar="TEXT")]
From = Annotated[
    Path | None,
    typer.Option("--from", help="Read them from a CSV of address, decision, reason instead.", metavar="FILE"),
]


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """What was asked for; `until` as it was typed."""

    verb: DecisionVerb
    arguments: list[str]
    reason: str
    file: Path | None
    until: str = ""


async def decide(shared: CommonOptions, asked: DecisionRequest) -> dict[str, Any]:
    """Records the decisions, all or none, and returns what is told of them."""
    folder_text, addresses = plans.divided(asked.arguments)
    ends = waiver_end.end(asked.until)
    rows = _rows(asked, addresses)
    folder, read = plans.load_own(folder_text)
    with Ledger(folder) as ledger:
        ledger.bind(read)
        subjects = Subjects(read, Evidence(folder, ledger).reports(), ledger)
        if addresses:
            rows = [replace(row, address=subjects.meant(row.address)) for row in rows]
        if asked.verb is DecisionVerb.REOPEN:
            by, why = await _by(shared, read)
            taken = deciding.reopen(read, ledger, [(row.address, row.reason) for row in rows], by)
            return _told(asked, [{"address": address, "detail": "open again"} for address in taken], by, why)
        choices = [deciding.NewDecision(subjects.find(row.address), row.reason, ends) for row in rows]
        _refuse_others(rows, choices)
        _refuse_keys(choices)
        if asked.verb is DecisionVerb.DONE:
            choices, by, why = await _looked(shared, read, ledger, choices)
        else:
            by, why = await _by(shared, read)
        made = deciding.decide(read, ledger, asked.verb, choices, by)
    return _told(asked, [_line(one) for one in made], by, why)


def _rows(asked: DecisionRequest, addresses: list[str]) -> list[Row]:
    """Each with its reason. Raises BadInputError for none, and for a waiver without a reason."""
    if bool(addresses) == bool(asked.file):
        raise BadInputError(
            "Say what it is about: addresses, or a file of them with --from, and not both.",
            remedy="`migrate show --open` lists the addresses that are open.",
        )
    reason = asked.reason.strip()
    if asked.file:
        rows = decisionfile.read(asked.file, asked.verb.value)
        found = [replace(row, reason=row.reason.strip() or reason) for row in rows]
    else:
        found = [decisionfile.Row(0, address, asked.verb.value, reason) for address in dict.fromkeys(addresses)]
    for row in found:
        if asked.verb is DecisionVerb.WAIVE and not row.reason:
            raise BadInputError(
                "A waiver needs a reason.",
                address=row.address,
                remedy='Give one with --reason "...", or in its row.',
            )
    return found


def _refuse_others(rows: Iterable[Row], choices: Iterable[NewDecision]) -> None:
    """Raises RefusedError where a file was filled in about something else than its addresses now stand for."""
    others = [
        f"{row.address}: now {choice.subject.says}"
        for row, choice in zip(rows, choices, strict=True)
        if not row.names(choice.subject.sha256)
    ]
    if others:
        raise RefusedError(
            "The file is about something else than it is now.",
            reasons=tuple(others),
            address=others[0].partition(": now ")[0],
            remedy="Look at it anew with `migrate show --open --format csv`; nothing was recorded.",
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
            "What keeps the target from being proven under the customer's key cannot be let go.",
            reasons=tuple(f"{one.address}: {one.says}" for one in held),
            remedy="Set it right and make a new plan.",
        )


async def _looked(
    shared: CommonOptions, plan: Plan, ledger: Ledger, choices: list[NewDecision]
) -> tuple[list[NewDecision], By, str]:
    """The choices with what the target shows. Raises IncompleteError where it shows no such item."""
    for choice in choices:
        refuse_early(ledger, choice.subject)
        _refuse_unseen(choice.subject)
    if not any(can_look(choice.subject) for choice in choices):
        return choices, *await _by(shared, plan)
    async with session(shared) as clouds:
        seen = await look(clouds, plan, [choice.subject for choice in choices])
        by, why = await _signed(shared, plan, clouds)
    if missing := [address for address, there in seen.items() if there is False]:
        raise IncompleteError(
            f"The target does not show what is said to be done: {', '.join(missing)}.",
            address=plan.header.target_ref.id,
            remedy="Do it there first, or let it go with `migrate waive`; nothing was recorded.",
        )
    return [replace(one, seen=_told_by(one.subject, seen.get(one.subject.address))) for one in choices], by, why


def _refuse_unseen(subject: DecisionSubject) -> None:
    """What a verification looks at itself is not said to be there again. Raises IncompleteError."""
    if subject.sort == "finding" and subject.address.rpartition(MARK)[2] in {code.name for code in LET_GO}:
        raise IncompleteError(
            "Whether the target has it again is for `migrate verify` to see.",
            address=subject.address,
            remedy="Put it back and verify; or let it go with `migrate waive`. Nothing was recorded.",
        )


def _told_by(subject: DecisionSubject, there: bool | None) -> bool:
    """Whether that the target has such an item tells that it was done.

    Of a document in conflict it does not: another one was there under the same address all the time.
    """
    step = subject.step
    known = step is not None and step.action is Action.CONFLICT and not step.is_bytes
    return bool(there) and not known


async def _by(shared: CommonOptions, plan: Plan) -> tuple[By, str]:
    """Who decides, and why without an identity if so.

    Nobody is asked to sign in where the options and the environment name no credential, unless the plan asks for
    approvals: then DeniedError is raised for who cannot.
    """
    named = shared.tenant or shared.target_tenant or shared.client_id or any(map(os.environ.get, _AT_HAND))
    if not (plan.header.require_approval or named):
        return local(shared), ""
    async with session(shared) as clouds:
        return await _signed(shared, plan, clouds)


async def _signed(shared: CommonOptions, plan: Plan, clouds: Session) -> tuple[By, str]:
    by = local(shared)
    try:
        return by.signed(await clouds.target.credential.identity()), ""
    except MigrateError as error:
        if plan.header.require_approval:
            raise
        return by, f"Recorded without an identity of Entra: {error.summary}"


_SAID = {"waive": "Waived", "done": "Done by hand", "reopen": "Open again"}


def _line(one: Decision) -> dict[str, Any]:
    shown = ("address", "reason", "until", "seen", "detail", "sha256")
    return {name: getattr(one, name) for name in shown}


def _told(asked: DecisionRequest, made: list[dict[str, Any]], by: By, why: str) -> dict[str, Any]:
    what = made[0]["address"] if len(made) == 1 else f"{len(made)} addresses"
    return {
        "text": f"{_SAID[asked.verb.value]}: {what}.",
        "decisions": made,
        "by": by.local,
        "object_id": by.identity.object_id if by.identity else "",
        "lines": [*(f"{one['address']}: {one['detail']}" for one in made), *([why] if why else [])],
    }
