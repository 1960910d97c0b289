"""Addresses: the name of an item in plans, ledgers and reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import total_ordering

from amlmigrate.core.errors import BadInputError
from amlmigrate.core.kindnames import declare, open_ended, plain_name

BLOBS = "blobs"
SHARES = "shares"
ARCHIVE = "archive"
# The later writes of an item that an address may name: a name of something else may end in any other `#word`.
PHASES = frozenset({ARCHIVE, "traffic", "defaults", "enable"})
BYTES = (BLOBS, SHARES)
# A blob may have nearly any name, with slashes anywhere in it.
for _bytes in BYTES:
    declare(_bytes, open_ended=True)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """A kind, the names that lead to an item of it, and for one of its later writes the phase.

    As text it is the ARM path below the workspace without `versions`. `models/credit-risk/3` is of kind `models`
    and has the path `("credit-risk", "3")`. `onlineEndpoints/ep/deployments/blue` is of kind
    `onlineEndpoints/deployments` and has `("ep", "blue")`. Bytes are `blobs/CONTAINER/PREFIX` and
    `shares/SHARE/PATH`, the prefix slashes and all. What comes in thousands is one item that has a kind only
    (`jobs`). `models/credit-risk/3#archive` is the write that archives the item.
    Two are equal that name one thing, whichever way it is spelled.
    """

    kind: str
    path: tuple[str, ...] = ()
    phase: str = ""
    # Its text, and that in lower case, once they were asked for: a plan asks for each a hundred times.
    _text: str = field(default="", init=False, repr=False)
    _lowered: str = field(default="", init=False, repr=False)

    @classmethod
    def of(cls, kind: str, *names: str | None, phase: str = "") -> Address:
        """The address of these names, without those that are empty."""
        return cls(kind, tuple(name for name in names if name), phase)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads an address. Raises BadInputError when it is none."""
        item, phase = text, ""
        if not text.startswith(tuple(f"{kind}/" for kind in BYTES)):
            start, mark, word = text.rpartition("#")
            item, phase = (start, word) if mark and word in PHASES else (text, "")
        kind, path = _parts(item)
        if not kind or (phase and not path) or any(sign in kind for sign in "*?["):
            raise BadInputError(
                f"'{text}' is not an address.",
                remedy="Write it as `migrate show` does, like models/credit-risk/3.",
            )
        return cls(kind, path, phase)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Address):
            return NotImplemented
        # Most that are compared are spelled alike.
        spelled_alike = (self.kind, self.path, self.phase) == (other.kind, other.path, other.phase)
        return spelled_alike or self._key == other._key

    def __hash__(self) -> int:
        # The same whatever kinds have declared by then.
        if not self._lowered:
            text = str(self)
            lowered = text.lower()
            # Most are spelled so: one text is enough.
            object.__setattr__(self, "_lowered", text if lowered == text else lowered)
        return hash(self._lowered)

    def __lt__(self, other: Address) -> bool:
        return self._key < other._key

    @property
    def _key(self) -> tuple[tuple[str, ...], str]:
        names = tuple(plain_name(self.kind, one) for one in self.path[: self._depth])
        return tuple(self._segments(names)), self.phase

    @property
    def _depth(self) -> int:
        return self.kind.count("/") + 1

    def _segments(self, names: tuple[str, ...]) -> Iterator[str]:
        """Kinds and names in turn, as the text has them, with these in the place of the names before a version."""
        for place, kind in enumerate(self.kind.split("/")):
            yield kind
            yield from names[place : place + 1]
        yield from self.path[self._depth :]

    @property
    def collection(self) -> str:
        """The collection of the workspace that it is in, or below."""
        return self.kind.partition("/")[0]

    @property
    def name(self) -> str:
        """Its own name, without that of a version; empty where it has a kind only."""
        own = self.path[: self._depth]
        return own[-1] if len(own) == self._depth else ""

    @property
    def version(self) -> str | None:
        """Its version, of what has versions; None for all else."""
        rest = self.path[self._depth :]
        return rest[0] if rest and not open_ended(self.kind) else None

    @property
    def order(self) -> tuple[int, int, str]:
        """By which versions of one time are sorted: whole numbers by their value, after all other texts."""
        text = self.version or ""
        return (1, int(text), text) if text.isascii() and text.isdigit() else (0, 0, text)

    @property
    def item(self) -> Address:
        """The address of the item, without a phase."""
        return Address(self.kind, self.path) if self.phase else self

    @property
    def container(self) -> Address:
        """The address of the name that a version is of; of all else its own, without a phase."""
        return Address(self.kind, self.path[: self._depth])

    @property
    def parent(self) -> Address | None:
        """The address of the item that it is below, as a deployment is below its endpoint."""
        kind = self.kind.rpartition("/")[0]
        return Address(kind, self.path[: self._depth - 1]) if kind else None

    def above(self) -> Iterator[Address]:
        """The addresses of all that it is of or below, the nearest first."""
        if self.container != self.item:
            yield self.container
        if self.parent:
            yield self.parent
            yield from self.parent.above()

    def at(self, phase: str) -> Address:
        """The address of a later write of the item."""
        return Address(self.kind, self.path, phase)

    def archived(self) -> Address:
        """The address of the step that archives this item."""
        return self.at(ARCHIVE)

    def __str__(self) -> str:
        if not self._text:
            path = "/".join(part for part in self._segments(self.path[: self._depth]) if part)
            object.__setattr__(self, "_text", f"{path}#{self.phase}" if self.phase else path)
        return self._text


def _parts(text: str) -> tuple[str, tuple[str, ...]]:
    """The kind and the path of an item; an empty kind where there is none."""
    kind, _, rest = text.partition("/")
    if open_ended(kind):
        name, _, below = rest.partition("/")
        return kind, tuple(part for part in (name, below) if part)
    if not kind:
        return "", ()
    segments = [part for part in text.split("/") if part]
    version = [segments.pop()] if len(segments) > 1 and len(segments) % 2 else []
    return "/".join(segments[::2]), (*segments[1::2], *version)


def plain_text(address: str) -> str:
    """An address as text in the form in which two are compared."""
    kind, path = _parts(address)
    return str(Address(kind, tuple(plain_name(kind, name) for name in path)))


def blob_address(container: str, prefix: str = "") -> Address:
    """The address of the blobs below a prefix; without one, of all that a container holds."""
    return Address.of(BLOBS, container, prefix)
