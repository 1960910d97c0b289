"""The header says who made what is left to do by hand: as far as Azure names them, and only of what is left."""

from __future__ import annotations

from dataclasses import replace

from tests.builders.world import TARGET, containers, inventory
from tests.unit.planning.planned import leftover

from amlmigrate.core.asset import Asset
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Header
from amlmigrate.core.select import Selection
from amlmigrate.planning.build import build, makers


def made(address: str, by: str, name: str = "", **more: bool) -> Asset:
    left = leftover(address)
    return replace(left, document={**left.document, "systemData": {"createdBy": by}}, made_by=name, **more)


def planned(*left: Asset) -> Header:
    source = replace(inventory(), by_hand=list(left))
    target = inventory(of=TARGET)
    header, _ = build(source, target, containers(), name="x", selection=Selection(), prior=OwnershipRecord())
    return header


def test_who_made_what_is_left_by_hand_is_counted_by_kind() -> None:
    header = planned(
        made("jobs/a", "id-1", "Ana"),
        made("jobs/b", "id-1", "Ana"),
        made("schedules/s", "id-1", "Ana"),
        made("jobs/c", "id-2"),
        made("jobs/empty", "id-2", empty=True),
        leftover("jobs/nobody"),
    )
    assert makers(header) == {"Ana": ["jobs/a", "jobs/b", "schedules/s"], "id-2": ["jobs/c"]}
    assert header.counts["jobs"]["manual"] == 4
    assert makers(Header.of_dict(header.as_dict())) == makers(header)


def test_where_nobody_is_named_nothing_is_said() -> None:
    header = planned(leftover("jobs/nobody"))
    assert "made_by" not in header.as_dict() and makers(header) == {}
