"""One call of the file service, decoded: what every operation is given, and how it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from multidict import CIMultiDict

from azsandbox.calls import Answer, HttpCall
from azsandbox.shares.errors import ShareError
from azsandbox.shares.places import Place
from azsandbox.shares.store import ShareStore

_META = "x-ms-meta-"


@dataclass(frozen=True, slots=True)
class Task:
    """A call, where it points to, and the shares."""

    call: HttpCall
    place: Place
    store: ShareStore

    def header(self, name: str) -> str | None:
        """A header of the call; an empty one is none."""
        return self.call.headers.get(name) or None

    def metadata(self) -> dict[str, str]:
        """The metadata that the call sends. Raises Refused for a name that is no identifier."""
        sent = {
            name[len(_META) :]: value
            for name, value in self.call.headers.items()
            if name.lower().startswith(_META)
        }
        if any(not name.isidentifier() for name in sent):
            raise ShareError("InvalidMetadata")
        return sent


Operation = Callable[[Task], Awaitable[Answer]]
# By HTTP method and `comp`; what answers a GET answers a HEAD too.
Operations = dict[tuple[str, str], Operation]


def answer(status: int, headers: dict[str, str]) -> Answer:
    """An answer without a body."""
    return Answer(status, CIMultiDict(headers))


def shown(metadata: dict[str, str]) -> dict[str, str]:
    """Metadata as headers."""
    return {f"{_META}{name}": value for name, value in metadata.items()}
