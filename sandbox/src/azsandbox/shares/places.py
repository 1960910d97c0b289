"""Where a call points to: account, share, and the path in it, its names checked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from azsandbox.calls import HttpCall
from azsandbox.shares.errors import ShareError

# learn.microsoft.com, "Naming and referencing shares, directories, files, and metadata".
_SHARE = re.compile(r"[a-z0-9](?:-?[a-z0-9])+$")
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f"\\:|<>*?]')
_SHARE_LENGTHS = range(3, 64)
_NAME_LENGTH = 255
_PATH_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Place:
    """`share` and `path` are empty where the call is about the account, or the share."""

    account: str
    share: str
    path: str

    @property
    def parent(self) -> str:
        """The path of the directory that the path lies in; empty for the root."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last name of the path."""
        return self.path.rpartition("/")[2]


def place_of(call: HttpCall) -> Place:
    """The place of a call. Raises Refused for a name that Azure does not take."""
    share, _, path = call.path.lstrip("/").partition("/")
    if share and (len(share) not in _SHARE_LENGTHS or not _SHARE.match(share)):
        raise ShareError("OutOfRangeInput" if len(share) not in _SHARE_LENGTHS else "InvalidResourceName")
    # Unless a client says otherwise, the dots at the end of a name do not belong to it.
    dots = call.headers.get("x-ms-allow-trailing-dot", "").lower() == "true"
    return Place(call.host.partition(".")[0], share, named(path, dots=dots))


def named(path: str, *, dots: bool) -> str:
    """The path of a file as it is kept. Raises Refused for a name that Azure does not take."""
    names = [name if dots else name.rstrip(".") for name in path.split("/") if name]
    if sum(len(name) + 1 for name in names) > _PATH_LENGTH or any(len(name) > _NAME_LENGTH for name in names):
        raise ShareError("InvalidFileOrDirectoryPathName")
    if any(name in {"", ".", ".."} or _FORBIDDEN.search(name) for name in names):
        raise ShareError("InvalidResourceName")
    return "/".join(names)
