"""The source, looked at again before a step acts upon it: each by itself, or many of one name by a list."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace

import pytest
from tests.builders.world import asset, step
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import DriftError
from amlmigrate.core.plan import Step
from amlmigrate.kinds import moving_kinds
from amlmigrate.running.sources import Sources

KIND = moving_kinds()["environments"]


def _version(number: int, **more: object) -> Asset:
    return asset(f"environments/e/{number}", image=f"i:{number}", **more)


def _steps(assets: Iterable[Asset]) -> list[Step]:
    return [step(str(one.address), source_sha256=KIND.digest(one)) for one in assets]


class Source(InMemory):
    """A workspace in memory whose lists may show something else, or nothing."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        super().__init__({KIND.path(one.address): one.document for one in assets})
        self.listed: list[Document] | ServiceError | None = None

    async def pages(
        self, path: str, query: Mapping[str, str] | None = None, *, absent_is_empty: bool = False
    ) -> AsyncIterator[Document]:
        if isinstance(self.listed, ServiceError):
            self.calls.append(("GET", path))
            raise self.listed
        if self.listed is not None:
            self.calls.append(("GET", path))
            for item in self.listed:
                yield item
            return
        async for item in super().pages(path, query or {}, absent_is_empty=absent_is_empty):
            yield item

    @property
    def asked(self) -> Counter[str]:
        """How often which kind of path was read."""
        return Counter("list" if path.endswith("/versions") else "item" for _, path in self.calls)


def _look(source: Source, steps: list[Step], now: Iterable[float] = ()) -> None:
    times = iter(now)
    sources = Sources(source, steps, clock=lambda: next(times, 0.0))

    async def every() -> None:
        for one in steps:
            await sources.refuse_changed(KIND, one)

    asyncio.run(every())


@pytest.mark.parametrize(
    ("count", "times", "asked"),
    [
        (40, [], {"list": 1}),
        (2, [], {"item": 2}),
        # Asked for at 0; then looked at once by each of the other two: a list counts for half a minute.
        (3, [0.0, 0.0, 30.0, 30.0], {"list": 1}),
        (3, [0.0, 0.0, 31.0, 31.0], {"list": 2}),
        # A long list counts longer, since it costs a call for each page.
        (1000, [0.0, *[80.0] * 999], {"list": 1}),
    ],
    ids=["many", "few", "half a minute", "longer", "long list"],
)
def test_many_of_a_name_are_looked_at_by_one_list_for_a_while_and_few_one_by_one(
    count: int, times: list[float], asked: dict[str, int]
) -> None:
    assets = [_version(number) for number in range(count)]
    source = Source(assets)
    _look(source, _steps(assets), times)
    assert source.asked == asked


def test_those_that_look_at_once_share_a_list() -> None:
    assets = [_version(number) for number in range(5)]
    source, steps = Source(assets), _steps(assets)
    sources = Sources(source, steps)

    async def at_once() -> None:
        await asyncio.gather(*(sources.refuse_changed(KIND, one) for one in steps))

    asyncio.run(at_once())
    assert source.asked == {"list": 1}


def test_what_was_changed_is_drift() -> None:
    assets = [_version(number) for number in range(4)]
    source, steps = Source([*assets[:3], _version(3, description="other")]), _steps(assets)
    with pytest.raises(DriftError) as caught:
        _look(source, steps)
    assert caught.value.address == "environments/e/3"


def test_what_is_gone_is_drift() -> None:
    assets = [_version(number) for number in range(4)]
    with pytest.raises(DriftError):
        _look(Source(assets[:3]), _steps(assets))


@pytest.mark.parametrize("shown", ["nothing", "another", "refused"])
def test_a_list_that_shows_otherwise_is_no_proof_of_it(shown: str) -> None:
    assets = [_version(number) for number in range(4)]
    source = Source(assets)
    source.listed = {
        "nothing": [],
        "another": [_version(number, description="stale").document for number in range(4)],
        "refused": ServiceError(400, "UserError", "no list", method="GET", url="/x"),
    }[shown]
    _look(source, _steps(assets))
    assert source.asked == {"list": 1, "item": 4}


def test_archiving_looks_at_the_item() -> None:
    archived = [_version(number, isArchived=True) for number in range(3)]
    source = Source(archived)
    made = _steps(archived)
    phases = [replace(one, address=one.address.archived()) for one in made]
    sources = Sources(source, [*made, *phases])

    async def every() -> None:
        for one in phases:
            await sources.refuse_changed(KIND, one)

    asyncio.run(every())
    assert source.asked == {"list": 1}
