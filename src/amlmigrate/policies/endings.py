"""What people are told of exemptions of a source that end before the move is over, as findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.finding import Finding
from amlmigrate.policies import exemptions
from amlmigrate.policies.exemptions import READ, EarlyEnd, Exemption, ending_early
from amlmigrate.posture.reading import Read, missing_action

EARLY_END, UNREAD = "exemption-ends", "exemptions-unread"


async def early_ends(arm: Arm, source: str, until: datetime, now: datetime) -> list[Finding]:
    """A warning for each exemption of the source that ends before `until`, or that they could not be read."""
    return findings(source, await ending_early(arm, source, until), until, now)


def findings(source: str, read: Read[list[EarlyEnd]], until: datetime, now: datetime) -> list[Finding]:
    """The same of what was read. Pure."""
    if read.value is None:
        return [not_read(source, read)]
    return list(_told(read.value, until, now))


def not_read(source: str, read: Read[list[EarlyEnd]]) -> Finding:
    """That the exemptions of the source could not be read."""
    return Finding(
        "warning",
        source,
        f"Not checked: when exemptions of the source end, since they could not be read. {read.refused}",
        f"Grant '{missing_action(read.refused, READ)}' at {source}, or have somebody check it who has the right.",
        code="exemptions-unread",
    )


def _told(found: Iterable[EarlyEnd], until: datetime, now: datetime) -> Iterator[Finding]:
    for one in found:
        exemption = one.exemption
        yield Finding(
            "warning",
            exemption.id,
            f"The exemption of the source from the policy '{one.title}' {_end(exemption, now)}; without it changes"
            " of the source may be refused. The move, the soak and the time for a recovery last until"
            f" {until:%Y-%m-%d} at least.",
            prolonging(exemption, until),
            code="exemption-ends",
        )


def _end(exemption: Exemption, now: datetime) -> str:
    if exemption.ends is None:
        return f"has an end that cannot be read: '{exemption.said}'"
    return f"{'ended' if exemption.ends <= now else 'ends'} on {exemption.ends:%Y-%m-%d}"


def prolonging(exemption: Exemption, until: datetime) -> str:
    """How it is made to last. A guardrail's own is its file's: by hand it would not stay so."""
    day = f"{until:%Y-%m-%d}"
    if exemption.guardrail:
        return (
            f"Set a day from {day} on in the file of the guardrail of {exemption.guardrail} (`exemptions.until`,"
            " or that of its wave), then: migrate guard apply FILE"
        )
    return exemptions.prolonging(exemption.id, day)
