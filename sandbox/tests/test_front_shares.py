"""File shares behind the front, by Microsoft's own clients: authorization, directories, files, pages, errors."""

from __future__ import annotations

import base64
import hashlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.storage.fileshare import (
    ContentSettings,
    ShareClient,
    ShareDirectoryClient,
    ShareFileClient,
    ShareServiceClient,
    generate_account_sas,
    generate_share_sas,
)
from azure.storage.fileshare.aio import ShareClient as AsyncShareClient
from live import account_with_key, ask, azure, connection, credential, refused, sync_credential

from azsandbox import Sandbox, provision

ACCOUNT = "frontshares"
URL = f"https://{ACCOUNT}.file.core.windows.net"
CODE_SHARE = "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"
# What lists and signatures have to get right.
NAMES = ["a+b c.ipynb", "Ü & [x]=1.txt", "100% sure.csv", "日本.py", "quote's.txt", "semi;colon,.txt", "#1~.txt"]


@dataclass
class Shares:
    """A share of a test's own, as each kind of caller sees it."""

    key: str
    credential: ClientSecretCredential
    name: str

    def service(self, credential: object = None, **more: object) -> ShareServiceClient:
        return ShareServiceClient(URL, credential=credential or self.key, retry_total=0, **more)

    def share(self, credential: object = None, **more: object) -> ShareClient:
        return self.service(credential, **more).get_share_client(self.name)

    @property
    def by_token(self) -> ShareClient:
        return self.share(self.credential, token_intent="backup")

    def account_sas(self, permission: str = "rl", types: str = "co", hours: float = 1, **more: str) -> str:
        expiry = datetime.now(UTC) + timedelta(hours=hours)
        return generate_account_sas(ACCOUNT, self.key, types, permission, expiry, **more)


@pytest.fixture(scope="session")
def key(sandbox: Sandbox) -> str:
    made: tuple[str, str] = azure(sandbox.env, lambda client: account_with_key(client, "front-shares", ACCOUNT))
    return made[1]


@pytest.fixture
def shares(azure_env: Sandbox, key: str) -> Iterator[Shares]:
    with sync_credential() as who:
        made = Shares(key, who, f"s{uuid.uuid4().hex}")
        made.share().create_share()
        yield made


def _upload(share: ShareClient, path: str, data: bytes = b"x", **more: object) -> ShareFileClient:
    file = share.get_file_client(path)
    file.upload_file(data, **more)
    return file


def _names(directory: ShareClient | ShareDirectoryClient, **more: object) -> list[str]:
    return [item.name for item in directory.list_directories_and_files(**more)]


def test_shares_are_made_listed_changed_and_deleted(shares: Shares) -> None:
    service, prefix = shares.service(), f"l{uuid.uuid4().hex}-"
    for number in range(5):
        service.create_share(f"{prefix}{number}", metadata={"Number": str(number)}, quota=7)
    pages = list(service.list_shares(name_starts_with=prefix, include_metadata=True, results_per_page=2).by_page())
    listed = [[(share.name, share.metadata["Number"], share.quota) for share in page] for page in pages]
    assert [len(page) for page in listed] == [2, 2, 1]
    assert list(chain(*listed)) == [(f"{prefix}{number}", str(number), 7) for number in range(5)]
    one = service.get_share_client(f"{prefix}0")
    one.set_share_quota(9)
    one.set_share_metadata({"other": "1"})
    properties = one.get_share_properties()
    assert (properties.quota, properties.metadata, properties.access_tier) == (
        9,
        {"other": "1"},
        "TransactionOptimized",
    )
    _upload(one, "x")
    one.delete_share()
    assert len(list(service.list_shares(prefix))) == 4
    assert refused(one.create_share) == (409, "ShareBeingDeleted")


