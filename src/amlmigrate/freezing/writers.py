"""Who can write the source: its role assignments, which of them to take away, and which only to report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from amlmigrate.cloud.roles import Roles
from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.finding import Finding
from amlmigrate.core.identity import Identity
from amlmigrate.core.workspace import Workspace
from amlmigrate.freezing.record import Assignment
from amlmigrate.freezing.rights import writes_storage, writes_workspace
from amlmigrate.freezing.runners import Runner
from amlmigrate.freezing.temporary_rights import Passing, begins, passing

Writes = Callable[[Document], bool]
# Of what is found: rights by which somebody may write as it is, and not only after doing something else.
_WRITES = frozenset(
    {
        "account-shared",
        "account-sharing-unknown",
        "delegated",
        "for-a-time",
        "inherited",
        "own-rights",
        "role-unread",
        "runner-group",
        "workspace-rights",
    }
)


@dataclass(slots=True)
class Writers:
    """What was found: assignments to take away, those that may have to be, and what a person has to know or do."""

    removable: list[Assignment] = field(default_factory=list)
    undecided: list[Assignment] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def writing(self) -> list[Finding]:
        """Of the findings those about rights by which somebody may write."""
        return [one for one in self.findings if one.code in _WRITES]

    @property
    def staying(self) -> int:
        """How many rights by which somebody may write are not to be taken away."""
        return len({one.about for one in self.writing} - {one.id for one in self.removable})

    def warn(self, about: str, summary: str, remedy: str, *, code: str) -> None:
        """Adds a finding."""
        self.findings.append(Finding("warning", about, summary, remedy, code=code))


@dataclass(frozen=True, slots=True)
class Place:
    """Where rights are looked at: a scope, what counts as writing there, and why its own must stay, if so.

    `unknown` is what keeps it from being known whether it serves somebody else too.
    """

    scope: str
    writes: Writes
    shared_with: str = ""
    unknown: str = ""

    def holds(self, scope: str) -> bool:
        """Whether an assignment at that scope serves this place alone: it is made at it or below it."""
        return ArmId.of(scope).within(ArmId.of(self.scope))


@dataclass(frozen=True, slots=True)
class FoundWriters:
    """The ids of assignments that the caller has at a place, the workspace's own identities, and by id whoever ran
    the plan; groups count."""

    mine: set[str]
    workspaces: set[str]
    runners: dict[str, Runner]


class WriterFinder:
    """Reads assignments and definitions once each.

    `caller` is who asks, of the tenant of the source. `runners` run the plan, and keep what they have. `now` is by
    Azure's clock, where that is known.
    """

    def __init__(
        self,
        roles: Roles,
        workspace: Workspace,
        caller: Identity,
        runners: Iterable[Runner] = (),
        now: datetime | None = None,
    ) -> None:
        self._roles = roles
        self._now = now or datetime.now(UTC)
        self._caller = caller.object_id.lower()
        self._own = _identities(workspace)
        known = [one for one in runners if not caller.same(one.identity.object_id)]
        self._runners = {one.identity.object_id.lower(): one for one in known if _is_of(one, caller)}
        self._elsewhere = [one for one in known if not _is_of(one, caller)]
        self._definitions: dict[str, Document | None] = {}

    async def find(self, places: list[Place]) -> Writers:
        """Every writer of the places, in a stable order."""
        found: dict[str, Assignment] = {}
        writers = Writers()
        for one in self._elsewhere:
            writers.findings.append(_elsewhere(one, places[0].scope))
        for place in places:
            held = await self._held(place)
            there = await passing(self._roles, place.scope, self._now)
            await self._activating(place, there, writers)
            for document in sorted(await self._roles.assignments(place.scope), key=lambda item: str(item["id"])):
                await self._sort(place, document, held, writers, found, there)
        writers.removable = [found[key] for key in sorted(found)]
        writers.findings = list(dict.fromkeys(writers.findings))
        return writers

    async def _held(self, place: Place) -> FoundWriters:
        mine = await self._roles.assigned_to(place.scope, self._caller)
        needed = [await self._roles.assigned_to(place.scope, one) for one in sorted(self._own)]
        runners: dict[str, Runner] = {}
        for object_id, runner in self._runners.items():
            runners |= dict.fromkeys(await self._roles.assigned_to(place.scope, object_id), runner)
        return FoundWriters(mine, set[str]().union(*needed), runners)

    async def _activating(self, place: Place, found: Passing, writers: Writers) -> None:
        """Tells who may get a right to write there without any assignment, or that this is not known."""
        for one in found.eligible:
            if may := await self._may_write(place, one):
                writers.warn(
                    may.id,
                    f"Its holder may activate it, and write then: {may}.",
                    "Remove it in Privileged Identity Management, or ask its holder to wait.",
                    code="may-activate",
                )
        for one in found.coming:
            if may := await self._may_write(place, one):
                writers.warn(
                    may.id,
                    f"It begins at {begins(one)}, and its holder may write from then on, or activate it: {may}.",
                    "Remove it in Privileged Identity Management, or see that the move is over by then.",
                    code="begins-later",
                )
        if found.unread:
            writers.warn(
                place.scope,
                f"Not checked: who has a role there for a time, or may activate one. {found.unread}",
                "Look in Privileged Identity Management: what is given back lasts for good.",
                code="not-checked",
            )

    async def _may_write(self, place: Place, schedule: Document) -> Assignment | None:
        """What a schedule of Privileged Identity Management gives, where that is writing."""
        properties = properties_of(schedule)
        definition = await self._definition(place.scope, str(properties.get("roleDefinitionId", "")))
        writes = definition is None or place.writes(definition)
        return Assignment.of(schedule, _name(definition, properties)) if writes else None

    async def _sort(
        self,
        place: Place,
        document: Document,
        held: FoundWriters,
        writers: Writers,
        found: dict[str, Assignment],
        there: Passing,
    ) -> None:
        properties = properties_of(document)
        principal = str(properties.get("principalId", "")).lower()
        if principal == self._caller or principal in self._own:
            return
        definition = await self._definition(place.scope, str(properties.get("roleDefinitionId", "")))
        one = Assignment.of(document, _name(definition, properties))
        if told := _of_role(definition, one):
            writers.findings.append(told)
        if definition is not None and not place.writes(definition):
            return
        if runner := self._runners.get(principal):
            writers.findings.append(_kept(one, runner))
            return
        if stays := _stays(place, one, held, there.until(document)):
            writers.findings.append(stays)
            # Once that is known it may have to be taken away after all.
            writers.undecided += [one] if stays.code == "account-sharing-unknown" else []
        else:
            found[one.key] = one

    async def _definition(self, scope: str, definition_id: str) -> Document | None:
        key = key_of(definition_id)
        if key not in self._definitions:
            self._definitions[key] = await self._roles.definition_at(scope, definition_id)
        return self._definitions[key]


def _of_role(definition: Document | None, one: Assignment) -> Finding | None:
    """What is told of an assignment for its role, whatever becomes of it."""
    if definition is None:
        return Finding(
            "warning",
            one.id,
            f"Its role cannot be read, so it counts as one that may write: {one}.",
            "Look at the role.",
            code="role-unread",
        )
    return None


def _stays(place: Place, one: Assignment, held: FoundWriters, end: str | None) -> Finding | None:
    """Why an assignment that may write stays, the first reason of all; None for one that is to be taken away.

    `end` is when it ends by itself, where it does.
    """
    return _inherited(place, one) or _needed(one, held) or _for_a_time(one, end) or _shared(place, one)


def _inherited(place: Place, one: Assignment) -> Finding | None:
    if place.holds(one.scope):
        return None
    return Finding(
        "warning",
        one.id,
        f"It is inherited from '{one.scope}', which serves more than the source, and stays: {one}.",
        "Remove it there, or ask its holder not to write until the move is over.",
        code="inherited",
    )


def _needed(one: Assignment, held: FoundWriters) -> Finding | None:
    """Whoever freezes or runs the plan goes on, and so does the workspace: all may have rights through a group."""
    if one.key in held.workspaces:
        return Finding(
            "warning",
            one.id,
            f"The workspace itself has rights through it, which it needs to work, and it stays: {one}.",
            "Give the workspace's identity these rights by itself, then freeze again.",
            code="workspace-rights",
        )
    if one.key in held.mine:
        return Finding(
            "warning",
            one.id,
            f"You have your own rights through it, and it stays: {one}.",
            "Assign yourself what you need, then freeze again.",
            code="own-rights",
        )
    if runner := held.runners.get(one.key):
        return Finding(
            "warning",
            one.id,
            f"Who runs the plan has rights through it, and it stays: {one}; {runner}.",
            "Assign that identity what it needs, then freeze again.",
            code="runner-group",
        )
    return None


def _kept(one: Assignment, runner: Runner) -> Finding:
    """The plan goes on with it; told, since it is by evidence that it stays, and who has it may write."""
    return Finding(
        "warning",
        one.id,
        f"Who runs the plan keeps it: {one}; {runner}.",
        "Remove it by hand if that identity is to do nothing more with the plan.",
        code="runner-rights",
    )


def _is_of(runner: Runner, caller: Identity) -> bool:
    """Whether its object id is one of the tenant that the source's role assignments are of."""
    return caller.same(caller.object_id, runner.identity.tenant_id)


