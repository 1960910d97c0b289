"""Approvals of a proposal by its digest, in `FILE.approval.json` beside it; its use is in `FILE.carried-out.json`.

They show two identities, not two people, and are as good as the folder: whoever may write there may forge one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from shlex import join
from typing import Any

from amlmigrate.core.authorship import By
from amlmigrate.core.clock import SKEW, moment
from amlmigrate.core.errors import BadInputError, DeniedError, RefusedError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.few import many
from amlmigrate.core.identity import Identity
from amlmigrate.core.redaction import masked
from amlmigrate.ledger import exclusive, files
from amlmigrate.ledger.approving import identified, refuse_other_digest
from amlmigrate.ledger.proposals import Proposal

# For so long an approval counts: what was looked at a week ago is no longer what is there.
VALID = timedelta(days=7)
_FORMAT = 1
_APPROVALS, _CARRIED_OUT = "approval", "carried-out"


@dataclass(frozen=True, slots=True)
class FileApproval:
    """Who approved which proposal, when (ISO 8601, UTC) and with which comment."""

    sha256: str
    command: str
    scope: str
    tenant_id: str
    object_id: str
    by: str
    at: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """When a proposal was begun and, unless it was interrupted, ended, and by whom."""

    sha256: str
    begun: str
    by: str
    ended: str = ""


def place(path: Path, of: str = _APPROVALS) -> Path:
    """The file beside a proposal."""
    return path.with_name(f"{path.name}.{of}.json")


def approve(
    path: Path, proposal: Proposal, prefix: str, by: By, now: datetime, comment: str = ""
) -> tuple[FileApproval, bool]:
    """Records an approval of exactly that proposal, and says whether it is new; `by` has signed in.

    Raises BadInputError for what is no digest, RefusedError for another one's and for the maker's own, DeniedError
    for who signed in to another tenant.
    """
    identity = identified(by)
    refuse_other_digest(prefix, proposal.sha256, "proposal", str(path))
    _refuse_stranger(proposal, identity)
    maker = proposal.maker
    if maker is None or maker.same(identity.object_id, identity.tenant_id):
        raise RefusedError(
            "Nobody approves a proposal of their own.",
            address=str(path),
            remedy=f"Have somebody other than {maker or 'its unknown maker'} approve it.",
        )
    made = FileApproval(
        proposal.sha256,
        proposal.command,
        proposal.scope,
        identity.tenant_id,
        identity.object_id,
        str(identity),
        now.isoformat(timespec="seconds"),
        masked(comment),
    )
    with _writing(path):
        before = approvals(path)
        mine = [one for one in before if identity.same(one.object_id, one.tenant_id)]
        if known := next((one for one in mine if not _why_not(one, proposal, None, now)), None):
            return known, False
        _write(place(path), _APPROVALS, {"approvals": [asdict(one) for one in (*before, made)]})
    return made, True


def approvals(path: Path) -> tuple[FileApproval, ...]:
    """All that were given, whether they count or not. Raises BadInputError for a file that cannot be read."""
    found = _read(place(path), _APPROVALS)
    try:
        given = tuple(FileApproval(**one) for one in (found or {}).get("approvals", ()))
    except TypeError:
        raise _unreadable(place(path)) from None
    if not all(isinstance(text, str) for one in given for text in asdict(one).values()):
        raise _unreadable(place(path))
    return given


def refuse_unapproved(path: Path, proposal: Proposal, identity: Identity, now: datetime) -> FileApproval:
    """The approval by which `identity` may carry a proposal out. Raises RefusedError where none counts."""
    _refuse_stranger(proposal, identity)
    given = approvals(path)
    counting = [one for one in given if not _why_not(one, proposal, identity, now)]
    if counting:
        return counting[-1]
    raise RefusedError(
        "Another identity has to approve this first.",
        reasons=tuple(f"{one.by}: {_why_not(one, proposal, identity, now)}" for one in given),
        address=str(path),
        remedy="Have somebody who neither made it nor carries it out look at it; they run: "
        + join(["migrate", "approve", str(path), "--digest", proposal.sha256[:16]]),
    )


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One command at a time carries a proposal out, however it ends. Raises PlanLockedError for a second one."""
    with _held(exclusive.at_once(path, "Another command is carrying this proposal out."), path):
        yield


def carried_out(path: Path, proposal: Proposal) -> CarriedOut | None:
    """When it was carried out; None: not yet. Raises BadInputError for a file that cannot be read."""
    return next((one for one in _uses(path) if one.sha256 == proposal.sha256), None)


def refuse_second_use(path: Path, proposal: Proposal) -> None:
    """Raises RefusedError for one that was carried out whole; one that was interrupted may be gone on with."""
    done = carried_out(path, proposal)
    if done and done.ended:
        raise RefusedError(
            f"This was carried out already, at {done.ended}, and an approval is for one time.",
            address=str(path),
            remedy="Something was changed since: look at it anew, and have that approved.",
        )


