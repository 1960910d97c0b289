"""Residuals: what stays behind under Microsoft's key, each with an address that it can be accepted by. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from amlmigrate.core.armid import name_of
from amlmigrate.evidence import Decommission
from amlmigrate.evidence.decommission import IN_ACCOUNT, RemainingRecord, Residual
from amlmigrate.ledger.evidence import EvidenceFile, last

PREFIX = "residual/"


def residuals(remains: Iterable[RemainingRecord]) -> list[Residual]:
    """Those of what remains, under addresses of which no two are alike.

    An account and a registry may well have one name: the later then has its kind behind it, as in
    `residual/NAME:registry`, whether or not the former is a residual: nobody accepts two by accepting one.
    """
    found, taken = [], Counter[str]()
    for one in remains:
        name = one.id if one.kind in IN_ACCOUNT else name_of(one.id)
        taken[name.lower()] += 1
        address = f"{PREFIX}{name}" if taken[name.lower()] == 1 else f"{PREFIX}{name}:{one.kind}"
        if one.residual:
            found.append(Residual(address=address, id=one.id, what=one.kind, key=one.key, why=one.why))
    return found


def newest(reports: Iterable[EvidenceFile]) -> list[Residual]:
    """The residuals of the newest tombstone; none where nothing was removed."""
    report = last(list(reports), Decommission)
    return list(report.content.residuals) if report else []
