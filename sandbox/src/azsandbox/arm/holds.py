"""What keeps the blobs of a container as they are: a policy of retention, legal holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.store import Record

POLICIES = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies"
# learn.microsoft.com, "Azure Blob Storage error codes", and of containers MicrosoftDocs/feedback#1844.
BY_POLICY = (
    "BlobImmutableDueToPolicy",
    "This operation is not permitted as the blob is immutable due to a policy.",
)
BY_HOLD = (
    "BlobImmutableDueToLegalHold",
    "This operation is not permitted as the blob is immutable due to one or more legal holds.",
)
LOCKED = (
    "ContainerImmutabilityPolicyLocked",
    "The requested operation is not allowed as the container has a locked immutability policy.",
)
HELD = (
    "ContainerHasLegalHold",
    "The requested operation is not allowed as the container has one or more legal holds.",
)


@dataclass(frozen=True)
class Hold:
    """Of one container; `policy` is that of its immutability, with `state` Unlocked or Locked."""

    policy: dict[str, Any] | None
    tags: tuple[dict[str, Any], ...]

    @property
    def blob(self) -> tuple[str, str]:
        """Code and text for what would change a blob. Inferred (AZ-LOCAL-5): which of the two comes first."""
        return BY_HOLD if self.tags else BY_POLICY

    @property
    def container(self) -> tuple[str, str]:
        """Code and text for its deletion. Inferred (AZ-LOCAL-5): those for an unlocked policy, which are a
        blob's."""
        if self.tags:
            return HELD
        return LOCKED if self.policy and self.policy["state"] == "Locked" else BY_POLICY

    @property
    def appends(self) -> bool:
        """Whether blocks may be added to what is there."""
        allowed = ("allowProtectedAppendWrites", "allowProtectedAppendWritesAll")
        return not self.tags and any((self.policy or {}).get(name) is True for name in allowed)


def hold_of(context: Context, account: str, container: str) -> Hold | None:
    """What holds a container of an account, by their names; None where nothing does."""
    record = next(iter(context.store.find(f"storage-name {account.lower()}")), None)
    return hold_at(context, f"{record.key}/blobservices/default/containers/{container}") if record else None


def hold_at(context: Context, container: str) -> Hold | None:
    """The same, by the key of the container."""
    policy = context.store.get(f"{container}/immutabilitypolicies/default")
    legal = context.store.get(legal_key(container))
    tags = tuple(legal.hidden["tags"]) if legal else ()
    return Hold(policy.properties if policy else None, tags) if policy or tags else None


def legal_key(container: str) -> str:
    """Where the legal holds of a container are kept."""
    return f"{container}/legal-hold"


def held_in(context: Context, account: Record) -> list[str]:
    """The containers of an account that keep it from being deleted."""
    below = context.store.below(f"{account.key}/blobservices/default/containers")
    held = {each.key.split("/containers/")[1].split("/")[0] for each in below}
    return sorted(name for name in held if _lasting(hold_of(context, account.name, name)))


def _lasting(hold: Hold | None) -> bool:
    return hold is not None and hold.container != BY_POLICY
