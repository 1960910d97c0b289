"""What removals left under Microsoft's key, of all plans together. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.figures.plans import Residue


@dataclass(frozen=True, slots=True)
class Residuals:
    """What is open, and how much of it was accepted until a day.

    `bytes` are those of the containers of which the size was read, None where that is none of them; of
    `size_unknown` it was not. `resources` are accounts, registries and logs as a whole. `whole` is whether there
    are plans, and every one is there and could be read.
    """

    containers: int
    bytes: int | None
    size_unknown: int
    resources: int
    accepted: int
    whole: bool

    def as_dict(self) -> dict[str, Any]:
        """The member `residual` of the figures; `bound` says whether there may be more."""
        found = {name: getattr(self, name) for name in self.__slots__ if name != "whole"}
        return {**found, "bound": "known" if self.whole and not self.size_unknown else "at least"}


def residuals(residues: Iterable[Residue], *, whole: bool) -> Residuals:
    """The figure; what two plans left counts once, and is open where it is open in one of them."""
    found: dict[str, Residue] = {}
    for one in residues:
        key = f"{one.kind}:{key_of(one.id)}"
        if key not in found or one.open:
            found[key] = one
    still = [one for one in found.values() if one.open]
    containers = [one for one in still if one.container]
    sizes = [one.bytes for one in containers if one.bytes is not None]
    return Residuals(
        containers=len(containers),
        bytes=sum(sizes) if sizes or not containers else None,
        size_unknown=len(containers) - len(sizes),
        resources=len(still) - len(containers),
        accepted=len(found) - len(still),
        whole=whole,
    )
