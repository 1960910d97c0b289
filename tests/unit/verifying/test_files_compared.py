"""Files of shares are compared with what no list shows of them; of a directory only that it is there counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import blob, containers, plan, step
from tests.unit.verifying.compared import verifier

from amlmigrate.bytes.listings import Listing, listing_digest
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.asset import FOLDER_ETAG, FOLDER_KIND, Blob
from amlmigrate.core.plan import Action, Bytes, Plan
from amlmigrate.core.workspace import Location, Service
from amlmigrate.verifying.blobs import ByteVerdict

SOURCE = Location("acct", "notes", service=Service.FILE)
TARGET = Location("cmkacct", "notes", service=Service.FILE)
FILE = blob("Users/a.ipynb", 3, kind="File", tags=None, attributes=(("written", "T"),))
FOLDER = blob("Users", 0, FOLDER_ETAG, kind=FOLDER_KIND, tags=None)


class Account:
    """One share, whose file is shown alone with headers and metadata."""

    service = Service.FILE

    def __init__(self, **shown: Any) -> None:
        self._shown = replace(FILE, **shown)
        self.read: list[str] = []

    async def digest_shown(
        self, place: Location, one: Blob, *_: Any, md5: bool = True, **__: Any
    ) -> tuple[tuple[str, str, int], Blob]:
        if self._shown.etag != one.etag:
            raise refusal(412, "ConditionNotMet")
        self.read.append(one.path)
        return ("sha", "bWQ1" if md5 else "", one.length), self._shown


def _plan(*files: Blob) -> Plan:
    amount = Bytes(SOURCE, TARGET, len(files), sum(one.length for one in files))
    return plan(step("shares/notes", action=Action.COPY, source_sha256=listing_digest(files), bytes=amount))


async def _verdict(left: Account, right: Account, twin: Blob = FILE, *, hashing: bool = True) -> ByteVerdict:
    both = containers()
    there = Listing(TARGET, {one.path: one for one in (FOLDER, twin)})
    listed = Containers(
        both.source | {SOURCE.key: Listing(SOURCE, {one.path: one for one in (FOLDER, FILE)})},
        both.target | {TARGET.key: there},
    )
    return await verifier(listed, left, right, hashing=hashing).verify(_plan(FOLDER, FILE))


async def test_what_is_the_same_is_the_same_and_what_is_not_compared_is_told() -> None:
    left, right = Account(metadata=(("k", "v"),)), Account(metadata=(("k", "v"),))
    found = await _verdict(left, right)
    assert found.differences == [] and (found.blobs, found.same) == (2, 2)
    assert left.read == right.read == [FILE.path], "a directory has no bytes"
    assert any("permissions (ACLs)" in told for told in found.not_checked)
    assert not any("no list shows" in told for told in found.not_checked)
    assert not found.unsearched.get("were not read at this depth")


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"metadata": (("k", "w"),)}, "metadata"),
        ({"headers": (("content_type", "text/x"),)}, "headers"),
        ({"md5": "b3RoZXI="}, "md5"),
    ],
)
async def test_what_no_list_shows_is_compared_where_bytes_are(more: dict[str, Any], where: str) -> None:
    left = Account(metadata=(("k", "v"),), md5="bWQ1")
    right = Account(**{"metadata": (("k", "v"),), "md5": "bWQ1", **more})
    found = await _verdict(left, right)
    assert f"{FILE.path}:{where}" in {one.field for one in found.differences}
    listed = await _verdict(left, right, hashing=False)
    assert listed.differences == [] and any("no list shows" in told for told in listed.not_checked)


@pytest.mark.parametrize("which", ["source", "target"])
async def test_metadata_of_another_version_than_was_read_is_no_files(which: str) -> None:
    accounts = {"source": Account(), "target": Account()} | {which: Account(etag='"newer"')}
    found = await _verdict(accounts["source"], accounts["target"])
    assert found.same == 1 and "not read: 412 ConditionNotMet" in str(found.differences)


@pytest.mark.parametrize(
    "change", [{"attributes": (("written", "U"),)}, {"kind": FOLDER_KIND, "length": 3}], ids=str
)
async def test_attributes_and_whether_it_is_a_directory_are_compared_at_any_depth(change: dict[str, Any]) -> None:
    twin = replace(FILE, **change)
    for hashing in (True, False):
        found = await _verdict(Account(), Account(), twin, hashing=hashing)
        assert found.differences and found.same == 1
