"""Containers of versioned assets: what they show of their versions, and how they are listed and archived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.kinds import child_id
from azsandbox.arm.paging import NewestFirst, page
from azsandbox.arm.providers.ml.base import WorkspaceKind, check_asset_name, sent_properties
from azsandbox.arm.providers.ml.listing import active, size_of
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import author, stamped
from azsandbox.messages import Principal, Response


class ContainerKind(WorkspaceKind):
    """A container comes with its first version or by a PUT of its own.

    `hidden` of its record: `newest`, the name of the newest version, and `highest`, the greatest number among
    the versions there ever were.
    """

    case_sensitive = True
    implied = True
    newest_first: ClassVar[bool] = True
    # What a container has that came with a version: null or empty, by kind (AZ-LIST-8).
    empty: ClassVar[dict[str, Any]] = {"description": None, "tags": {}, "properties": {}}
    shows_state: ClassVar[bool] = True
    put_always_creates: ClassVar[bool] = False
    # Whether a list shows times and author of the newest version (AZ-LIST-16).
    times_of_newest: ClassVar[bool] = False

    def listed(self, call: Call) -> Sequence[Record]:
        """Newest first or oldest first, by kind; not to be relied on (AZ-LIST-10)."""
        oldest_first = super().listed(call)
        return NewestFirst(oldest_first) if self.newest_first else oldest_first

    async def list(self, call: Call) -> Response:
        """GET with `listViewType` and `$top`; no name is left out (AZ-LIST-4)."""
        return page(call, self.listed(call), size_of(call, self.page_size), self.in_list, active(call))

    def latest(self, record: Record, in_list: bool) -> tuple[str | None, str]:
        """`latestVersion` and `nextVersion`."""
        newest = record.hidden["newest"]
        if newest is None:
            return None, str(record.hidden["highest"] + 1)
        return newest, str(int(newest) + 1) if newest.isdecimal() else "1"

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """The container as GET and PUT answer it."""
        return self._shown(call, record, in_list=False)

    def in_list(self, call: Call, record: Record) -> dict[str, Any]:
        """The container as it stands in a list; some kinds differ."""
        return self._shown(call, record, in_list=True)

    def _shown(self, call: Call, record: Record, *, in_list: bool) -> dict[str, Any]:
        latest, following = self.latest(record, in_list)
        stored = record.properties
        head = ("description", "tags", "properties", "isArchived")
        shown = {name: stored[name] for name in head}
        shown |= {"latestVersion": latest, "nextVersion": following}
        if self.shows_state and call.api_version >= "2023-04-01":
            shown["provisioningState"] = "Succeeded"
        shown |= {name: value for name, value in stored.items() if name not in shown}
        system = self._newest(record) if in_list and self.times_of_newest else None
        return {**record.document, "properties": shown} | ({"systemData": system} if system else {})

    def _newest(self, record: Record) -> dict[str, Any] | None:
        """The `systemData` of the newest version; None where there is none."""
        newest = self.context.store.get(f"{record.key}/versions/{record.hidden['newest']}")
        return None if newest is None or newest.gone else newest.document["systemData"]

    async def put(self, call: Call) -> Response:
        """Creates, changes, archives or restores; environments answer 201 always (AZ-ASSET-1).

        Inferred (AZ-ASSET-23): what is not sent is as if it had never been said.
        """
        sent = sent_properties(call)
        old = self.find(call)
        check_asset_name(self, call)
        now = asset_time(call.tick())
        properties = {**self.empty, "isArchived": False, **self.checked(call, sent, old)}
        for name in ("latestVersion", "nextVersion", "provisioningState"):
            properties.pop(name, None)
        before = old.document["systemData"] if old else None
        system = before if before and self.put_always_creates else stamped(now, author(call.principal), before)
        document = {"properties": properties, "systemData": system}
        hidden = old.hidden if old else {"newest": None, "highest": 0}
        record = self.new_record(call, self.workspace(call).id, document, hidden=hidden)
        self.context.store.put(record)
        created = old is None or self.put_always_creates
        return answer(201 if created else 200, self.view(call, record), {"Location": call.url} if created else {})

    def checked(self, call: Call, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """The properties of a PUT as they are kept. Raises ArmError to refuse."""
        return sent

    def implied_by(
        self, workspace: Record, key: str, name: str, principal: Principal, extra: dict[str, Any]
    ) -> Record:
        """The container that comes into being with a version."""
        id_ = child_id(workspace.id, self.type, name)
        now = asset_time(self.context.clock.tick())
        document = {
            "id": id_,
            "name": name,
            "type": self.type,
            "properties": {**self.empty, "isArchived": False, **extra},
            "systemData": stamped(now, author(principal)),
        }
        return Record(key, self.key_type, workspace.key, id_, name, document, {"newest": None, "highest": 0})
