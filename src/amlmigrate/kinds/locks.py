"""Locks: they keep the workspace, or something in it, from being changed or deleted."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.kinds._extension import Extension, at_or_below
from amlmigrate.kinds._listed import Way


class Locks(Extension):
    """A lock at the workspace or below; those of its group and subscription go on without it."""

    name = "locks"
    way = Way.LOCK
    api_version = "2020-05-01"
    provider = "Microsoft.Authorization"
    manual = "Put the lock on the target at the end, and remove it from the source before the source is removed."
    # A lock on what lies in the workspace has that path for its last name.
    open_ended = True
    # It has to go before the workspace can.
    passing = True

    def items(self, workspace: str, found: list[Document]) -> list[Asset]:
        items = []
        for item in found:
            scope = str(ArmId.of(item["id"]).scope)
            if at_or_below(workspace, scope):
                below = scope[len(workspace) :].strip("/") or None
                items.append(self._found(Address.of(self.name, item["name"], below), item))
        return items

    def example(self) -> Asset:
        workspace = "/subscriptions/{subscription}/resourceGroups/{group}"
        lock = {"id": f"{workspace}/{self.collection}/keep", "name": "keep", "properties": {"level": "ReadOnly"}}
        return self.items(workspace, [lock])[0]


KIND = Locks()
