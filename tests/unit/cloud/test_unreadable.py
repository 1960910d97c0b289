"""Which answers are about one blob alone, so that all others go on; and what is to be done about them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import blob

from amlmigrate.cloud import blobs as module
from amlmigrate.cloud import unreadable
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.translating import source_codes
from amlmigrate.core.asset import SENT_KEY, Blob
from amlmigrate.core.errors import ExitCode, UnreadableError
from amlmigrate.core.workspace import Location


def _error(status: int, code: str, *codes: str) -> ServiceError:
    return refusal(status, code, "text", url="https://x/c/b", codes=codes)


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (409, "BlobArchived", "archive tier"),
        (409, "BlobBeingRehydrated", "brought back"),
        (409, "BlobUsesCustomerSpecifiedEncryption", "its writer sent along"),
        (409, "BlobCustomerSpecifiedEncryptionMismatch", "another key"),
        (409, "SomethingNew", "409 SomethingNew"),
        (404, "BlobNotFound", "deleted"),
        (412, "ConditionNotMet", "written since"),
        (416, "InvalidRange", "416 InvalidRange"),
        (403, "AuthorizationPermissionMismatch", "may not read it"),
        (403, "EncryptionScopeDisabled", "scope is disabled"),
    ],
)
def test_what_is_about_one_blob_says_why(status: int, code: str, says: str) -> None:
    assert says in unreadable.why(_error(status, code)) and code in unreadable.why(_error(status, code))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "InvalidAuthenticationInfo"),
        (403, "AuthorizationFailure"),
        (403, "KeyVaultEncryptionKeyNotFound"),
        (403, "AccountIsDisabled"),
        (400, "InvalidHeaderValue"),
        (429, "TooManyRequests"),
        (500, "InternalError"),
        (503, "ServerBusy"),
        (409, "OperationInProgress"),
    ],
)
def test_what_is_about_more_than_one_or_passes_is_no_property_of_it(status: int, code: str) -> None:
    assert unreadable.why(_error(status, code)) == ""


SHUT = [
    blob("d/1", encryption=f"{SENT_KEY}abc="),
    blob("d/1", tier="Archive"),
    blob("d/1", 6_000 * 2**20, tier="Archive"),
]


@pytest.mark.parametrize("one", SHUT, ids=["key", "archive", "long"])
async def test_a_blob_that_nothing_reads_is_not_asked_for(one: Blob, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service would say of one in the archive that somebody changed it."""
    monkeypatch.setattr(module, "Transport", lambda *_: None)
    client = module.Blobs(Login(), None)  # type: ignore[arg-type]  # no request is made
    monkeypatch.setattr(client, "_call", None)
    place = Location("acct", "c", "d/1")
    with pytest.raises(UnreadableError) as refused:
        await client.copy_from(client, place, one, place)
    assert refused.value.exit_code is ExitCode.INCOMPLETE
    assert "--exclude" in refused.value.remedy and refused.value.address.endswith("/c/d/1")


@pytest.mark.parametrize("length", [1, 6_000 * 2**20], ids=["at once", "in blocks"])
@pytest.mark.parametrize("tier", ["Archive", "Cool"])
async def test_one_that_was_archived_since_it_was_listed_is_told_as_that(
    length: int, tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Transport", lambda *_: None)
    client = module.Blobs(Login(), None)  # type: ignore[arg-type]  # no request is made
    refused = _error(409, "CannotVerifyCopySource")

    async def call(*_: Any) -> Any:
        raise refused

    async def head(_: Location) -> Blob:
        return blob("d/1", length, tier=tier)

    monkeypatch.setattr(client, "_call", call)
    monkeypatch.setattr(client, "head", head)
    place = Location("acct", "c", "d/1")
    with pytest.raises(UnreadableError if tier == "Archive" else ServiceError) as raised:
        await client.copy_from(client, place, blob("d/1", length), place)
    assert tier == "Archive" or raised.value is refused


def test_a_scope_of_the_accounts_own_shuts_nothing() -> None:
    assert blob("d/1", encryption="a-scope").shut == blob("d/1", tier="Cool").shut == blob("d/1").shut == ""


@pytest.mark.parametrize("code", ["BlobArchived", "BlobUsesCustomerSpecifiedEncryption"])
def test_a_refusal_says_what_to_do_wherever_it_is_told(code: str) -> None:
    """Of a blob that is read itself, and of the source of a copy."""
    own = _error(409, code)
    copied = _error(409, "CannotVerifyCopySource", *source_codes({"x-ms-copy-source-error-code": code}))
    for error in (own, copied):
        assert "--exclude" in error.remedy and "readable" in error.remedy
    assert "--exclude" not in _error(409, "CannotVerifyCopySource", *source_codes({})).remedy
