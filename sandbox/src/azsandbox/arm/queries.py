"""Query parameters: those that an operation has and obeys, and no others.

Azure passes most unknown ones over (AZ-LOCAL-7). The sandbox refuses them: a client that relies on one would get
an answer that it did not ask for, and not see it. For the same reason it refuses those that Azure knows and it has
not built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azsandbox.arm.errors import ArmError, gateway
from azsandbox.knownqueries import arm_shape, known

# ARM's own: the version, and the token of its pages.
_OF_ARM = frozenset({"api-version", "$skiptoken"})
# What ARM appends to the addresses of operations (AZ-ARM-3).
_OF_POLLING = frozenset({"t", "c", "s", "h", "type", "service"})


class AskedQuery(dict[str, str]):
    """The query by lower-case names; `read` has those that somebody looked at."""

    def __init__(self, query: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in query.items()})
        self.read: set[str] = set(_OF_ARM | _OF_POLLING)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a name."""
        self.read.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return super().__getitem__(name)


def check(method: str, path: str, obeyed: frozenset[str], query: Mapping[str, str], *, own: bool = False) -> None:
    """Raises ArmError for what the operation does not have (400), or a change does not obey (501, `unbuilt`).

    Of a type of another's provider, an `own` one, no source is read: it has what it obeys.
    """
    names = (obeyed if own else known("arm", f"{method} {arm_shape(path)}")) | _OF_ARM
    if "/locations/" in path.lower():
        names |= _OF_POLLING
    for name in query:
        if name not in names:
            text = f"The query parameter '{name}' is not supported."
            raise gateway(400, "UnsupportedQueryParameter", text)  # code and text are ours (AZ-LOCAL-3)
        if method not in ("GET", "HEAD") and name not in obeyed | _OF_ARM | _OF_POLLING:
            raise unbuilt(name)


def check_read(query: AskedQuery) -> None:
    """Raises ArmError 501 for a parameter that a list or a reading was asked with and did not look at."""
    for name in query:
        if name not in query.read:
            raise unbuilt(name)


def positive(query: Mapping[str, str], name: str, usual: int) -> int:
    """A number of items that is asked for, else `usual`. Raises ArmError 400 for what is no number above 0."""
    text = query.get(name, "")
    if text and not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise unreadable(name, text)
    return int(text) if text else usual


def one_of(query: Mapping[str, str], name: str, *values: str) -> str:
    """One of these words, in lower case, else the first of them. Raises ArmError 400 for another word."""
    text = query.get(name, "")
    if text and text.lower() not in values:
        raise unreadable(name, text)
    return text.lower() or values[0]


def asked(query: Mapping[str, str], name: str) -> bool:
    """Whether `true` is asked for. Raises ArmError 400 for what is neither `true` nor `false`."""
    return one_of(query, name, "false", "true") == "true"


def unreadable(name: str, text: str) -> ArmError:
    """400 for a value that the parameter cannot have; code and text are ours (AZ-LOCAL-3)."""
    message = f"The value '{text}' of the query parameter '{name}' is invalid."
    return gateway(400, "InvalidQueryParameterValue", message)


def unbuilt(name: str) -> ArmError:
    """501 for what Azure has and the sandbox has not; nothing of the call was done."""
    text = f"Azure knows the query parameter '{name}' here; the local Azure has not built it."
    return gateway(501, "NotImplemented", text)
