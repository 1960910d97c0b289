"""An ARM id: two are one however their letters are cased; nothing else takes one apart.

ARM compares ids without case and returns them in several (AZ-LIST-1). What the parts are
`azure.mgmt.core.tools` says; here is besides what it leaves out: lists, and ids that no subscription holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

_HOST = re.compile(r"^https://[^/]+")
_SUBSCRIPTIONS = "/subscriptions/"
# Stands for what an id lacks: the name that a list's items have, or the subscription of one that is the tenant's.
_ANY = "*"


@dataclass(frozen=True, slots=True)
class _Provider:
    """One provider in an id, with the types and names after it in turn."""

    namespace: str
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Parts:
    subscription: str = ""
    group: str = ""
    providers: tuple[_Provider, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ArmId:
    """The id of a subscription, a group or a resource, or the path of a list of them, as somebody spelled it.

    Any text can be one, as of an answer that nobody foresaw; the parts of what is none are empty.
    """

    text: str

    @classmethod
    def of(cls, text: Any) -> ArmId:
        """Of an id, None for none; without slashes at the end. A URL, as of a key in a vault, is no id."""
        return cls(str(text or "").rstrip("/"))

    @classmethod
    def at(cls, url: str) -> ArmId:
        """Of what a request to ARM is about: its URL or path, without host and query."""
        return cls.of(_HOST.sub("", url.partition("?")[0], count=1))

    @property
    def key(self) -> str:
        """The one spelling by which two ids are one."""
        return self.text.lower()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArmId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def whole(self) -> bool:
        """Whether it names one thing: each type has its name, and nothing is left over."""
        found = _parts(self.text)
        return found.whole and len(self.types) == len(self.names) and (not found.providers or bool(self.types))

    @property
    def subscription(self) -> str:
        """The subscription; empty where it lies in none."""
        return _parts(self.text).subscription

    @property
    def group(self) -> str:
        """The resource group; empty where it lies in none."""
        return _parts(self.text).group

    @property
    def namespace(self) -> str:
        """The provider of what is named, as `Microsoft.KeyVault`: the last one, which is an extension's own."""
        return self._last.namespace

    @property
    def types(self) -> tuple[str, ...]:
        """The types from the last provider on."""
        return self._last.types

    @property
    def names(self) -> tuple[str, ...]:
        """The names from the last provider on; a list has one name less than types."""
        return self._last.names

    @property
    def type(self) -> str:
        """As `microsoft.keyvault/vaults/keys`, in lower case; empty for a group and a subscription."""
        return self.spelled_type.lower()

    @property
    def spelled_type(self) -> str:
        """As the id spells it: `Microsoft.KeyVault/vaults/keys`."""
        return "/".join((self.namespace, *self.types))

    @property
    def is_management_group(self) -> bool:
        """Whether it is a management group, in which subscriptions are that no id tells."""
        return self.type == "microsoft.management/managementgroups"

    @property
    def name(self) -> str:
        """The last part: of a resource, a group or a subscription its name."""
        return self.text.rpartition("/")[2]

    @property
    def spelled(self) -> str:
        """As ARM's gateway names it: `Microsoft.KeyVault/vaults/NAME`, children with types and names in turn."""
        pairs = (f"{type_}/{name}" for type_, name in zip(self.types, self.names, strict=False))
        return "/".join((self.namespace, *pairs))

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything between its slashes."""
        return tuple(self.text.removeprefix("/").split("/"))

    @property
    def collection(self) -> str:
        """The path of the list that it stands in."""
        return self.text.rpartition("/")[0]

    @property
    def scope(self) -> ArmId:
        """What the last provider's resource is put on: a resource, a group, a subscription, or the tenant."""
        found = self._last
        return self._above(2 + len(found.types) + len(found.names)) if _parts(self.text).providers else self

    @property
    def parent(self) -> ArmId:
        """What it lies in: a resource, or what an extension is put on; of a list whose it is."""
        if len(self.types) > 1:
            return self._above(2 if len(self.names) == len(self.types) else 1)
        # A group or a subscription, or the list of either.
        return self.scope if _parts(self.text).providers else self._above(2 - len(self.parts) % 2)

    @property
    def group_id(self) -> ArmId:
        """The group that it lies in, by its id; empty where it lies in none."""
        return ArmId("/".join(self.text.split("/")[:5])) if self.group else ArmId("")

    @property
    def subscription_id(self) -> ArmId:
        """The subscription that it lies in, by its id; empty where it lies in none."""
        return ArmId("/".join(self.text.split("/")[:3])) if self.subscription else ArmId("")

    def within(self, other: ArmId) -> bool:
        """Whether it is another, or lies in it at any depth; everything lies in the tenant, whose id is empty."""
        return f"{self.key}/".startswith(f"{other.key}/")

    def governed_from(self, scope: ArmId) -> bool:
        """Whether what is put on a scope may hold for it: no id tells which management groups it lies in."""
        return scope.is_management_group or self.within(scope)

    @property
    def _last(self) -> _Provider:
        providers = _parts(self.text).providers
        return providers[-1] if providers else _Provider("")

    def _above(self, parts: int) -> ArmId:
        return ArmId("/".join(self.text.split("/")[:-parts]))


