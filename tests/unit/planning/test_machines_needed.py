"""Whether quotas suffice for the clusters of a plan: by what Azure lists, and said where it cannot be known."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import NEW, TARGET, step

from amlmigrate.core.documents import Document
from amlmigrate.core.plan import Action
from amlmigrate.planning.machines import short

SIZES = [{"name": "Standard_DS3_v2", "family": "standardDSv2Family", "vCPUs": 4}]


class Region:
    """Answers two lists; a status in the place of one refuses it."""

    def __init__(self, usages: Any, sizes: Any = SIZES) -> None:
        self.lists = {"usages": usages, "vmSizes": sizes}
        self.asked: list[str] = []

    async def pages(self, path: str) -> Any:
        self.asked.append(path)
        found = self.lists[path.rpartition("/")[2]]
        if isinstance(found, int):
            raise refusal(found, "AuthorizationFailed", "no right", url=path)
        for one in found:
            yield one


def usage(family: str, used: int, limit: int, of: str = "/subscriptions/s") -> Document:
    return {"id": f"{of}/usages/{family}", "name": {"value": family}, "currentValue": used, "limit": limit}


def cluster(name: str, least: int = 0, size: str = "STANDARD_DS3_V2", priority: str = "Dedicated") -> list[Any]:
    def body(count: int) -> Document:
        inner = {"vmSize": size, "vmPriority": priority, "scaleSettings": {"minNodeCount": count}}
        return {"properties": {"computeType": "AmlCompute", "properties": inner}}

    made = step(f"computes/{name}", body=body(0))
    keeps = step(f"computes/{name}#enable", action=Action.UPDATE, body=body(least), stage="cutover")
    return [made, keeps] if least else [made]


async def found(region: Region, *steps: Any) -> list[tuple[str, str]]:
    return [(one.address, one.code) for one in await short(region, TARGET, steps)]  # type: ignore[arg-type] - two lists


FAMILY, TOTAL, SPARE = "standardDSv2Family", "totalDedicatedCores", "totalLowPriorityCores"
SHORT = [("computes/cpu!compute-quota", "compute-quota")]
UNKNOWN = [("computes/cpu!not-checked", "not-checked")]
GROWTH = [(f"{TARGET.id}!compute-growth", "compute-growth")]


@pytest.mark.parametrize(
    ("usages", "steps", "told"),
    [
        ([usage(FAMILY, 0, 4)], cluster("cpu"), []),
        ([usage(FAMILY, 4, 4)], cluster("cpu"), GROWTH),
        ([usage(FAMILY, 0, 3)], cluster("cpu"), SHORT),
        ([usage(FAMILY, 0, 8)], cluster("cpu", 2), []),
        ([usage(FAMILY, 1, 8)], cluster("cpu", 2), SHORT),
        ([usage(FAMILY, 0, 100), usage(TOTAL, 0, 3)], cluster("cpu"), SHORT),
        ([usage(FAMILY, 0, 0)], cluster("cpu", priority="LowPriority"), UNKNOWN),
        ([usage(FAMILY.upper(), 0, 3)], cluster("cpu"), SHORT),
        ([usage(SPARE, 0, 3)], cluster("cpu", priority="lowPriority"), SHORT),
        ([usage(FAMILY, 0, -1)], cluster("cpu", 2), []),
        ([usage(FAMILY, 0, 8), usage(FAMILY, 0, 3, NEW.id)], cluster("cpu"), SHORT),
        ([usage(FAMILY, 0, 8), usage(FAMILY, 0, 3, f"{NEW.id}2")], cluster("cpu"), []),
        # Silence would say that there is room.
        ([], cluster("cpu", 2), UNKNOWN),
        ([usage(TOTAL, 0, 3)], cluster("cpu"), [*UNKNOWN, *SHORT]),
    ],
)
async def test_what_a_quota_has_room_for(usages: Any, steps: Any, told: Any) -> None:
    assert await found(Region(usages), *steps) == told


async def test_nodes_that_are_kept_count_together() -> None:
    told = await short(Region([usage(FAMILY, 0, 8)]), TARGET, [*cluster("one", 1), *cluster("two", 2)])  # type: ignore[arg-type] - two lists
    assert [one.about for one in told] == ["computes/two"]
    assert "8 cores of the quota 'standardDSv2Family' for 2 x STANDARD_DS3_V2" in told[0].summary


async def test_what_is_there_already_needs_nothing_and_nothing_is_asked() -> None:
    region = Region(403, 403)
    adopted = [step("computes/cpu", action=Action.ADOPT, body=cluster("cpu")[0].body)]
    assert await found(region, *adopted, *cluster("cpu", 2)[1:]) == [] and region.asked == []


async def test_what_cannot_be_read_is_not_checked() -> None:
    told = await found(Region(403), *cluster("cpu"))
    assert [code for _, code in told] == ["not-checked"]
    assert [code for _, code in await found(Region([], 403), *cluster("cpu"))] == ["not-checked"]
    assert await found(Region([usage(FAMILY, 0, 0)]), *cluster("cpu", size="Other")) == [
        ("computes/cpu!not-checked", "not-checked")
    ]


@pytest.mark.parametrize(
    ("limit", "told"),
    [(16, []), (15, ["What the plan makes may grow to 16 cores of the quota 'standardDSv2Family'"]), (-1, [])],
)
async def test_what_all_may_grow_to_is_told_where_it_is_more_than_is_left(limit: int, told: list[str]) -> None:
    inner = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 3}}
    many = step("computes/cpu", body={"properties": {"computeType": "AmlCompute", "properties": inner}})
    alone = {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2"}}
    region = Region([usage(FAMILY, 0, limit)])
    found = await short(region, TARGET, [many, step("computes/ci", body={"properties": alone})])  # type: ignore[arg-type] - two lists
    assert [one.summary.partition(". ")[0] for one in found] == told
    assert {(one.severity, one.code) for one in found} <= {("warning", "compute-growth")}


async def test_an_instance_needs_its_cores_though_it_is_stopped() -> None:
    alone = {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2"}}
    made = step("computes/ci", body={"properties": alone})
    assert ("computes/ci!compute-quota", "compute-quota") in await found(Region([usage(FAMILY, 1, 4)]), made)