def test_what_shares_are_refused(shares: Shares) -> None:
    service = shares.service()
    assert refused(lambda: shares.share().create_share()) == (409, "ShareAlreadyExists")
    for name, code in (
        ("Capital", "InvalidResourceName"),
        ("a--b", "InvalidResourceName"),
        ("ab", "OutOfRangeInput"),
    ):
        assert refused(lambda name=name: service.create_share(name)) == (400, code)
    missing = service.get_share_client("missing")
    for call in (missing.get_share_properties, missing.delete_share, lambda: _names(missing)):
        assert refused(call) == (404, "ShareNotFound")
    assert refused(lambda: missing.create_directory("d")) == (404, "ShareNotFound")
    assert refused(lambda: missing.get_file_client("f").create_file(1)) == (404, "ShareNotFound")
    assert refused(lambda: missing.get_file_client("f").download_file()) == (404, "ShareNotFound")


def test_a_tree_of_directories_in_any_letter_case(shares: Shares) -> None:
    share = shares.by_token
    share.create_directory("Users", metadata={"Owner": "it"})
    share.create_directory("users/Ann")
    _upload(share, "USERS/ann/note.ipynb", b"{}")
    assert _names(share) == ["Users"]
    assert _names(share.get_directory_client("Users/ANN")) == ["note.ipynb"]
    properties = share.get_directory_client("USERS").get_directory_properties()
    assert properties.metadata == {"Owner": "it"}
    assert properties.file_attributes == "Directory"
    assert properties.server_encrypted and properties.creation_time
    child = share.get_directory_client("Users/Ann").get_directory_properties()
    assert child.parent_id == properties.file_id != child.file_id
    assert share.get_directory_client().get_directory_properties().etag
    directory = share.get_directory_client("Users/Ann")
    directory.set_directory_metadata({"a": "1"})
    assert directory.get_directory_properties().metadata == {"a": "1"}
    directory.set_http_headers(file_attributes="none", file_creation_time="2020-01-02T03:04:05.0000000Z")
    assert directory.get_directory_properties().creation_time.year == 2020
    assert refused(directory.delete_directory) == (409, "DirectoryNotEmpty")
    directory.delete_file("NOTE.ipynb")
    directory.delete_directory()
    assert not directory.exists()
    assert _names(share.get_directory_client("Users")) == []


def test_what_directories_and_files_are_refused(shares: Shares) -> None:
    share = shares.by_token
    share.create_directory("d")
    _upload(share, "f")
    assert refused(lambda: share.create_directory("D")) == (409, "ResourceAlreadyExists")
    assert refused(lambda: share.create_directory("f")) == (409, "ResourceAlreadyExists")
    assert refused(lambda: share.create_directory("no/such")) == (404, "ParentNotFound")
    assert refused(lambda: share.create_directory("f/below")) == (404, "ParentNotFound")
    assert refused(lambda: _upload(share, "d")) == (409, "ResourceTypeMismatch")
    assert refused(lambda: _upload(share, "no/such")) == (404, "ParentNotFound")
    assert refused(lambda: _names(share.get_directory_client("missing"))) == (404, "ResourceNotFound")
    assert refused(lambda: _names(share.get_directory_client("no/such"))) == (404, "ParentNotFound")
    file = share.get_file_client("missing")
    for call in (
        file.get_file_properties,
        file.download_file,
        file.delete_file,
        lambda: file.set_file_metadata({}),
        lambda: file.upload_range(b"x", 0, 1),
    ):
        assert refused(call) == (404, "ResourceNotFound")
    assert not file.exists() and not share.get_file_client("d").exists()
    assert refused(lambda: share.get_file_client("d").delete_file()) == (409, "ResourceTypeMismatch")
    assert refused(lambda: share.delete_directory("missing")) == (404, "ResourceNotFound")
    for name in ("a:b", "a|b", "a/...", 'quo"te', "back\\slash"):
        assert refused(lambda name=name: share.get_file_client(name).create_file(1)) == (
            400,
            "InvalidResourceName",
        )
    for name in ("x" * 256, "/".join(["y" * 200] * 11)):
        assert refused(lambda name=name: share.get_file_client(name).create_file(1)) == (
            400,
            "InvalidFileOrDirectoryPathName",
        )
    assert refused(lambda: list(share.list_directories_and_files(results_per_page=-1).by_page()))[0] == 400
    assert refused(lambda: list(share.list_directories_and_files().by_page(continuation_token="1!3!abc"))) == (
        400,
        "InvalidContinuationToken",
    )


