"""What a plan's options let move, of what is left to do by hand without them."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.core.allowed import Allowed
from amlmigrate.core.asset import Inventory


def let_move(source: Inventory, allowed: Allowed) -> None:
    """Puts it among what moves."""
    for left in list(source.by_hand) if allowed.items else ():
        if left.address in allowed.items and left.reason and not left.not_listed:
            source.by_hand.remove(left)
            source.assets[left.address] = replace(left, reason="", remedy="")
