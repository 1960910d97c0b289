"""Role assignments evaluated: may this principal do that there? Answered from memory until something changes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox import judged
from azsandbox.arm.access import definitions
from azsandbox.arm.access.definitions import Permission, permissions_of
from azsandbox.arm.access.denials import Denial
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.ground import Ground
from azsandbox.arm.paths import above
from azsandbox.arm.store import Record
from azsandbox.messages import TENANT_ID

ASSIGNMENTS = "microsoft.authorization/roleassignments"
DEFINITIONS = "microsoft.authorization/roledefinitions"
MANAGEMENT_GROUPS = "microsoft.management/managementgroups"
MEMBERS = "microsoft.management/managementgroups/subscriptions"
ROOT_GROUP = f"/providers/{MANAGEMENT_GROUPS}/{TENANT_ID}"  # above every subscription and management group
_MEMORY = 50_000
# What a principal begins with, unless it is made without: everything, everywhere.
_STANDING = (
    definitions.OWNER,
    definitions.STORAGE_BLOB_DATA_OWNER,
    definitions.STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR,
    definitions.KEY_VAULT_ADMINISTRATOR,
)


@dataclass(frozen=True, slots=True)
class Granted:
    """A role that counts for a principal at a scope: its definition's `properties`, ready to ask."""

    document: Mapping[str, Any]
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """How access is given: `standing` says which callers begin with every right, `delay` for how many seconds
    a new assignment does not count yet, `denials` what is taken from whom (the same tuple until it changes)."""

    standing: Callable[[str], bool] = lambda object_id: True
    delay: Callable[[], float] = lambda: 0.0
    denials: Callable[[], tuple[Denial, ...]] = tuple