def _elsewhere(runner: Runner, scope: str) -> Finding:
    return Finding(
        "warning",
        scope,
        f"Who it is in the source's tenant is not known, so it keeps nothing by this: {runner}.",
        "If it runs the plan, see that the identity that it has in the source's tenant is not in the list.",
        code="runner-elsewhere",
    )


def _for_a_time(one: Assignment, end: str | None) -> Finding | None:
    """Given back as a role assignment it would have no end (PIM makes those by requests of its own)."""
    if not end:
        return None
    return Finding(
        "warning",
        one.id,
        f"It is given for a time, until {end}, and stays: given back it would last for good: {one}.",
        "Have it ended in Privileged Identity Management, then freeze again.",
        code="for-a-time",
    )


def _shared(place: Place, one: Assignment) -> Finding | None:
    if place.shared_with:
        return Finding(
            "warning",
            one.id,
            f"The account serves {place.shared_with} too, and it stays: {one}.",
            "Remove it by hand if its holder writes for the source alone.",
            code="account-shared",
        )
    if place.unknown:
        return Finding(
            "warning",
            one.id,
            f"Whether the account serves another workspace is not known ({place.unknown}); it stays: {one}.",
            "Get what is missing, wait some minutes and freeze again; or remove it by hand.",
            code="account-sharing-unknown",
        )
    return None


