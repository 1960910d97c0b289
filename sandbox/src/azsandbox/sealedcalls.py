"""Which calls of storage need the account's key, so that they are refused while that cannot be used (AZ-KEY-41).

All others go on: containers, shares and blobs are listed by name, deleted and leased without any content.
"""

from __future__ import annotations

from azsandbox.calls import HttpCall

# By method and `comp`; "" is the blob itself, the file or the directory.
_READ = frozenset({"", "metadata"})
_WRITTEN_TO_BLOBS = frozenset({"", "metadata", "block", "appendblock", "page", "tier", "incrementalcopy"})
# Of a file or a directory.
_WRITTEN_TO_FILES = frozenset({"", "metadata", "properties", "range", "rename"})


def of_blobs(call: HttpCall) -> bool:
    """Whether a call of the blob service reads or writes content or metadata."""
    query = {name.lower(): value.lower() for name, value in call.query.items()}
    container, _, blob = call.path.strip("/").partition("/")
    comp = query.get("comp", "")
    if query.get("restype") == "container" or not container:
        return comp == "list" and bool(container) and "metadata" in query.get("include", "").split(",")
    if not blob and "restype" in query:
        return False
    if call.method in ("GET", "HEAD"):
        return comp in _READ
    if call.method != "PUT":
        return False
    if comp == "snapshot":
        return any(name.lower().startswith("x-ms-meta-") for name in call.headers)
    return comp in _WRITTEN_TO_BLOBS


def of_files(call: HttpCall, share: str) -> bool:
    """Whether a call of the file service reads or writes content, properties, permissions or names."""
    query = {name.lower(): value.lower() for name, value in call.query.items()}
    comp = query.get("comp", "")
    if not share or query.get("restype") == "share":
        return bool(share) and comp == "filepermission"
    if comp == "list":
        return query.get("restype") == "directory"
    if call.method in ("GET", "HEAD"):
        return comp in _READ
    return call.method == "PUT" and comp in _WRITTEN_TO_FILES
