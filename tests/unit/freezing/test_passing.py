"""Rights that Privileged Identity Management gives: none is taken away that could be given back for good alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import SOURCE

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.identity import Identity
from amlmigrate.freezing.writers import Place, WriterFinder, Writers

SCOPE = SOURCE.id
DEFINITION = {"properties": {"roleName": "Writer", "permissions": [{"actions": ["*"]}]}}


def given(name: str, principal: str) -> dict[str, Any]:
    """A role assignment."""
    told = {"principalId": principal, "roleDefinitionId": "/r/w", "scope": SCOPE, "principalType": "User"}
    return {"id": f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/{name}", "properties": told}


def instance(name: str, assignment: dict[str, Any], **more: Any) -> dict[str, Any]:
    """It as PIM shows it."""
    properties = {**assignment["properties"], "originRoleAssignmentId": assignment["id"], **more}
    return {"id": f"{SCOPE}/i/{name}", "properties": properties}


class Roles:
    """Two assignments, of which one ends, and somebody who may activate a third."""

    def __init__(self, error: ServiceError | None = None) -> None:
        self.error = error
        self.given = [given("lasting", "ann"), given("passing", "ben")]

    async def assignments(self, scope: str) -> list[dict[str, Any]]:
        return self.given

    async def assigned_to(self, scope: str, who: str) -> set[str]:
        return set()

    async def definition_at(self, scope: str, definition: str) -> dict[str, Any]:
        return DEFINITION

    async def schedules(self, scope: str) -> list[dict[str, Any]]:
        if self.error:
            raise self.error
        ends = {"endDateTime": "2026-01-01T08:00:00Z"}
        return [instance("1", self.given[0], endDateTime=None), instance("2", self.given[1], **ends)]

    async def eligible(self, scope: str) -> list[dict[str, Any]]:
        if self.error:
            raise self.error
        return [{"id": f"{SCOPE}/e/cy", "properties": given("x", "cy")["properties"]}]

    async def coming(self, scope: str) -> list[dict[str, Any]]:
        if self.error:
            raise self.error
        later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        starts = {"dan": later, "eve": "2020-01-01T00:00:00Z", "fay": "", "gus": "soon"}
        return [
            {"id": f"{SCOPE}/s/{who}", "properties": {**given("x", who)["properties"], "startDateTime": start}}
            for who, start in starts.items()
        ]


def found(error: ServiceError | None = None, now: datetime | None = None) -> Writers:
    roles: Any = Roles(error)  # a part of `Roles`
    finder = WriterFinder(roles, SOURCE, Identity("me"), now=now)
    return asyncio.run(finder.find([Place(SCOPE, lambda _: True)]))


def test_what_ends_by_itself_stays_and_who_may_activate_a_role_is_told() -> None:
    writers = found()
    assert [one.id.rpartition("/")[2] for one in writers.removable] == ["lasting"]
    told = {one.code: one for one in writers.findings}
    assert set(told) == {"for-a-time", "may-activate", "begins-later"}
    assert "2026-01-01T08:00:00Z" in told["for-a-time"].summary and "ben" in told["for-a-time"].summary
    assert "cy" in told["may-activate"].summary


def test_what_begins_tomorrow_is_told_and_what_has_begun_is_not_told_again() -> None:
    writers = found()
    told = [one.summary for one in writers.findings if one.code == "begins-later"]
    assert len(told) == 2 and "dan" in told[0] and "It begins at soon" in told[1]
    # Nobody writes by it yet.
    assert all(one.code != "begins-later" for one in writers.writing)


@pytest.mark.parametrize(("days", "who"), [(-9000, {"dan", "eve", "gus"}), (0, {"dan", "gus"}), (2, {"gus"})])
def test_what_is_to_come_is_told_by_azures_clock(days: int, who: set[str]) -> None:
    writers = found(now=datetime.now(UTC) + timedelta(days=days))
    told = [one.summary for one in writers.findings if one.code == "begins-later"]
    assert {name for name in ("dan", "eve", "fay", "gus") if any(f" {name} " in one for one in told)} == who


def test_that_it_could_not_be_read_is_told() -> None:
    writers = found(refusal(403, "AuthorizationFailed"))
    assert len(writers.removable) == 2
    assert [one.code for one in writers.findings] == ["not-checked"]


def test_what_the_workspace_itself_has_through_a_group_stays() -> None:
    class Grouped(Roles):
        async def assigned_to(self, scope: str, who: str) -> set[str]:
            return {self.given[0]["id"].lower()} if who == "msi" else set()

    document = {**SOURCE.document, "identity": {"type": "SystemAssigned", "principalId": "MSI"}}
    finder = WriterFinder(Grouped(), replace(SOURCE, document=document), Identity("me"))  # type: ignore[arg-type]  # a part of it
    writers = asyncio.run(finder.find([Place(SCOPE, lambda _: True)]))
    assert writers.removable == []
    told = {one.code: one for one in writers.findings}
    assert "ann" in told["workspace-rights"].summary


def test_without_a_licence_there_is_nothing_to_tell() -> None:
    writers = found(refusal(400, "AadPremiumLicenseRequired"))
    assert len(writers.removable) == 2 and writers.findings == []
