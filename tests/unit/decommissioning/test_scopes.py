"""Scopes end at a slash: what is at a workspace of a longer name is not at this one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import OLD

from amlmigrate.decommissioning.surroundings import going
from amlmigrate.freezing.rights import writes_workspace
from amlmigrate.freezing.writers import Place
from amlmigrate.kinds._extension import at_or_below

ID = OLD.id
INSIDE = [ID, ID.upper(), f"{ID}/onlineEndpoints/e"]
OUTSIDE = [f"{ID}2", f"{ID}-x/onlineEndpoints/e", f"{ID} b", ID.rpartition("/")[0], ""]


class Side:
    """A side whose assignments have these scopes."""

    def __init__(self, scopes: list[str]) -> None:
        self.roles = self
        self._scopes = scopes

    async def assignments(self, _: str) -> list[dict[str, Any]]:
        return [{"id": f"/a/{n}", "properties": {"scope": scope}} for n, scope in enumerate(self._scopes)]


async def test_only_what_is_at_the_workspace_or_below_goes_with_it() -> None:
    found = await going(Side([*INSIDE, *OUTSIDE]), ID)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert found is not None
    assert sorted(one["scope"] for one in found) == sorted(INSIDE)


@pytest.mark.parametrize("scope", INSIDE)
def test_a_scope_at_the_workspace_or_below(scope: str) -> None:
    assert Place(ID, writes_workspace).holds(scope)
    assert at_or_below(ID, scope)


@pytest.mark.parametrize("scope", OUTSIDE)
def test_a_scope_elsewhere(scope: str) -> None:
    assert not Place(ID, writes_workspace).holds(scope)
    assert not at_or_below(ID, scope)
