"""Deny assignments: whether one takes an operation from somebody, where that is known. Pure.

learn.microsoft.com, deny-assignments: they count before role assignments, at their scope and below it. Azure makes
them, and so do people (powershell/module/az.resources/new-azdenyassignment): theirs may have the effect `audit`,
which blocks nothing, and which the stable api-version does not show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.rights import Permission, matches, overlaps

# All principals: id and type as that page has them (type SystemDefined).
_EVERYBODY = "00000000-0000-0000-0000-000000000000"
# Whatever else Azure names, as groups and groups of other tenants, may stand for several.
SINGLE = frozenset({"user", "serviceprincipal", "device"})


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody: its own id and those of its groups, as far as they are known; `single`: no group itself."""

    ids: frozenset[str]
    single: bool


@dataclass(frozen=True, slots=True)
class OperationVerdict:
    """Whether an operation is taken; `surely` is False where a condition or what is not shown decides.

    `by` names the deny assignment and its scope.
    """

    by: str
    surely: bool


def taken(
    some: Iterable[Document], who: Who, operation: str, at: str, *, data: bool = False
) -> OperationVerdict | None:
    """What takes an operation at a scope from somebody; None: nothing does. What surely takes it comes first."""
    return _taking(some, who, at, lambda entry: entry.grants(operation, data=data))


def wholly(some: Iterable[Document], who: Who, pattern: str, at: str, *, data: bool) -> bool:
    """Whether all that a pattern of a role grants is surely taken; not where something of it may be left."""

    def covers(entry: Permission) -> bool:
        actions, left = (
            (entry.data_actions, entry.not_data_actions) if data else (entry.actions, entry.not_actions)
        )
        return matches(actions, pattern) and not any(overlaps(one, pattern) for one in left)

    found = _taking(some, who, at, covers)
    return found is not None and found.surely


def _taking(
    some: Iterable[Document], who: Who, at: str, covers: Callable[[Permission], bool]
) -> OperationVerdict | None:
    found = [
        OperationVerdict(_called(one), surely)
        for one in some
        if _reaches(one, at) and (surely := _takes(one, who, covers)) is not None
    ]
    return next((one for one in found if one.surely), found[0] if found else None)


def _takes(one: Document, who: Who, covers: Callable[[Permission], bool]) -> bool | None:
    told = properties_of(one)
    entries = [entry for entry in told.get("permissions") or () if covers(Permission.of(entry))]
    if not entries:
        return None
    meant, blocks = _meant(told, who), _blocks(told)
    if meant is None or blocks is None:
        return None
    return meant and blocks and not told.get("condition") and any(not entry.get("condition") for entry in entries)


def _blocks(told: Document) -> bool | None:
    """Whether it does more than to log; False: it may, None: it does not.

    azure-rest-api-specs, DenyAssignmentEffect (from 2024-07-01-preview): `enforced` blocks, `audit` does not.
    Inferred (AZ-RIGHT-10): what Azure protects for itself blocks, where nothing is said.
    """
    effect = str(told.get("denyAssignmentEffect") or "").lower()
    if effect == "audit":
        return None
    return effect == "enforced" or (not effect and told.get("isSystemProtected") is True)


def _meant(told: Document, who: Who) -> bool | None:
    """Whether somebody is meant; False: it may be, None: it is not."""
    named, excluded = told.get("principals") or (), told.get("excludePrincipals") or ()
    if who.ids & _ids(excluded):
        return None
    if not (who.ids | {_EVERYBODY}) & _ids(named):
        return False if _groups(named) else None
    # Somebody in an excluded group, or an excluded member of a group, keeps its rights.
    return not (_groups(excluded) or (excluded and not who.single))


def _reaches(one: Document, at: str) -> bool:
    """Whether it counts at a scope. Management groups that it was seen from are above."""
    told, here = _scope(one), ArmId.of(at)
    if properties_of(one).get("doNotApplyToChildScopes"):
        return told == here
    return here.governed_from(told)


def _scope(one: Document) -> ArmId:
    shown = properties_of(one).get("scope")
    return ArmId.of(shown) if shown else ArmId.of(one.get("id")).scope


def _ids(principals: Iterable[Document]) -> frozenset[str]:
    return frozenset(str(one.get("id") or "").lower() for one in principals)


def _groups(principals: Iterable[Document]) -> bool:
    """Whether any may stand for several: whatever is no single one, and not everybody."""
    return any(
        str(one.get("type") or "").lower() not in SINGLE and str(one.get("id") or "").lower() != _EVERYBODY
        for one in principals
    )


def _called(one: Document) -> str:
    name = str(properties_of(one).get("denyAssignmentName") or one.get("name") or one.get("id"))
    return f"the deny assignment '{name}' at {_scope(one).key or '/'}"
