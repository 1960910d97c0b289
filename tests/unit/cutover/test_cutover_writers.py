"""Who may still write a source keeps it from being cut over, however they came to it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import SOURCE

from amlmigrate.core import findingcodes
from amlmigrate.core.identity import Identity
from amlmigrate.cutover import checking
from amlmigrate.freezing.writers import Writers

# These write only once they have done something else, or are told for other reasons.
NO_WRITERS = {"may-activate", "begins-later", "account-keys", "runner-elsewhere", "runner-rights"}


class Clouds:
    """Somebody who is signed in."""

    def __init__(self) -> None:
        self.source = self.credential = self

    async def identity(self) -> Identity:
        return Identity("me")


@pytest.mark.parametrize("code", sorted({one.name for one in findingcodes.WRITERS}))
async def test_each_assignment_that_stays_and_writes_is_a_reason(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def found(*_: Any) -> Writers:
        writers = Writers()
        writers.warn("/a", "It writes.", "Ask.", code=code)
        return writers

    monkeypatch.setattr(checking, "writers", found)
    clouds: Any = Clouds()
    plan: Any = None
    may, rest = await checking._writers(clouds, SOURCE, plan, [])
    told = ((), (f"warning: /a!{code}: It writes.",)) if code in NO_WRITERS else (("It writes.",), ())
    assert (may, rest) == told
