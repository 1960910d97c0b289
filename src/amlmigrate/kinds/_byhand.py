"""How a person makes anew what this version cannot move."""

from __future__ import annotations

from enum import Enum


class Way(Enum):
    """What the commands in `by-hand/` do."""

    PUT = "send its body to Azure Resource Manager"
    LOCK = "put it on the target as a lock"
    ASSIGN = "give each of its lines to somebody"
    FILES = "copy its files"
    KEEP = "keep what it wrote: it cannot be created again"
