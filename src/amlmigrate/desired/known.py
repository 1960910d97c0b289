"""What is learned on the way from part to part: who uses the engine adds what its own parts tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from amlmigrate.desired.ownership import OtherOwner

# Stands in a plan for what the service has yet to make; no call is made with it.
UNKNOWN = "(known once it is made)"


@dataclass(frozen=True, slots=True)
class Known:
    """Values of what exists by now; `UNKNOWN` before."""

    # The identity that the things are for: its own roles are nobody else's use of them.
    principal_id: str = UNKNOWN
    # What exists and is not the file's, by ARM id in lower case.
    others: Mapping[str, OtherOwner] = field(default_factory=dict)


K = TypeVar("K", bound=Known)
