"""What lies at a workspace but belongs to other providers: role assignments, diagnostic settings, locks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Leftover
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.few import many
from amlmigrate.core.kindnames import declare
from amlmigrate.core.parallel import together
from amlmigrate.core.rights import KEPT
from amlmigrate.core.seal import NOT_LISTED, UNLISTED
from amlmigrate.inventory.unlisted import not_listed

_ROLES, _SETTINGS, _LOCKS = "roleAssignments", "diagnosticSettings", "locks"
# Rights are given and taken for the move itself, and a lock has to go before the workspace can: none of that is
# a change of what was planned or verified.
_PASSING = (_ROLES, _LOCKS)
# A lock on what lies in the workspace has that path for its last name.
declare(_LOCKS, open_ended=True)
_BELOW = "below"
_REASON = "this version cannot move it"


@dataclass(frozen=True, slots=True)
class Extension:
    """A type of another provider, read at the workspace; `items` makes the plan's items of what is there."""

    name: str
    provider: str
    remedy: str
    items: Callable[[str, list[Document]], list[Leftover]]

    @property
    def path(self) -> str:
        """Its collection below the workspace."""
        return f"providers/{self.provider}/{self.name}"


async def extensions(port: WorkspacePort, frozen: Iterable[Document] = ()) -> list[Leftover]:
    """All of them. `frozen`: role assignments that `freeze` took away, and that are listed with the rest."""
    async with together() as group:
        tasks = [group.create_task(_read(port, one, frozen)) for one in _EXTENSIONS]
    return [item for task in tasks for item in task.result()]


async def _read(port: WorkspacePort, one: Extension, frozen: Iterable[Document]) -> list[Leftover]:
    found = list(frozen) if one.name == _ROLES else []
    try:
        found += [item async for item in port.pages(one.path)]
    except ServiceError as error:
        if error.status not in (400, 403, 404) or error.transient:
            raise
        return [_unlisted(one, error)]
    return one.items(port.ref.id, found)


def _unlisted(one: Extension, error: ServiceError) -> Leftover:
    """One item for all of a type that could not be listed: whether there are any is not known."""
    reason, document = not_listed(one.path, error), NOT_LISTED
    if error.status == 403 and not error.key_trouble:
        reason = f"they could not be listed ({error.code}): the right to read {one.provider}/{one.name} is missing"
        document = UNLISTED
    return Leftover(Address.of(one.name), reason, one.remedy, document, passing=one.name in _PASSING)


def _assignments(workspace: str, found: list[Document]) -> list[Leftover]:
    """One item for all that are made at the workspace, one for those below; those from above go on without it."""
    own: dict[str, Document] = {}
    below: dict[str, Document] = {}
    for item in found:
        properties = properties_of(item)
        scope = str(item.get("scope") or properties.get("scope") or "").rstrip("/")
        if _at_or_below(workspace, scope):
            line = {"scope": scope} | {key: properties[key] for key in KEPT if properties.get(key) is not None}
            # Told apart by what they give to whom: one that was taken away and given back may have another name.
            sha256 = digest({key: str(value).lower() for key, value in line.items()})
            (own if scope.lower() == workspace.lower() else below)[sha256] = line
    return [*_of(own, "", "at the workspace"), *_of(below, _BELOW, "at what lies in the workspace")]


def _of(lines: dict[str, Document], name: str, where: str) -> Iterator[Leftover]:
    if lines:
        address = Address.of(_ROLES, name)
        file = "-".join(part for part in (_ROLES, name) if part)
        reason = (
            f"{many(len(lines), 'role assignment')} {where}, listed in {file}.jsonl: this version cannot move them"
        )
        document = {"count": len(lines), "sha256": digest(sorted(lines))}
        listed = tuple(lines[sha256] for sha256 in sorted(lines))
        yield Leftover(address, reason, _ASSIGN, document, listed, passing=True)


def _settings(_: str, found: list[Document]) -> list[Leftover]:
    return [Leftover(Address.of(_SETTINGS, item["name"]), _REASON, _SET, item) for item in found]


def _locks(workspace: str, found: list[Document]) -> list[Leftover]:
    items = []
    for item in found:
        scope = str(item["id"]).rpartition("/providers/")[0]
        if _at_or_below(workspace, scope):
            below = scope[len(workspace) :].strip("/") or None
            items.append(Leftover(Address.of(_LOCKS, item["name"], below), _REASON, _LOCK, item, passing=True))
    return items


def _at_or_below(workspace: str, scope: str) -> bool:
    return f"{scope.lower().rstrip('/')}/".startswith(f"{workspace.lower()}/")


_ASSIGN = "Assign the roles at the target (`az role assignment create`); its own identity has another id."
_SET = "Create the setting at the target (`az monitor diagnostic-settings create`)."
_LOCK = "Put the lock on the target once all is done, and take it off the source before that is removed."
_EXTENSIONS = (
    Extension(_ROLES, "Microsoft.Authorization", _ASSIGN, _assignments),
    Extension(_SETTINGS, "Microsoft.Insights", _SET, _settings),
    Extension(_LOCKS, "Microsoft.Authorization", _LOCK, _locks),
)