def places(workspace: Workspace, shared_with: str, unknown: str) -> list[Place]:
    """The workspace, and the storage account that is its own."""
    found = [Place(workspace.id, writes_workspace)]
    if workspace.storage_account_id:
        found.append(Place(workspace.storage_account_id, writes_storage, shared_with, unknown))
    return found


def keys_finding(workspace: Workspace, account: Document | None) -> Finding | None:
    """That who holds a key of the account writes without any role; None where keys are switched off."""
    if properties_of(account).get("allowSharedKeyAccess") is False:
        return None
    return Finding(
        "warning",
        workspace.storage_account_id,
        "The account takes its keys: who holds one, or a SAS made with one, can write without any role.",
        "Stop computes and schedules, and rotate the keys once everything is verified.",
        code="account-keys",
    )


def _identities(workspace: Workspace) -> set[str]:
    """The object ids of the workspace's own identities: without their rights it does not work any more."""
    identity = workspace.document.get("identity") or {}
    users = (identity.get("userAssignedIdentities") or {}).values()
    ids = [identity.get("principalId"), *((one or {}).get("principalId") for one in users)]
    return {str(one).lower() for one in ids if one}


def _name(definition: Document | None, properties: Document) -> str:
    told = properties_of(definition).get("roleName")
    return str(told or name_of(properties.get("roleDefinitionId")))
