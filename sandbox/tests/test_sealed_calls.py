"""Which calls of storage need the account's key: as "Customer-managed keys for Azure Storage encryption" lists them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from azsandbox import sealedcalls


def call(method: str, path: str, **headers: str) -> Any:
    where, _, query = path.partition("?")
    given = dict(one.partition("=")[::2] for one in query.split("&") if one)
    return SimpleNamespace(method=method, path=where, query=given, headers=headers)


@pytest.mark.parametrize(
    ("method", "path", "sealed"),
    [
        ("GET", "/?comp=list", False),
        ("GET", "/?comp=properties&restype=service", False),
        ("GET", "/c?restype=container&comp=list", False),
        ("GET", "/c?restype=container&comp=list&include=tags,snapshots", False),
        ("GET", "/c?restype=container&comp=list&include=metadata", True),
        ("GET", "/c?restype=container&comp=list&include=tags,Metadata", True),
        ("PUT", "/c?restype=container", False),
        ("HEAD", "/c?restype=container", False),
        ("PUT", "/c?restype=container&comp=metadata", False),
        ("DELETE", "/c?restype=container", False),
        ("GET", "/c/b", True),
        ("HEAD", "/c/b", True),
        ("GET", "/in-the-root", True),
        ("GET", "/c/b?comp=metadata", True),
        ("GET", "/c/b?comp=blocklist", False),
        ("GET", "/c/b?comp=tags", False),
        ("PUT", "/c/b", True),
        ("PUT", "/c/b?comp=metadata", True),
        ("PUT", "/c/b?comp=block&blockid=x", True),
        ("PUT", "/c/b?comp=appendblock", True),
        ("PUT", "/c/b?comp=page", True),
        ("PUT", "/c/b?comp=tier", True),
        ("PUT", "/c/b?comp=incrementalcopy", True),
        ("PUT", "/c/b?comp=lease", False),
        ("PUT", "/c/b?comp=properties", False),
        ("PUT", "/c/b?comp=snapshot", False),
        ("DELETE", "/c/b", False),
    ],
)
def test_of_blobs(method: str, path: str, *, sealed: bool) -> None:
    assert sealedcalls.of_blobs(call(method, path)) is sealed


def test_a_snapshot_needs_the_key_for_metadata_of_its_own() -> None:
    assert sealedcalls.of_blobs(call("PUT", "/c/b?comp=snapshot", **{"x-ms-meta-a": "1"})) is True


@pytest.mark.parametrize(
    ("method", "path", "sealed"),
    [
        ("GET", "/?comp=list", False),
        ("PUT", "/s?restype=share", False),
        ("GET", "/s?restype=share&comp=stats", False),
        ("PUT", "/s?restype=share&comp=filepermission", True),
        ("GET", "/s?restype=directory&comp=list", True),
        ("GET", "/s/d?restype=directory&comp=list", True),
        ("PUT", "/s/d?restype=directory", True),
        ("GET", "/s/d?restype=directory&comp=metadata", True),
        ("DELETE", "/s/d?restype=directory", False),
        ("GET", "/s/f", True),
        ("HEAD", "/s/f", True),
        ("PUT", "/s/f", True),
        ("PUT", "/s/f?comp=range", True),
        ("PUT", "/s/f?comp=properties", True),
        ("PUT", "/s/f?comp=rename", True),
        ("GET", "/s/f?comp=rangelist", False),
        ("PUT", "/s/f?comp=lease", False),
        ("DELETE", "/s/f", False),
    ],
)
def test_of_files(method: str, path: str, *, sealed: bool) -> None:
    one = call(method, path)
    assert sealedcalls.of_files(one, one.path.strip("/").partition("/")[0]) is sealed
