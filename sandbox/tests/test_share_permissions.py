"""Permissions, attributes, times and metadata of files and directories, by Microsoft's own client."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from azure.storage.fileshare import ContentSettings, ShareClient, ShareServiceClient
from live import account_with_key, azure, refused

from azsandbox import Sandbox

ACCOUNT = "sharerights"
SDDL = "O:S-1-5-21-1G:S-1-5-21-2D:(A;;FA;;;SY)"
OTHER = "O:S-1-5-21-3G:S-1-5-21-2D:(A;;FR;;;WD)"
OLD = datetime(2019, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def service(sandbox: Sandbox) -> ShareServiceClient:
    made: tuple[str, str] = azure(sandbox.env, lambda client: account_with_key(client, "share-rights", ACCOUNT))
    return ShareServiceClient(f"https://{ACCOUNT}.file.core.windows.net", credential=made[1], retry_total=0)


@pytest.fixture
def shares(azure_env: Sandbox, service: ShareServiceClient) -> Iterator[tuple[ShareClient, ShareClient]]:
    yield service.create_share(f"p{uuid.uuid4().hex}"), service.create_share(f"p{uuid.uuid4().hex}")


def test_a_permission_has_a_key_of_its_share(shares: tuple[ShareClient, ShareClient]) -> None:
    share, other = shares
    key = share.create_permission_for_share(SDDL)
    assert key and share.get_permission_for_share(key) == SDDL
    assert share.create_permission_for_share(SDDL) == key != share.create_permission_for_share(OTHER)
    assert refused(lambda: other.get_permission_for_share(key)) == (400, "InvalidHeaderValue")
    file = share.get_file_client("by-key")
    file.create_file(1, permission_key=key)
    assert file.get_file_properties().permission_key == key
    elsewhere = other.get_file_client("by-key")
    assert refused(lambda: elsewhere.create_file(1, permission_key=key)) == (400, "InvalidHeaderValue")
    elsewhere.create_file(1, file_permission=share.get_permission_for_share(key))
    assert other.get_permission_for_share(elsewhere.get_file_properties().permission_key) == SDDL
    assert refused(lambda: share.create_permission_for_share("no permission"))[0] == 400


def test_files_and_directories_keep_theirs(shares: tuple[ShareClient, ShareClient]) -> None:
    share, _ = shares
    directory = share.create_directory("d", file_permission=SDDL, metadata={"Who": "me"}, file_creation_time=OLD)
    file = directory.get_file_client("f")
    file.create_file(1, file_permission=OTHER)
    listed = {one.name: one for one in share.list_directories_and_files(include=["PermissionKey"])}
    shown = directory.get_directory_properties()
    assert listed["d"].permission_key == shown.permission_key
    assert share.get_permission_for_share(str(shown.permission_key)) == SDDL
    assert (shown.metadata, shown.creation_time) == ({"Who": "me"}, OLD)
    directory.set_http_headers(file_attributes="Hidden|Directory", file_last_write_time=OLD)
    changed = directory.get_directory_properties()
    assert (changed.permission_key, changed.last_write_time) == (shown.permission_key, OLD)
    assert "Hidden" in str(changed.file_attributes) and changed.metadata == {"Who": "me"}
    directory.set_directory_metadata({"other": "1"})
    assert directory.get_directory_properties().metadata == {"other": "1"}
    file.set_http_headers(ContentSettings(content_type="text/x"), file_permission="inherit")
    inherited = str(file.get_file_properties().permission_key)
    assert share.get_permission_for_share(inherited).startswith("O:")
    plain = share.get_file_client("plain")
    plain.create_file(1)
    assert plain.get_file_properties().permission_key == inherited
    file.set_http_headers(ContentSettings(), file_permission=SDDL)
    moved = file.rename_file("moved")
    assert share.get_permission_for_share(str(moved.get_file_properties().permission_key)) == SDDL
