"""What lies at a workspace of other providers': whether it is there, and when two of them are the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import CONTEXT, NEW, OLD
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document
from amlmigrate.kinds import moving_kinds

LOCKS, SETTINGS = moving_kinds()["locks"], moving_kinds()["diagnosticSettings"]
AT = "providers/Microsoft.Authorization/locks"


class _Unknown(InMemory):
    """Says of each thing by itself that it is not there, in words that nobody knows."""

    status = 404

    async def get(self, path: str) -> Document | None:
        raise refusal(self.status, "LockNotFound", "The lock could not be found.")


async def test_what_a_404_says_is_told_by_the_list() -> None:
    lock = {"id": f"{OLD.id.upper()}/{AT}/keep", "name": "keep", "properties": {"level": "CanNotDelete"}}
    above = {"id": f"{OLD.id.rpartition('/providers/')[0]}/{AT}/group", "name": "group", "properties": {}}
    port = _Unknown({f"{AT}/keep": lock, f"{AT}/group": above})
    for read in (LOCKS.read, LOCKS.settle):
        assert await read(port, Address.of("locks", "keep")) == lock
        # One of that name above it is another one.
        assert await read(port, Address.of("locks", "group")) is None
        assert await read(port, Address.of("locks", "none")) is None
    port.refusing = 403
    with pytest.raises(ServiceError):
        await LOCKS.read(port, Address.of("locks", "keep"))
    port.status = 500
    with pytest.raises(ServiceError, match="LockNotFound"):
        await LOCKS.read(port, Address.of("locks", "keep"))


def _setting(*logs: dict[str, Any], **more: Any) -> Document:
    return {"properties": {"workspaceId": "/w", "logs": list(logs), **more}}


ON, OTHER = {"category": "a", "enabled": True}, {"categoryGroup": "a", "enabled": True}
NOT_KEPT = {"retentionPolicy": {"enabled": False, "days": 0}}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (_setting(ON, OTHER), _setting(OTHER, ON), True),
        (_setting(ON), _setting({**ON, **NOT_KEPT, "categoryGroup": None}), True),
        (_setting(ON), _setting(ON, {"category": "b", "enabled": False, **NOT_KEPT}), True),
        (_setting(ON), _setting(ON, metrics=[]), True),
        (_setting(ON), _setting(OTHER), False),
        (_setting(ON), _setting({**ON, "retentionPolicy": {"enabled": True, "days": 7}}), True),
        (_setting(ON), _setting(ON, eventHubName="e"), False),
    ],
)
def test_the_same_categories_to_the_same_places_are_one_setting(
    one: Document, other: Document, same: bool
) -> None:
    assert (SETTINGS.differences(Address.of("diagnosticSettings", "s"), one, other) == []) is same


def test_a_destination_stays_what_it_is() -> None:
    example = SETTINGS.example()
    body = SETTINGS.desired(example, CONTEXT).first.body
    assert body["properties"]["workspaceId"] == example.properties["workspaceId"]
    assert SETTINGS.path(example.address) == "providers/Microsoft.Insights/diagnosticSettings/logs"
    assert NEW.id not in str(body)


def test_how_long_logs_are_kept_is_told_and_never_sent() -> None:
    kept = SETTINGS.example()
    desired = SETTINGS.desired(kept, CONTEXT)
    assert "retentionPolicy" in str(kept.document) and "retentionPolicy" not in str(desired.first.body)
    [told] = desired.findings
    assert (told.code, "days: 30" in told.summary) == ("diagnostic-retention", True)
    logs = [{**one, **NOT_KEPT} for one in kept.properties["logs"]]
    off = replace(kept, document={**kept.document, "properties": {**kept.properties, "logs": logs}})
    assert SETTINGS.desired(off, CONTEXT).findings == ()
