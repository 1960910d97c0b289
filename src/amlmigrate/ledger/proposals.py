"""Proposals: files that say what a command would change, so that another identity can approve exactly that.

A command that takes part writes one (`write`), finds it again by its path (`read`), asks whether it is approved
(`fileapprovals.refuse_unapproved`), looks afresh, and refuses where what it would do now is not what `bound` says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from amlmigrate.core.documents import Document, digest
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.identity import Identity
from amlmigrate.ledger import exclusive, files

FORMAT = 1
_RECORD = "proposal"
_MAKE_ANEW = "Put the original file back, or write another one; it is never edited."


@dataclass(frozen=True, slots=True)
class ProposedChange:
    """One change: what becomes of which thing, why, and what is sent (None for a removal)."""

    action: str
    what: str
    id: str
    notes: tuple[str, ...] = ()
    body: Document | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a command would change.

    `command` carries it out, as `guard apply`, with `options` behind the file. `scope` is the ARM id of what is
    changed, or of what holds all of it: whoever approves has to be able to read that. `tenant_id` is its tenant,
    `by` who made the proposal (`By.who`), `created` when (ISO 8601, UTC).
    `given` are the arguments by which the command finds again what it looked at; `told` is what a reviewer has to
    know besides, a headline to its lines; `bound` is what must be the same when it is carried out, in the
    command's own form. All of it is JSON without secrets.
    """

    command: str
    scope: str
    tenant_id: str
    created: str
    by: Mapping[str, Any]
    given: Mapping[str, Any]
    changes: tuple[ProposedChange, ...]
    options: tuple[str, ...] = ()
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bound: Mapping[str, Any] = field(default_factory=dict)

    @property
    def maker(self) -> Identity | None:
        """Who made it; None where the token did not say."""
        found = self.by.get("identity")
        return Identity(**found) if found else None

    @property
    def sha256(self) -> str:
        """The digest that an approval is of: over every member."""
        return digest(self._members())

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return {**self._members(), "sha256": self.sha256}

    def _members(self) -> dict[str, Any]:
        # As JSON has it: tuples are lists there.
        members: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return {"record": _RECORD, "format": FORMAT, **members}


def is_one(path: Path) -> bool:
    """Whether a file is a proposal, whole or not."""
    found = _loaded(path)
    return isinstance(found, dict) and found.get("record") == _RECORD


def check_free(path: Path) -> None:
    """Raises BadInputError where there is a file already, or none can be written."""
    if path.exists() or path.is_symlink():
        raise BadInputError(
            "There is a file already; a proposal is never overwritten.",
            address=str(path),
            remedy="Name another --out, or remove it.",
        )
    try:
        files.probe(path.parent)
    except OSError as error:
        raise files.FileError(error, path) from error


def write(path: Path, proposal: Proposal) -> None:
    """Writes it whole or not at all, indented for people. Raises BadInputError and FileError."""
    check_free(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive.alone(path.parent):
            check_free(path)
            files.write(path, as_json(proposal.as_dict(), indent=2).encode() + b"\n")
    except OSError as error:
        raise files.FileError(error, path) from error


def read(path: Path, command: str = "") -> Proposal:
    """A proposal for that command, or for any. Raises BadInputError for one that is missing, changed or newer."""
    found = _loaded(path)
    if not isinstance(found, dict) or found.get("record") != _RECORD:
        raise BadInputError(
            "This is no proposal that can be read.",
            address=str(path),
            remedy="Name the file that was written with --out.",
        )
    if found.get("format") != FORMAT:
        raise BadInputError(
            f"The proposal has format {found.get('format')}, and this version knows format {FORMAT}.",
            address=str(path),
            remedy="Use the version of the tool that wrote it, or write another one.",
        )
    proposal = _proposal(path, found)
    sha256 = _digest(proposal)
    if sha256 is None or sha256 != found.get("sha256"):
        raise _changed(path)
    if command and proposal.command != command:
        raise BadInputError(
            f"The proposal is for `migrate {proposal.command}`.",
            address=str(path),
            remedy=f"Carry it out with that command, or make one for `migrate {command}`.",
        )
    return proposal


def _loaded(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    # What is too deep is none of ours.
    except (OSError, ValueError, RecursionError):
        return None


def _proposal(path: Path, found: Mapping[str, Any]) -> Proposal:
    members = {name: value for name, value in found.items() if name not in ("record", "format", "sha256")}
    try:
        changes = tuple(ProposedChange(**{**one, "notes": tuple(one["notes"])}) for one in members.pop("changes"))
        told = {str(head): tuple(lines) for head, lines in members.pop("told").items()}
        options = tuple(map(str, members.pop("options")))
        proposal = Proposal(**members, changes=changes, options=options, told=told)
        _check_types(proposal)
    except (AttributeError, KeyError, TypeError):
        raise _changed(path) from None
    return proposal


def _check_types(one: Proposal) -> None:
    """Raises TypeError for a member that is not what every reader of it takes it for: anybody may write a file."""
    maker = one.maker
    texts = (one.command, one.scope, one.tenant_id, one.created, *(asdict(maker).values() if maker else ()))
    notes = (text for change in one.changes for text in (change.action, change.what, change.id, *change.notes))
    told = (line for lines in one.told.values() for line in lines)
    bodies = (change.body for change in one.changes if change.body is not None)
    if not all(isinstance(text, str) for text in (*texts, *notes, *told)):
        raise TypeError("a text is none")
    if not all(isinstance(found, dict) for found in (one.by, one.given, one.bound, *bodies)):
        raise TypeError("a document is none")


def _digest(proposal: Proposal) -> str | None:
    """Its digest; None where it has none, as with a number that JSON does not know."""
    try:
        return proposal.sha256
    except ValueError:
        return None


def _changed(path: Path) -> BadInputError:
    return BadInputError(
        "The proposal is not what was written: its checksum does not match.", address=str(path), remedy=_MAKE_ANEW
    )
