"""Secrets of both sides are compared in memory, and what could not be is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import plan, step

from amlmigrate.core.documents import Document
from amlmigrate.core.plan import Action
from amlmigrate.verifying import secrets

BODY = {"properties": {"authType": "PAT", "category": "Git"}}
PLAN = plan(
    step("connections/git", body=BODY), step("connections/none", body={"properties": {"authType": "None"}})
)


class Clouds:
    """Two workspaces that give these secrets, or raise."""

    def __init__(self, source: Any, target: Any) -> None:
        self.asked: list[str] = []
        self.source, self.target = (
            SimpleNamespace(workspace=lambda _, told=told: SimpleNamespace(post=self._post(told)))
            for told in (source, target)
        )

    def _post(self, told: Any) -> Any:
        async def post(path: str) -> Document:
            self.asked.append(path)
            if isinstance(told, Exception):
                raise told
            return {"properties": {"credentials": told}}

        return post


async def _compared(source: Any, target: Any) -> secrets.SecretComparison:
    clouds: Any = Clouds(source, target)
    same = secrets.compared(PLAN, frozenset({"connections/git", "connections/none"}))
    found = await secrets.compare_secrets(clouds, PLAN, same)
    assert set(clouds.asked) == {"connections/git/listsecrets"}
    return found


async def test_the_same_secret_is_no_difference_and_another_is_one_that_does_not_show_it() -> None:
    assert await _compared({"pat": "TOP"}, {"pat": "TOP", "other": None}) == secrets.SecretComparison()
    for other in ({"pat": "TOP2"}, {}, None):
        [told] = (await _compared({"pat": "TOP"}, other)).differences
        assert (told.address, told.field) == ("connections/git", "/properties/credentials")
        assert "TOP" not in f"{told.expected}{told.actual}"


async def test_what_may_not_be_read_is_told_and_not_taken_for_equal() -> None:
    found = await _compared({"pat": "TOP"}, refusal(403, "AuthorizationFailed", "no"))
    assert found.differences == () and found.not_compared[0].startswith(
        "the secret of connections/git: it was not"
    )
    with pytest.raises(Exception, match="gone"):
        await _compared({"pat": "TOP"}, refusal(404, "NotFound", "gone"))


async def test_what_is_given_of_neither_side_is_not_taken_for_equal() -> None:
    for none in ({}, None):
        found = await _compared(none, {"pat": None})
        assert found.differences == () and "gives none of either" in found.not_compared[0]


def test_what_was_made_by_hand_is_told_as_not_compared() -> None:
    made = plan(step("connections/git", action=Action.MANUAL), step("connections/none"), step("models/m/1"))
    assert secrets.unseen(made, {"connections/git", "models/m/1"}) == (
        "the secret of connections/git: it was made by hand",
    )


def test_what_was_given_is_told_as_not_compared() -> None:
    body = {"properties": {"credentials": {"pat": {"$secret": "pat", "given": "connections/git"}}}}
    made = plan(step("connections/git", body=body), step("connections/none", body={"properties": {}}))
    assert secrets.unseen(made, ()) == (
        "the secret of connections/git: it was given, and no answer shows the source's",
    )
    assert secrets.compared(made, frozenset({"connections/git"})) == []


def test_two_comparisons_have_nothing_in_common() -> None:
    keys = [secrets._digest(bytes(32), {"a": "b"}), secrets._digest(bytes([1]) * 32, {"a": "b"})]
    assert keys[0] != keys[1]
    assert secrets.compared(PLAN, frozenset()) == []
