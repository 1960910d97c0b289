"""What lies in the workspace's vault, where the target has the same one: it is there already."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.core.armid import key_of
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.workspace import Workspace
from amlmigrate.kinds import root_of

_VAULT = "keyVault"


def one_vault(source: Workspace, target: Workspace) -> bool:
    """Whether two workspaces have one vault."""
    left, right = (key_of(one.properties.get(_VAULT)) for one in (source, target))
    return bool(left) and left == right


def leave_what_both_have(source: Inventory, target: Workspace) -> None:
    """Says of what nobody has to move, since both workspaces have one vault, that it is there."""
    if one_vault(source.workspace, target):
        source.by_hand = [_there(one) for one in source.by_hand]


def _there(left: Asset) -> Asset:
    kind = root_of(left.address)
    if not (kind and kind.in_vault) or left.not_listed or left.document.get("listed") is False:
        return left
    return replace(left, reason="the target has the same vault: it is there already", empty=True)
