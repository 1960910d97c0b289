"""Provenance in comparisons: a name shows the times of its newest version, and no later version makes it another one."""

from __future__ import annotations

import pytest

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.kinds import Kind, all_kinds
from amlmigrate.kinds._provenance import stamped
from amlmigrate.kinds._versioned import VersionedKind

VERSIONED = {name: kind for name, kind in all_kinds().items() if isinstance(kind, VersionedKind)}
PROVENANCE = "/properties/properties/migratedFrom."


def _body(address: Address, number: str, at: str, by: str) -> Document:
    properties = {"description": "said"}
    system = {"createdAt": at, "createdBy": by, "lastModifiedAt": at}
    document = {"id": f"/subscriptions/s/{number}", "properties": properties, "systemData": system}
    return {"properties": properties | {"properties": stamped(Asset(address, document), {})}}


def _differences(kind: Kind, address: Address, left: Document, right: Document) -> set[str]:
    return {one.field.removeprefix(PROVENANCE) for one in kind.differences(address, left, right)}


@pytest.mark.parametrize("kind", VERSIONED.values(), ids=VERSIONED)
def test_a_newer_version_makes_no_other_name(kind: Kind) -> None:
    name, version = Address.of(kind.name, "n"), Address.of(kind.name, "n", "1")
    times = ("2026-01-01T00:00:00+00:00", "a"), ("2026-02-02T00:00:00+00:00", "b")
    for address, wanted in ((name, set()), (version, {"createdAt", "createdBy"})):
        left, right = (_body(address, "1", *one) for one in times)
        assert _differences(kind, address, left, right) == wanted
        left, right = (_body(address, number, *times[0]) for number in "12")
        assert _differences(kind, address, left, right) == {"id"}
