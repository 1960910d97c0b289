"""What the work under way is about, for the lines of the logs: each task binds its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})
_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about", default=_NOTHING)


def about() -> Mapping[str, str]:
    """All that is bound, by name, as `step`."""
    return _ABOUT.get()


def bind(**names: str) -> None:
    """From now on the work is about this too."""
    _ABOUT.set({**_ABOUT.get(), **names})


@contextmanager
def bound(**names: str) -> Iterator[None]:
    """Inside the work is about this too."""
    before = _ABOUT.set({**_ABOUT.get(), **names})
    try:
        yield
    finally:
        _ABOUT.reset(before)
