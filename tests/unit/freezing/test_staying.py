"""What is not taken away of those who may write is told in the first sentence: frozen is no more than what is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.world import SOURCE
from tests.unit.freezing.test_passing import SCOPE, Roles, given

from amlmigrate.cli.views.freeze import FreezeView
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.identity import Identity
from amlmigrate.freezing.freeze import TakenRights
from amlmigrate.freezing.stage import FreezeResult
from amlmigrate.freezing.writers import Place, WriterFinder, Writers

MSI = "0a-msi"


class Group(Roles):
    """Two groups may write; `member` is in the first of them."""

    def __init__(self, member: str = "") -> None:
        super().__init__()
        self.given = [given("first", "group-1"), given("second", "group-2")]
        self.member = member

    async def schedules(self, scope: str) -> list[dict[str, Any]]:
        return []

    async def eligible(self, scope: str) -> list[dict[str, Any]]:
        return []

    async def coming(self, scope: str) -> list[dict[str, Any]]:
        return []

    async def definition_at(self, scope: str, definition_id: str) -> dict[str, Any] | None:
        return {"properties": {"roleName": "Writer", "permissions": [{"actions": ["*"]}]}}

    async def assigned_to(self, scope: str, who: str) -> set[str]:
        return {self.given[0]["id"].lower()} if who == self.member else set()


def _found(roles: Group, place: Place) -> Writers:
    document = {**SOURCE.document, "identity": {"type": "SystemAssigned", "principalId": MSI.upper()}}
    finder = WriterFinder(roles, replace(SOURCE, document=document), Identity("me"))  # type: ignore[arg-type]  # a part of it
    return asyncio.run(finder.find([place]))


def _said(writers: Writers) -> tuple[str, ExitCode]:
    result = FreezeResult(writers, (), None, came=TakenRights(taken=writers.removable))
    told = FreezeView(Path("plans/x"), result)
    return told.ending.text, told.code


HERE = Place(SCOPE, lambda _: True)
BELOW = Place(f"{SCOPE}/below", lambda _: True)
UNKNOWN = replace(HERE, unknown="nobody may look")


@pytest.mark.parametrize(
    ("member", "place", "taken", "code", "words"),
    [
        ("", HERE, ["first", "second"], "", ["Frozen: 2 role assignments"]),
        ("me", HERE, ["second"], "own-rights", ["Frozen: 1", "1 right that allows writing stays"]),
        (MSI, HERE, ["second"], "workspace-rights", ["Frozen: 1", "1 right that allows"]),
        ("", BELOW, [], "inherited", ["Nothing was removed.", "2 rights that allow writing stay"]),
        ("", UNKNOWN, [], "account-sharing-unknown", ["Nothing was removed.", "2 at the storage account stay"]),
    ],
)  # fmt: skip
def test_what_stays_is_told_first(
    member: str, place: Place, taken: list[str], code: str, words: list[str]
) -> None:
    writers = _found(Group(member), place)
    assert [one.id.rpartition("/")[2] for one in writers.removable] == taken
    assert {one.code for one in writers.findings} == ({code} if code else set())
    assert writers.staying == 2 - len(taken)
    text, ended = _said(writers)
    assert all(one in text for one in words), text
    assert ("writing stay" in text) is bool(code and not writers.undecided)
    assert ended == (ExitCode.INCOMPLETE if writers.undecided else ExitCode.DONE)


class Unread(Group):
    """The definition of no role is shown."""

    async def definition_at(self, scope: str, definition_id: str) -> dict[str, Any] | None:
        return None


def test_a_role_that_cannot_be_read_counts_as_one_that_writes() -> None:
    writers = _found(Unread(), HERE)
    assert len(writers.removable) == 2 and {one.code for one in writers.findings} == {"role-unread"}


def test_nothing_lets_anybody_write_is_said_where_nothing_does() -> None:
    text, _ = _said(Writers())
    assert text == "Nothing to remove: no other role assignment lets anybody write to the source."
