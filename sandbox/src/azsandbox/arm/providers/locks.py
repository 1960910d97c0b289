"""Microsoft.Authorization/locks: kept at any scope, and honoured by every changing call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.locking import LOCKS
from azsandbox.arm.paths import above
from azsandbox.arm.registry import guard, register
from azsandbox.arm.store import Record


@register
class Locks(ExtensionKind):
    """Locks of a scope; a list holds those of everything below as well."""

    type = "Microsoft.Authorization/locks"

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """`level` is required, `notes` are kept."""
        level = str(properties.get("level", ""))
        if level not in ("CanNotDelete", "ReadOnly"):
            raise gateway(400, "LockLevelInvalid", f"The lock level '{level}' is not valid.")
        return properties

    def listed(self, call: Call) -> Sequence[Record]:
        """At the scope, above it and below it."""
        inherited = [
            each for scope in above(call.route.parent) for each in self.context.store.children(scope, LOCKS)
        ]
        return inherited + list(self.context.store.of_type(LOCKS, call.route.parent))


@guard
def locked(call: Call) -> None:
    """409 `ScopeLocked` for deleting what is locked, lies in it or holds it; ReadOnly refuses writes too.

    (AZ-LOCK-1)
    """
    route = call.route
    if route.kind.key_type == LOCKS:
        return
    deleting = call.request.method == "DELETE"
    scopes = {*above(route.key), route.key}
    found = []
    for lock in call.context.store.of_type(LOCKS):
        read_only = lock.properties["level"] == "ReadOnly"
        holds = lock.parent in scopes and (deleting or read_only)
        within = deleting and lock.parent.startswith(route.key + "/")
        if holds or within:
            found.append(_scope_of(lock))
    if not found:
        return
    verb = "delete" if deleting else "write"
    scope = call.request.path.rstrip("/")
    raise gateway(
        409,
        "ScopeLocked",
        f"The scope '{scope}' cannot perform {verb} operation because following scope(s) are locked: "
        f"'{','.join(dict.fromkeys(found))}'. Please remove the lock and try again.",
    )


def _scope_of(lock: Record) -> str:
    return lock.id.rpartition("/providers/")[0]
