"""Blobs that a policy of retention or a legal hold keeps as they are: what the data plane refuses."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

from azsandbox.arm.holds import Hold
from azsandbox.calls import Answer, HttpCall
from azsandbox.refusals import storage_error

Holds = Callable[[str, str], Hold | None]
Blobs = Callable[[str, str, str], AsyncIterator[tuple[str, int]]]
# What neither changes nor removes the blob of the call (learn.microsoft.com, "Container-level WORM policies").
# Inferred (AZ-BLOB-19): tags of an index may be set.
_HARMLESS = {"lease", "tier", "block", "tags", "copy"}
_LISTED = re.compile(
    rb"(<Name>([^<]+)</Name>(?:(?!</Container>).)*?<HasImmutabilityPolicy>)false(</HasImmutabilityPolicy><HasLegalHold>)false"
)
_FLAGS = ("x-ms-has-immutability-policy", "x-ms-has-legal-hold")


class Immutability:
    """Knows the holds of containers and what lies in them."""

    def __init__(self, holds: Holds, blobs: Blobs) -> None:
        self._holds, self._blobs = holds, blobs

    async def refusal(self, call: HttpCall) -> Answer | None:
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

    async def shown(self, call: HttpCall, answer: Answer) -> None:
        """Has a list of containers, and the properties of one, say what is held, which the child does not know."""
        account, container = call.host.partition(".")[0], call.path.strip("/")
        if call.method not in ("GET", "HEAD") or answer.status != 200:
            return
        if not container and call.query.get("comp") == "list":
            answer.body = _LISTED.sub(lambda match: self._told(account, match), await answer.whole())
            answer.length = None
            answer.headers.popall("Content-Length", None)
        elif call.query.get("restype") == "container" and "comp" not in call.query:
            answer.headers.update(zip(_FLAGS, self._flags(account, container), strict=True))

    def _told(self, account: str, match: re.Match[bytes]) -> bytes:
        policy, legal = self._flags(account, match[2].decode())
        return match[1] + policy.encode() + match[3] + legal.encode()

    def _flags(self, account: str, container: str) -> tuple[str, str]:
        """Whether there is a policy, and a legal hold, in the service's words."""
        hold = self._holds(account, container)
        return ("true" if hold and hold.policy else "false", "true" if hold and hold.tags else "false")

    async def _of_blob(self, call: HttpCall, hold: Hold, place: tuple[str, str, str]) -> Answer | None:
        what = call.query.get("comp", "")
        if what in _HARMLESS or (what == "appendblock" and hold.appends):
            return None
        async for name, _ in self._blobs(*place):
            return storage_error(409, *hold.blob) if name == place[2] else None
        return None

    async def _of_container(self, call: HttpCall, hold: Hold, place: tuple[str, str, str]) -> Answer | None:
        if call.method != "DELETE":
            return None
        refused = storage_error(409, *hold.container)
        if hold.container[0].startswith("Container"):
            return refused  # by this plane also where it is empty (Azure/azure-powershell#22564)
        async for _ in self._blobs(*place):
            return refused
        return None
