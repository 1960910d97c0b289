"""The half of the port that every kind has, over each kind's example: how it is listed, and what it is to engines."""

from __future__ import annotations

import asyncio
import json
import re
from typing import cast

import pytest
from tests.builders.world import inventory
from tests.contract.kinds.examples import ALL, every_listed, filled
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.decommissioning.losses import Dying
from amlmigrate.decommissioning.removal import blocking, clear
from amlmigrate.kinds import Kind, Listed, all_kinds, kind_of, state_digest

_OPERATION = re.compile(r"Microsoft\.[A-Za-z]+(/[A-Za-z]+)+/(read|write|delete|action)")
_BY_LIST = [kind for kind in ALL if type(kind).scan is Listed.scan]


class _Workspace(InMemory):
    """One that keeps how something was removed."""

    async def delete(self, path: str, query: dict[str, str] | None = None) -> None:
        self.calls.append(("DELETE", path))


def _parent(kind: Listed) -> Listed | None:
    return all_kinds()[kind.parent] if kind.parent else None


@every_listed
def test_an_example_is_of_its_kind_and_its_address_is_read_back(kind: Listed) -> None:
    example = kind.example()
    assert example.address.kind == kind.name
    assert kind_of(example.address) is kind
    assert Address.parse(str(example.address)) == example.address
    json.dumps(example.document)
    assert state_digest(example) == kind.digest(example)
    assert kind.passing == (not kind.digest(example))


@every_listed
def test_what_lies_in_another_has_that_for_a_parent(kind: Listed) -> None:
    above, parent = _parent(kind), kind.example().address.parent
    assert (above.name if above else None) == (parent.kind if parent else None)
    assert not above or above.example().address == parent


@every_listed
def test_a_kind_moves_or_says_why_not_and_what_to_do(kind: Listed) -> None:
    stays = kind.stays(kind.example())
    assert bool(stays) == bool(kind.manual) == (not isinstance(kind, Kind))
    assert not kind.manual or kind.manual.endswith(".")
    example = kind.example()
    assert bool(example.reason) == bool(example.remedy) == bool(kind.manual) or kind in _BY_LIST


@pytest.mark.parametrize("kind", _BY_LIST, ids=lambda kind: kind.name)
async def test_what_the_service_lists_is_what_is_found(kind: Listed) -> None:
    example = filled(kind.example())
    above = _parent(kind)
    documents = {kind.path(example.address): dict(example.document)}
    port = cast(WorkspaceClient, InMemory(documents))
    [found] = await kind.scan(port, [filled(above.example())] if above else ())
    assert (found.address, found.document) == (example.address, example.document)
    assert (found.reason, found.remedy) == (kind.stays(example), kind.manual)


@every_listed
def test_permissions_are_operations_of_the_kinds_own_types(kind: Listed) -> None:
    has = kind.permissions
    if kind.in_vault:
        return  # its items are no resources of Azure Resource Manager
    every = (*has.read, *has.write, *has.delete, *has.secrets, *has.harmless)
    assert has.read and all(map(_OPERATION.fullmatch, every)) and len(set(every)) == len(every)
    assert {action.rpartition("/")[0] for action in (*has.read, *has.write, *has.delete)} == set(kind.arm_types())
    assert all(action.endswith("/action") for action in (*has.secrets, *has.harmless))


@every_listed
def test_what_is_live_is_told_in_a_sentence(kind: Listed) -> None:
    told = kind.live(kind.example())
    assert told == "" or (told.endswith(".") and len(told.split()) > 2)
    assert not kind.writes or told, "the example of what writes by itself is at work"


def test_what_is_live_today() -> None:
    live = {kind.name for kind in ALL if kind.live(kind.example())}
    assert live == {"onlineEndpoints/deployments", "batchEndpoints/deployments", "schedules", "jobs"}


def test_a_schedule_that_is_switched_off_is_at_rest_and_one_that_does_not_say_so_is_not() -> None:
    schedules = all_kinds()["schedules"]

    def told(properties: Document) -> str:
        return schedules.live(Asset(Address.of("schedules", "s"), {"properties": properties}))

    assert told({"isEnabled": False}) == ""
    assert told({}) == told({"isEnabled": None}) == "schedules/s is an enabled schedule."


@every_listed
async def test_what_blocks_the_deletion_is_deleted_by_one_call_and_all_else_by_none(kind: Listed) -> None:
    example, port = kind.example(), _Workspace()
    await kind.retire(cast(WorkspaceClient, port), example)
    assert port.calls == [("DELETE", kind.path(example.address))] * kind.blocks_deletion


def test_things_are_deleted_before_what_they_lie_in_or_refer_to() -> None:
    source = inventory()
    source.by_hand += [kind.example() for kind in ALL]
    order = [asset.address.kind for asset in blocking(source)]
    assert sorted(order) == sorted(kind.name for kind in ALL if kind.blocks_deletion)
    for place, name in enumerate(order):
        kind = all_kinds()[name]
        assert not {kind.parent, *kind.after} & set(order[:place]), name
    port = _Workspace()
    asyncio.run(clear(cast(WorkspaceClient, port), source, lambda _: None))
    paths = [all_kinds()[name].path(all_kinds()[name].example().address) for name in order]
    assert port.calls == [("DELETE", path) for path in paths]


def test_what_could_not_be_listed_is_never_asked_to_be_deleted() -> None:
    source = inventory()
    source.by_hand += [Asset(Address(kind.name), {"not_listed": True}) for kind in ALL if kind.blocks_deletion]
    assert blocking(source) == []


@every_listed
def test_what_is_lost_is_told_in_the_report_of_a_removal(kind: Listed) -> None:
    loss = kind.lost(kind.example())
    told = Dying.of([kind.example()])
    assert bool(told.lines()) == bool(loss and loss.says)
    if loss:
        member = told.as_dict()[loss.member]
        assert loss.told == member or loss.told in member
        json.dumps(told.as_dict())


def test_no_two_kinds_stand_at_one_place_among_the_counts() -> None:
    places = [kind.counted for kind in ALL if kind.counted]
    assert sorted(places) == list(range(1, len(places) + 1))
