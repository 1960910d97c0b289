"""The files that name other places: read wherever they lie, and what is said of those that cannot be."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from typing import Any, cast

import pytest
from tests.builders.errors import refusal
from tests.builders.world import OLD_BLOBS, SOURCE, asset, blob, inventory

from amlmigrate.bytes.contents import LARGEST
from amlmigrate.bytes.listings import Listing
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.blobshapes import StoredBytes
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.asset import Content, Inventory
from amlmigrate.core.workspace import Location
from amlmigrate.inventory import read_contents

OWN = "azureml://datastores/workspaceblobstore/paths/t"
LAKE = "azureml://datastores/lake/paths/t"


SILENT = OutOfReachError("no such host", method="GET", url="x")


class Files:
    """Answers every read alike: with bytes, or with an error."""

    def __init__(self, answer: Any, encoding: str = "") -> None:
        self.answer = answer
        self.encoding = encoding
        self.asked: Counter[str] = Counter()

    async def fetch(self, place: Location, largest: int) -> StoredBytes | None:
        self.asked[place.account] += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is None:
            return None
        return StoredBytes(self.answer if len(self.answer) <= largest else None, self.encoding, len(self.answer))


LISTED = Listing(Location("acct", OLD_BLOBS), {path: blob(path) for path in ("t/MLTable", "beside/a.csv")})


def _read(files: Files, *uris: str) -> Inventory:
    tables = (asset(f"data/t/{n}", dataType="mltable", dataUri=uri) for n, uri in enumerate(uris))
    found = inventory(*tables, of=SOURCE)
    asyncio.run(read_contents(found, cast(Blobs, files), {("acct", OLD_BLOBS): LISTED}))
    return found


@pytest.mark.parametrize(("uri", "place"), [(OWN, Location("acct", OLD_BLOBS, "t/MLTable")),
                                            (LAKE, Location("customerlake", "raw", "t/MLTable"))])  # fmt: skip
def test_a_file_is_read_wherever_it_lies(uri: str, place: Location) -> None:
    found = _read(Files(b"paths: []\n"), uri)
    [table] = [one for one in found.assets.values() if one.address.kind == "data"]
    assert table.contents == (Content(place, "paths: []\n"),)
    assert found.findings == []


@pytest.mark.parametrize(
    ("uri", "answer", "severity", "says"),
    [
        (LAKE, refusal(403, "AuthorizationFailure"), "blocks", "could not be read"),
        (LAKE, SILENT, "blocks", "could not be read"),
        (LAKE, refusal(409, "BlobArchived"), "error", "is archived"),
        (OWN, refusal(409, "BlobArchived"), "error", "is archived"),
        (LAKE, refusal(409, "BlobUsesCustomerSpecifiedEncryption"), "blocks", "could not be read"),
        (LAKE, refusal(403, "AuthorizationPermissionMismatch"), "blocks", "could not be read"),
        (OWN, refusal(409, "BlobUsesCustomerSpecifiedEncryption"), "error", "a key that its writer sent along"),
        (OWN, refusal(409, "BlobBeingRehydrated"), "error", "brought back from the archive"),
        (OWN, refusal(403, "AuthorizationPermissionMismatch"), "error", "the identity may not read it"),
        (OWN, refusal(403, "EncryptionScopeDisabled"), "error", "scope is disabled"),
        (OWN, refusal(412, "ConditionNotMet"), "error", "written since it was listed"),
        (LAKE, "azureml://datastores/d/paths/a".encode("utf-16"), "error", "is not text in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said(uri: str, answer: Any, severity: str, says: str) -> None:
    [finding] = _read(Files(answer), uri).findings
    assert (finding.severity, finding.about) == (severity, "data/t/0")
    assert says in finding.summary


@pytest.mark.parametrize(
    "answer", [(403, "AuthorizationFailure"), (403, "KeyVaultEncryptionKeyNotFound"), (500, "InternalError")]
)
def test_the_workspaces_own_account_has_to_be_readable(answer: tuple[int, str]) -> None:
    """One file of it may not be: the others are read all the same."""
    with pytest.raises(ServiceError):
        _read(Files(refusal(*answer)), OWN)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((409, "BlobArchived"), "file-archived"),
        ((409, "BlobUsesCustomerSpecifiedEncryption"), "file-unreadable"),
        ((403, "AuthorizationPermissionMismatch"), "file-unreadable"),
    ],
)
def test_what_cannot_be_read_is_said_of_each_asset_that_has_it(answer: tuple[int, str], code: str) -> None:
    found = _read(Files(refusal(*answer)), OWN, OWN)
    assert [one.address for one in found.findings] == [f"data/t/0!{code}", f"data/t/1!{code}"]
    assert all("--exclude" in one.remedy for one in found.findings)


def test_an_account_that_gives_no_answer_is_not_asked_for_each_asset() -> None:
    files = Files(SILENT)
    found = _read(files, *[LAKE] * 40)
    assert len(found.findings) == 40
    assert files.asked["customerlake"] < 40


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", " GZIP", "x-other"])
@pytest.mark.parametrize("data", [gzip.compress(b"paths: []\n", mtime=0), b"paths: []\n"])
@pytest.mark.parametrize("uri", [OWN, LAKE])
def test_one_with_an_encoding_is_neither_undone_nor_silently_copied(uri: str, data: bytes, encoding: str) -> None:
    found = _read(Files(data, encoding), uri)
    [finding] = found.findings
    assert (finding.severity, finding.address) == ("blocks", "data/t/0!file-encoded")
    assert f"'{encoding}'" in finding.summary
    assert not any(one.contents for one in found.assets.values())


@pytest.mark.parametrize("encoding", ["", "identity", "Identity "])
def test_one_whose_encoding_is_none_is_read(encoding: str) -> None:
    found = _read(Files(b"paths: []\n", encoding), OWN)
    assert found.findings == []
    assert any(one.contents for one in found.assets.values())


@pytest.mark.parametrize("uri", [OWN, LAKE, "azureml://datastores/workspaceblobstore/paths/beside/"])
def test_a_table_without_its_file_is_not_one_that_moves_whole(uri: str) -> None:
    [finding] = _read(Files(None), uri).findings
    assert (finding.severity, finding.address) == ("blocks", "data/t/0!table-absent")
    assert "SDK v1" in finding.summary


def test_of_a_table_that_has_no_bytes_at_all_something_else_is_told() -> None:
    assert _read(Files(None), "azureml://datastores/workspaceblobstore/paths/nothing/").findings == []


def test_one_that_is_too_large_is_said_unread() -> None:
    [finding] = _read(Files(b"a" * (LARGEST + 1)), OWN).findings
    assert (finding.severity, finding.code) == ("error", "file-not-text")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (bytes(range(256)) * 40, False),
        (b"\xff\xfe" + "paths: []".encode("utf-16-le"), False),
        (b"\xff\xfe" + "file: azureml://datastores/lake/paths/a".encode("utf-16-le"), True),
        (b"\xff\xfe" + "paths: [{file: ../a}]".encode("utf-16-le"), True),
        ("paths: [{file: ../\u00fc}]".encode("utf-16"), True),
        ("paths: [{file: ../\u00fc}]".encode("latin-1"), True),
        (b"\xff file: azureml://datastores/lake/paths/a", True),
    ],
)
def test_one_that_is_no_text_is_said_where_it_names_anything(data: bytes, told: bool) -> None:
    assert [one.code for one in _read(Files(data), OWN).findings] == ["file-not-text"] * told