def begin(path: Path, proposal: Proposal, by: Identity, now: datetime) -> None:
    """Records, before the first change, that it is being carried out.

    Raises FileError, and RefusedError where it was carried out meanwhile.
    """
    with _writing(path):
        refuse_second_use(path, proposal)
        before = carried_out(path, proposal)
        begun = before.begun if before else now.isoformat(timespec="seconds")
        _note(path, CarriedOut(proposal.sha256, begun, str(by)))


def end(path: Path, proposal: Proposal, by: Identity, now: datetime) -> None:
    """Records that it is carried out whole. Raises FileError."""
    with _writing(path):
        begun = carried_out(path, proposal)
        at = now.isoformat(timespec="seconds")
        _note(path, CarriedOut(proposal.sha256, begun.begun if begun else at, str(by), at))


def _why_not(one: FileApproval, proposal: Proposal, carrier: Identity | None, now: datetime) -> str:
    """Why an approval does not count; empty where it does. `carrier` wants to carry the proposal out."""
    return next(_reasons(one, proposal, carrier, now), "")


def _reasons(one: FileApproval, proposal: Proposal, carrier: Identity | None, now: datetime) -> Iterator[str]:
    if one.sha256 != proposal.sha256:
        yield "it is of another file or of an earlier state of this one"
    for what, given, wanted in (
        ("command", one.command, proposal.command),
        ("scope", one.scope, proposal.scope),
        ("tenant", one.tenant_id, proposal.tenant_id),
    ):
        if given.lower() != wanted.lower():
            yield f"it is for the {what} {given}, not {wanted}"
    maker = proposal.maker
    if maker is None or not one.object_id or maker.same(one.object_id, one.tenant_id):
        yield "whoever made the file does not approve it"
    if carrier and carrier.same(one.object_id, one.tenant_id):
        yield "whoever approves does not carry it out"
    given_at = moment(one.at)
    if given_at is None or given_at > now + SKEW:
        yield f"its time cannot be: {one.at}"
    elif now - given_at > VALID:
        yield f"it is of {one.at}, and counts for {many(VALID.days, 'day')}"


def _refuse_stranger(proposal: Proposal, identity: Identity) -> None:
    """Raises DeniedError for an identity of another tenant: one person can have one in each."""
    if not proposal.tenant_id or proposal.tenant_id.lower() != identity.tenant_id.lower():
        raise DeniedError(
            f"You signed in to tenant {identity.tenant_id or 'unknown'}, and {proposal.scope} is of tenant"
            f" {proposal.tenant_id or 'unknown'}: one person can have an identity in each.",
            remedy=f"Sign in to that tenant (--tenant {proposal.tenant_id}) and run the same command again.",
        )


def _uses(path: Path) -> tuple[CarriedOut, ...]:
    """Each proposal that was ever carried out at that path: put back there it is not carried out again."""
    found = _read(place(path, _CARRIED_OUT), _CARRIED_OUT)
    if found is None:
        return ()
    uses = found.get("uses")
    names = {one.name for one in fields(CarriedOut)}
    if not isinstance(uses, list) or not all(isinstance(one, dict) and one.keys() == names for one in uses):
        raise _unreadable(place(path, _CARRIED_OUT))
    if not all(isinstance(text, str) for one in uses for text in one.values()):
        raise _unreadable(place(path, _CARRIED_OUT))
    return tuple(CarriedOut(**one) for one in uses)


def _note(path: Path, done: CarriedOut) -> None:
    others = (one for one in _uses(path) if one.sha256 != done.sha256)
    _write(place(path, _CARRIED_OUT), _CARRIED_OUT, {"uses": [asdict(one) for one in (*others, done)]})


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """What is read of the files beside a proposal is not changed by others until it is written."""
    with _held(exclusive.alone(path.parent), path.parent):
        yield


@contextmanager
def _held(lock: AbstractContextManager[None], path: Path) -> Iterator[None]:
    """Holds a lock. Raises FileError where the file system has none, or the place is not there."""
    with ExitStack() as stack:
        try:
            stack.enter_context(lock)
        except OSError as error:
            raise files.FileError(error, path) from error
        yield


def _write(path: Path, record: str, members: Mapping[str, Any]) -> None:
    files.write(path, as_json({"record": record, "format": _FORMAT, **members}, indent=2).encode() + b"\n")


def _read(path: Path, record: str) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise files.FileError(error, path) from error
    except (ValueError, RecursionError):
        raise _unreadable(path) from None
    if not isinstance(found, dict) or found.get("record") != record or found.get("format") != _FORMAT:
        raise _unreadable(path)
    return found


def _unreadable(path: Path) -> BadInputError:
    return BadInputError(
        "The file was changed, or is of another version of the tool.",
        address=str(path),
        remedy="Put the original file back, or remove it and approve anew.",
    )
