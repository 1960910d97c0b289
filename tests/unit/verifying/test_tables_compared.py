"""Tables: the target's file is held to the source's, rewritten anew; only its values can name the source."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from tests.builders.errors import refusal
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, blob
from tests.unit.core.test_rewriting import FROM, TO
from tests.unit.verifying.test_bytes_compared import _compared, _step

from amlmigrate.bytes.contents import as_written
from amlmigrate.cloud.blobs import Watch
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.workspace import Location, Service
from amlmigrate.verifying.blobs import ByteVerdict

STORE = f"azureml://{FROM}/datastores/workspaceblobstore/paths"
NEW = f"azureml://{TO}/datastores/workspaceblobstore/paths"
PATH = "d/MLTable"


class Account:
    """One that has one file."""

    service = Service.BLOB

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def digest(
        self, place: Location, one: Blob, watch: Watch | None = None, **_: object
    ) -> tuple[str, str, int]:
        if watch:
            watch()(self._data)
        made = as_written(one, self._data)
        return hashlib.sha256(self._data).hexdigest(), str(made.md5), len(self._data)

    async def read(self, place: Location, largest: int, etag: str = "") -> bytes:
        return self._data


async def _verified(source: str, target: str, *, planned: bool = True) -> tuple[list[str], dict[str, int]]:
    """The fields that differ, and how often each file names the source."""
    left, right = source.encode(), target.encode()
    own, there = as_written(blob(PATH), left), as_written(blob(PATH), right)
    one = _step(OLD_BLOBS, "d", "d", own)
    if planned:
        one = replace(one, rewrites=(Rewrite(f"{PATH}:2", "a", "b"),))
    accounts = (Account(left), Account(right))
    verdict = await _compared(one, {OLD_BLOBS: [own]}, {NEW_BLOBS: [there]}, accounts)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    named = {place.path: count for found in verdict.naming.values() for place, count in found.items()}
    return [one.field for one in verdict.differences], named


SOURCE = f"# {STORE}/x\npaths:\n- file: '{STORE}/a b.csv'\n- folder: ./c\n"


async def test_the_file_that_it_has_to_be_is_no_difference_and_its_comment_names_nothing() -> None:
    assert await _verified(SOURCE, SOURCE.replace(f"'{STORE}", f"'{NEW}")) == ([], {})


@pytest.mark.parametrize(
    "target",
    [
        SOURCE.replace(STORE, NEW),
        SOURCE.replace(f"'{STORE}", f"'{NEW}").replace("./c", "./d"),
        SOURCE.replace(f"'{STORE}/a b.csv'", f"{NEW}/a b.csv"),
        SOURCE.replace("'" + STORE, "'" + NEW) + "\n",
    ],
)
async def test_any_other_is_one(target: str) -> None:
    fields, _ = await _verified(SOURCE, target)
    assert f"{PATH}:sha256" in fields


async def test_values_that_name_the_source_are_counted_whether_or_not_they_were_planned() -> None:
    fields, named = await _verified(SOURCE, SOURCE, planned=False)
    assert (fields, named) == ([], {PATH: 1})
    fields, named = await _verified(SOURCE, SOURCE)
    assert f"{PATH}:sha256" in fields and named == {PATH: 1}


class Failing(Account):
    """One that gives its file once, and then an error."""

    def __init__(self, data: bytes, error: ServiceError) -> None:
        super().__init__(data)
        self._error = error

    async def read(self, place: Location, largest: int, etag: str = "") -> bytes:
        raise self._error


async def _failed(status: int, code: str) -> ByteVerdict:
    data = SOURCE.encode()
    one = as_written(blob(PATH), data)
    error = refusal(status, code)
    accounts = (Account(data), Failing(data, error))
    return await _compared(_step(OLD_BLOBS, "d", "d", one), {OLD_BLOBS: [one]}, {NEW_BLOBS: [one]}, accounts)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it


@pytest.mark.parametrize(("status", "code"), [(404, "BlobNotFound"), (412, "ConditionNotMet")])
async def test_one_that_changed_after_it_was_hashed_is_a_difference(status: int, code: str) -> None:
    verdict = await _failed(status, code)
    assert [one.field for one in verdict.differences] == [f"{PATH}:bytes"]
    assert verdict.naming == {} and verdict.unsearched == {"could not be read": 1}


@pytest.mark.parametrize(("status", "code"), [(401, "x"), (403, "x"), (429, "x"), (500, "x"), (503, "ServerBusy")])
async def test_one_that_the_service_does_not_give_is_not_said_to_name_the_source(status: int, code: str) -> None:
    with pytest.raises(ServiceError):
        await _failed(status, code)


async def test_one_that_is_no_yaml_is_searched_like_any_other_text() -> None:
    text = f"# {STORE}/x\npaths: [\n{STORE}/y\n"
    assert await _verified(text, text, planned=False) == ([], {PATH: 2})


async def test_one_that_is_no_yaml_any_more_and_was_to_be_rewritten_is_a_difference() -> None:
    fields, _ = await _verified("paths: [", "paths: [")
    assert fields == [f"{PATH}:bytes"]
