"""The fence around changes: without the lease no changing request leaves this process."""

from __future__ import annotations

from collections.abc import Callable

from amlmigrate.core.clock import lasting
from amlmigrate.core.errors import LeaseLostError

# A third less than the lease lasts: what is begun on the last moment has 20 s before anybody else can have it.
# Inferred (AZ-BLOB-4): that is enough for any call but a long upload, whose end may come later; its conditions
# guard that.
KEPT_SECONDS = 40.0
CHANGING = frozenset({"PUT", "PATCH", "POST", "DELETE"})


class Fence:
    """What each changing request asks right before it is sent, each attempt of its own.

    Open while nobody needs a lease. With one it is open for 40 s from the moment at which the last renewal that
    succeeded was sent; once it has closed it stays so.
    """

    def __init__(self, clock: Callable[[], float] = lasting) -> None:
        self._clock = clock
        self._until: float | None = None
        self._why = ""
        self._address = ""
        self.lost: LeaseLostError | None = None

    def now(self) -> float:
        """The fence's clock: a renewal counts from when it was sent."""
        return self._clock()

    def kept(self, sent: float, address: str = "") -> None:
        """A renewal, or the taking, that was sent then has succeeded. One that came too late opens nothing."""
        self.look()
        if self.lost is None:
            self._until, self._why = sent + KEPT_SECONDS, ""
            self._address = address or self._address
            self.look()

    def failed(self, why: str) -> None:
        """A renewal did not succeed; it may the next time."""
        self._why = why

    def lose(self, why: str) -> LeaseLostError:
        """The lease is somebody else's, or nobody's."""
        if self.lost is None:
            self.lost = LeaseLostError(
                f"The lease on the target was lost: {why}.",
                address=self._address,
                remedy="Nothing was changed after that. `migrate status` shows who has it now; when nobody has,"
                " run the same command again (`run` with --resume).",
            )
        return self.lost

    def look(self) -> None:
        """Closes for good once it was too long."""
        if self._until is not None and self.lost is None and self._clock() >= self._until:
            why = f"it could not be renewed for {KEPT_SECONDS:.0f} s"
            self.lose(f"{why} ({self._why})" if self._why else why)

    def lift(self) -> None:
        """The work that needed the lease has ended."""
        self._until = None

    def check(self, method: str) -> None:
        """Raises LeaseLostError for a changing request that must not be sent."""
        if method.upper() in CHANGING:
            self.look()
            if self.lost is not None:
                raise self.lost