def test_lists_in_pages_with_prefix_and_details(shares: Shares) -> None:
    share = shares.by_token
    share.create_directory("d")
    for name in NAMES:
        _upload(share, f"d/{name}", name.encode())
    for number in range(30):
        share.create_directory(f"d/sub{number:02}")
        share.get_file_client(f"d/g{number:02}").create_file(number)
    directory = share.get_directory_client("d")
    pages = [
        [item.name for item in page] for page in directory.list_directories_and_files(results_per_page=7).by_page()
    ]
    assert [len(page) for page in pages] == [7] * 9 + [4]
    listed = list(
        directory.list_directories_and_files(include=["timestamps", "Etag", "Attributes", "PermissionKey"])
    )
    assert sorted(chain(*pages)) == sorted(item.name for item in listed)
    found = {item.name: item for item in listed}
    assert len(found) == len(listed) == 67
    assert set(NAMES) < set(found)
    file, folder = found["g07"], found["sub00"]
    assert (file.size, file.is_directory, folder.is_directory) == (7, False, True)
    assert file.etag and file.last_write_time and file.file_id and file.permission_key
    assert (file.file_attributes, folder.file_attributes) == ("Archive", "Directory")
    # The XML has quotes around an ETag, and so has the header.
    assert file.etag == share.get_file_client("d/g07").get_file_properties().etag
    assert _names(directory, name_starts_with="g1") == [f"g1{number}" for number in range(10)]
    assert _names(directory, name_starts_with="none") == []
    plain = next(iter(directory.list_directories_and_files("g07")))
    assert (plain.size, plain.etag, plain.last_modified) == (7, None, None)


def test_a_name_that_xml_cannot_hold(shares: Shares) -> None:
    share = shares.share()
    directory = share.create_directory("\uffffdirectory")
    directory.upload_file("\uffff& file", b"data1")
    assert _names(directory, name_starts_with="\uffff") == ["\uffff& file"]
    assert _names(share) == ["\uffffdirectory"]


def test_dots_at_the_end_of_a_name(shares: Shares) -> None:
    _upload(shares.by_token, "plain...", b"1")
    dotted = shares.share(shares.credential, token_intent="backup", allow_trailing_dot=True)
    _upload(dotted, "kept...", b"2")
    assert _names(dotted) == ["kept...", "plain"]


def test_files_up_and_down_with_their_properties(shares: Shares) -> None:
    share = shares.by_token
    data = os.urandom(9_000_000)
    md5 = bytearray(hashlib.md5(data).digest())
    settings = ContentSettings("application/x-ipynb+json", "gzip", "de", "attachment", "no-cache", md5)
    file = _upload(share, "big.bin", data, metadata={"CamelCase": "1"}, content_settings=settings)
    properties = file.get_file_properties()
    assert (properties.size, properties.metadata) == (len(data), {"CamelCase": "1"})
    assert dict(properties.content_settings) == dict(settings)
    assert properties.file_attributes == "Archive" and properties.lease.state == "available"
    assert file.download_file(decompress=False).readall() == data
    assert (
        file.download_file(offset=5_000_000, length=1_000_000, decompress=False).readall()
        == data[5_000_000:6_000_000]
    )
    assert file.download_file(offset=8_999_990, decompress=False).readall() == data[-10:]
    before = properties.etag
    file.set_file_metadata({"new": "2"})
    file.set_http_headers(ContentSettings("text/plain"))
    file.resize_file(10)
    properties = file.get_file_properties()
    assert (properties.size, properties.metadata) == (10, {"new": "2"})
    assert properties.etag != before
    assert file.download_file().readall() == data[:10]
    _upload(share, "BIG.BIN", b"")
    assert (file.get_file_properties().size, file.get_file_properties().metadata) == (0, {})
    assert file.download_file().readall() == b""
    assert _names(share) == ["big.bin"]
    file.delete_file()
    assert not file.exists()


