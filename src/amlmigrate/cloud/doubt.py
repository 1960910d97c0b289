"""Whether an attempt of a call may have been served although nobody was told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from amlmigrate.cloud.errors import OutOfReachError, ServiceError

T = TypeVar("T")


class Doubt:
    """Watches the attempts of one call. A refusal is none: what was refused was not done."""

    def __init__(self) -> None:
        self.doubtful = False

    async def attempt(self, call: Callable[[], Awaitable[T]]) -> T:
        """One attempt; an error that leaves it open what was done is remembered, and told by later ones."""
        try:
            return await call()
        except OutOfReachError:
            self.doubtful = True
            raise
        except ServiceError as error:
            error.doubtful = self.doubtful
            self.doubtful |= error.unsettled
            raise
