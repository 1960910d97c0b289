"""Which keys are asked for: those of workspaces, of groups, of subscriptions, or one by its identifier."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import properties_of
from amlmigrate.core.errors import BadInputError, DeniedError, MigrateError
from amlmigrate.core.keys import key_id
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.keys.model import Dependant, DependantKind, KeyName, UnreadPlace
from amlmigrate.keys.searching import Found

_IDENTIFIER = re.compile(
    r"https://[a-z0-9-]+\.[a-z.]+(?::443)?/keys/[a-z0-9-]+(?:/[0-9a-f]{32})?/?", re.IGNORECASE
)
_FORMS = "Write its identifier, as `az keyvault key show --query key.kid` shows it, or its ARM id."
_KEYS = "microsoft.keyvault/vaults/keys"


class NoKeyError(BadInputError):
    """Everything could be read, and nothing of it is under a customer's key."""


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What was asked for; with nothing named, every key in every subscription that the identity sees.

    `groups` are ARM ids. Dependants of a key may lie anywhere: only who names nothing but subscriptions looks in
    those alone, and with `everywhere` nobody does: who changes a key has to know all that is under it.
    """

    workspaces: tuple[WorkspaceRef, ...] = ()
    subscriptions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    key: KeyName | None = None
    everywhere: bool = False

    @property
    def looked_in(self) -> tuple[str, ...]:
        """The subscriptions in which dependants are looked for; none named: all that are seen."""
        return () if self.everywhere or self.workspaces or self.groups or self.key else self.subscriptions

    @property
    def first_subscription(self) -> str:
        """Where a vault is likely to lie."""
        return next(iter(self._own()), "")

    def with_own(self, seen: Iterable[str]) -> list[str]:
        """Those that are seen, and those that were named, of which one may not be listed."""
        return list({one.lower(): one for one in (*seen, *self._own())}.values())

    def _own(self) -> Iterator[str]:
        yield from (one.subscription for one in self.workspaces)
        yield from (ArmId.of(one).subscription for one in self.groups)
        yield from self.subscriptions

    def has(self, one: Dependant) -> bool:
        """Whether a dependant lies in a named group or subscription; all do where neither is named."""
        id_ = ArmId.of(one.id)
        if self.groups:
            return any(id_.within(ArmId.of(group)) for group in self.groups)
        return not self.subscriptions or id_.subscription.lower() in map(str.lower, self.subscriptions)


def key_name(text: str, vault_suffix: str) -> KeyName:
    """A key by its identifier or its ARM id. Raises BadInputError for anything else, and for a managed HSM's."""
    id_ = ArmId.of(text.strip())
    of_arm = id_.type == _KEYS and id_.whole
    # Of an ARM id too: a name with other signs, as of a proposal that somebody forged, could lead to another host.
    identifier = f"https://{id_.names[0]}.{vault_suffix}/keys/{id_.names[1]}" if of_arm else text.strip()
    found = key_id(identifier) if _IDENTIFIER.fullmatch(identifier) else None
    if found is None:
        raise BadInputError(f"'{text}' is not a key.", address="--key", remedy=_FORMS)
    name = KeyName(found.vault, found.name.lower())
    if name.of_hsm:
        raise BadInputError(
            "The key lies in a managed HSM, and a workspace takes keys of key vaults only.",
            address=text,
            remedy="Name a key of a vault; az keyvault key show --id ID looks at this one.",
        )
    if not name.vault.endswith(f".{vault_suffix}"):
        raise BadInputError(f"'{text}' is no key of a vault of this cloud.", address="--key", remedy=_FORMS)
    return name


async def selected(side: Side, scope: KeyScope, found: Found) -> list[KeyName]:
    """The keys of a scope. Raises BadInputError where a workspace is not there, or nothing is under any key."""
    if scope.key:
        return [scope.key]
    names = {KeyName.of(one.ref) for one in await _in(side, scope, found)}
    if not names and found.unread and not found.dependants:
        raise _unread(found.unread)
    if not names and not found.unread:
        what = ", ".join(one.short for one in scope.workspaces) or "what was named"
        raise NoKeyError(
            f"Nothing of {what} is under a customer's key."
            if scope.workspaces or scope.groups
            else "Nothing that you see is under a customer's key.",
            remedy="Name other workspaces, groups or subscriptions; `migrate scan` shows whose keys they have.",
        )
    return sorted(names)


def _unread(places: Sequence[UnreadPlace]) -> MigrateError:
    """What it comes to that no list could be had by which there would be any key."""
    first = min(places, key=lambda one: (403, 401, 404).index(one.status) if one.status in (403, 401, 404) else 3)
    told = f"No key was found, and not every place could be read: {first.reason}"
    if first.status in (401, 403):
        remedy = f"Grant a role with '{first.action}', as Reader has it."
        return DeniedError(told, address=first.id, remedy=remedy)
    if first.status == 404:
        return BadInputError(told, address=first.id, remedy="Check the ids of the subscriptions.")
    return MigrateError(told, address=first.id, remedy="Check the network, then run it again.")


async def _in(side: Side, scope: KeyScope, found: Found) -> list[Dependant]:
    """The dependants by which keys are selected: of a workspace itself, its account and its registry."""
    if not scope.workspaces:
        return [one for one in found.dependants if scope.has(one)]
    own: set[str] = set()
    for ref in scope.workspaces:
        document = await side.arm.get(ref.id)
        if document is None:
            raise BadInputError(
                "There is no such workspace.", address=ref.id, remedy="Check its name, group and subscription."
            )
        properties = properties_of(document)
        own |= {
            key_of(one)
            for one in (ref.id, properties.get("storageAccount"), properties.get("containerRegistry"))
            if one
        }
    return [one for one in found.dependants if _owner(one) in own]


def _owner(one: Dependant) -> str:
    """The resource that a dependant is, or lies in."""
    id_ = ArmId.of(one.id)
    return key_of(id_.parent if one.kind is DependantKind.SCOPE else id_)