def test_ranges_are_written_cleared_and_checked(shares: Shares) -> None:
    file = shares.by_token.get_file_client("ranges")
    file.create_file(4096)
    assert file.download_file().readall() == bytes(4096)
    file.upload_range(b"ab" * 512, 1024, 1024)
    file.upload_range(b"cd" * 512, 3072, 1024, validate_content=True)
    assert (
        file.download_file(validate_content=True).readall()
        == bytes(1024) + b"ab" * 512 + bytes(1024) + b"cd" * 512
    )
    file.clear_range(3072, 1024)
    file.clear_range(1024, 512)
    assert file.download_file().readall() == bytes(1536) + b"ab" * 256 + bytes(2048)
    assert [(one.start, one.end) for one in file.list_ranges()] == [(1536, 2047)]
    assert refused(lambda: file.upload_range(b"x" * 10, 4090, 10)) == (416, "InvalidRange")
    assert refused(lambda: file.download_file(offset=4096, length=1)) == (416, "InvalidRange")
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert refused(lambda: file.upload_range(b"x", 0, 1, headers={"Content-MD5": wrong})) == (400, "Md5Mismatch")
    assert refused(lambda: file.upload_range(bytes(5 * 2**20), 0, 5 * 2**20))[0] in {413, 416}
    assert file.download_file().readall() == bytes(1536) + b"ab" * 256 + bytes(2048)


def test_nothing_but_the_file_itself_takes_room(shares: Shares, azure_env: Sandbox) -> None:
    share = shares.by_token
    file = share.get_file_client("huge")
    file.create_file(2**40)
    file.upload_range(b"end", 2**40 - 3, 3)
    assert file.download_file(offset=2**40 - 5, length=5).readall() == b"\0\0end"
    share.create_directory("日" * 255)
    _upload(share, f"{'日' * 255}/{'本' * 255}", b"long")
    assert share.get_file_client(f"{'日' * 255}/{'本' * 255}").download_file().readall() == b"long"
    _upload(share, "plain.txt", b"a plain file")
    place = azure_env.state / "shares" / "files" / ACCOUNT / shares.name
    assert (place / "plain.txt").read_bytes() == b"a plain file"
    assert (place / "huge").stat().st_blocks * 512 < 10**6
    share = shares.share()
    share.delete_share()
    assert not place.exists() and not place.with_name(f"{shares.name}.long").exists()


def test_a_token_needs_an_intent_and_the_right_audience(shares: Shares) -> None:
    assert _status(shares, "https://storage.azure.com", {}) == (400, "MissingRequiredHeader")
    assert _status(shares, "https://storage.azure.com", {"x-ms-file-request-intent": "other"}) == (
        400,
        "InvalidHeaderValue",
    )
    backup = {"x-ms-file-request-intent": "backup"}
    assert _status(shares, "https://storage.azure.com", backup) == (200, "")
    assert _status(shares, "https://management.azure.com", backup) == (401, "InvalidAuthenticationInfo")
    forged = {**backup, "Authorization": "Bearer nobody.signed.this"}
    assert _status(shares, "https://storage.azure.com", forged) == (401, "InvalidAuthenticationInfo")


def test_no_path_leads_out_of_a_share(shares: Shares, azure_env: Sandbox) -> None:
    raw = connection(azure_env.env, URL.removeprefix("https://"))
    sas = shares.account_sas("rwl")
    for path in ("..%2F..%2F..%2Fowner.secret", "../../../owner.secret", "a%00b", "%2e%2e/x"):
        for dots in ("true", "false"):
            headers = {"x-ms-type": "file", "x-ms-content-length": "1", "x-ms-allow-trailing-dot": dots}
            raw.request("PUT", f"/{shares.name}/{path}?{sas}", b"", headers)
            answer = raw.getresponse()
            answer.read()
            assert (answer.status, answer.headers["x-ms-error-code"]) == (400, "InvalidResourceName")
    raw.close()


