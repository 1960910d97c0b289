"""Claims of which nothing is known, since what would tell could not be read, or is not there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from amlmigrate.core.claim import Claim, Weight
from amlmigrate.core.roleends import NO_LICENCE
from amlmigrate.posture.reading import Read, missing_action


def unread(
    names: Iterable[str],
    address: str,
    what: str,
    read: Read[Any],
    action: str,
    *,
    severity: Weight = "warning",
) -> Iterator[Claim]:
    """One for each name, all in the same words, since one thing settles them: to be able to read `what`."""
    missing = missing_action(read.refused, action)
    why = read.refused or "It was not found."
    remedy = read.remedy or (
        f"Grant '{missing}' on it (the role Reader has what ARM answers), or have somebody check it who"
        " has the right."
    )
    if read.code == NO_LICENCE:
        remedy = "The tenant has no licence for Privileged Identity Management, which alone would tell."
    for name in names:
        yield Claim(
            name,
            None,
            severity,
            address,
            f"Not shown: {what} could not be read. {why}",
            remedy,
            {} if read.remedy else {"missing": missing},
        )


def first_unread(
    names: Iterable[str], address: str, reads: Iterable[tuple[str, Read[Any], str]]
) -> Iterator[Claim]:
    """Of the first that is not known of what the claims rest on, each told with the action that reads it."""
    for what, read, action in reads:
        if read.refused:
            yield from unread(names, address, what, Read(refused=read.refused, code=read.code), action)
            return
        if read.value is None:
            yield from beside(names, address, f"{what} is not there")
            return


def beside(names: Iterable[str], address: str, why: str) -> Iterator[Claim]:
    """One for each name, of which there is nothing to say; what there is to do is another claim's to tell."""
    for name in names:
        yield Claim(name, None, "information", address, f"Not looked at: {why}.")
