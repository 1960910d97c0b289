"""Blobs that a policy of retention or a legal hold keeps as they are: what the data plane refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from azsandbox.arm.holds import Hold
from azsandbox.calls import Answer, Call
from azsandbox.refusals import storage_error

Holds = Callable[[str, str], Hold | None]
Blobs = Callable[[str, str, str], AsyncIterator[tuple[str, int]]]
# What neither changes nor removes the blob of the call (learn.microsoft.com, "Container-level WORM policies").
# Inferred: that tags of an index may be set.
_HARMLESS = {"lease", "tier", "block", "tags", "copy"}


class Immutability:
    """Knows the holds of containers and what lies in them."""

    def __init__(self, holds: Holds, blobs: Blobs) -> None:
        self._holds, self._blobs = holds, blobs

    async def refusal(self, call: Call) -> Answer | None:
        """409 for a call that would change or remove what is held; None for any other.

        A new blob may be written, and never again after that.
        """
        if call.method in ("GET", "HEAD", "OPTIONS"):
            return None
        account = call.host.partition(".")[0]
        container, _, blob = call.path.strip("/").partition("/")
        hold = self._holds(account, container) if container else None
        if hold is None:
            return None
        if blob:
            return await self._of_blob(call, hold, (account, container, blob))
        return await self._of_container(call, hold, (account, container, ""))

    async def _of_blob(self, call: Call, hold: Hold, place: tuple[str, str, str]) -> Answer | None:
        what = call.query.get("comp", "")
        if what in _HARMLESS or (what == "appendblock" and hold.appends):
            return None
        async for name, _ in self._blobs(*place):
            return storage_error(409, *hold.blob) if name == place[2] else None
        return None

    async def _of_container(self, call: Call, hold: Hold, place: tuple[str, str, str]) -> Answer | None:
        if call.method != "DELETE":
            return None
        refused = storage_error(409, *hold.container)
        if hold.container[0].startswith("Container"):
            return refused  # by this plane also where it is empty (Azure/azure-powershell#22564)
        async for _ in self._blobs(*place):
            return refused
        return None