def name_of(text: Any) -> str:
    """The name in an ARM id: its last part, as it is spelled."""
    return ArmId.of(text).name


def subscription_of(text: Any) -> str:
    """The subscription in an ARM id, in lower case; empty where there is none."""
    return ArmId.of(text).subscription.lower()


def key_of(text: Any) -> str:
    """The one spelling of an ARM id by which two are one."""
    return ArmId.of(text).key


@lru_cache(maxsize=4096)
def _parts(text: str) -> _Parts:
    """What azure.mgmt.core reads in an id. It knows no list and none of a tenant: what they lack is filled in."""
    # Its package brings half of the SDK in, which only who takes an id apart needs.
    from azure.mgmt.core.tools import is_valid_resource_id, parse_resource_id

    of_tenant = not text.lower().startswith(_SUBSCRIPTIONS)
    inside = f"{_SUBSCRIPTIONS}{_ANY}{text}" if of_tenant else text
    if of_tenant and not text.startswith("/"):
        return _Parts()
    # A list lacks a name, a provider a type too, and a list of providers the provider.
    for lacking in range(4):
        filled = inside + f"/{_ANY}" * lacking
        if "//" not in text and is_valid_resource_id(filled):
            return _read(parse_resource_id(filled), of_tenant=of_tenant, lacking=lacking)
    if of_tenant:
        return _Parts()
    found: Any = parse_resource_id(text)
    return _Parts(found.get("subscription", ""), found.get("resource_group", ""))


def _read(found: Any, *, of_tenant: bool, lacking: int) -> _Parts:
    flat = list(_flat(found))[: -lacking or None]
    subscription = "" if of_tenant else found["subscription"]
    group = found.get("resource_group", "")
    if lacking and "namespace" not in found:
        return _Parts(subscription, "", (), whole=False)
    return _Parts(subscription, group, tuple(_providers(flat)), whole=not lacking)


def _flat(found: Any) -> Iterator[str]:
    """The parts behind the group, in their order."""
    if "namespace" in found:
        yield from ("providers", found["namespace"], found["type"], found["name"])
    for number in range(1, (found.get("last_child_num") or 0) + 1):
        if namespace := found.get(f"child_namespace_{number}"):
            yield from ("providers", namespace)
        yield from (found[f"child_type_{number}"], found[f"child_name_{number}"])


def _providers(flat: list[str]) -> Iterator[_Provider]:
    """Parts into providers: what follows `providers` where a type would stand is one."""
    starts = [at for at in range(0, len(flat), 2) if flat[at].lower() == "providers"]
    for start, end in pairwise((*starts, len(flat))):
        namespace, *rest = flat[start + 1 : end] or [""]
        yield _Provider(namespace, tuple(rest[::2]), tuple(rest[1::2]))
