"""Windows permissions of files and directories: kept for a share, each under a key that only this share knows.

learn `rest/api/storageservices/create-permission` and `get-permission`. Nobody here is held to them: a token with
the intent `backup`, a key or a signature passes over them.
"""

from __future__ import annotations

import hashlib
import json

from multidict import CIMultiDict

from azsandbox.calls import Answer, TooLarge
from azsandbox.shares.errors import ShareError, bad_header, missing_header
from azsandbox.shares.index import Entry, Index
from azsandbox.shares.task import Operations, Task, answer

_KEY, _TEXT, _FORMAT = "x-ms-file-permission-key", "x-ms-file-permission", "x-ms-file-permission-format"
_LONGEST = 8 * 1024
# What every file and directory begins with. Inferred (AZ-FILE-17): the text behind these keys.
INHERITED = {
    True: "17100207456270243504*9622787259914961209",
    False: "3254952746172754359*9622787259914961209",
}
_INHERITED_TEXT = "O:SYG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;AU)"


def key_of(entry: Entry) -> str:
    """The key of the permission that a file or directory has."""
    return entry.permission or INHERITED[entry.directory]


def set_permission(task: Task, entry: Entry) -> None:
    """The permission as the call has it: a text, a key of the share, `inherit` or `preserve`. Raises Refused."""
    text, key = task.header(_TEXT), task.header(_KEY)
    _check_format(task)
    if text and key:
        raise bad_header(_KEY, key)
    if text and text.lower() == "inherit":
        entry.permission = ""
    elif text and text.lower() != "preserve":
        entry.permission = _kept(task.store.index, entry.account, entry.share, text)
    elif key and key.lower() != "preserve":
        _text_of(task, key)
        entry.permission = key


def _kept(index: Index, account: str, share: str, text: str) -> str:
    if len(text.encode()) > _LONGEST or not text.startswith(("O:", "G:", "D:", "S:")):
        raise bad_header(_TEXT, text[:100])
    digest = hashlib.sha256(f"{account}/{share}/{text}".encode()).digest()
    key = f"{int.from_bytes(digest[:8])}*{int.from_bytes(digest[8:16])}"
    index.put_permission(account, share, key, text)
    return key


def _text_of(task: Task, key: str) -> str:
    if key in INHERITED.values():
        return _INHERITED_TEXT
    text = task.store.index.permission(task.place.account, task.place.share, key)
    if text is None:
        raise bad_header(_KEY, key)  # the code is that of a header (AZ-LOCAL-5)
    return text


def _check_format(task: Task) -> None:
    if (task.header(_FORMAT) or "sddl").lower() != "sddl":
        raise ShareError("NotImplemented")


async def _create(task: Task) -> Answer:
    share = task.store.share(task.place)
    try:
        sent = json.loads(await task.call.body(4 * _LONGEST))
        text = sent["permission"]
    except (ValueError, KeyError, TypeError, TooLarge):
        raise ShareError("InvalidInput") from None
    if str(sent.get("format") or "sddl").lower() != "sddl":
        raise ShareError("NotImplemented")
    key = _kept(task.store.index, share.account, share.name, str(text))
    return answer(201, {_KEY: key, "x-ms-request-server-encrypted": "true"})


async def _get(task: Task) -> Answer:
    task.store.share(task.place)
    _check_format(task)
    key = task.header(_KEY)
    if key is None:
        raise missing_header(_KEY)
    body = json.dumps({"permission": _text_of(task, key)}).encode()
    return Answer(200, CIMultiDict({"Content-Type": "application/json"}), body)


PERMISSIONS: Operations = {("PUT", "filepermission"): _create, ("GET", "filepermission"): _get}
