"""The source, looked at again before a step acts upon it: each by itself, or many of one name by a list."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace

import pytest
from tests.builders.world import CONTEXT, OLD, asset, step
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
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
    sources = Sources(source, steps, CONTEXT, clock=lambda: next(times, 0.0))

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
    sources = Sources(source, steps, CONTEXT)

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
    sources = Sources(source, [*made, *phases], CONTEXT)

    async def every() -> None:
        for one in phases:
            await sources.refuse_changed(KIND, one)

    asyncio.run(every())
    assert source.asked == {"list": 1}


ROLES, AT = moving_kinds()["roleAssignments"], "providers/Microsoft.Authorization/roleAssignments"
TIMED = "providers/Microsoft.Authorization/roleAssignmentScheduleInstances"
GIVEN: Document = {
    "id": f"{OLD.id}/{AT}/a",
    "name": "a",
    "properties": {
        "scope": OLD.id,
        "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/r",
        "principalId": "p",
        "principalType": "User",
        "condition": "@x",
        "conditionVersion": "2.0",
    },
}
FOR_A_TIME: Document = {
    "id": f"{OLD.id}/{TIMED}/a",
    "name": "a",
    "properties": {"originRoleAssignmentId": GIVEN["id"], "endDateTime": "2026-08-01T00:00:00Z"},
}


def _given(**changed: object) -> Document:
    return {**GIVEN, "properties": GIVEN["properties"] | changed}


def _role(source: InMemory) -> None:
    """Looks at one role assignment of the source, planned as GIVEN, right before it is made in the target."""
    one = Asset(Address.of("roleAssignments", "a"), GIVEN)
    planned = step(str(one.address), body=ROLES.desired(one, CONTEXT).first.body)
    assert planned.source_sha256 == ""
    asyncio.run(Sources(source, [planned], CONTEXT).refuse_changed(ROLES, planned))


def test_a_role_that_is_as_it_was_planned_is_made_whatever_the_service_writes_of_it() -> None:
    _role(InMemory({f"{AT}/a": _given(updatedOn="later", principalType="user")}))
    endless = {**FOR_A_TIME, "properties": {**FOR_A_TIME["properties"], "endDateTime": None}}
    _role(InMemory({f"{AT}/a": GIVEN, f"{TIMED}/a": endless}))


@pytest.mark.parametrize(
    ("now", "timed", "says"),
    [
        (GIVEN, FOR_A_TIME, "it ends by itself, at 2026-08-01T00:00:00Z"),
        (_given(condition="@x AND @y"), None, "not what it was"),
        (_given(condition=None), None, "not what it was"),
        (
            _given(roleDefinitionId="/providers/Microsoft.Authorization/roleDefinitions/less"),
            None,
            "not what it was",
        ),
        (_given(principalId="somebody"), None, "not what it was"),
        (_given(delegatedManagedIdentityResourceId="/theirs"), None, "not what it was"),
        (None, None, "not what it was"),
    ],
    ids=["end", "condition", "no condition", "role", "principal", "of another tenant", "gone"],
)
def test_a_role_that_is_less_by_now_than_it_was_planned_is_not_made(
    now: Document | None, timed: Document | None, says: str
) -> None:
    source = InMemory({path: one for path, one in ((f"{AT}/a", now), (f"{TIMED}/a", timed)) if one})
    with pytest.raises(DriftError, match=says) as caught:
        _role(source)
    assert caught.value.remedy.startswith("Make a new plan")


@pytest.mark.parametrize(("status", "ends"), [(403, True), (404, True), (400, True), (500, False)])
def test_where_an_end_may_not_be_read_the_role_is_not_made(status: int, ends: bool) -> None:
    source = InMemory({f"{AT}/a": GIVEN}, refusing=status)
    with pytest.raises(DriftError if ends else ServiceError, match="could last for good" if ends else "500"):
        _role(source)


@pytest.mark.parametrize(
    ("there", "timed", "says"),
    [
        ([], [], ""),
        ([_given(condition="@less")], [], "not what it was"),
        ([GIVEN], [], ""),
        ([], [FOR_A_TIME], "it ends by itself"),
    ],
    ids=["still taken", "given anew with a condition", "given anew", "given anew for a time"],
)
def test_of_what_freeze_took_what_somebody_gave_in_its_place_counts(
    there: list[Document], timed: list[Document], says: str
) -> None:
    taken = {"id": GIVEN["id"], "scope": OLD.id, "properties": dict(GIVEN["properties"])}
    del taken["properties"]["scope"]
    anew = {f"{AT}/b": {**one, "id": f"{OLD.id}/{AT}/b", "name": "b"} for one in there}
    source = InMemory(anew | {f"{TIMED}/b": one for one in timed}, frozen=(taken,))
    with pytest.raises(DriftError, match=says) if says else nullcontext():
        _role(source)
