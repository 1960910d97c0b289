"""Which tags fell since the scans before, and who wrote them, as the activity log of the subscription shows it.

The log goes back 90 days (AZ-POLICY-25), shows a change some minutes late (AZ-POLICY-24), and names the caller as
it signed in: an address of a person, an object id of an application (AZ-POLICY-23).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document
from amlmigrate.core.parallel import gathered
from amlmigrate.guarding.falls import TagFall, TaggedThen, falls
from amlmigrate.posture.reading import Read, tried
from amlmigrate.posture.tagging import Standard

_LOG = "providers/microsoft.insights/eventtypes/management/values"
# A little less than the log keeps, since a request takes its time.
_KEPT = timedelta(days=90) - timedelta(minutes=10)
_SLACK = timedelta(minutes=1)
_WRITES = frozenset(
    {
        "microsoft.resources/tags/write",
        "microsoft.resources/tags/delete",
        "microsoft.machinelearningservices/workspaces/write",
    }
)
_DONE = frozenset({"succeeded", "accepted"})


@dataclass(frozen=True, slots=True)
class _Window:
    """The events of one resource group from a time on."""

    group: str
    since: datetime


async def fallen(
    arm: Arm, standard: Standard, before: Sequence[TaggedThen], listed: Iterable[Document], now: datetime
) -> dict[TagFall, str]:
    """Each fall with a sentence on who it was; `listed` are the workspaces with the tags of today."""
    return await _told_by_whom(arm, falls(standard, before, listed), now)


async def _told_by_whom(arm: Arm, found: Iterable[TagFall], now: datetime) -> dict[TagFall, str]:
    """A sentence for each: who wrote its tags in that time, or why that is not known."""
    every = list(found)
    windows = {one: _Window(str(ArmId.of(one.id).group_id), max(one.since, now - _KEPT)) for one in every}
    read = await gathered({window: tried(_events(arm, window, now)) for window in set(windows.values())})
    return {one: _told(one, windows[one], read[windows[one]]) for one in every}


async def _events(arm: Arm, window: _Window, now: datetime) -> list[Document]:
    """By group, since the events of tags are not those of the resource that has them (AZ-POLICY-26)."""
    id_ = ArmId.of(window.group)
    # A minute more: times are asked for in whole seconds, and the service has a clock of its own.
    times = f"eventTimestamp ge '{_at(window.since)}' and eventTimestamp le '{_at(now + _SLACK)}'"
    query = {"$filter": f"{times} and resourceGroupName eq '{id_.group}'"}
    return [one async for one in arm.pages(f"{id_.subscription_id}/{_LOG}", query)]


def _at(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _told(fall: TagFall, window: _Window, read: Read[list[Document]]) -> str:
    if read.value is None:
        return f"By whom is not known: the activity log could not be read. {read.refused}"
    writes = sorted({(_time(one), _who(one)) for one in read.value if _is_write(one, fall)})
    if not writes:
        kept = " (it goes back 90 days)" if window.since > fall.since else ""
        since = f"since {window.since:%Y-%m-%d}{kept}"
        return f"By whom is not known: the activity log shows no write of its tags {since}."
    said = "; ".join(f"{who} at {time}" for time, who in writes)
    late = (
        f" The activity log shows nothing from before {window.since:%Y-%m-%d}."
        if window.since > fall.since
        else ""
    )
    return f"Written since then by: {said}.{late}"


def _is_write(event: Document, fall: TagFall) -> bool:
    """Whether an event is the end of a write of the workspace or of its tags, and not of what lies in it."""
    about = ArmId.of(str(event.get("resourceId") or ""))
    own = {key_of(fall.id), key_of(f"{fall.id}/providers/Microsoft.Resources/tags/default")}
    done = _value(event, "operationName") in _WRITES and _value(event, "status") in _DONE
    return done and about.key in own


def _value(event: Document, name: str) -> str:
    return str((event.get(name) or {}).get("value") or "").lower()


def _who(event: Document) -> str:
    return str(event.get("caller") or "somebody whom it does not name")


def _time(event: Document) -> str:
    time = moment(event.get("eventTimestamp"))
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "an unknown time"
