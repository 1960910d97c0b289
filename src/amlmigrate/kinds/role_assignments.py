"""Role assignments: who may do what with the workspace, as two items with their lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amlmigrate.core.address import Address
from amlmigrate.core.armid import key_of
from amlmigrate.core.asset import Asset, Many
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.few import many
from amlmigrate.core.rights import KEPT
from amlmigrate.kinds._extension import Extension, at_or_below
from amlmigrate.kinds._listed import Way, WorkspacePort

_BELOW = "below"


class RoleAssignments(Extension):
    """Those at the workspace are one item, those at what lies in it another; those from above go on without it."""

    name = "roleAssignments"
    way = Way.ASSIGN
    provider = "Microsoft.Authorization"
    manual = "Assign the roles at the target (`az role assignment create`); its own identity has another id."
    # Rights are given and taken for the move itself.
    passing = True

    def before(self, source: WorkspacePort) -> Iterable[Document]:
        return source.frozen

    def items(self, workspace: str, found: list[Document]) -> list[Asset]:
        own: dict[str, Document] = {}
        below: dict[str, Document] = {}
        for item in found:
            properties = properties_of(item)
            scope = str(item.get("scope") or properties.get("scope") or "").rstrip("/")
            if at_or_below(workspace, scope):
                line = {"scope": scope} | {key: properties[key] for key in KEPT if properties.get(key) is not None}
                # Told apart by what they give to whom: one that was given back may have another name.
                sha256 = digest({key: str(value).lower() for key, value in line.items()})
                (own if key_of(scope) == key_of(workspace) else below)[sha256] = line
        return [*self._of(own, "", "at the workspace"), *self._of(below, _BELOW, "at what lies in the workspace")]

    def _of(self, lines: dict[str, Document], name: str, where: str) -> Iterator[Asset]:
        if not lines:
            return
        file = "-".join(part for part in (self.name, name) if part)
        what = many(len(lines), "role assignment")
        yield Asset(
            Address.of(self.name, name),
            {"count": len(lines), "sha256": digest(sorted(lines))},
            reason=f"{what} {where}, listed in {file}.jsonl: this version cannot move them",
            remedy=self.manual,
            many=Many(tuple(lines[sha256] for sha256 in sorted(lines))),
        )

    def example(self) -> Asset:
        scope = "/subscriptions/{subscription}/resourceGroups/{group}"
        given = {"scope": scope, "principalId": "0a1b", "principalType": "User", "roleDefinitionId": "/r/reader"}
        return self.items(scope, [{"name": "1c2d", "properties": given}])[0]


KIND = RoleAssignments()
