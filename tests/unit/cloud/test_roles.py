"""The lists of roles: what is asked of ARM, and what of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from amlmigrate.cloud.roles import Roles


class Lists:
    """An ARM whose lists without a filter leave out what was made above."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def pages(self, path: str, query: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        self.asked.append(path)
        found = ["/S/here", "/s/above"] if query.get("$filter") == "atScope()" else ["/s/here", "/s/below"]
        for id_ in found:
            yield {"id": id_}


def test_what_is_given_for_a_time_above_is_asked_for_whatever_a_list_without_a_filter_has() -> None:
    for name in ("schedules", "eligible"):
        lists = Lists()
        found = asyncio.run(getattr(Roles(lists), name)("/s"))  # type: ignore[arg-type]  # a part of `Arm`
        assert sorted(str(one["id"]).lower() for one in found) == ["/s/above", "/s/below", "/s/here"]
        assert len({path.rpartition("/")[2] for path in lists.asked}) == 1
