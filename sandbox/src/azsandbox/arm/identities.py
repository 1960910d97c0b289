"""The managed identities of a sandbox, as its directory shows them: of resources, and by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from azsandbox.arm.context import Context
from azsandbox.messages import IdentityShown

_ASSIGNMENTS = "microsoft.authorization/roleassignments"
_PEOPLE = ("User", "Group")
_IDENTITIES = "microsoft.managedidentity/userassignedidentities"


class Identities:
    """Told anew at each call."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(self) -> Iterator[IdentityShown]:
        """User-assigned ones, system-assigned ones of whatever has one, then people who were given a role."""
        store = self._context.store
        for record in store.of_type(_IDENTITIES):
            properties = record.properties
            yield IdentityShown(properties["principalId"], properties["clientId"], record.name, record.id)
        for record in store.below(""):
            identity = record.document.get("identity")
            own = identity.get("principalId") if isinstance(identity, dict) else None
            if own and not record.gone:
                yield IdentityShown(str(own), "", record.name, record.id)
        given = {
            str(one.properties["principalId"]): str(one.properties.get("principalType"))
            for one in store.of_type(_ASSIGNMENTS)
        }
        for who, kind in {**self._context.access.people, **given}.items():
            if kind in _PEOPLE:
                yield IdentityShown(who, "", who, "", kind.lower())