def _status(shares: Shares, audience: str, headers: dict[str, str]) -> tuple[int, str]:
    """How a plain GET of the share's root is answered."""
    import requests

    token = shares.credential.get_token(f"{audience}/.default").token
    fields = {"Authorization": f"Bearer {token}", "x-ms-version": "2025-01-05", **headers}
    fields = {name: value for name, value in fields.items() if value}
    answer = requests.get(f"{URL}/{shares.name}?restype=directory&comp=list", headers=fields, timeout=10)
    assert (
        answer.status_code != 401 or "resource_id=https://storage.azure.com" in answer.headers["WWW-Authenticate"]
    )
    return answer.status_code, answer.headers.get("x-ms-error-code", "")


def test_shared_key_signs_any_name(shares: Shares) -> None:
    share = shares.share()
    for number, name in enumerate(NAMES):
        directory = share.create_directory(name, metadata={"a_b": "1", "aa": "2"})
        directory.create_subdirectory("sub dir")
        file = _upload(share, f"{name}/sub dir/{name}", name.encode(), metadata={"n": str(number)})
        assert file.download_file().readall() == name.encode()
        assert _names(share, name_starts_with=name) == [name]
    wrong = base64.b64encode(b"another key").decode()
    assert refused(lambda: _names(shares.share(wrong))) == (403, "AuthenticationFailed")
    other = ShareClient(
        "https://nobodysaccount.file.core.windows.net", shares.name, credential=shares.key, retry_total=0
    )
    assert refused(lambda: _names(other)) == (403, "AuthenticationFailed")


def test_signatures_grant_what_they_say(shares: Shares) -> None:
    _upload(shares.share(), "f", b"data")
    reader = shares.share(shares.account_sas("rl"))
    assert _names(reader) == ["f"]
    assert reader.get_file_client("f").download_file().readall() == b"data"
    assert refused(lambda: _upload(reader, "g")) == (403, "AuthorizationPermissionMismatch")
    assert refused(lambda: reader.get_file_client("f").delete_file()) == (403, "AuthorizationPermissionMismatch")
    lister = shares.service(shares.account_sas("l", "s"))
    assert shares.name in {share.name for share in lister.list_shares(shares.name)}
    assert refused(lambda: _names(lister.get_share_client(shares.name))) == (
        403,
        "AuthorizationResourceTypeMismatch",
    )
    assert refused(lambda: _names(shares.share(shares.account_sas(hours=-1)))) == (403, "AuthenticationFailed")
    forged = shares.account_sas("r").replace("sp=r", "sp=rl")
    assert refused(lambda: _names(shares.share(forged))) == (403, "AuthenticationFailed")
    expiry = datetime.now(UTC) + timedelta(hours=1)
    of_share = generate_share_sas(ACCOUNT, shares.name, shares.key, permission="rwl", expiry=expiry)
    writer = shares.share(of_share)
    assert _upload(writer, "h", b"by the share's").download_file().readall() == b"by the share's"
    assert refused(writer.get_share_properties) == (403, "AuthorizationResourceTypeMismatch")
    other = shares.service(of_share).get_share_client("other")
    assert refused(lambda: _names(other)) == (403, "AuthenticationFailed")
    assert _status(shares, "https://storage.azure.com", {"Authorization": ""}) == (
        401,
        "NoAuthenticationInformation",
    )


def test_a_sas_from_arm_reads_both_blobs_and_files(shares: Shares, sandbox: Sandbox) -> None:
    from azsandbox.accounts import ServedAccounts

    class Keys:
        def keys(self, account: str) -> tuple[str, str]:
            return (shares.key, "")

    sas = ServedAccounts.account_sas(Keys(), ACCOUNT, permissions="rl", hours=1)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert _names(shares.share(sas)) == []


