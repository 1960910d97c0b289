"""The query parameters of the blob and the file service: known ones pass, all others are refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping

import pytest
import requests
from test_front_storage import SOURCE, Storage, account_keys, storage

__all__ = ["account_keys", "storage"]
VERSION = {"x-ms-version": "2023-11-03"}
CONTAINER = "/{container}?restype=container"
CALLS = [
    ("GET", "/?comp=list", "prefix=a&marker=&maxresults=3&include=metadata", "delimiter=/"),
    ("GET", CONTAINER + "&comp=list", "prefix=a&delimiter=/&maxresults=3&include=metadata&timeout=9", "where=x"),
    ("GET", CONTAINER, "timeout=9", "prefix=a"),
    ("GET", CONTAINER + "&comp=metadata", "timeout=9", "snapshot=x"),
    ("HEAD", "/{container}/a?", "timeout=9", "prefix=a"),
    ("GET", "/{container}/a?comp=metadata", "timeout=9", "blockid=x"),
    ("GET", "/{container}/a?comp=blocklist", "blocklisttype=all", "maxresults=3"),
    ("PUT", "/{container}/a?comp=metadata", "timeout=9", "blockid=x"),
]


@pytest.mark.parametrize(("method", "url", "known", "strange"), CALLS)
def test_what_an_operation_has_not_is_refused(
    storage: Storage, method: str, url: str, known: str, strange: str
) -> None:
    storage.source.upload_blob("a", b"x", overwrite=True)
    path = url.format(container=storage.source.container_name)
    beside = "&".join(one for one in known.split("&") if one.partition("=")[0] not in path.replace("?", "&"))
    assert _status(storage, method, f"{path}&{beside}")[0] == 200
    for more in (strange, "fly=1", "Fly="):
        status, code = _status(storage, method, f"{path}&{beside}&{more}")
        assert (status, code) == (400, "UnsupportedQueryParameter")


@pytest.mark.parametrize("name", ["versionid", "deletetype", "Snapshot"])
def test_what_is_known_and_not_built_changes_nothing(storage: Storage, name: str) -> None:
    storage.source.upload_blob("a", b"x", overwrite=True)
    path = f"/{storage.source.container_name}/a?{name}=permanent"
    assert _status(storage, "DELETE", path) == (501, "NotImplemented")
    assert storage.source.get_blob_client("a").exists()


def test_a_name_in_another_case_does_not_widen_a_list(storage: Storage) -> None:
    storage.source.upload_blob("a", b"x", overwrite=True)
    path = f"/{storage.source.container_name}?restype=container&comp=list&Prefix=b"
    assert _status(storage, "GET", path) == (501, "NotImplemented")


SHARE_CALLS = [
    ("GET", "/?comp=list", "prefix=q&maxresults=3&include=metadata,snapshots", "delimiter=/"),
    ("GET", "/{share}?restype=share", "timeout=9", "prefix=a"),
    ("HEAD", "/{share}?restype=share", "timeout=9", "include=metadata"),
    ("GET", "/{share}?restype=share&comp=metadata", "timeout=9", "marker=x"),
    ("GET", "/{share}?restype=directory&comp=list", "prefix=a&maxresults=3&include=Etag,Timestamps", "where=x"),
    ("GET", "/{share}/d?restype=directory", "timeout=9", "prefix=a"),
    ("GET", "/{share}/d?restype=directory&comp=metadata", "timeout=9", "include=metadata"),
    ("GET", "/{share}/d/f?", "timeout=9", "prefix=a"),
    ("HEAD", "/{share}/d/f?", "timeout=9", "maxresults=1"),
    ("GET", "/{share}/d/f?comp=metadata", "timeout=9", "prefix=a"),
    ("GET", "/{share}/d/f?comp=rangelist", "timeout=9", "include=x"),
    ("PUT", "/{share}/d/f?comp=metadata", "timeout=9", "sharename=x"),
]


@pytest.fixture
def share(storage: Storage) -> Iterator[str]:
    name = f"queries-{uuid.uuid4().hex[:8]}"
    made: list[tuple[str, dict[str, str]]] = [
        ("?restype=share", {}),
        ("/d?restype=directory", {}),
        ("/d/f", {"x-ms-type": "file", "x-ms-content-length": "3"}),
    ]
    for path, headers in made:
        assert _share_status(storage, "PUT", f"/{name}{path}", **headers)[0] == 201
    yield name
    _share_status(storage, "DELETE", f"/{name}?restype=share")


@pytest.mark.parametrize(("method", "url", "known", "strange"), SHARE_CALLS)
def test_what_an_operation_on_shares_has_not_is_refused(
    storage: Storage, share: str, method: str, url: str, known: str, strange: str
) -> None:
    path = f"{url.format(share=share)}&{known}".replace("?&", "?")
    assert _share_status(storage, method, path)[0] == 200
    for more in (strange, "fly=1", "Fly="):
        assert _share_status(storage, method, f"{path}&{more}") == (400, "UnsupportedQueryParameter")


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("&comp=list&Prefix=b", (501, "NotImplemented")),
        ("&comp=list&sharesnapshot=2024-01-01T00:00:00.0000000Z", (501, "NotImplemented")),
        ("&comp=list&include=fly", (400, "InvalidQueryParameterValue")),
        ("&comp=fly", (501, "NotImplemented")),
    ],
)
def test_what_a_list_of_files_does_not_do_is_refused(
    storage: Storage, share: str, query: str, refused: tuple[int, str]
) -> None:
    assert _share_status(storage, "GET", f"/{share}?restype=directory{query}") == refused


def test_changed_ranges_are_not_told_as_all(storage: Storage, share: str) -> None:
    path = f"/{share}/d/f?comp=rangelist&prevsharesnapshot=2024-01-01T00:00:00.0000000Z"
    assert _share_status(storage, "GET", path) == (501, "NotImplemented")


def test_a_refused_deletion_of_a_share_deletes_nothing(storage: Storage, share: str) -> None:
    for more, refused in (("fly=1", 400), ("sharesnapshot=2024-01-01T00:00:00.0000000Z", 501)):
        assert _share_status(storage, "DELETE", f"/{share}?restype=share&{more}")[0] == refused
    assert _share_status(storage, "GET", f"/{share}/d/f")[0] == 200


def _share_status(storage: Storage, method: str, path: str, **headers: str) -> tuple[int, str]:
    return _status(storage, method, path, "file", {"x-ms-file-request-intent": "backup", **headers})


def _status(
    storage: Storage, method: str, path: str, service: str = "blob", headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    url = f"https://{SOURCE}.{service}.core.windows.net{path}"
    sent = {**VERSION, "Authorization": storage.bearer, **(headers or {})}
    answer = requests.request(method, url, headers=sent, timeout=60)
    return answer.status_code, answer.headers.get("x-ms-error-code", "")
