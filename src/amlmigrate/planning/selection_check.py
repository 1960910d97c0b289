"""Whether what the user asked for is there: a glob that matches nothing is a slip, and never obeyed in silence."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.finding import Finding
from amlmigrate.core.select import Idle, Selection

CODE = "matches-nothing"  # what a fleet looks for in the plans


def idle(selection: Selection, source: Inventory, more: Iterable[Address]) -> list[Idle]:
    """The globs that match no asset, nothing left by hand and none of these, as containers."""
    return selection.idle([*source.assets, *(left.address for left in source.by_hand), *more])


def refuse(found: Iterable[Idle]) -> None:
    """Raises BadInputError where any glob matches nothing: with what there is that is near to it."""
    if told := list(found):
        raise BadInputError(
            "; ".join(one.says for one in told) + ".",
            remedy=" ".join(f"Near to '{one.glob}': {', '.join(one.near) or 'nothing'}." for one in told)
            + " Globs are written over addresses, as models/credit-risk/* or jobs.",
        )


def findings(found: Iterable[Idle], workspace_id: str) -> list[Finding]:
    """The same for one workspace of many, of which another may have what is asked for."""
    told = list(found)
    if not told:
        return []
    return [
        Finding(
            "warning",
            workspace_id,
            "; ".join(one.says for one in told) + " in this workspace.",
            "Nothing is needed where other workspaces of the fleet have it.",
            code="matches-nothing",
        )
    ]
