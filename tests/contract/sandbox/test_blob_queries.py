"""The query parameters of the blob service: known ones pass, all others are refused."""

from __future__ import annotations

import pytest
import requests
from tests.contract.sandbox.test_front_storage import SOURCE, Storage, account_keys, storage

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


@pytest.mark.parametrize("name", ["versionid", "deletetype"])
def test_what_is_known_and_not_built_changes_nothing(storage: Storage, name: str) -> None:
    storage.source.upload_blob("a", b"x", overwrite=True)
    path = f"/{storage.source.container_name}/a?{name}=permanent"
    assert _status(storage, "DELETE", path) == (501, "NotImplemented")
    assert storage.source.get_blob_client("a").exists()


def _status(storage: Storage, method: str, path: str) -> tuple[int, str]:
    url = f"https://{SOURCE}.blob.core.windows.net{path}"
    answer = requests.request(method, url, headers={**VERSION, "Authorization": storage.bearer}, timeout=60)
    return answer.status_code, answer.headers.get("x-ms-error-code", "")
