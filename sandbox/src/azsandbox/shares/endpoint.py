"""Answers for `*.file.core.windows.net`: who asks, for what, and which operation it is."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from azsandbox.blobs import malformed
from azsandbox.calls import Answer, HttpCall
from azsandbox.copying import Refusal
from azsandbox.messages import Deletions
from azsandbox.shares.authorization import Authorization
from azsandbox.shares.copy_calls import copy_operations
from azsandbox.shares.directory_calls import DIRECTORY
from azsandbox.shares.errors import ShareError
from azsandbox.shares.file_calls import FILE
from azsandbox.shares.name_calls import HANDLES, NAMES
from azsandbox.shares.permissions import PERMISSIONS
from azsandbox.shares.places import Place, place_of
from azsandbox.shares.range_calls import RANGES
from azsandbox.shares.share_calls import ACCOUNT, SHARE
from azsandbox.shares.store import ShareStore
from azsandbox.shares.task import Operation, Operations, Task
from azsandbox.storagequeries import of_shares
from azsandbox.tokens import Tokens

_SERVER = "Windows-Azure-File/1.0 Microsoft-HTTPAPI/2.0"
_VERSION = "2024-11-04"
# Of a copy. Those of whole files, and snapshots and links, nobody has here.
_SOURCE = "x-ms-copy-source"


class FileShares:
    """The file service of every account; `keys` gives an account's two, and raises KeyError."""

    def __init__(
        self,
        store: ShareStore,
        tokens: Tokens,
        keys: Callable[[str], tuple[str, str]],
        refuse: Refusal | None = None,
        deletions: Deletions | None = None,
    ) -> None:
        self._store, self._authorization = store, Authorization(tokens, keys, refuse)
        self._deletions, self._copies = deletions, copy_operations(self._unreadable)

    def _unreadable(self, source: HttpCall) -> Answer | None:
        """What a reading of a copy's source is told, where it is refused."""
        try:
            return self._authorization.refusal(source, place_of(source))
        except ShareError as refused:
            return refused.answer()

    async def serve(self, call: HttpCall) -> Answer:
        """Answers one call of the file service."""
        try:
            answer = malformed(call) or await self._serve(call)
        except ShareError as refused:
            answer = refused.answer()
        answer.headers.setdefault("x-ms-request-id", str(uuid.uuid4()))
        answer.headers["x-ms-version"] = call.headers.get("x-ms-version", _VERSION)
        answer.headers["Server"] = _SERVER
        if "x-ms-client-request-id" in call.headers:
            answer.headers["x-ms-client-request-id"] = call.headers["x-ms-client-request-id"]
        return answer

    async def _serve(self, call: HttpCall) -> Answer:
        place = place_of(call)
        refused = self._authorization.refusal(call, place)
        if refused is not None:
            return refused
        operation = self._copies.get((call.method, call.query.get("comp", ""))) if _copies(call, place) else None
        operation = operation or _operation(call, place)
        if operation is None:
            call.note["unknown_route"] = True
            raise ShareError("NotImplemented")
        if (unsupported := of_shares(call)) is not None:
            return unsupported
        return await self._done(operation, Task(call, place, self._store))

    async def _done(self, operation: Operation, task: Task) -> Answer:
        """Carries out, where the share of that name is not just being deleted; notes a deletion."""
        deletions, account, share = self._deletions, task.place.account, task.place.share
        if deletions and operation is SHARE["PUT", ""] and deletions.under_way(account, "shares", share):
            raise ShareError("ShareBeingDeleted")
        answer = await operation(task)
        if deletions and operation is SHARE["DELETE", ""]:
            deletions.note(account, "shares", share)
        return answer


def _copies(call: HttpCall, place: Place) -> bool:
    return _SOURCE in call.headers and bool(place.path) and "restype" not in call.query


def _operation(call: HttpCall, place: Place) -> Operation | None:
    if _SOURCE in call.headers or "sharesnapshot" in call.query:
        return None
    method = "GET" if call.method == "HEAD" else call.method
    return _operations(call.query.get("restype", ""), place).get((method, call.query.get("comp", "")))


def _operations(kind: str, place: Place) -> Operations:
    if not place.share:
        return ACCOUNT if kind == "" else {}
    if kind == "share":
        return {} if place.path else SHARE | PERMISSIONS
    if kind == "directory":
        return DIRECTORY
    if kind == "":
        return FILE | RANGES | NAMES if place.path else HANDLES
    return {}
