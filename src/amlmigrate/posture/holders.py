"""Who manages a key and who writes to a workspace: by roles, also such as may be activated, or policies. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from amlmigrate.core.documents import Document
from amlmigrate.core.rights import granted
from amlmigrate.kinds import all_kinds
from amlmigrate.posture import vaultrights
from amlmigrate.posture.assignments import (
    below_other,
    by_roles,
    conditional,
    entries,
    holder,
    id_of,
    own_principals,
    policies,
    principal,
    role_name,
    who,
)
from amlmigrate.posture.denials import taken
from amlmigrate.posture.facts import KeyRef, PostureFacts
from amlmigrate.posture.reading import Read

_WS = "Microsoft.MachineLearningServices/workspaces"
_WRITES = (
    *(kind.permissions.write[0] for kind in all_kinds().values() if kind.worked_on),
    f"{_WS}/write",
    f"{_WS}/delete",
)
# An operation, whether it is of the data plane, and the scope at which it is asked for.
_Operation = tuple[str, bool, str]
_Given = Callable[[Document], list[_Operation]]


@dataclass(frozen=True, slots=True)
class Holders:
    """Who has a duty: each principal's roles, by all of its assignments and by those that count for certain.

    `now` are those that need not be activated before.
    """

    all: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    surely: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    now: set[str] = field(default_factory=set)

    def add(self, who: str, by: str, *, surely: bool, later: bool = False) -> None:
        """One more right."""
        self.all[who].add(f"{by} (may activate)" if later else by)
        if surely:
            self.surely[who].add(by)
            if not later:
                self.now.add(who)

    def only_later(self, who: str) -> bool:
        """Whether somebody has the duty only by a role that it has to activate first."""
        return who not in self.now


@dataclass(frozen=True, slots=True)
class HeldDuty:
    """A duty that a role assignment gives `whom`: whether `surely`, and whether it has to be activated first."""

    assignment: Document
    whom: str
    surely: bool
    later: bool


def managers_of(facts: PostureFacts, ref: KeyRef) -> Holders:
    """Whoever may manage the key, or the vault it lies in."""
    found = Holders()
    _fill(found, facts, managing_duties(facts, ref))
    for whom in managing_policies(facts):
        found.add(whom, "access policy", surely=True)
    return found


def managing_policies(facts: PostureFacts) -> list[str]:
    """Whose access policies manage keys; with Azure RBAC nobody's."""
    if by_roles(facts):
        return []
    return [holder(one) for one in policies(facts) if vaultrights.policy_manages(one)]


def managing_duties(facts: PostureFacts, ref: KeyRef) -> Iterator[HeldDuty]:
    """Each role assignment by which somebody may manage the key, or the vault it lies in."""
    data = by_roles(facts)

    def given(one: Document) -> list[_Operation]:
        key = f"{ref.vault_id}/keys/{ref.name}"
        return [
            (name, plane, key if plane else ref.vault_id)
            for plane, names in vaultrights.managing(entries(facts, one), data=data).items()
            for name in names
        ]

    roles = (facts.on_vault, facts.eligible, facts.held)
    yield from _duties(facts, roles, facts.denials, given, lambda one: not below_other(one, ref))


def users_of(facts: PostureFacts, ref: KeyRef) -> Holders:
    """Whoever may decrypt or unwrap with the key, by roles, also such as may be activated, or access policies."""
    key = f"{ref.vault_id}/keys/{ref.name}"

    def given(one: Document) -> list[_Operation]:
        return [(name, True, key) for name in vaultrights.decrypting(entries(facts, one))]

    found = Holders()
    if not by_roles(facts):
        for one in policies(facts):
            if vaultrights.policy_decrypts(one):
                found.add(holder(one), "access policy", surely=True)
        return found
    roles = (facts.on_vault, facts.eligible, facts.held)
    _fill(found, facts, _duties(facts, roles, facts.denials, given, lambda one: not below_other(one, ref)))
    return found


def writers_of(facts: PostureFacts) -> Holders:
    """Whoever may change the workspace or what is in it."""

    def given(one: Document) -> list[_Operation]:
        return [(name, False, facts.workspace.id) for name in _WRITES if granted(entries(facts, one), name)]

    found = Holders()
    roles = (facts.on_workspace, facts.eligible_on_workspace, facts.held_on_workspace)
    _fill(found, facts, _duties(facts, roles, facts.denials_on_workspace, given, lambda one: True))
    return found


def _fill(found: Holders, facts: PostureFacts, duties: Iterable[HeldDuty]) -> None:
    for one in duties:
        found.add(one.whom, role_name(facts, one.assignment), surely=one.surely, later=one.later)


def _duties(
    facts: PostureFacts,
    roles: tuple[Read[list[Document]], Read[list[Document]], Mapping[str, Read[set[str]]]],
    denials: Read[list[Document]],
    given: _Given,
    counts: Callable[[Document], bool],
) -> Iterator[HeldDuty]:
    assigned, eligible, held = roles
    rows = [(one, False) for one in assigned.value or ()] + [(one, True) for one in eligible.value or ()]
    for one, later in rows:
        operations = given(one) if counts(one) else []
        for whom in _whom(facts, one, held) if operations else ():
            surely = _left(facts, whom, operations, denials.value or ())
            if surely is not None:
                yield HeldDuty(one, whom, surely and not conditional(one), later)


def _whom(facts: PostureFacts, assignment: Document, held: Mapping[str, Read[set[str]]]) -> Iterator[str]:
    """The principal of an assignment, and the workspace's identities that have it through a group."""
    first = principal(assignment)
    yield first
    for own in sorted(own_principals(facts) - {first}):
        if id_of(assignment) in (held.get(own, Read()).value or ()):
            yield own


def _left(
    facts: PostureFacts, whom: str, operations: Iterable[_Operation], denials: Iterable[Document]
) -> bool | None:
    """Whether something is left of a duty once what is denied is taken; None: nothing, False: it may be."""
    somebody, some = who(facts, whom), list(denials)
    found = [taken(some, somebody, name, at, data=data) for name, data, at in operations]
    if all(one is not None and one.surely for one in found):
        return None
    return any(one is None for one in found)
