"""Whether a command is to begin nothing more: one value, asked by all who would, and set by who wants an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stop:
    """Nobody wants it at first, and it is never taken back.

    It is asked by calling it, so that it is what `stopping` means everywhere; `core.parallel.never` is nobody's.
    """

    def __init__(self) -> None:
        self._wanted = False
        self._signalled = False
        self._told: Callable[[], None] | None = None

    def __call__(self) -> bool:
        """Whether who asks is to begin nothing more; what is under way ends."""
        return self._wanted

    def want(self) -> None:
        """Says that nothing more is to be begun."""
        self._wanted = True

    @contextmanager
    def obeyed(self, told: Callable[[], None]) -> Iterator[None]:
        """The work inside ends by itself once that is wanted; `told` is called where a signal wants it.

        Outside nobody asks, so that a signal has to cancel the work.
        """
        self._told = told
        try:
            yield
        finally:
            self._told = None

    def signal(self) -> bool:
        """A signal came: whether that ends the work by itself, which it does for the first one."""
        if self._signalled or self._told is None:
            return False
        self._signalled = True
        self.want()
        self._told()
        return True
