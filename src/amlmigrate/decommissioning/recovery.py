"""What is documented about getting a deleted workspace back (AZ-DEL-11): told as that, never as a fact. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from amlmigrate.core.documents import Document
from amlmigrate.core.periods import RECOVERY_DAYS
from amlmigrate.decommissioning.remaining_resources import Remaining

SOURCE = "learn.microsoft.com/azure/machine-learning/concept-soft-delete"
DAYS = RECOVERY_DAYS
_USERS_ONLY = "Microsoft documents that a workspace with user-assigned identities only cannot be recovered."
# The page's table of what has to be recovered before the workspace; a registry is "not a hard requirement".
_NEEDED = ("account", "vault", "logs")


@dataclass(frozen=True, slots=True)
class Recovery:
    """`cannot` are the documented reasons why it could not be recovered, `unknown` what was not read of them.

    `refused` is what Azure predicts that policies refuse: by what is assigned and exempt now.
    """

    cannot: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    accepted: bool = False
    refused: tuple[str, ...] = ()

    def reasons(self) -> list[str]:
        """Why the workspace must not be deleted yet: nobody has accepted that it could not be recovered."""
        why = (*self.cannot, *self.refused)
        return [] if self.accepted else [f"{one} (--accept-unrecoverable)" for one in why]

    @property
    def days(self) -> int | None:
        """For how many days after its deletion; None where it cannot be recovered."""
        return None if self.cannot else DAYS

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone."""
        return {
            "documented": told(self),
            "source": SOURCE,
            "days": self.days,
            "cannot": list(self.cannot),
            "unknown": list(self.unknown),
            "accepted": self.accepted,
            "refused": list(self.refused),
        }


def told(recovery: Recovery) -> str:
    """The sentence for people."""
    if recovery.cannot:
        return " ".join(recovery.cannot)
    return (
        f"Microsoft documents that a deleted workspace can be recovered for {DAYS} days, but for its computes,"
        " endpoints, role assignments and jobs that had not ended."
    )


def recovery_of(workspace: Document, remains: Iterable[Remaining], *, accepted: bool) -> Recovery:
    """What the documentation says of one workspace; `remains` are the resources that it is made of, as read."""
    cannot, unknown = [], []
    if users_only(workspace):
        cannot.append(_USERS_ONLY)
    for one in remains:
        if one.kind in _NEEDED and one.there is False:
            cannot.append(
                f"Microsoft documents that the {one.what} has to be recovered before the workspace,"
                f" and Azure shows none: {one.id}."
            )
        elif one.kind in _NEEDED and one.there is None:
            unknown.append(f"Whether the {one.what} is there, without which it cannot be recovered: {one.id}.")
    return Recovery(tuple(cannot), tuple(unknown), accepted)


def users_only(workspace: Document) -> bool:
    """Whether a workspace has user-assigned identities and no system-assigned one.

    The note at the top of the page on learn.microsoft.com: soft delete and recovery are not supported then. Its
    source on GitHub, of 2025-10-31, has no such note.
    """
    identity = workspace.get("identity") or {}
    kinds = {part.strip().lower() for part in str(identity.get("type") or "").split(",")}
    named = "userassigned" in kinds or bool(identity.get("userAssignedIdentities"))
    return named and "systemassigned" not in kinds and not identity.get("principalId")


def until(deleted: str, days: int | None) -> str | None:
    """Until when it is documented to be recoverable, None where it is not; times are ISO 8601."""
    if days is None:
        return None
    return (datetime.fromisoformat(deleted) + timedelta(days=days)).isoformat(timespec="seconds")