async def test_the_client_for_asyncio(shares: Shares) -> None:
    arguments = {"token_intent": "backup", "retry_total": 0}
    async with (
        credential() as owner,
        AsyncShareClient(URL, shares.name, credential=owner, **arguments) as by_token,
        AsyncShareClient(URL, shares.name, credential=shares.key) as by_key,
    ):
        await by_key.create_directory("ä ö")
        for name in NAMES:
            for client, who in ((by_token, "token"), (by_key, "key")):
                file = client.get_file_client(f"ä ö/{who} {name}")
                await file.upload_file(name.encode() * 1000, metadata={"who": who})
                download = await file.download_file()
                assert await download.readall() == name.encode() * 1000
        found = [item async for item in by_token.list_directories_and_files("ä ö", results_per_page=3)]
        assert {item.name for item in found} == {f"{who} {name}" for name in NAMES for who in ("token", "key")}
        with pytest.raises(HttpResponseError) as caught:
            await by_token.get_file_client("missing").download_file()
        assert caught.value.error_code == "ResourceNotFound"


def test_a_name_is_taken_only_where_it_is_free_and_a_lease_keeps_others_away(shares: Shares) -> None:
    share, old = shares.by_token, "2021-02-03T04:05:06.1234567Z"
    share.get_directory_client("d").create_directory()
    first, other = _upload(share, "d/A b", b"first"), _upload(share, "there", b"other")
    assert refused(lambda: first.rename_file("d/missing/x")) == (404, "ParentNotFound")
    assert refused(lambda: first.rename_file("there")) == (409, "ResourceAlreadyExists")
    lease = other.acquire_lease(lease_id="00000000-0000-0000-0000-000000000001")
    assert other.acquire_lease(lease_id=lease.id).id == lease.id
    assert refused(other.acquire_lease) == (409, "LeaseAlreadyPresent")
    for change in (
        other.delete_file,
        lambda: other.upload_range(b"x", 0, 1),
        lambda: other.create_file(1),
        lambda: first.rename_file("there", overwrite=True),
    ):
        assert refused(change) == (412, "LeaseIdMissing")
    assert other.download_file().readall() == b"other"
    before = first.get_file_properties()
    renamed = first.rename_file(
        "there", overwrite=True, destination_lease=lease, file_attributes="Hidden", file_creation_time=old,
        content_type="text/x",
    )  # fmt: skip
    found = renamed.get_file_properties()
    assert found.file_attributes == "Hidden" and found.lease.state == "available"
    assert found.content_settings.content_type == "text/x"
    assert (found.last_write_time, found.file_id) == (before.last_write_time, before.file_id)
    assert renamed.download_file().readall() == b"first"
    assert refused(first.get_file_properties)[0] == 404
    leased = renamed.acquire_lease()
    assert refused(lambda: renamed.delete_file(lease="00000000-0000-0000-0000-000000000002"))[0] == 412
    renamed.delete_file(lease=leased)


def test_what_is_not_there_says_so(shares: Shares) -> None:
    share = shares.share()
    file = _upload(share, "f")
    assert refused(share.create_snapshot)[0] == 501
    assert refused(lambda: file.start_copy_from_url(f"{URL}/{shares.name}/f"))[0] == 501
    assert file.download_file().readall() == b"x"


def test_a_workspace_has_its_shares(sandbox: Sandbox, azure_env: Sandbox) -> None:
    pair = azure(sandbox.env, lambda client: provision.pair(client, "shares-rg", "shares-old", "shares-new"))
    of_source = pair.source["properties"]
    account, workspace_id = of_source["storageAccount"].rpartition("/")[2], of_source["workspaceId"]
    keys = ask(sandbox.env, "POST", f"{of_source['storageAccount']}/listKeys", "2023-05-01").body["keys"]
    key = keys[0]["value"]
    with ShareServiceClient(f"https://{account}.file.core.windows.net", credential=key) as service:
        assert [share.name for share in service.list_shares()] == [f"azureml-filestore-{workspace_id}", CODE_SHARE]


def test_shares_outlive_a_restart_and_go_with_their_account(tmp_path: Path) -> None:
    from azsandbox.shares.places import Place
    from azsandbox.shares.store import ShareStore

    store = ShareStore(tmp_path)
    store.create_share("one", "share")
    store.create_share("two", "share")
    store.close()
    store = ShareStore(tmp_path)
    assert store.share(Place("one", "share", "")).name == "share"
    store.delete_account("one")
    assert not store.index.shares("one", "", "", 10)
    assert len(store.index.shares("two", "", "", 10)) == 1
    store.close()