class Access:
    """Evaluates the role assignments in the store."""

    def __init__(self, ground: Ground, terms: Terms) -> None:
        self._ground, self._terms = ground, terms
        self._seen: set[str] = set()
        # People and groups that were given a role since this sandbox was started, with their types.
        self.people: dict[str, str] = {}
        self._stamp: int = -1
        self._valid_until = 0.0
        self._by_principal: dict[str, dict[str, list[Granted]]] = {}
        self._denials: tuple[Denial, ...] = ()
        self._parents: dict[str, tuple[str, ...]] = {}
        self._memory: dict[tuple[str, str, str, bool], bool] = {}

    @property
    def stamp(self) -> tuple[Any, ...]:
        """Changes whenever the same question may get another answer."""
        self._refresh()
        return self._stamp, self._valid_until, self._denials

    def welcome(self, object_id: str) -> None:
        """Gives a caller seen for the first time what it begins with."""
        if object_id in self._seen:
            return
        self._seen.add(object_id)
        if self._terms.standing(object_id):
            self._give_standing(object_id)

    def delay(self) -> float:
        """How many seconds it takes until what is new in the directory, or given there, is known everywhere."""
        return self._terms.delay()

    def effective_time(self) -> float:
        """From when an assignment made now counts, in seconds since 1970."""
        return self._ground.clock.now() + self.delay()

    def granted(self, object_id: str, action: str, scope: str, *, data: bool = False) -> bool:
        """Whether a principal's roles grant an action at a scope (a key of the store), and nothing denies it."""
        self._refresh()
        question = (object_id, action, scope, data)
        known = self._memory.get(question)
        if known is None:
            known = self._assigned(object_id, action, scope, data=data) and not self.denial(
                object_id, action, scope, data=data
            )
            if len(self._memory) >= _MEMORY:
                self._memory.clear()
            self._memory[question] = known
        if known:
            judged.granted(object_id, action, data=data)
        return known

    def denial(self, object_id: str, action: str, scope: str, *, data: bool = False) -> Denial | None:
        """What takes an action from a principal that its roles grant; None: nothing does, or none grants it."""
        self._refresh()
        places = self.chain(scope)
        taking = (
            one
            for one in self._denials
            if one.scope in places and one.takes(object_id.lower(), action, scope, data=data)
        )
        found = next(taking, None)
        return found if found and self._assigned(object_id, action, scope, data=data) else None

    def denials_around(self, scope: str) -> list[Denial]:
        """Those made at a scope, above it and below it."""
        self._refresh()
        places = self.chain(scope)
        return [one for one in self._denials if one.scope in places or one.scope.startswith(f"{scope}/")]

    def is_over(self, assignment: Record) -> bool:
        """Whether an assignment that was made for a time has ended."""
        ends = assignment.hidden.get("ends")
        return ends is not None and float(ends) <= self._ground.clock.now()

    def in_force(self, assignment: Record) -> bool:
        """Whether an assignment that was made for a time has begun and has not ended; any other is."""
        starts = float(assignment.hidden.get("starts") or 0)
        return starts <= self._ground.clock.now() and not self.is_over(assignment)

    def _assigned(self, object_id: str, action: str, scope: str, *, data: bool) -> bool:
        return any(
            permission.grants(action, data=data)
            for role in self.roles(object_id, scope)
            for permission in role.permissions
        )

    def roles(self, object_id: str, scope: str) -> list[Granted]:
        """The roles that count for a principal at a scope, those of the outermost scope first."""
        self._refresh()
        given = self._by_principal.get(object_id.lower())
        if not given:
            return []
        return [role for place in self.chain(scope) for role in given.get(place, ())]

    def has_any_below(self, object_id: str, scope: str) -> bool:
        """Whether a principal has any role at a scope, above it, or below it."""
        self._refresh()
        given = self._by_principal.get(object_id.lower(), {})
        start = scope + "/"
        return any(place.startswith(start) for place in given) or bool(self.roles(object_id, scope))

    def chain(self, scope: str) -> tuple[str, ...]:
        """The root, the management groups, and all scopes down to this one, as keys; the root's is empty."""
        self._refresh()
        parts = scope.split("/")
        groups: tuple[str, ...] = ()
        if parts[1:2] == ["subscriptions"]:
            groups = self._parents.get("/".join(parts[:3]), (ROOT_GROUP,))
        elif parts[1:3] == ["providers", "microsoft.management"] and not scope.startswith(ROOT_GROUP):
            groups = self._parents.get("/".join(parts[:5]), (ROOT_GROUP,))
        own = (scope,) if scope else ()
        return ("", *groups, *above(scope), *own)

    # What is kept in memory

    def _refresh(self) -> None:
        stamp = self._ground.store.changes(ASSIGNMENTS, DEFINITIONS, MANAGEMENT_GROUPS, MEMBERS)
        denials = self._terms.denials()
        now = self._ground.clock.now()
        if stamp == self._stamp and now < self._valid_until and denials is self._denials:
            return
        self._denials = denials
        self._stamp, self._valid_until = stamp, float("inf")
        self._memory.clear()
        self._by_principal = {}
        compiled: dict[str, Granted | None] = {}
        for record in self._ground.store.of_type(ASSIGNMENTS):
            effective = float(record.hidden.get("effective", 0))
            if effective > now:
                self._valid_until = min(self._valid_until, effective)
                continue
            if self.is_over(record):
                continue
            self._valid_until = min(self._valid_until, float(record.hidden.get("ends") or "inf"))
            role = str(record.properties["roleDefinitionId"]).rpartition("/")[2].lower()
            if role not in compiled:
                compiled[role] = self._compiled(role)
            if (granted := compiled[role]) is not None:
                who = str(record.properties["principalId"]).lower()
                self._by_principal.setdefault(who, {}).setdefault(record.parent, []).append(granted)
        self._parents = self._management()

    def _compiled(self, role: str) -> Granted | None:
        document = self.definition(role)
        return Granted(document, permissions_of(document)) if document is not None else None

    def definition(self, role: str) -> Mapping[str, Any] | None:
        """The `properties` of a role definition by its GUID, or None."""
        known = definitions.built_in().get(role.lower())
        if known is not None:
            return known
        custom = self._ground.store.find(definition_term(role))
        return custom[0].properties if custom else None

    def _management(self) -> dict[str, tuple[str, ...]]:
        """The management groups above each subscription and each management group, outermost first."""
        store = self._ground.store
        parent = {
            record.key: str(record.hidden.get("parent") or "") for record in store.of_type(MANAGEMENT_GROUPS)
        }

        def line(group: str) -> tuple[str, ...]:
            above_all = group == ROOT_GROUP or group not in parent
            return (ROOT_GROUP,) if above_all else (*line(parent[group]), group)

        found = {group: line(parent[group]) for group in parent}
        for member in store.of_type(MEMBERS):
            found[f"/subscriptions/{member.name.lower()}"] = line(member.parent)
        return found

    def _give_standing(self, object_id: str) -> None:
        store, clock = self._ground.store, self._ground.clock
        for role in _STANDING:
            name = str(uuid.uuid5(uuid.UUID(role), f"/ {object_id}"))
            key = f"/providers/{ASSIGNMENTS}/{name}"
            if store.get(key) is not None or store.get_gone(key) is not None:
                continue
            now = tracked_time(clock.tick())
            id_ = f"/providers/Microsoft.Authorization/roleAssignments/{name}"
            properties = {
                "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
                "principalId": object_id,
                "principalType": "ServicePrincipal",
                "scope": "/",
                "condition": None,
                "conditionVersion": None,
                "createdOn": now,
                "updatedOn": now,
                "createdBy": "",
                "updatedBy": "",
                "delegatedManagedIdentityResourceId": None,
                "description": "Given to the principals of a sandbox.",
            }
            shown = "Microsoft.Authorization/roleAssignments"
            document = {"id": id_, "name": name, "type": shown, "properties": properties}
            store.put(Record(key, ASSIGNMENTS, "", id_, name, document, {"standing": True}))


def definition_term(role: str) -> str:
    """The term by which a custom role definition is found."""
    return f"role-definition {role.lower()}"
