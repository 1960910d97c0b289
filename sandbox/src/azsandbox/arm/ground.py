"""What everything of ARM stands on: the store, the clock, the storage accounts, the region."""

from __future__ import annotations

from dataclasses import dataclass

from azsandbox.arm.clock import Clock
from azsandbox.arm.store import Store
from azsandbox.messages import Accounts


@dataclass(frozen=True, slots=True)
class Ground:
    """The parts of one sandbox's ARM that need no other. `location` is where whatever names none is put."""

    store: Store
    clock: Clock
    accounts: Accounts
    location: str
