"""Which items the user asked for: globs over addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from amlmigrate.core.address import Address
from amlmigrate.core.kindnames import caseless

_NEAR = 3


@dataclass(frozen=True, slots=True)
class Selection:
    """`--select` and `--exclude`; nothing selected means everything."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def takes(self, address: Address) -> bool:
        """Whether an address is asked for. A glob that matches a container takes its versions too."""
        return not self.excludes(address) and (not self.select or _matches(self.select, address))

    def excludes(self, address: Address) -> bool:
        """Whether an address is to be left out even if something selected refers to it."""
        return _matches(self.exclude, address)

    def idle(self, addresses: Iterable[Address]) -> list[Idle]:
        """Its globs that match none of these addresses, in the order in which they were given."""
        every = list(addresses)
        given = [("--select", glob) for glob in self.select] + [("--exclude", glob) for glob in self.exclude]
        return [
            Idle(option, glob, near(glob, every))
            for option, glob in given
            if not any(_matches((glob,), address) for address in every)
        ]


@dataclass(frozen=True, slots=True)
class Idle:
    """A glob that matches nothing, under its option, and the addresses that are like it, nearest first."""

    option: str
    glob: str
    near: tuple[str, ...] = ()

    @property
    def says(self) -> str:
        """What is told of it."""
        return f"{self.option} '{self.glob}' matches nothing"


def near(glob: str, addresses: Iterable[Address]) -> tuple[str, ...]:
    """The addresses, or else the kinds, that are most like a glob."""
    every = list(addresses)
    items = dict.fromkeys(text for address in every for text in _texts(address))
    found = _close(glob, items)
    # Nobody is near to one sign of a long name: then what kinds of items there are.
    return tuple(
        found or sorted({f"{address.collection}/*" if address.path else address.kind for address in every})
    )


def _close(glob: str, texts: Iterable[str]) -> list[str]:
    """Without regard to case, which is a common slip."""
    lower = {text.lower(): text for text in texts}
    return [lower[match] for match in get_close_matches(glob.lower(), lower, n=_NEAR)]


def _matches(globs: tuple[str, ...], address: Address) -> bool:
    low = str.lower if caseless(address.kind) else str
    return any(fnmatchcase(low(text), low(glob)) for glob in globs for text in _texts(address))


def _texts(address: Address) -> Iterator[str]:
    yield str(address.item)
    yield from map(str, address.above())
