"""Which prefixes of which containers move: the fewest that cover everything that is referred to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from amlmigrate.core.workspace import Location

_WILDCARDS = "*?["


def has_wildcards(path: str) -> bool:
    """Whether a path is a pattern, unless it is known to be a name."""
    return any(sign in path for sign in _WILDCARDS)


def prefix_of(place: Location, *, exact: bool = False) -> Location:
    """The prefix that a reference covers: without a trailing slash, and cut before any wildcard.

    With `exact` a wildcard is a sign like any other.
    """
    path = place.path
    cut = min((path.index(sign) for sign in _WILDCARDS if sign in path), default=None)
    if cut is not None and not exact:
        path = path[:cut].rpartition("/")[0]
    return place.at(path.rstrip("/"))


class PrefixSet:
    """The fewest prefixes over a set of places, and which of them a path belongs to."""

    def __init__(self, places: Iterable[Location]) -> None:
        self._prefixes: dict[tuple[str, str], set[str]] = {}
        for place in sorted(set(places), key=lambda p: (*p.key, p.path)):
            known = self._prefixes.setdefault(place.key, set())
            if _covering(place.path, known) is None:
                known.add(place.path)

    def prefix(self, place: Location) -> Location | None:
        """The prefix of the cover that a place lies in, or None."""
        found = self.within(place)(place.path)
        return None if found is None else place.at(found)

    def within(self, container: Location) -> Callable[[str], str | None]:
        """The same for the many paths of one container: what gives the prefix of the cover that a path lies in."""
        known = self._prefixes.get(container.key, set())
        return lambda path: _covering(path, known)

    def __iter__(self) -> Iterator[Location]:
        for key, prefixes in sorted(self._prefixes.items()):
            for prefix in sorted(prefixes):
                yield Location.of_key(*key, prefix)


def _covering(path: str, prefixes: set[str]) -> str | None:
    """The prefix that is the path, or a folder above it; '' covers a whole container."""
    if "" in prefixes:
        return ""
    if path in prefixes:
        return path
    end = path.rfind("/")
    while end > 0:
        if path[:end] in prefixes:
            return path[:end]
        end = path[:end].rfind("/")
    return None
